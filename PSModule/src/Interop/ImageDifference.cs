using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>How an item differs between two images.</summary>
public enum ImageChange
{
    /// <summary>Only the second image has the item.</summary>
    Added = 0,

    /// <summary>Only the first image has the item.</summary>
    Removed = 1,

    /// <summary>Both have it, and it differs.</summary>
    Changed = 2,

    /// <summary>Both have it, and it is the same.</summary>
    Equal = 3,
}

/// <summary>One item of a comparison of two images.</summary>
public sealed class ImageDifference
{
    internal ImageDifference(string? path, JsonObject difference)
    {
        Path = path;
        Change = difference.Choice("change", ImageChange.Changed);
        ItemPath = difference.Name("path");
        ItemType = difference.Choice("itemType", ImageItemType.File);
        What = difference.Texts("what");
        ReferenceLength = difference.OptionalNumber("referenceLength");
        DifferenceLength = difference.OptionalNumber("differenceLength");
    }

    /// <summary>How the item differs.</summary>
    public ImageChange Change { get; }

    /// <summary>What differs: Content, Attributes, Times, SecurityDescriptor, ShortName, Streams, ReparsePoint, Links.</summary>
    public IReadOnlyList<string> What { get; }

    /// <summary>The item's path inside the images.</summary>
    public string ItemPath { get; }

    /// <summary>What the item is.</summary>
    public ImageItemType ItemType { get; }

    /// <summary>The length of the content in the first image; null when it has no such item.</summary>
    public ulong? ReferenceLength { get; }

    /// <summary>The length of the content in the second image; null when it has no such item.</summary>
    public ulong? DifferenceLength { get; }

    /// <summary>The session's path, when a session was compared with its base.</summary>
    public string? Path { get; }

    /// <summary>The change and the path.</summary>
    public override string ToString() => $"{Change} {ItemPath}";
}
