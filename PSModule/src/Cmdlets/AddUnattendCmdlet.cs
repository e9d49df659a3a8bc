using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Add-Unattend: puts an answer file where Windows Setup looks in a mounted image.</summary>
[Cmdlet(VerbsCommon.Add, "Unattend", SupportsShouldProcess = true)]
[OutputType(typeof(AnswerFilePlacement))]
public sealed class AddUnattendCmdlet : AnswerFileCmdlet
{
    /// <summary>The answer file.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? UnattendPath { get; set; }

    /// <summary>Whether the image is to start audit mode.</summary>
    [Parameter]
    public SwitchParameter Audit { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string session = SessionPath;
        if (!IsFirst(session))
        {
            return;
        }

        string? file = UnattendPath is null ? null : FullPath(UnattendPath);
        string what = file is null ? "an answer file for audit mode" : $"answer file '{file}'";
        if (ShouldProcess(session, $"Place {what} in {Location}"))
        {
            JsonWriter options = Options().Add("audit", Audit.IsPresent);
            AnswerFilePlacement placement = WithProgress(
                "Placing the answer file", operation => ImageTarget.Session(session).Place(file, options, operation));
            Warn(placement);
            WriteObject(placement);
        }
    });
}
