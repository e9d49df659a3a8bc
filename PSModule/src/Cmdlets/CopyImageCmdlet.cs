using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Copy-Image: copies an image file, or all parts of a set, and compares the copy.</summary>
[Cmdlet(VerbsCommon.Copy, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageInfo))]
public sealed class CopyImageCmdlet : ImageFileCmdlet
{
    private readonly HashSet<string> seen = new();

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The new file, or a folder for it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        foreach (string imagePath in Expand(ImagePath))
        {
            // Every image of the file may have come along.
            if (seen.Add(imagePath))
            {
                ForItem(imagePath, () => Copy(imagePath));
            }
        }
    });

    private void Copy(string imagePath)
    {
        string destination = FullPath(DestinationPath);
        if (ItemPaths.EndsAsDirectory(DestinationPath) || Directory.Exists(destination))
        {
            destination = Path.Combine(destination, Path.GetFileName(imagePath));
        }

        if (!ShouldProcess($"'{imagePath}' -> '{destination}'", "Copy"))
        {
            return;
        }

        JsonWriter options = new JsonWriter().Add("overwrite", IfGiven(nameof(Force), Force));
        WithProgress("Copying the file", operation =>
        {
            ImageFiles.Copy(imagePath, destination, options, operation);
            return true;
        });
        WriteImages(destination);
    }
}
