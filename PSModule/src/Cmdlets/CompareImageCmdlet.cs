using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Compare-Image: the differences between two images, or between a session and the image it was mounted from.</summary>
/// <remarks>
/// The session's set is the default one: a session from the pipeline has an <c>ImagePath</c>, too, and means itself.
/// </remarks>
[Cmdlet(VerbsData.Compare, "Image", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(ImageDifference))]
public sealed class CompareImageCmdlet : ImageFileCmdlet
{
    private const string ImageSet = "Image";
    private const string SessionSet = "Session";

    /// <summary>The file with the first image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("ImagePath", "FullName", "PSPath")]
    public string ReferenceImagePath { get; set; } = string.Empty;

    /// <summary>The number of the first image.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ReferenceIndexCompleter))]
    public int ReferenceIndex { get; set; }

    /// <summary>The file with the second image.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DifferenceImagePath { get; set; } = string.Empty;

    /// <summary>The number of the second image.</summary>
    [Parameter(Mandatory = true, Position = 3, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(DifferenceIndexCompleter))]
    public int DifferenceIndex { get; set; }

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string Path { get; set; } = string.Empty;

    /// <summary>The path inside the images below which to compare.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ItemPath { get; set; }

    /// <summary>Whether items that do not differ are told, too.</summary>
    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    /// <summary>Whether times do not count.</summary>
    [Parameter]
    public SwitchParameter IgnoreTimes { get; set; }

    /// <summary>Files that hold what the image files lack.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? ReferencePath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SessionSet)
        {
            ForItem(Path, () => WriteObject(SessionPool.Get(FullPath(Path)).Compare(Options(), StopToken), enumerateCollection: true));
            return;
        }

        ForItem(ReferenceImagePath, () => ImageFiles.Compare(
            FullPath(ReferenceImagePath),
            (uint)ReferenceIndex,
            FullPath(DifferenceImagePath),
            (uint)DifferenceIndex,
            Options(),
            difference => WriteObject(difference),
            StopToken));
    }

    private JsonWriter Options() => new JsonWriter()
        .Add("path", ItemPath is null ? null : ItemPaths.Normalize(ItemPath))
        .Add("includeEqual", IfGiven(nameof(IncludeEqual), IncludeEqual))
        .Add("ignoreTimes", IfGiven(nameof(IgnoreTimes), IgnoreTimes))
        .Add("referencePaths", FullPaths(ReferencePath));
}
