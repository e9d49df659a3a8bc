using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What exporting a key wrote. As with a key, its class says where that is.</summary>
public abstract class RegistryExportReport
{
    private protected RegistryExportReport(string key, string filePath, JsonObject report)
    {
        FilePath = filePath;
        Key = key;
        KeyCount = report.Number("keys");
        ValueCount = report.Number("values");
        ErrorCount = report.Number("errorCount");
        Errors = report.Objects("errors").Select(error => new RegistryFileError(error)).ToList().AsReadOnly();
    }

    /// <summary>The full path of the registration file.</summary>
    public string FilePath { get; }

    /// <summary>The name of the key, as it was given.</summary>
    public string Key { get; }

    /// <summary>The number of keys in the file.</summary>
    public ulong KeyCount { get; }

    /// <summary>The number of values in the file.</summary>
    public ulong ValueCount { get; }

    /// <summary>How many keys and values no registration file can hold; they are left out.</summary>
    public ulong ErrorCount { get; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<RegistryFileError> Errors { get; }

    internal static RegistryExportReport In(RegistryTarget target, string key, string filePath, JsonObject report) =>
        target.HivePath is string hivePath
            ? new HiveRegistryExportReport(hivePath, key, filePath, report)
            : new SessionRegistryExportReport(target.Path!, key, filePath, report);
}

/// <summary>What exporting a key from the registry of a mounted image wrote.</summary>
public sealed class SessionRegistryExportReport : RegistryExportReport
{
    internal SessionRegistryExportReport(string path, string key, string filePath, JsonObject report)
        : base(key, filePath, report)
    {
        Path = path;
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }
}

/// <summary>What exporting a key from a hive file wrote.</summary>
public sealed class HiveRegistryExportReport : RegistryExportReport
{
    internal HiveRegistryExportReport(string hivePath, string key, string filePath, JsonObject report)
        : base(key, filePath, report)
    {
        HivePath = hivePath;
    }

    /// <summary>The full path of the hive file.</summary>
    public string HivePath { get; }
}
