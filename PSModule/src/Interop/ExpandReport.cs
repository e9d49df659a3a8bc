using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What an image was applied to.</summary>
public enum ImageTargetKind
{
    /// <summary>A directory of this machine.</summary>
    Directory = 0,

    /// <summary>An NTFS volume in a file or block device.</summary>
    Ntfs = 1,
}

/// <summary>A property of an item that the target cannot hold.</summary>
public sealed class ImageItemLoss
{
    internal ImageItemLoss(JsonObject loss)
    {
        ItemPath = loss.Name("path");
        What = loss.Name("what");
    }

    /// <summary>The item's path inside the image.</summary>
    public string ItemPath { get; }

    /// <summary>What was not applied.</summary>
    public string What { get; }

    /// <summary>The path and what was not applied.</summary>
    public override string ToString() => $"{ItemPath}: {What}";
}

/// <summary>What applying an image did.</summary>
public sealed class ExpandReport
{
    internal ExpandReport(JsonObject report)
    {
        ImagePath = report.Name("imagePath");
        ImageIndex = report.Number32("index");
        DestinationPath = report.Name("target");
        DestinationKind = report.Choice("targetKind", ImageTargetKind.Directory);
        Files = report.Number("files");
        Directories = report.Number("directories");
        Links = report.Number("links");
        Size = report.Number("bytes");
        NotApplied = report.Objects("notApplied").Select(loss => new ImageItemLoss(loss)).ToList().AsReadOnly();
        JsonObject counts = report.Object("notAppliedCounts") ?? new JsonObject(new Dictionary<string, object?>());
        SecurityDescriptorsNotApplied = counts.Number("securityDescriptors");
        NamedStreamsNotApplied = counts.Number("namedStreams");
        ShortNamesNotApplied = counts.Number("shortNames");
        AttributesNotApplied = counts.Number("attributes");
        ReparsePointsNotApplied = counts.Number("reparsePoints");
        EncryptedFilesNotApplied = counts.Number("encryptedFiles");
        TimesNotApplied = counts.Number("times");
    }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The image's number in the file.</summary>
    public uint ImageIndex { get; }

    /// <summary>The directory or volume that the image was applied to.</summary>
    public string DestinationPath { get; }

    /// <summary>Which of the two it is.</summary>
    public ImageTargetKind DestinationKind { get; }

    /// <summary>The number of files; the names of one file count once.</summary>
    public ulong Files { get; }

    /// <summary>The number of directories.</summary>
    public ulong Directories { get; }

    /// <summary>The number of second and further names of files.</summary>
    public ulong Links { get; }

    /// <summary>The bytes of content.</summary>
    public ulong Size { get; }

    /// <summary>The files and directories whose security descriptor the target cannot hold.</summary>
    public ulong SecurityDescriptorsNotApplied { get; }

    /// <summary>The files and directories whose named streams the target cannot hold.</summary>
    public ulong NamedStreamsNotApplied { get; }

    /// <summary>The 8.3 names that the target cannot hold.</summary>
    public ulong ShortNamesNotApplied { get; }

    /// <summary>The files and directories whose attributes the target cannot hold.</summary>
    public ulong AttributesNotApplied { get; }

    /// <summary>The reparse points that the target cannot hold.</summary>
    public ulong ReparsePointsNotApplied { get; }

    /// <summary>The encrypted files, which are there, but empty.</summary>
    public ulong EncryptedFilesNotApplied { get; }

    /// <summary>The files and directories whose times the target refused.</summary>
    public ulong TimesNotApplied { get; }

    /// <summary>The single items, as many as the engine lists.</summary>
    public IReadOnlyList<ImageItemLoss> NotApplied { get; }
}
