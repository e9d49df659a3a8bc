using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What saving a session did to the image file.</summary>
public sealed class SaveReport
{
    internal SaveReport(string path, JsonObject report)
    {
        Path = path;
        ImagePath = report.Name("imagePath");
        ImageIndex = report.Number32("imageIndex");
        Saved = report.Flag("saved");
        Compacted = report.Flag("compacted");
        IntegrityTable = report.Flag("integrityTable");
        BlobsAdded = report.Number("blobsAdded");
        BytesWritten = report.Number("bytesWritten");
        MetadataSize = report.Number("metadataBytes");
        FileSizeBefore = report.Number("fileSizeBefore");
        FileSizeAfter = report.Number("fileSizeAfter");
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The image's number in the file.</summary>
    public uint ImageIndex { get; }

    /// <summary>False when nothing was staged, so that the file was left as it is.</summary>
    public bool Saved { get; }

    /// <summary>Whether the file was written anew, without the space of replaced content.</summary>
    public bool Compacted { get; }

    /// <summary>Whether the file has an integrity table now.</summary>
    public bool IntegrityTable { get; }

    /// <summary>The number of new contents that the file holds.</summary>
    public ulong BlobsAdded { get; }

    /// <summary>The bytes that were written to the file.</summary>
    public ulong BytesWritten { get; }

    /// <summary>How many of them are the image's directory tree.</summary>
    public ulong MetadataSize { get; }

    /// <summary>The size of the file before, in bytes.</summary>
    public ulong FileSizeBefore { get; }

    /// <summary>The size of the file now, in bytes.</summary>
    public ulong FileSizeAfter { get; }
}
