using System.IO;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Add-Image: captures a directory or volume as a further image of a file.</summary>
[Cmdlet(VerbsCommon.Add, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageInfo))]
public sealed class AddImageCmdlet : CaptureCmdlet
{
    /// <summary>The directory, or the raw file or block device with an NTFS volume.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string CapturePath { get; set; } = string.Empty;

    /// <summary>The image file that gets the image.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string ImagePath { get; set; } = string.Empty;

    /// <summary>The image that the source is an update of; files with equal size and times are not read again.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int UpdateOf { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(CapturePath, () =>
    {
        string source = FullPath(CapturePath);
        string imagePath = FullPath(ImagePath);
        if (IsImageFile(source) && !IsImageFile(imagePath))
        {
            // As in New-Image, people write the file first. An image file is never what is captured.
            (source, imagePath) = (imagePath, source);
        }

        JsonWriter options = Options().Add("updateOf", IfGiven(nameof(UpdateOf), UpdateOf));
        if (!ShouldProcess($"'{source}' -> '{imagePath}'", "Capture as a further image"))
        {
            return;
        }

        CaptureReport report = WithProgress(
            "Capturing the image", operation => ImageFiles.Append(source, imagePath, options, operation));
        WriteResult(imagePath, report);
    });

    /// <summary>Whether it is a file that begins as image files do.</summary>
    private static bool IsImageFile(string path)
    {
        byte[] magic = { (byte)'M', (byte)'S', (byte)'W', (byte)'I', (byte)'M', 0, 0, 0 };
        try
        {
            using FileStream file = File.OpenRead(path);
            foreach (byte expected in magic)
            {
                if (file.ReadByte() != expected)
                {
                    return false;
                }
            }

            return true;
        }
        catch (System.Exception unreadable) when (unreadable is IOException or System.UnauthorizedAccessException)
        {
            // A directory, or nothing at all; what is wrong with it is for the engine to say.
            return false;
        }
    }
}
