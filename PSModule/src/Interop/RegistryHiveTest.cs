using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Whether a hive was closed cleanly.</summary>
public enum RegistryHiveState
{
    /// <summary>It was closed cleanly.</summary>
    Clean = 0,

    /// <summary>It was not, and its logs bring it up to date.</summary>
    Recovered = 1,

    /// <summary>It was not, and its logs are of no use.</summary>
    Dirty = 2,

    /// <summary>It could not be read as a hive.</summary>
    Unreadable = 3,
}

/// <summary>How bad a defect of a hive is.</summary>
public enum RegistryDefectSeverity
{
    /// <summary>A rule of the format is broken, and nothing is lost by it.</summary>
    Tolerated = 0,

    /// <summary>A part of the hive cannot be read, or could be written over. Such a hive is not changed.</summary>
    Damage = 1,
}

/// <summary>One defect of a hive.</summary>
public sealed class RegistryHiveDefect
{
    internal RegistryHiveDefect(JsonObject defect)
    {
        Offset = defect.Number("offset");
        Severity = defect.Choice("severity", RegistryDefectSeverity.Tolerated);
        Text = defect.Name("text");
    }

    /// <summary>The offset in the file.</summary>
    public ulong Offset { get; }

    /// <summary>How bad it is.</summary>
    public RegistryDefectSeverity Severity { get; }

    /// <summary>What is wrong.</summary>
    public string Text { get; }

    /// <summary>The place and what is wrong.</summary>
    public override string ToString() => $"0x{Offset:X}: {Text}";
}

/// <summary>What testing a hive found.</summary>
public sealed class RegistryHiveTest
{
    internal RegistryHiveTest(RegistryTarget target, JsonObject hive)
    {
        Path = target.Path;
        HivePath = target.HivePath;
        Hive = hive.Name("hive");
        Key = hive.Text("key");
        Length = hive.Number("length");
        Error = hive.Text("error");
        State = hive.Choice("state", RegistryHiveState.Unreadable);
        Sound = hive.Flag("sound");
        KeyCount = hive.Number("keys");
        ValueCount = hive.Number("values");
        DefectCount = hive.Number("defectCount");
        DamageCount = hive.Number("damageCount");
        LeakedCells = hive.Number("leakedCells");
        LeakedBytes = hive.Number("leakedBytes");
        Defects = hive.Objects("defects").Select(defect => new RegistryHiveDefect(defect)).ToList().AsReadOnly();
        Recovery = hive.Object("recovery") is JsonObject recovery ? new RegistryRecovery(recovery) : null;
        if (Error is not null)
        {
            State = RegistryHiveState.Unreadable;
        }
    }

    /// <summary>The hive's path in the image, or on this machine.</summary>
    public string Hive { get; }

    /// <summary>The full name of its root key; null for a hive file.</summary>
    public string? Key { get; }

    /// <summary>The size of the file in bytes.</summary>
    public ulong Length { get; }

    /// <summary>Whether nothing is wrong with it that matters.</summary>
    public bool Sound { get; }

    /// <summary>Whether it was closed cleanly.</summary>
    public RegistryHiveState State { get; }

    /// <summary>The number of keys, the root included.</summary>
    public ulong KeyCount { get; }

    /// <summary>The number of values.</summary>
    public ulong ValueCount { get; }

    /// <summary>How many defects it has.</summary>
    public ulong DefectCount { get; }

    /// <summary>How many of them are damage.</summary>
    public ulong DamageCount { get; }

    /// <summary>The first of the defects.</summary>
    public IReadOnlyList<RegistryHiveDefect> Defects { get; }

    /// <summary>Cells that nothing points to. They waste space and do no other harm.</summary>
    public ulong LeakedCells { get; }

    /// <summary>The size of such cells in bytes.</summary>
    public ulong LeakedBytes { get; }

    /// <summary>What the logs did for a hive that was not closed cleanly.</summary>
    public RegistryRecovery? Recovery { get; }

    /// <summary>Why it cannot be read as a hive at all.</summary>
    public string? Error { get; }

    /// <summary>The session's path; null for a hive file.</summary>
    public string? Path { get; }

    /// <summary>The full path of the hive file; null for a session.</summary>
    public string? HivePath { get; }
}
