using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Compare-Driver: which drivers an image has newer, older, or not, beside another image or folders of packages.</summary>
/// <remarks>
/// The session's set is the default one: a session from the pipeline has an <c>ImagePath</c>, too, and means itself.
/// </remarks>
[Cmdlet(VerbsData.Compare, "Driver", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(DriverDifference))]
public sealed class CompareDriverCmdlet : DriverQueryCmdlet
{
    private const string ImageSet = "Image";
    private const string SessionSet = "Session";

    /// <summary>The file with the first image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("ImagePath", "FullName", "PSPath")]
    public string? ReferenceImagePath { get; set; }

    /// <summary>The number of the first image.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ReferenceIndexCompleter))]
    public int ReferenceIndex { get; set; }

    /// <summary>The session whose image is the first one; alone, what the session changed.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The file with the second image.</summary>
    [Parameter(Position = 2)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? DifferenceImagePath { get; set; }

    /// <summary>The number of the second image.</summary>
    [Parameter(Position = 3)]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(DifferenceIndexCompleter))]
    public int DifferenceIndex { get; set; } = 1;

    /// <summary>The session whose image is the second one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? DifferencePath { get; set; }

    /// <summary>INF files, or folders that hold them, as the second side.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? DifferenceDriver { get; set; }

    /// <summary>Whether drivers that came with Windows are compared, too.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Whether drivers that are the same are told, too.</summary>
    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path ?? ReferenceImagePath!, () =>
    {
        int sides = new object?[] { DifferenceImagePath, DifferencePath, DifferenceDriver }.Count(side => side is not null);
        bool isSession = ParameterSetName == SessionSet;
        if (sides > 1 || (sides == 0 && !isSession))
        {
            throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "InvalidArgument",
                sides == 0 ? "there is nothing to compare with" : "more than one second side is given",
                subject: null,
                "Give one of -DifferenceImagePath, -DifferencePath and -DifferenceDriver.",
                unchecked((int)0x80070057));
        }

        string[]? paths = DifferenceDriver is null ? null : ExpandAll(DifferenceDriver);
        if (paths is { Length: 0 })
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("reference", Image(isSession ? null : ReferenceImagePath, ReferenceIndex))
            .Add("difference", Image(DifferenceImagePath, DifferenceIndex))
            .Add("differencePaths", paths)
            .Add("all", All.IsPresent)
            .Add("includeEqual", IncludeEqual.IsPresent)
            .Add("recurse", Recurse.IsPresent);
        string? first = isSession ? FullPath(Path!) : null;
        string? second = DifferencePath is null ? null : FullPath(DifferencePath);

        // Alone a session is the second side, and what it was when it was saved last the first.
        (first, second) = sides == 0 ? (null, first) : (first, second);
        WriteAnswer(WithProgress("Comparing drivers", operation => DriverQueries.Compare(first, second, options, operation)));
    });
}
