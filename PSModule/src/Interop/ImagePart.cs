using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>One part of a split set.</summary>
public sealed class ImagePart
{
    internal ImagePart(JsonObject part)
    {
        ImagePath = part.Name("path");
        PartNumber = part.Number32("partNumber");
        FileSize = part.Number("fileSize");
        Oversized = part.Flag("oversized");
    }

    /// <summary>The full path of the part.</summary>
    public string ImagePath { get; }

    /// <summary>The part's number in the set, from 1.</summary>
    public uint PartNumber { get; }

    /// <summary>The size of the part in bytes.</summary>
    public ulong FileSize { get; }

    /// <summary>Whether the part is larger than asked for, because one resource in it is.</summary>
    public bool Oversized { get; }

    /// <summary>The full path of the part.</summary>
    public override string ToString() => ImagePath;
}
