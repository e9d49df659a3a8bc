using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-Driver: removes driver packages from a mounted image, all of them in one transaction.</summary>
[Cmdlet(VerbsCommon.Remove, "Driver", SupportsShouldProcess = true)]
[OutputType(typeof(DriverRemoval))]
public sealed class RemoveDriverCmdlet : DriverNamesCmdlet
{
    /// <summary>Published or original names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DriverNameCompleter))]
    [SupportsWildcards]
    public string[] Driver { get; set; } = Array.Empty<string>();

    /// <summary>Whether packages that Windows may need to start are removed, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () => Note(SessionPath, Driver));

    private protected override void Process(string session, IReadOnlyList<string> names)
    {
        string[] approved = Approve(session, names, name => ShouldProcess(session, $"Remove driver '{name}'"));
        if (approved.Length == 0)
        {
            return;
        }

        JsonWriter options = new JsonWriter().Add("force", Force.IsPresent);
        IReadOnlyList<DriverRemoval> reports = WithProgress(
            "Removing drivers", operation => Open(session).RemoveDrivers(approved, options, operation));
        foreach (DriverRemoval report in reports)
        {
            WriteObject(report);
            if (report.Error is not null)
            {
                WriteError(ErrorRecords.From(report.Error, report.Driver));
            }
        }
    }
}
