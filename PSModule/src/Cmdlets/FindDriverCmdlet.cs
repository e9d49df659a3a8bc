using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Find-Driver: the driver packages that match a device, the best first, as Windows ranks them.</summary>
/// <remarks>
/// The session's set is the default one: a session from the pipeline has an <c>ImagePath</c>, too, and means itself.
/// </remarks>
[Cmdlet(VerbsCommon.Find, "Driver", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(DriverMatch))]
public sealed class FindDriverCmdlet : DriverQueryCmdlet
{
    private const string FolderSet = "Folder";
    private const string SessionSet = "Session";
    private const string ImageSet = "Image";

    /// <summary>INF files, or folders that hold them.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = FolderSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("DriverPath", "FullName", "PSPath")]
    [SupportsWildcards]
    public string[]? Driver { get; set; }

    /// <summary>The device's hardware ids, the most specific first.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HardwareIdCompleter))]
    [SupportsWildcards]
    public string[]? HardwareId { get; set; }

    /// <summary>The device's compatible ids, the most specific first.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HardwareIdCompleter))]
    [SupportsWildcards]
    public string[]? CompatibleId { get; set; }

    /// <summary>The session whose image is searched, or which packages of folders must be for.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The file with the image that is searched, or which packages of folders must be for.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? ImagePath { get; set; }

    /// <summary>The number of that image.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int Index { get; set; } = 1;

    /// <summary>The processor that packages of folders must be for.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [ValidateSet("x64", "amd64", "arm64", "x86", "arm", "ia64", IgnoreCase = true)]
    public string? Architecture { get; set; }

    /// <summary>The version of Windows that packages of folders must be for.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [ValidateNotNullOrEmpty]
    public string? WindowsVersion { get; set; }

    /// <summary>A file of certificates, or a folder of such files, that are trusted beside those of the image.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? TrustedRoot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string place = Driver is null ? Path ?? ImagePath! : string.Join(", ", Driver);
        ForItem(place, () =>
        {
            if (HardwareId is null && CompatibleId is null)
            {
                throw Refused("no device is named", "Give -HardwareId, -CompatibleId, or both.");
            }

            if (Path is not null && ImagePath is not null && ParameterSetName == FolderSet)
            {
                throw Refused("-Path and -ImagePath are both given", "Give one image that packages must be for.");
            }

            string[] paths = Driver is null ? Array.Empty<string>() : ExpandAll(Driver);
            if (Driver is not null && paths.Length == 0)
            {
                return;
            }

            JsonWriter options = new JsonWriter()
                .Add("hardwareIds", HardwareId)
                .Add("compatibleIds", CompatibleId)
                .Add("image", Image(ParameterSetName == SessionSet ? null : ImagePath, Index))
                .Add("recurse", Recurse.IsPresent)
                .Add("architecture", Architecture)
                .Add("version", WindowsVersion)
                .Add("trustedRoots", TrustedRoot is null ? null : FullPath(TrustedRoot));
            string? session = ParameterSetName == ImageSet || Path is null ? null : FullPath(Path);
            DriverAnswer<DriverMatch> answer = WithProgress(
                "Looking for drivers", operation => DriverQueries.Match(session, paths, options, operation));
            WriteAnswer(answer);
            if (answer.Found.Count == 0)
            {
                WriteWarning($"no driver in {place} matches the device");
            }
        });
    }

    private static ImageServicingException Refused(string message, string remedy) => new(
        ImageServicingStatus.InvalidArgument, "InvalidArgument", message, subject: null, remedy, unchecked((int)0x80070057));
}
