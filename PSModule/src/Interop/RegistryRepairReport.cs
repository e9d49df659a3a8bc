using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Something that a repair could not save.</summary>
public sealed class RegistryLoss
{
    internal RegistryLoss(JsonObject loss)
    {
        Key = loss.Name("path");
        What = loss.Name("what");
        Offset = loss.Number("offset");
        Reason = loss.Name("reason");
    }

    /// <summary>The key it belonged to, from the hive's root.</summary>
    public string Key { get; }

    /// <summary>What it was.</summary>
    public string What { get; }

    /// <summary>The offset in the damaged file.</summary>
    public ulong Offset { get; }

    /// <summary>Why it is lost.</summary>
    public string Reason { get; }

    /// <summary>What is lost, and why.</summary>
    public override string ToString() => $"{Key}: {What}: {Reason}";
}

/// <summary>What repairing a hive did.</summary>
public sealed class RegistryRepairReport
{
    internal RegistryRepairReport(RegistryTarget target, JsonObject report)
    {
        Path = target.Path;
        Hive = report.Name("hive");
        HivePath = target.HivePath is null ? null : report.Name("target");
        KeyCount = report.Number("keys");
        ValueCount = report.Number("values");
        LostCount = report.Number("lostCount");
        Lost = report.Objects("lost").Select(loss => new RegistryLoss(loss)).ToList().AsReadOnly();
        Recovery = report.Object("recovery") is JsonObject recovery ? new RegistryRecovery(recovery) : null;
    }

    /// <summary>The damaged hive: its path in the image, or on this machine.</summary>
    public string Hive { get; }

    /// <summary>The keys that are in the new hive, the root included.</summary>
    public ulong KeyCount { get; }

    /// <summary>The values that are in the new hive.</summary>
    public ulong ValueCount { get; }

    /// <summary>How many things could not be saved. What was below a lost key is not counted.</summary>
    public ulong LostCount { get; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<RegistryLoss> Lost { get; }

    /// <summary>What the logs did for a hive that was not closed cleanly.</summary>
    public RegistryRecovery? Recovery { get; }

    /// <summary>The full path of the new hive file; null for a session, in which the hive is replaced.</summary>
    public string? HivePath { get; }

    /// <summary>The session's path; null for a hive file.</summary>
    public string? Path { get; }
}
