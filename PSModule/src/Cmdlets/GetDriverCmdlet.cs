using System.Management.Automation;
using ImageServicing.Internal;

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

    /// <summary>Whether to list the drivers that came with Windows, too.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string path = SessionPath;
        if (!IsFirst(path))
        {
            return;
        }

        var drivers = Open(path).GetDrivers(All.IsPresent, StopToken);
        if (Driver is null)
        {
            WriteObject(drivers, enumerateCollection: true);
            return;
        }

        foreach (string name in Driver)
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            bool found = false;
            foreach (DriverInfo driver in drivers)
            {
                if (pattern.IsMatch(driver.Driver) || pattern.IsMatch(_Format.Leaf(driver.OriginalFileName ?? string.Empty)))
                {
                    found = true;
                    WriteObject(driver);
                }
            }

            if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                ForItem(name, () => throw new ImageServicingException(
                    ImageServicingStatus.ItemNotFound,
                    "DriverNotFound",
                    $"the image at '{path}' has no driver '{name}'",
                    name,
                    All.IsPresent ? null : "Add -All to look among the drivers that came with Windows.",
                    unchecked((int)0x80070002)));
            }
        }
    });
}
