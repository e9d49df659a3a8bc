using System.Management.Automation;
using ImageServicing.Internal;

namespace ImageServicing.Cmdlets;

/// <summary>What cmdlets share that work on one image of a file, chosen by its number.</summary>
public abstract class OneImageCmdlet : ImageFileCmdlet
{
    /// <summary>The parameter set in which the number chooses the image.</summary>
    protected const string IndexSet = "Index";

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
}
