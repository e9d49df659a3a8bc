using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What was done with a transaction log of a hive.</summary>
public sealed class RegistryLog
{
    internal RegistryLog(JsonObject log)
    {
        Name = log.Name("name");
        Entries = log.Number32("entries");
        Pages = log.Number("pages");
        Reason = log.Name("reason");
    }

    /// <summary>LOG, LOG1 or LOG2.</summary>
    public string Name { get; }

    /// <summary>The entries that were applied.</summary>
    public uint Entries { get; }

    /// <summary>The pages of the hive that they hold.</summary>
    public ulong Pages { get; }

    /// <summary>Why it was not used, or why it ended where it did.</summary>
    public string Reason { get; }

    /// <summary>The name and what was done.</summary>
    public override string ToString() =>
        Entries > 0 ? $"{Name} ({Entries} {(Entries == 1 ? "entry" : "entries")})" : $"{Name}: {Reason}";
}

/// <summary>A hive that was not closed cleanly, and what its logs did.</summary>
public sealed class RegistryRecovery
{
    internal RegistryRecovery(JsonObject recovery)
    {
        Hive = recovery.Name("hive");
        Recovered = recovery.Flag("recovered");
        Logs = recovery.Objects("logs").Select(log => new RegistryLog(log)).ToList().AsReadOnly();
    }

    /// <summary>The hive's path in the image, or on this machine.</summary>
    public string Hive { get; }

    /// <summary>Whether its logs brought it up to date. If not, what only they hold is missing.</summary>
    public bool Recovered { get; }

    /// <summary>The logs that are there.</summary>
    public IReadOnlyList<RegistryLog> Logs { get; }

    /// <summary>What happened, for people.</summary>
    public override string ToString()
    {
        string logs = Logs.Count == 0 ? "it has no logs" : string.Join("; ", Logs);
        return Recovered
            ? $"'{Hive}' was not closed cleanly, and its logs brought it up to date: {logs}."
            : $"'{Hive}' was not closed cleanly and its logs cannot bring it up to date ({logs}); what only they hold is missing.";
    }
}
