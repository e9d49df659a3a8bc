using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Add-SetupScript: has Windows Setup run a script or command in a mounted image, once.</summary>
[Cmdlet(VerbsCommon.Add, "SetupScript", SupportsShouldProcess = true)]
[OutputType(typeof(SetupScript))]
public sealed class AddSetupScriptCmdlet : SessionCmdlet
{
    private readonly HashSet<string> warned = new();

    /// <summary>The script.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? ScriptPath { get; set; }

    /// <summary>The command line.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>The name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>When it runs.</summary>
    [Parameter]
    [ValidateSet(nameof(SetupPhase.Specialize), nameof(SetupPhase.SetupComplete), nameof(SetupPhase.FirstLogon))]
    public string Phase { get; set; } = nameof(SetupPhase.Specialize);

    /// <summary>What it is.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Description { get; set; }

    /// <summary>The exit codes that mean success.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateRange(0L, uint.MaxValue)]
    public long[]? SuccessCode { get; set; }

    /// <summary>Whether a script of that name is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string session = SessionPath;
        if (!IsFirst(session))
        {
            return;
        }

        string? script = ScriptPath is null ? null : FullPath(ScriptPath);
        if (!ShouldProcess(session, $"Add setup script '{Name ?? script ?? Command}'"))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("name", Name)
            .Add("phase", Phase)
            .Add("script", script)
            .Add("command", Command)
            .Add("description", Description)
            .Add("success", SuccessCode?.Select(code => (uint)code))
            .Add("force", Force.IsPresent);
        SetupScript added = WithProgress(
            "Adding the setup script", operation => ImageTarget.Session(session).AddScript(options, operation));
        foreach (string remark in added.Remarks.Where(warned.Add))
        {
            WriteWarning(remark);
        }

        WriteObject(added);
    });

    private protected override string? Remedy(ImageServicingException failure) => failure.Status == ImageServicingStatus.ItemExists
        ? "Look at it with Get-SetupScript. -Force replaces it; -Name gives another name."
        : base.Remedy(failure);
}
