using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What happened to an item.</summary>
public enum ImageItemAction
{
    /// <summary>The item is new in the image.</summary>
    Added = 0,

    /// <summary>The item was there and has new content; it kept its descriptor, attributes, times and links.</summary>
    Replaced = 1,

    /// <summary>The item is no longer in the image.</summary>
    Removed = 2,

    /// <summary>The item was written to this machine's file system.</summary>
    Exported = 3,
}

/// <summary>One item that an import, export or removal touched.</summary>
public sealed class ImageItemChange
{
    internal ImageItemChange(JsonObject change)
    {
        ItemPath = change.Name("path");
        Action = change.Choice("action", ImageItemAction.Added);
    }

    /// <summary>The item's path inside the image.</summary>
    public string ItemPath { get; }

    /// <summary>What happened to it.</summary>
    public ImageItemAction Action { get; }

    /// <summary>The action and the path.</summary>
    public override string ToString() => $"{Action} {ItemPath}";
}

/// <summary>What an import, export or removal did.</summary>
public sealed class ImageItemReport
{
    internal ImageItemReport(string path, ImageItemAction action, JsonObject report)
    {
        Path = path;
        ItemPath = report.Name("path");
        HostPath = report.Text("hostPath");
        Files = report.Number("files");
        Directories = report.Number("directories");
        Size = report.Number("bytes");
        var items = new List<ImageItemChange>();
        foreach (JsonObject change in report.Objects("items"))
        {
            items.Add(new ImageItemChange(change));
        }

        Items = items.AsReadOnly();
        Action = items.Count == 1 ? items[0].Action : action;
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The item's path inside the image.</summary>
    public string ItemPath { get; }

    /// <summary>The path on this machine; null for a removal.</summary>
    public string? HostPath { get; }

    /// <summary>What was done.</summary>
    public ImageItemAction Action { get; }

    /// <summary>The number of files.</summary>
    public ulong Files { get; }

    /// <summary>The number of directories.</summary>
    public ulong Directories { get; }

    /// <summary>The bytes of content.</summary>
    public ulong Size { get; }

    /// <summary>The single items, up to 10,000 of them.</summary>
    public IReadOnlyList<ImageItemChange> Items { get; }
}
