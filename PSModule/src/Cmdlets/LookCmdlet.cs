using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that looks at an image: that of a session, or one of a file.</summary>
/// <remarks>
/// The session's set is the default one: a session from the pipeline has an <c>ImagePath</c>, too, and means itself.
/// </remarks>
public abstract class LookCmdlet : ImageServicingCmdlet
{
    /// <summary>The parameter set of a session.</summary>
    protected const string SessionSet = "Session";

    /// <summary>The parameter set of an image of a file.</summary>
    protected const string ImageSet = "Image";

    private readonly HashSet<ImageTarget> seen = new();

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string Path { get; set; } = string.Empty;

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The number of the image.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int Index { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool ofSession = ParameterSetName == SessionSet;
        ForItem(ofSession ? Path : ImagePath, () =>
        {
            ImageTarget target = ofSession ? ImageTarget.Session(FullPath(Path)) : ImageTarget.Image(FullPath(ImagePath), Index);

            // A session comes along once with every object of the cmdlet before.
            if (seen.Add(target) || !ofSession)
            {
                Look(target);
            }
        });
    }

    /// <summary>Looks at the image and emits what it found.</summary>
    private protected abstract void Look(ImageTarget target);
}
