using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Compare-ImageRegistry: the differences between two hives, the registries of two images, or what a session changed.</summary>
/// <remarks>
/// The session's set is the default one: a session from the pipeline has an <c>ImagePath</c>, too, and means itself.
/// </remarks>
[Cmdlet(VerbsData.Compare, "ImageRegistry", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(RegistryDifference))]
public sealed class CompareImageRegistryCmdlet : RegistryCmdlet
{
    private const string ImageSet = "Image";

    /// <summary>The first hive file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("HivePath", "FullName", "PSPath")]
    public string ReferenceHivePath { get; set; } = string.Empty;

    /// <summary>The second hive file.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DifferenceHivePath { get; set; } = string.Empty;

    /// <summary>The file with the first image.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("ImagePath")]
    public string ReferenceImagePath { get; set; } = string.Empty;

    /// <summary>The number of the first image.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ReferenceIndexCompleter))]
    public int ReferenceIndex { get; set; }

    /// <summary>The file with the second image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DifferenceImagePath { get; set; } = string.Empty;

    /// <summary>The number of the second image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(DifferenceIndexCompleter))]
    public int DifferenceIndex { get; set; }

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string Path { get; set; } = string.Empty;

    /// <summary>The key below which to compare.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string? Key { get; set; }

    /// <summary>Whether secrets are compared, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        JsonWriter options = new JsonWriter()
            .Add("key", Key is null ? null : RegistryNames.Key(Key))
            .Add("force", IfGiven(nameof(Force), Force));
        switch (ParameterSetName)
        {
            case SessionSet:
                ForItem(Path, () =>
                {
                    RegistryTarget target = Target(Path, null);
                    if (IsFirst(target))
                    {
                        WriteObject(
                            Take(WithProgress("Comparing the registry", operation => target.Compare(options, operation))),
                            enumerateCollection: true);
                    }
                });
                break;
            case HiveSet:
                ForItem(ReferenceHivePath, () =>
                {
                    // All are known before the first is handed out: the next cmdlet may change one of the files.
                    var differences = new List<RegistryDifference>();
                    Compare(Hive(ReferenceHivePath), Hive(DifferenceHivePath), options, differences.Add);
                    WriteObject(differences, enumerateCollection: true);
                });
                break;
            default:
                ForItem(ReferenceImagePath, () => Compare(
                    Image(ReferenceImagePath, ReferenceIndex), Image(DifferenceImagePath, DifferenceIndex), options, difference => WriteObject(difference)));
                break;
        }
    }

    private void Compare(JsonWriter before, JsonWriter after, JsonWriter options, Action<RegistryDifference> each) => Warn(WithProgress(
        "Comparing the registry", operation => RegistryTarget.Compare(before, after, options, each, operation)));

    private JsonWriter Hive(string path) => new JsonWriter().Add("hivePath", FullPath(path));

    private JsonWriter Image(string path, int index) => new JsonWriter().Add("imagePath", FullPath(path)).Add("index", index);
}
