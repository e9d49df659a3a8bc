using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-Unattend: the answer files of an image where Windows Setup looks, and which of them it uses.</summary>
[Cmdlet(VerbsCommon.Get, "Unattend", DefaultParameterSetName = SessionSet)]
[OutputType(typeof(AnswerFileInfo))]
public sealed class GetUnattendCmdlet : LookCmdlet
{
    /// <summary>Whether places without a file are listed, too.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    private protected override void Look(ImageTarget target) => WriteObject(
        WithProgress("Looking for answer files", operation => target.AnswerFiles(All.IsPresent, operation)), enumerateCollection: true);
}
