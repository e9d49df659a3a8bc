using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Use-Unattend: applies an answer file to a mounted image, and says of every setting what became of it.</summary>
[Cmdlet(VerbsOther.Use, "Unattend", SupportsShouldProcess = true)]
[OutputType(typeof(UnattendResult))]
public sealed class UseUnattendCmdlet : AnswerFileCmdlet
{
    /// <summary>The answer file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string UnattendPath { get; set; } = string.Empty;

    /// <summary>Whether the file is not placed for Setup.</summary>
    [Parameter]
    public SwitchParameter NoPlace { get; set; }

    /// <summary>The folder below which paths of other computers, to drivers and packages, are looked for.</summary>
    [Parameter]
    [Alias("DriverRoot")]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? SourceRoot { get; set; }

    /// <summary>Whether unsigned driver packages go in, too.</summary>
    [Parameter]
    public SwitchParameter ForceUnsigned { get; set; }

    /// <summary>Certificates, or a folder of them, that are roots of trust for driver packages.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? TrustedRoot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string session = SessionPath;
        if (!IsFirst(session))
        {
            return;
        }

        string file = FullPath(UnattendPath);
        bool approved = ShouldProcess(session, $"Apply answer file '{file}'");
        if (!approved && !IsWhatIf)
        {
            return;
        }

        JsonWriter options = Options()
            .Add("noPlace", NoPlace.IsPresent)
            .Add("sourceRoot", SourceRoot is null ? null : FullPath(SourceRoot))
            .Add("forceUnsigned", ForceUnsigned.IsPresent)
            .Add("trustedRoots", TrustedRoot is null ? null : FullPath(TrustedRoot))
            .Add("preview", !approved);
        (IReadOnlyList<UnattendResult> results, AnswerFilePlacement? placed) = WithProgress(
            "Applying the answer file", operation => ImageTarget.Session(session).Apply(file, options, operation));
        if (placed is not null)
        {
            Warn(placed);
        }

        foreach (UnattendResult result in results)
        {
            WriteObject(result);
            foreach (DriverReport driver in result.Drivers)
            {
                if (driver.Error is not null)
                {
                    WriteError(ErrorRecords.From(driver.Error, driver.InfPath));
                }
            }
        }
    });
}
