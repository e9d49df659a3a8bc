using System.Collections.Generic;
using ImageServicing.Interop;
using Microsoft.Win32;

namespace ImageServicing;

/// <summary>What differs between two registries.</summary>
public enum RegistryItemType
{
    /// <summary>A key.</summary>
    Key = 0,

    /// <summary>A value.</summary>
    Value = 1,
}

/// <summary>One difference between two registries.</summary>
public sealed class RegistryDifference
{
    internal RegistryDifference(string? path, JsonObject difference)
    {
        Path = path;
        Change = difference.Choice("change", ImageChange.Changed);
        Item = difference.Choice("item", RegistryItemType.Key);
        Key = difference.Name("key");
        Name = difference.Text("name");
        Parts = difference.Texts("parts");
        if (difference.Object("before") is JsonObject before)
        {
            var content = new RegistryContent(before);
            ReferenceKind = content.Kind;
            ReferenceValue = content.Value;
        }

        if (difference.Object("after") is JsonObject after)
        {
            var content = new RegistryContent(after);
            DifferenceKind = content.Kind;
            DifferenceValue = content.Value;
        }
    }

    /// <summary>How it differs: Added is what only the second has, Removed what only the first has.</summary>
    public ImageChange Change { get; }

    /// <summary>Whether it is a key or a value.</summary>
    public RegistryItemType Item { get; }

    /// <summary>The full name of the key.</summary>
    public string Key { get; }

    /// <summary>The name of the value, empty for the default value; null for a key.</summary>
    public string? Name { get; }

    /// <summary>The kind of the value in the first registry.</summary>
    public RegistryValueKind? ReferenceKind { get; }

    /// <summary>The value in the first registry.</summary>
    public object? ReferenceValue { get; }

    /// <summary>The kind of the value in the second registry.</summary>
    public RegistryValueKind? DifferenceKind { get; }

    /// <summary>The value in the second registry.</summary>
    public object? DifferenceValue { get; }

    /// <summary>What of a changed key differs: ClassName, SecurityDescriptor.</summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>The session's path, when a session was compared with the image as it was saved.</summary>
    public string? Path { get; }

    /// <summary>The change and what changed.</summary>
    public override string ToString() => Name is null ? $"{Change} {Key}" : $"{Change} {Key}\\{Name}";
}
