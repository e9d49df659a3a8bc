using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-Driver: the driver packages of a mounted image.</summary>
[Cmdlet(VerbsCommon.Get, "Driver")]
[OutputType(typeof(DriverInfo))]
public sealed class GetDriverCmdlet : SessionCmdlet
{
    /// <summary>Published or original names to choose by.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DriverNameCompleter))]
    [SupportsWildcards]
    public string[]? Driver { get; set; }

    /// <summary>Hardware or compatible ids of devices that the packages are for.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HardwareIdCompleter))]
    [SupportsWildcards]
    public string[]? HardwareId { get; set; }

    /// <summary>Names or GUIDs of device classes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DriverClassCompleter))]
    [SupportsWildcards]
    public string[]? Class { get; set; }

    /// <summary>Whether to list the drivers that came with Windows, too.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Whether to tell devices, files and services of each package.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string path = SessionPath;
        if (!IsFirst(path))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("names", Driver)
            .Add("hardwareIds", HardwareId)
            .Add("classes", Class)
            .Add("all", All.IsPresent)
            .Add("detailed", Detailed.IsPresent);
        (IReadOnlyList<DriverInfo> drivers, IReadOnlyList<string> missing) =
            WithProgress("Reading drivers", operation => Open(path).GetDrivers(options, operation));
        WriteObject(drivers, enumerateCollection: true);
        foreach (string name in missing)
        {
            ForItem(name, () => throw new ImageServicingException(
                ImageServicingStatus.ItemNotFound,
                "DriverNotFound",
                $"the image at '{path}' has no driver '{name}'{(HardwareId is null && Class is null ? string.Empty : " of that kind")}",
                name,
                All.IsPresent ? null : "Add -All to look among the drivers that came with Windows.",
                unchecked((int)0x80070002)));
        }
    });
}
