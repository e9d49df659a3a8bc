using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>A part of a registration file, or of an export, that could not be done.</summary>
public sealed class RegistryFileError
{
    internal RegistryFileError(JsonObject error)
    {
        Line = error.OptionalNumber("line");
        Column = error.OptionalNumber("column");
        Key = error.Text("key");
        Message = error.Name("message");
    }

    /// <summary>The line of the file, from 1; null when exporting.</summary>
    public ulong? Line { get; }

    /// <summary>The column, from 1, where it is known.</summary>
    public ulong? Column { get; }

    /// <summary>The key it is about, where one is known.</summary>
    public string? Key { get; }

    /// <summary>What is wrong.</summary>
    public string Message { get; }

    /// <summary>The place and what is wrong.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (ulong line, ulong column) => FormattableString.Invariant($"line {line}, column {column}: {Message}"),
        (ulong line, null) => FormattableString.Invariant($"line {line}: {Message}"),
        _ => Key is null ? Message : $"{Key}: {Message}",
    };
}

/// <summary>What importing a registration file did, or would do.</summary>
public sealed class RegistryImportReport
{
    internal RegistryImportReport(RegistryTarget target, string filePath, JsonObject report)
    {
        Path = target.Path;
        HivePath = target.HivePath;
        FilePath = filePath;
        Applied = report.Flag("applied");
        KeysCreated = report.Number("keysCreated");
        KeysDeleted = report.Number("keysDeleted");
        ValuesSet = report.Number("valuesSet");
        ValuesDeleted = report.Number("valuesDeleted");
        ErrorCount = report.Number("errorCount");
        Errors = report.Objects("errors").Select(error => new RegistryFileError(error)).ToList().AsReadOnly();
    }

    /// <summary>The full path of the registration file.</summary>
    public string FilePath { get; }

    /// <summary>Whether the registry was changed. When it was not, the counts say what the file would have done.</summary>
    public bool Applied { get; }

    /// <summary>Keys that were not there before.</summary>
    public ulong KeysCreated { get; }

    /// <summary>Keys that were deleted.</summary>
    public ulong KeysDeleted { get; }

    /// <summary>Values that were set.</summary>
    public ulong ValuesSet { get; }

    /// <summary>Values that were deleted.</summary>
    public ulong ValuesDeleted { get; }

    /// <summary>How many parts of the file could not be done.</summary>
    public ulong ErrorCount { get; }

    /// <summary>The first of them, in the file's order.</summary>
    public IReadOnlyList<RegistryFileError> Errors { get; }

    /// <summary>The session's path; null for a hive file.</summary>
    public string? Path { get; }

    /// <summary>The full path of the hive file; null for a session.</summary>
    public string? HivePath { get; }
}
