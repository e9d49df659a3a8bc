using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>An image that was removed from a file.</summary>
public sealed class RemovedImage
{
    internal RemovedImage(JsonObject image)
    {
        ImageIndex = image.Number32("index");
        ImageName = image.Name("name");
    }

    /// <summary>The number that the image had.</summary>
    public uint ImageIndex { get; }

    /// <summary>The name that the image had.</summary>
    public string ImageName { get; }

    /// <summary>The number and the name.</summary>
    public override string ToString() => $"{ImageIndex}: {ImageName}";
}

/// <summary>What removing images from a file did.</summary>
public sealed class ImageRemoval
{
    internal ImageRemoval(JsonObject report)
    {
        ImagePath = report.Name("imagePath");
        Removed = report.Objects("removed").Select(image => new RemovedImage(image)).ToList().AsReadOnly();
        FileSizeBefore = report.Number("fileSizeBefore");
        FileSizeAfter = report.Number("fileSizeAfter");
        Compacted = report.Flag("compacted");
    }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The images that are gone, with the numbers they had. Images behind them have moved up.</summary>
    public IReadOnlyList<RemovedImage> Removed { get; }

    /// <summary>Whether the file was written anew, without the content that no image needs any more.</summary>
    public bool Compacted { get; }

    /// <summary>The size of the file before, in bytes.</summary>
    public ulong FileSizeBefore { get; }

    /// <summary>The size of the file now, in bytes.</summary>
    public ulong FileSizeAfter { get; }
}
