using ImageServicing.Interop;
using Microsoft.Win32;

namespace ImageServicing;

/// <summary>A value of an offline registry.</summary>
/// <remarks>As with <see cref="ImageRegistryKey"/>, its class says where it is.</remarks>
public abstract class ImageRegistryValue
{
    private protected ImageRegistryValue(JsonObject value)
    {
        var content = new RegistryContent(value);
        Key = value.Name("key");
        Name = value.Name("name");
        Kind = content.Kind;
        KindNumber = content.KindNumber;
        Size = content.Size;
        Value = content.Value;
    }

    /// <summary>The full name of its key.</summary>
    public string Key { get; }

    /// <summary>The name; empty for the key's default value.</summary>
    public string Name { get; }

    /// <summary>The kind; Unknown for one that .NET has no name for.</summary>
    public RegistryValueKind Kind { get; }

    /// <summary>The number of the kind as the hive has it.</summary>
    public uint KindNumber { get; }

    /// <summary>The size of the data in bytes.</summary>
    public ulong Size { get; }

    /// <summary>
    /// The data: int for DWord, long for QWord, string for String and ExpandString (not expanded), string[] for
    /// MultiString, and byte[] for the others and for data that do not fit their kind.
    /// </summary>
    public object Value { get; }

    /// <summary>The key and the name.</summary>
    public override string ToString() => Key.EndsWith("\\", System.StringComparison.Ordinal) ? Key + Name : Key + "\\" + Name;

    internal abstract RegistryTarget Target { get; }

    internal static ImageRegistryValue In(RegistryTarget target, JsonObject value) =>
        target.HivePath is string hivePath ? new HiveRegistryValue(hivePath, value) : new SessionRegistryValue(target.Path!, value);
}

/// <summary>A value in the registry of a mounted image.</summary>
public sealed class SessionRegistryValue : ImageRegistryValue
{
    internal SessionRegistryValue(string path, JsonObject value)
        : base(value)
    {
        Path = path;
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    internal override RegistryTarget Target => RegistryTarget.Session(Path);
}

/// <summary>A value in a hive file of this machine.</summary>
public sealed class HiveRegistryValue : ImageRegistryValue
{
    internal HiveRegistryValue(string hivePath, JsonObject value)
        : base(value)
    {
        HivePath = hivePath;
    }

    /// <summary>The full path of the hive file.</summary>
    public string HivePath { get; }

    internal override RegistryTarget Target => RegistryTarget.Hive(HivePath);
}
