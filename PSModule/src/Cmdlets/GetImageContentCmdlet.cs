using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageContent: files, directories and links of an image in a file, without a session.</summary>
[Cmdlet(VerbsCommon.Get, "ImageContent", DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ImageItem))]
public sealed class GetImageContentCmdlet : ImageFileCmdlet
{
    private const string IndexSet = "Index";
    private const string NameSet = "Name";

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The number of the image.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = IndexSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int Index { get; set; }

    /// <summary>The name of the image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [Alias("ImageName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? Name { get; set; }

    /// <summary>Paths inside the image.</summary>
    [Parameter(Position = 2)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] ItemPath { get; set; } = { "\\" };

    /// <summary>Whether directories below are looked into, too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Files that hold what the image file lacks.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? ReferencePath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        string imagePath = FullPath(ImagePath);
        uint index = ParameterSetName == NameSet ? ImageSelection.One(imagePath, null, Name).ImageIndex : (uint)Index;
        JsonWriter options = new JsonWriter()
            .Add("recurse", IfGiven(nameof(Recurse), Recurse))
            .Add("referencePaths", FullPaths(ReferencePath));
        foreach (string given in ItemPath)
        {
            ForItem(given, () => ImageFiles.List(
                imagePath, index, ItemPaths.Normalize(given), options, item => WriteObject(item), StopToken));
        }
    });
}
