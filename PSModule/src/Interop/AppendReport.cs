using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What writing a session's state as a further image did.</summary>
public sealed class AppendReport
{
    internal AppendReport(string path, JsonObject report)
    {
        Path = path;
        ImagePath = report.Name("imagePath");
        ImageIndex = report.Number32("imageIndex");
        ImageName = report.Name("imageName");
        BlobsAdded = report.Number("blobsAdded");
        BytesWritten = report.Number("bytesWritten");
        FileSize = report.Number("fileSize");
    }

    /// <summary>The session's path. The session is still on the image it was mounted from.</summary>
    public string Path { get; }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The new image's number in the file.</summary>
    public uint ImageIndex { get; }

    /// <summary>The new image's name.</summary>
    public string ImageName { get; }

    /// <summary>The number of new contents that the file holds.</summary>
    public ulong BlobsAdded { get; }

    /// <summary>The bytes that were written to the file.</summary>
    public ulong BytesWritten { get; }

    /// <summary>The size of the file now, in bytes.</summary>
    public ulong FileSize { get; }
}
