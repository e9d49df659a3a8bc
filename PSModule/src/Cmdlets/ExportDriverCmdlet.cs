using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Export-Driver: writes the driver packages of a mounted image to folders of this machine.</summary>
[Cmdlet(VerbsData.Export, "Driver", SupportsShouldProcess = true)]
[OutputType(typeof(DriverExport))]
public sealed class ExportDriverCmdlet : DriverNamesCmdlet
{
    /// <summary>The folder that gets a folder for each package.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Published or original names; all third-party packages without it.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DriverNameCompleter))]
    [SupportsWildcards]
    public string[]? Driver { get; set; }

    /// <summary>Whether files that are there are replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () => Note(SessionPath, Driver ?? new[] { "*" }));

    private protected override void Process(string session, IReadOnlyList<string> names)
    {
        string destination = FullPath(Destination);
        string[] approved = Approve(session, names, name => ShouldProcess(destination, $"Export driver '{name}'"));
        if (approved.Length == 0)
        {
            return;
        }

        JsonWriter options = new JsonWriter().Add("overwrite", Force.IsPresent);
        IReadOnlyList<DriverExport> reports = WithProgress(
            "Exporting drivers", operation => Open(session).ExportDrivers(approved, destination, options, operation));
        foreach (DriverExport report in reports)
        {
            WriteObject(report);
            if (report.Error is not null)
            {
                WriteError(ErrorRecords.From(report.Error, report.Driver));
            }
            else if (!report.Intact)
            {
                WriteWarning($"{report.Driver}: {report.Reason}");
            }
        }
    }
}
