using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-Image: takes images out of a file.</summary>
[Cmdlet(VerbsCommon.Remove, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveImageCmdlet : ImageFileCmdlet
{
    private const string IndexSet = "Index";
    private const string NameSet = "Name";

    private readonly ImageBatches batches = new();

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The numbers of the images.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = IndexSet)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int[] Index { get; set; } = Array.Empty<int>();

    /// <summary>The names of the images.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [Alias("ImageName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = Array.Empty<string>();

    /// <summary>Whether the file is written anew, without the content that no image needs any more.</summary>
    [Parameter]
    public SwitchParameter Compact { get; set; }

    /// <summary>Whether nothing is asked.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () => Choose(batches, FullPath(ImagePath), Index, Name));

    /// <summary>Removes when all input is there: every removal changes the numbers of the images behind it.</summary>
    protected override void EndProcessing()
    {
        foreach (ImageBatches.Batch batch in batches.Files)
        {
            if (batch.Indexes.Count > 0)
            {
                ForItem(batch.ImagePath, () => Remove(batch));
            }
        }
    }

    private void Remove(ImageBatches.Batch batch)
    {
        string which = $"{batch.Description} of '{batch.ImagePath}'";
        if (!ShouldProcess(which, "Remove") || !AgreesToLoss($"{which} will be lost.", "Remove the image?", Force))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("indexes", batch.Indexes)
            .Add("compact", IfGiven(nameof(Compact), Compact));
        WriteObject(WithProgress("Removing the image", operation => ImageFiles.Remove(batch.ImagePath, options, operation)));
    }
}
