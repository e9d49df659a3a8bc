using System;
using System.Collections.Generic;
using System.IO;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What an item of an image is.</summary>
public enum ImageItemType
{
    /// <summary>A file.</summary>
    File = 0,

    /// <summary>A directory.</summary>
    Directory = 1,

    /// <summary>A link or another reparse point. It is never followed.</summary>
    ReparsePoint = 2,
}

/// <summary>One stream of a file; the unnamed one is its content.</summary>
public sealed class ImageItemStream
{
    internal ImageItemStream(JsonObject stream)
    {
        Name = stream.Name("name");
        Length = stream.Number("length");
        Hash = stream.Text("hash");
    }

    /// <summary>The stream's name, empty for the content.</summary>
    public string Name { get; }

    /// <summary>The length in bytes.</summary>
    public ulong Length { get; }

    /// <summary>The SHA-1 of the stream in hexadecimal; null when it is empty.</summary>
    public string? Hash { get; }

    /// <summary>The stream's name.</summary>
    public override string ToString() => Name;
}

/// <summary>A file, directory or link inside an image.</summary>
public sealed class ImageItem
{
    /// <summary>An item in a session.</summary>
    internal ImageItem(string path, JsonObject item)
        : this(item)
    {
        Path = path;
    }

    /// <summary>An item in an image of a file.</summary>
    internal ImageItem(string imagePath, uint imageIndex, JsonObject item)
        : this(item)
    {
        ImagePath = imagePath;
        ImageIndex = imageIndex;
    }

    private ImageItem(JsonObject item)
    {
        ItemPath = item.Name("path");
        Name = item.Name("name");
        ShortName = item.Text("shortName");
        ItemType = item.Choice("itemType", ImageItemType.File);
        Length = item.Number("length");
        Attributes = (FileAttributes)item.Number32("attributes");
        CreationTime = item.Time("creationTime");
        LastAccessTime = item.Time("lastAccessTime");
        LastWriteTime = item.Time("lastWriteTime");
        LinkCount = item.OptionalNumber32("linkCount");
        ReparseTag = item.OptionalNumber32("reparseTag");
        Hash = item.Text("hash");
        SecurityDescriptor = item.Text("securityDescriptor");
        var streams = new List<ImageItemStream>();
        foreach (JsonObject stream in item.Objects("streams"))
        {
            streams.Add(new ImageItemStream(stream));
        }

        Streams = streams.AsReadOnly();
    }

    /// <summary>The session's path; null for an item of an image that is in a file.</summary>
    public string? Path { get; }

    /// <summary>The full path of the image file; null for an item in a session.</summary>
    public string? ImagePath { get; }

    /// <summary>The image's number in the file; null for an item in a session.</summary>
    public uint? ImageIndex { get; }

    /// <summary>The item's path inside the image, for example <c>\Windows\notepad.exe</c>.</summary>
    public string ItemPath { get; }

    /// <summary>The item's name.</summary>
    public string Name { get; }

    /// <summary>The 8.3 name, if there is one.</summary>
    public string? ShortName { get; }

    /// <summary>What the item is.</summary>
    public ImageItemType ItemType { get; }

    /// <summary>The length of the content in bytes.</summary>
    public ulong Length { get; }

    /// <summary>The file attributes.</summary>
    public FileAttributes Attributes { get; }

    /// <summary>When the item was created, in local time.</summary>
    public DateTime? CreationTime { get; }

    /// <summary>When the item was last read, in local time.</summary>
    public DateTime? LastAccessTime { get; }

    /// <summary>When the item was last written, in local time.</summary>
    public DateTime? LastWriteTime { get; }

    /// <summary>The number of hard links to the file; null when a listing did not count them.</summary>
    public uint? LinkCount { get; }

    /// <summary>The kind of a reparse point; null for anything else.</summary>
    public uint? ReparseTag { get; }

    /// <summary>The SHA-1 of the content in hexadecimal; null when there is none.</summary>
    public string? Hash { get; }

    /// <summary>All data streams.</summary>
    public IReadOnlyList<ImageItemStream> Streams { get; }

    /// <summary>The security descriptor in SDDL, if the item has one.</summary>
    public string? SecurityDescriptor { get; }

    /// <summary>The item's path inside the image.</summary>
    public override string ToString() => ItemPath;
}
