using System;
using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-SetupScript: takes a script or command out of what Windows Setup runs in a mounted image.</summary>
[Cmdlet(VerbsCommon.Remove, "SetupScript", SupportsShouldProcess = true)]
[OutputType(typeof(SetupScript))]
public sealed class RemoveSetupScriptCmdlet : SessionCmdlet
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            ForItem(name, () =>
            {
                string session = SessionPath;
                if (ShouldProcess(session, $"Remove setup script '{name}'"))
                {
                    WriteObject(WithProgress(
                        "Removing the setup script", operation => ImageTarget.Session(session).RemoveScript(name, operation)));
                }
            });
        }
    }
}
