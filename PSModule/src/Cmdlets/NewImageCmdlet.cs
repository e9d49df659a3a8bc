using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>New-Image: captures a directory or volume as the first image of a new file.</summary>
[Cmdlet(VerbsCommon.New, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageInfo))]
public sealed class NewImageCmdlet : CaptureCmdlet
{
    /// <summary>The image file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The directory, or the raw file or block device with an NTFS volume.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string CapturePath { get; set; } = string.Empty;

    /// <summary>How to compress.</summary>
    [Parameter]
    [ValidateSet(None, Fast, Max, Maximum, Recovery)]
    [Alias("CompressionType")]
    public string? Compression { get; set; }

    /// <summary>The bytes that are compressed together.</summary>
    [Parameter]
    [ValidateRange(0, 1 << 30)]
    public int ChunkSize { get; set; }

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(CapturePath, () =>
    {
        string source = FullPath(CapturePath);
        string imagePath = FullPath(ImagePath);
        JsonWriter options = Options()
            .Add("compression", EngineCompression(Compression) ?? (IsEsdName(imagePath) ? Recovery : null))
            .Add("chunkSize", IfGiven(nameof(ChunkSize), ChunkSize))
            .Add("overwrite", IfGiven(nameof(Force), Force));
        if (!ShouldProcess($"'{source}' -> '{imagePath}'", "Capture"))
        {
            return;
        }

        CaptureReport report = WithProgress(
            "Capturing the image", operation => ImageFiles.Capture(source, imagePath, options, operation));
        WriteResult(imagePath, report);
    });
}
