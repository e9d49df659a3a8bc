using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Test-Image: verifies image files; with -Repair it writes what is whole into a new file.</summary>
[Cmdlet(VerbsDiagnostic.Test, "Image", SupportsShouldProcess = true, DefaultParameterSetName = TestSet)]
[OutputType(typeof(ImageFinding))]
public sealed class TestImageCmdlet : ImageFileCmdlet
{
    private const string TestSet = "Test";
    private const string RepairSet = "Repair";

    private readonly ImageBatches batches = new();

    /// <summary>The image files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] ImagePath { get; set; } = Array.Empty<string>();

    /// <summary>The numbers of the images; all and everything else in the file without it.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = TestSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int[] Index { get; set; } = Array.Empty<int>();

    /// <summary>Files that hold what the image file lacks.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? ReferencePath { get; set; }

    /// <summary>The new file for what can be saved.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RepairSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string Repair { get; set; } = string.Empty;

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter(ParameterSetName = RepairSet)]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in ImagePath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    ImageBatches.Batch batch = batches.For(path);
                    batch.All |= Index.Length == 0;
                    batch.Add(Index.Select(index => (uint)index));
                }
            });
        }
    }

    /// <summary>Tests each file once: the images that came along share their content.</summary>
    protected override void EndProcessing()
    {
        foreach (ImageBatches.Batch batch in batches.Files)
        {
            ForItem(batch.ImagePath, () => WriteObject(
                ParameterSetName == RepairSet ? RepairFile(batch.ImagePath) : TestFile(batch), enumerateCollection: true));
        }
    }

    private IReadOnlyList<ImageFinding> TestFile(ImageBatches.Batch batch)
    {
        JsonWriter options = new JsonWriter()
            .Add("indexes", batch.Indexes)
            .Add("referencePaths", FullPaths(ReferencePath));
        return WithProgress("Verifying the file", operation => ImageFiles.Test(batch.ImagePath, options, operation));
    }

    private IReadOnlyList<ImageFinding> RepairFile(string path)
    {
        string destination = FullPath(Repair);
        if (!ShouldProcess($"'{path}' -> '{destination}'", "Save what is whole"))
        {
            return Array.Empty<ImageFinding>();
        }

        JsonWriter options = new JsonWriter()
            .Add("overwrite", IfGiven(nameof(Force), Force))
            .Add("referencePaths", FullPaths(ReferencePath));
        return WithProgress("Repairing the file", operation => ImageFiles.Repair(path, destination, options, operation));
    }
}
