using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageContent: files, directories and links of an image in a file, without a session.</summary>
[Cmdlet(VerbsCommon.Get, "ImageContent", DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ImageItem))]
public sealed class GetImageContentCmdlet : NamedImageCmdlet
{
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
        uint index = ChosenName is null ? (uint)Index : ImageSelection.One(imagePath, null, ChosenName).ImageIndex;
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
