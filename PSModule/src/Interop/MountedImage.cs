using System;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Whether changes can be made to a mounted image.</summary>
public enum ImageMountMode
{
    /// <summary>Changes are staged and can be saved.</summary>
    ReadWrite = 0,

    /// <summary>The image can only be read.</summary>
    ReadOnly = 1,
}

/// <summary>Whether a session can be used.</summary>
public enum ImageMountStatus
{
    /// <summary>The session can be used.</summary>
    Ok = 0,

    /// <summary>The image file is not where it was.</summary>
    NeedsRemount = 1,

    /// <summary>The image file or the session's state does not fit any more; only discarding is possible.</summary>
    Invalid = 2,
}

/// <summary>A session: one image that is open for servicing.</summary>
public sealed class MountedImage
{
    internal MountedImage(JsonObject session)
    {
        Id = session.Name("id");
        Path = session.Name("path");
        ImagePath = session.Name("imagePath");
        ImageIndex = session.Number32("imageIndex");
        ImageName = session.Name("imageName");
        MountMode = session.Choice("mountMode", ImageMountMode.ReadOnly);
        MountStatus = session.Choice("mountStatus", ImageMountStatus.Invalid);
        StatusReason = session.Text("statusReason");
        CreatedTime = session.Time("createdTime");
        PendingTransactions = session.Number("pendingTransactions");
        PendingOperations = session.Number("pendingOperations");
        StagedSize = session.Number("stagedBytes");
        Architecture = session.OptionalNumber32("architecture") is uint number ? (ImageArchitecture)number : ImageArchitecture.Unknown;
        EditionId = session.Text("editionId");
        Version = session.Text("version");
    }

    /// <summary>The session's name: the path that every other cmdlet takes as <c>-Path</c>.</summary>
    public string Path { get; }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The image's number in the file, from 1.</summary>
    public uint ImageIndex { get; }

    /// <summary>The image's name.</summary>
    public string ImageName { get; }

    /// <summary>Whether changes can be made.</summary>
    public ImageMountMode MountMode { get; }

    /// <summary>Whether the session can be used.</summary>
    public ImageMountStatus MountStatus { get; }

    /// <summary>Why the status is not Ok.</summary>
    public string? StatusReason { get; }

    /// <summary>The engine's own name of the session.</summary>
    public string Id { get; }

    /// <summary>When the session was made, in local time.</summary>
    public DateTime? CreatedTime { get; }

    /// <summary>The number of staged transactions that no save has written yet.</summary>
    public ulong PendingTransactions { get; }

    /// <summary>The number of single changes in them.</summary>
    public ulong PendingOperations { get; }

    /// <summary>The bytes of staged content on this machine's disk.</summary>
    public ulong StagedSize { get; }

    /// <summary>The processor the image is for.</summary>
    public ImageArchitecture Architecture { get; }

    /// <summary>The edition, for example <c>Professional</c>.</summary>
    public string? EditionId { get; }

    /// <summary>The version of Windows in the image.</summary>
    public string? Version { get; }

    /// <summary>The session's path.</summary>
    public override string ToString() => Path;
}
