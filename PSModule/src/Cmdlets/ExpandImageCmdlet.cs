using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Expand-Image: applies an image to a directory, or to an NTFS volume.</summary>
[Cmdlet(VerbsData.Expand, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ExpandReport))]
public sealed class ExpandImageCmdlet : NamedImageCmdlet
{
    /// <summary>The directory, or the raw file or block device with an NTFS volume.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("ApplyPath")]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>The items to apply; all without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Files that hold what the image file lacks.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? ReferencePath { get; set; }

    /// <summary>Whether the file's integrity table is checked first.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether a directory that is not empty is applied to, and files in it are replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        string imagePath = FullPath(ImagePath);
        string target = FullPath(DestinationPath);
        ImageInfo image = ImageSelection.One(imagePath, Index, ChosenName);
        if (!ShouldProcess($"image {image.ImageIndex} of '{imagePath}' -> '{target}'", "Apply"))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("include", Include)
            .Add("referencePaths", FullPaths(ReferencePath))
            .Add("checkIntegrity", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
            .Add("overwrite", IfGiven(nameof(Force), Force));
        ExpandReport report = WithProgress(
            "Applying the image", operation => ImageFiles.Apply(imagePath, image.ImageIndex, target, options, operation));
        WarnOfLosses(report);
        WriteObject(report);
    });

    /// <summary>One line for all that the target cannot hold; the report has the items.</summary>
    private void WarnOfLosses(ExpandReport report)
    {
        var losses = new (ulong Count, string What)[]
        {
            (report.SecurityDescriptorsNotApplied, "security descriptors"),
            (report.NamedStreamsNotApplied, "named streams"),
            (report.ShortNamesNotApplied, "short names"),
            (report.AttributesNotApplied, "sets of attributes"),
            (report.ReparsePointsNotApplied, "reparse points"),
            (report.EncryptedFilesNotApplied, "contents of encrypted files"),
            (report.TimesNotApplied, "times"),
        };
        List<string> lost = losses.Where(loss => loss.Count > 0).Select(loss => $"{loss.Count} {loss.What}").ToList();
        if (lost.Count > 0)
        {
            WriteWarning($"'{report.DestinationPath}' cannot hold everything: without {string.Join(", ", lost)}.");
        }
    }
}
