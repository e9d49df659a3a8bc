using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What removing a key or a value did. As with a key, its class says where that was.</summary>
public abstract class RegistryRemoval
{
    private protected RegistryRemoval(JsonObject report)
    {
        Key = report.Name("key");
        Name = report.Text("name");
        KeyCount = report.Number("keys");
    }

    /// <summary>The full name of the key.</summary>
    public string Key { get; }

    /// <summary>The name of the value, empty for the default value; null when the key itself is gone.</summary>
    public string? Name { get; }

    /// <summary>How many keys are gone.</summary>
    public ulong KeyCount { get; }

    /// <summary>What is gone.</summary>
    public override string ToString() => Name is null ? Key : $"{Key}\\{Name}";

    internal static RegistryRemoval In(RegistryTarget target, JsonObject report) =>
        target.HivePath is string hivePath ? new HiveRegistryRemoval(hivePath, report) : new SessionRegistryRemoval(target.Path!, report);
}

/// <summary>What removing a key or a value from the registry of a mounted image did.</summary>
public sealed class SessionRegistryRemoval : RegistryRemoval
{
    internal SessionRegistryRemoval(string path, JsonObject report)
        : base(report)
    {
        Path = path;
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }
}

/// <summary>What removing a key or a value from a hive file did.</summary>
public sealed class HiveRegistryRemoval : RegistryRemoval
{
    internal HiveRegistryRemoval(string hivePath, JsonObject report)
        : base(report)
    {
        HivePath = hivePath;
    }

    /// <summary>The full path of the hive file.</summary>
    public string HivePath { get; }
}
