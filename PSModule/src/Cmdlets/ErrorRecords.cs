using System;
using System.IO;
using System.Management.Automation;

namespace ImageServicing.Cmdlets;

/// <summary>Every error record of the module is made here, so that ids and categories stand in one list.</summary>
internal static class ErrorRecords
{
    /// <summary>The record for a failure, with the engine's stable id, DISM's code and the advice.</summary>
    internal static ErrorRecord From(Exception failure, object? target, string? remedy = null) => failure switch
    {
        ImageServicingException known => Known(known, target, remedy ?? known.Remedy),
        UnauthorizedAccessException => new ErrorRecord(failure, "AccessDenied", ErrorCategory.PermissionDenied, target),
        ItemNotFoundException or FileNotFoundException or DirectoryNotFoundException =>
            new ErrorRecord(failure, "FileNotFound", ErrorCategory.ObjectNotFound, target),
        DllNotFoundException or BadImageFormatException =>
            new ErrorRecord(failure, "NativeLibraryUnusable", ErrorCategory.NotInstalled, target),
        IOException => new ErrorRecord(failure, "InputOutputError", ErrorCategory.ReadError, target),
        FormatException => new ErrorRecord(failure, "EngineAnswerInvalid", ErrorCategory.InvalidData, target),
        _ => new ErrorRecord(failure, failure.GetType().Name, ErrorCategory.NotSpecified, target),
    };

    /// <summary>The record for a part of a registration file that could not be done.</summary>
    internal static ErrorRecord OfFile(string file, RegistryFileError error, string remedy)
    {
        var failure = new ImageServicingException(
            ImageServicingStatus.Malformed, "RegistrationFileInvalid", $"{file}: {error}", file, remedy, unchecked((int)0x8007000D));

        // What cannot be parsed names no key.
        return Record(failure, error.Key is null ? ErrorCategory.ParserError : ErrorCategory.InvalidData, file, remedy);
    }

    /// <summary>The record for answer files that were not merged.</summary>
    internal static ErrorRecord OfMerge(string target, int conflicts)
    {
        const string Remedy = "Say which value wins with -Prefer, or make the files agree.";
        var failure = new ImageServicingException(
            ImageServicingStatus.InvalidArgument,
            "UnattendConflict",
            $"'{target}' was not written: {conflicts} setting(s) have different values in the files",
            target,
            Remedy,
            unchecked((int)0x80070057));
        return Record(failure, ErrorCategory.InvalidData, target, Remedy);
    }

    private static ErrorRecord Known(ImageServicingException failure, object? target, string? remedy) =>
        Record(failure, Category(failure.Status), target ?? failure.Subject, remedy);

    private static ErrorRecord Record(ImageServicingException failure, ErrorCategory category, object? target, string? remedy)
    {
        var record = new ErrorRecord(failure, failure.Id, category, target);
        if (!string.IsNullOrEmpty(remedy))
        {
            record.ErrorDetails = new ErrorDetails(failure.Message) { RecommendedAction = remedy };
        }

        return record;
    }

    private static ErrorCategory Category(ImageServicingStatus status) => status switch
    {
        ImageServicingStatus.InvalidArgument => ErrorCategory.InvalidArgument,
        ImageServicingStatus.NotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.AccessDenied => ErrorCategory.PermissionDenied,
        ImageServicingStatus.NoSpace => ErrorCategory.WriteError,
        ImageServicingStatus.Io => ErrorCategory.ReadError,
        ImageServicingStatus.Malformed => ErrorCategory.InvalidData,
        ImageServicingStatus.Unsupported => ErrorCategory.NotImplemented,
        ImageServicingStatus.LimitExceeded => ErrorCategory.LimitsExceeded,
        ImageServicingStatus.IndexNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.ImageNameNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.ImageFileReadOnly => ErrorCategory.PermissionDenied,
        ImageServicingStatus.SplitNotWritable => ErrorCategory.InvalidOperation,
        ImageServicingStatus.SolidNotWritable => ErrorCategory.InvalidOperation,
        ImageServicingStatus.AlreadyMounted => ErrorCategory.ResourceExists,
        ImageServicingStatus.SessionExists => ErrorCategory.ResourceExists,
        ImageServicingStatus.SessionNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.Busy => ErrorCategory.ResourceBusy,
        ImageServicingStatus.SessionReadOnly => ErrorCategory.InvalidOperation,
        ImageServicingStatus.ImageChanged => ErrorCategory.InvalidData,
        ImageServicingStatus.ItemNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.ItemExists => ErrorCategory.ResourceExists,
        ImageServicingStatus.WrongItemKind => ErrorCategory.InvalidType,
        ImageServicingStatus.DirectoryNotEmpty => ErrorCategory.InvalidOperation,
        ImageServicingStatus.InvalidName => ErrorCategory.InvalidArgument,
        ImageServicingStatus.RegistryNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.HiveDirty => ErrorCategory.InvalidData,
        ImageServicingStatus.NotServiceable => ErrorCategory.InvalidOperation,
        ImageServicingStatus.DriverUnsigned => ErrorCategory.SecurityError,
        ImageServicingStatus.DriverTampered => ErrorCategory.SecurityError,
        ImageServicingStatus.DriverFileMissing => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.StateDamaged => ErrorCategory.InvalidData,
        ImageServicingStatus.Exists => ErrorCategory.ResourceExists,
        ImageServicingStatus.ElevationRequired => ErrorCategory.PermissionDenied,
        ImageServicingStatus.PartMissing => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.ContentMissing => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.ImageNameExists => ErrorCategory.ResourceExists,
        ImageServicingStatus.DriverNotFound => ErrorCategory.ObjectNotFound,
        ImageServicingStatus.DriverProtected => ErrorCategory.PermissionDenied,
        ImageServicingStatus.Cancelled => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };
}
