using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Mount-Image: opens a session on one image of a file.</summary>
[Cmdlet(VerbsData.Mount, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(MountedImage))]
public sealed class MountImageCmdlet : ImageServicingCmdlet
{
    private const string IndexSet = "Index";
    private const string NameSet = "Name";

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

    /// <summary>The name of the image. Not bound from the pipeline: a file has a Name, too.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [Alias("ImageName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The session's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Whether the image is only read.</summary>
    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Whether the file's integrity table is checked first.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        string imagePath = FullPath(ImagePath);
        string? sessionPath = Path is null ? null : FullPath(Path);
        string? name = ParameterSetName == NameSet ? Name : null;
        uint index = name is null ? (uint)Index : 0;
        string which = name is null ? $"image {index}" : $"image '{name}'";
        if (!ShouldProcess($"{which} of '{imagePath}'", ReadOnly.IsPresent ? "Mount read-only" : "Mount"))
        {
            return;
        }

        MountFlags flags =
            (ReadOnly.IsPresent ? MountFlags.ReadOnly : MountFlags.None) |
            (CheckIntegrity.IsPresent ? MountFlags.CheckIntegrity : MountFlags.None);
        MountedImage mounted = WithProgress(
            "Mounting the image",
            operation => SessionPool.Mount(imagePath, index, name, sessionPath, flags, operation));
        WriteVerbose(
            $"'{mounted.Path}' names the session. No files appear there: use Get-ImageItem, Import-ImageItem and " +
            "Export-ImageItem to reach what is in the image.");
        WriteObject(mounted);
    });
}
