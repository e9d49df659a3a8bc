using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Export-Image: copies images to another file, new or existing.</summary>
[Cmdlet(VerbsData.Export, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ImageInfo))]
public sealed class ExportImageCmdlet : ImageFileCmdlet
{
    private const string IndexSet = "Index";
    private const string NameSet = "Name";
    private const string AllSet = "All";

    private readonly ImageBatches batches = new();

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("SourceImagePath", "FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The numbers of the images.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = IndexSet)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex", "SourceIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int[] Index { get; set; } = Array.Empty<int>();

    /// <summary>The names of the images.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [Alias("ImageName", "SourceName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = Array.Empty<string>();

    /// <summary>Whether all images are meant.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AllSet)]
    public SwitchParameter All { get; set; }

    /// <summary>The file that gets the images.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("DestinationImagePath")]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>The image's name in the destination.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DestinationName { get; set; }

    /// <summary>The image's description in the destination.</summary>
    [Parameter]
    public string? Description { get; set; }

    /// <summary>How to compress.</summary>
    [Parameter]
    [ValidateSet(None, Fast, Max, Maximum, Recovery)]
    [Alias("CompressionType")]
    public string? Compression { get; set; }

    /// <summary>How hard to compress.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int Level { get; set; }

    /// <summary>Whether the image becomes the one to boot.</summary>
    [Parameter]
    [Alias("Setbootable", "SB")]
    public SwitchParameter Bootable { get; set; }

    /// <summary>Whether the destination gets an integrity table.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Files that hold what the image file lacks.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? ReferencePath { get; set; }

    /// <summary>Image files that hold content which is then left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? DeltaFrom { get; set; }

    /// <summary>Whether a file that is there is replaced; without it, images are added to it.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        ImageBatches.Batch batch = Choose(batches, FullPath(ImagePath), Index, Name);
        batch.All |= All.IsPresent;
    });

    /// <summary>One call for each source file: all of its images share their content.</summary>
    protected override void EndProcessing()
    {
        // The destination is replaced once; what comes after the first file is added to it.
        bool overwrite = Force.IsPresent;
        foreach (ImageBatches.Batch batch in batches.Files)
        {
            if (batch.All || batch.Indexes.Count > 0)
            {
                ForItem(batch.ImagePath, () => overwrite &= !Export(batch, overwrite));
            }
        }
    }

    private bool Export(ImageBatches.Batch batch, bool overwrite)
    {
        string destination = FullPath(DestinationPath);
        if (!ShouldProcess($"{batch.Description} of '{batch.ImagePath}' -> '{destination}'", "Export"))
        {
            return false;
        }

        JsonWriter options = new JsonWriter()
            .Add("indexes", batch.Indexes)
            .Add("name", DestinationName)
            .Add("description", Description)
            .Add("compression", EngineCompression(Compression) ?? DefaultCompression(batch.ImagePath, destination, overwrite))
            .Add("level", IfGiven(nameof(Level), Level))
            .Add("bootable", IfGiven(nameof(Bootable), Bootable))
            .Add("integrityTable", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
            .Add("referencePaths", FullPaths(ReferencePath))
            .Add("deltaFrom", FullPaths(DeltaFrom))
            .Add("overwrite", overwrite);
        IReadOnlyList<uint> indexes = WithProgress(
            "Exporting the images", operation => ImageFiles.Export(batch.ImagePath, destination, options, operation));
        WriteImages(destination, indexes);
        return true;
    }

    /// <summary>A new file is what its name says: an .esd is solid, and anything else is not, so that it can be serviced.</summary>
    private static string? DefaultCompression(string imagePath, string destination, bool overwrite)
    {
        if (File.Exists(destination) && !overwrite)
        {
            return null;
        }

        bool solid = Engine.GetImages(imagePath).Any(image => image.Format == "Esd");
        return IsEsdName(destination) == solid ? null : solid ? Max : Recovery;
    }
}
