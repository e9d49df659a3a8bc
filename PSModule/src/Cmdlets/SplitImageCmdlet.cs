using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Split-Image: splits a file into parts of at most a given size.</summary>
[Cmdlet(VerbsCommon.Split, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImagePart))]
public sealed class SplitImageCmdlet : ImageFileCmdlet
{
    /// <summary>DISM counts FileSize in megabytes: a number of them, taken for bytes, would make a million parts.</summary>
    private const ulong SmallestPart = 64 * 1024;

    private readonly HashSet<string> seen = new();

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The first part.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("SplitImagePath")]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>The bytes that a part has at most.</summary>
    [Parameter(Mandatory = true)]
    public ulong FileSize { get; set; }

    /// <summary>Whether the parts get integrity tables.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether parts that are there are replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        string imagePath = FullPath(ImagePath);
        string destination = FullPath(DestinationPath);
        if (FileSize < SmallestPart)
        {
            throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "PartSizeTooSmall",
                $"parts of {FileSize} bytes are too small; the least is {SmallestPart}",
                imagePath,
                $"FileSize is a number of bytes: write {FileSize}MB if megabytes are meant.",
                unchecked((int)0x80070057));
        }

        // Every image of the file may have come along.
        if (!seen.Add(imagePath) || !ShouldProcess($"'{imagePath}' -> '{destination}'", $"Split into parts of {_Format.Size(FileSize)}"))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("integrityTable", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
            .Add("overwrite", IfGiven(nameof(Force), Force));
        IReadOnlyList<ImagePart> parts = WithProgress(
            "Splitting the file", operation => ImageFiles.Split(imagePath, destination, FileSize, options, operation));
        foreach (ImagePart part in parts)
        {
            if (part.Oversized)
            {
                WriteWarning($"'{part.ImagePath}' is larger than asked for: one file in it cannot be divided.");
            }

            WriteObject(part);
        }
    });
}
