using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-SetupScript: the scripts and commands that Windows Setup runs in an image.</summary>
[Cmdlet(VerbsCommon.Get, "SetupScript", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(SetupScript))]
public sealed class GetSetupScriptCmdlet : LookCmdlet
{
    private protected override void Look(ImageTarget target) =>
        WriteObject(WithProgress("Reading the first-boot plan", target.Scripts), enumerateCollection: true);
}
