using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that puts an answer file into the image of a session.</summary>
public abstract class AnswerFileCmdlet : SessionCmdlet
{
    /// <summary>The place.</summary>
    [Parameter]
    [ValidateSet(nameof(AnswerFileLocation.Panther), nameof(AnswerFileLocation.PantherUnattend), nameof(AnswerFileLocation.Sysprep), nameof(AnswerFileLocation.Root))]
    public string Location { get; set; } = nameof(AnswerFileLocation.Panther);

    /// <summary>Whether another answer file in its place is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The options of both calls.</summary>
    private protected JsonWriter Options() => new JsonWriter().Add("location", Location).Add("force", Force.IsPresent);

    /// <summary>Says why Setup will not use the file.</summary>
    private protected void Warn(AnswerFilePlacement placement)
    {
        foreach (string warning in placement.Warnings)
        {
            WriteWarning($"'{placement.ItemPath}': {warning}");
        }

        foreach (string note in placement.Notes)
        {
            WriteVerbose($"'{placement.ItemPath}': {note}");
        }
    }

    private protected override string? Remedy(ImageServicingException failure) => failure.Status == ImageServicingStatus.ItemExists
        ? "Look at it with Get-Unattend. -Force replaces it, or edit it with Set-UnattendSetting."
        : base.Remedy(failure);
}
