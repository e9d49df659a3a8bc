using System;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>A key of an offline registry.</summary>
/// <remarks>
/// Where it is, its class says: a property that does not apply does not exist, so that it cannot bind to a parameter
/// of the next cmdlet.
/// </remarks>
public abstract class ImageRegistryKey
{
    private protected ImageRegistryKey(JsonObject key)
    {
        Key = key.Name("key");
        Name = key.Name("name");
        SubKeyCount = key.Number("subKeyCount");
        ValueCount = key.Number("valueCount");
        LastWriteTime = key.Time("lastWriteTime");
        ClassName = key.Text("className");
        Hive = key.Text("hive");
    }

    /// <summary>The full name: <c>HKEY_LOCAL_MACHINE\SOFTWARE\...</c>, and in a hive file <c>\...</c>.</summary>
    public string Key { get; }

    /// <summary>The last part of the name.</summary>
    public string Name { get; }

    /// <summary>How many subkeys it has.</summary>
    public ulong SubKeyCount { get; }

    /// <summary>How many values it has.</summary>
    public ulong ValueCount { get; }

    /// <summary>When it was last written, in local time.</summary>
    public DateTime? LastWriteTime { get; }

    /// <summary>The class name, if it has one.</summary>
    public string? ClassName { get; }

    /// <summary>The hive's path in the image; null in a hive file.</summary>
    public string? Hive { get; }

    /// <summary>The full name.</summary>
    public override string ToString() => Key;

    internal abstract RegistryTarget Target { get; }

    internal static ImageRegistryKey In(RegistryTarget target, JsonObject key) =>
        target.HivePath is string hivePath ? new HiveRegistryKey(hivePath, key) : new SessionRegistryKey(target.Path!, key);
}

/// <summary>A key in the registry of a mounted image.</summary>
public sealed class SessionRegistryKey : ImageRegistryKey
{
    internal SessionRegistryKey(string path, JsonObject key)
        : base(key)
    {
        Path = path;
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    internal override RegistryTarget Target => RegistryTarget.Session(Path);
}

/// <summary>A key in a hive file of this machine.</summary>
public sealed class HiveRegistryKey : ImageRegistryKey
{
    internal HiveRegistryKey(string hivePath, JsonObject key)
        : base(key)
    {
        HivePath = hivePath;
    }

    /// <summary>The full path of the hive file.</summary>
    public string HivePath { get; }

    internal override RegistryTarget Target => RegistryTarget.Hive(HivePath);
}
