using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageSetupState: whether the Windows of an image is installed, generalised or in audit mode, and what says so.</summary>
[Cmdlet(VerbsCommon.Get, "ImageSetupState", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(ImageSetupState))]
public sealed class GetImageSetupStateCmdlet : LookCmdlet
{
    private protected override void Look(ImageTarget target) =>
        WriteObject(WithProgress("Reading the setup state", target.SetupState));
}
