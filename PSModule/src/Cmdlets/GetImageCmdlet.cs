using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-Image: the images of a file, or the images that are mounted.</summary>
[Cmdlet(VerbsCommon.Get, "Image", DefaultParameterSetName = FileSet)]
[OutputType(typeof(ImageInfo), ParameterSetName = new[] { FileSet, NameSet })]
[OutputType(typeof(MountedImage), ParameterSetName = new[] { MountedSet })]
public sealed class GetImageCmdlet : ImageServicingCmdlet
{
    private const string FileSet = "File";
    private const string NameSet = "FileAndName";
    private const string MountedSet = "Mounted";

    /// <summary>The type name that selects the list view, as DISM shows one chosen image.</summary>
    private const string DetailedTypeName = "ImageServicing.ImageInfo#Detailed";

    /// <summary>The image files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = FileSet)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] ImagePath { get; set; } = Array.Empty<string>();

    /// <summary>The numbers of the images; none for all. In the default set, so that Tab offers them by position.</summary>
    [Parameter(Position = 1, ParameterSetName = FileSet)]
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

    /// <summary>Whether to list the mounted images.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MountedSet)]
    public SwitchParameter Mounted { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == MountedSet)
        {
            if (Mounted.IsPresent)
            {
                ForItem("sessions", () => WriteObject(Engine.GetSessions(), enumerateCollection: true));
            }

            return;
        }

        foreach (string given in ImagePath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    ForItem(path, () => WriteImages(path));
                }
            });
        }
    }

    private void WriteImages(string path)
    {
        WriteVerbose($"Reading '{path}'.");
        IReadOnlyList<ImageInfo> images = Engine.GetImages(path);
        if (ParameterSetName == NameSet)
        {
            foreach (string name in Name)
            {
                ForItem(path, () =>
                {
                    foreach (ImageInfo image in ImageSelection.ByName(path, images, name))
                    {
                        WriteDetailed(image);
                    }
                });
            }
        }
        else if (Index.Length == 0)
        {
            WriteObject(images, enumerateCollection: true);
        }

        foreach (int index in Index)
        {
            ForItem(path, () => WriteDetailed(ImageSelection.ByIndex(path, images, index)));
        }
    }

    private void WriteDetailed(ImageInfo image)
    {
        var detailed = new PSObject(image);
        detailed.TypeNames.Insert(0, DetailedTypeName);
        WriteObject(detailed);
    }
}
