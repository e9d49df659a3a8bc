using System.Management.Automation;
using ImageServicing.Interop;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Mount-Image: opens a session on one image of a file.</summary>
[Cmdlet(VerbsData.Mount, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(MountedImage))]
public sealed class MountImageCmdlet : NamedImageCmdlet
{
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
        string? name = ChosenName;
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
