using System;

namespace ImageServicing;

/// <summary>A failure that the engine reported.</summary>
/// <remarks><see cref="Exception.HResult"/> is the code that DISM gives in the same situation.</remarks>
public sealed class ImageServicingException : Exception
{
    /// <summary>Makes an exception that carries no more than a generic failure.</summary>
    public ImageServicingException()
        : this("the operation failed")
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    public ImageServicingException(string message)
        : this(message, innerException: null)
    {
    }

    /// <summary>Makes an exception with a message and its cause.</summary>
    public ImageServicingException(string message, Exception? innerException)
        : base(message, innerException)
    {
        Status = ImageServicingStatus.Io;
        Id = nameof(ImageServicingStatus.Io);
    }

    /// <summary>Makes an exception from the parts of the engine's error object.</summary>
    public ImageServicingException(
        ImageServicingStatus status, string id, string message, string? subject, string? remedy, int hresult)
        : base(message)
    {
        Status = status;
        Id = id;
        Subject = subject;
        Remedy = remedy;
        HResult = hresult;
    }

    /// <summary>The engine's status code.</summary>
    public ImageServicingStatus Status { get; }

    /// <summary>The stable name of the situation, for example <c>ImageAlreadyMounted</c>.</summary>
    public string Id { get; }

    /// <summary>The file or item the failure is about, if it is about one.</summary>
    public string? Subject { get; }

    /// <summary>What to do about it, if the engine knows.</summary>
    public string? Remedy { get; }
}
