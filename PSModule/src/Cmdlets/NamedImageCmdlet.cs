using System.Management.Automation;
using ImageServicing.Internal;

namespace ImageServicing.Cmdlets;

/// <summary>What cmdlets share that work on one image of a file, chosen by its number or its name.</summary>
public abstract class NamedImageCmdlet : OneImageCmdlet
{
    /// <summary>The parameter set in which the name chooses the image.</summary>
    protected const string NameSet = "Name";

    /// <summary>The name of the image. Not bound from the pipeline: a file has a Name, too.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [Alias("ImageName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The name, if it is what chooses the image.</summary>
    private protected string? ChosenName => ParameterSetName == NameSet ? Name : null;
}
