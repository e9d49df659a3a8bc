using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Save-Image: writes what is staged into the image file. The session stays open.</summary>
[Cmdlet(VerbsData.Save, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(SaveReport))]
public sealed class SaveImageCmdlet : SessionCmdlet
{
    private readonly List<string> sessions = new();

    /// <summary>Whether the file is written anew, to give back the space of replaced content.</summary>
    [Parameter]
    public SwitchParameter Compact { get; set; }

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string path = SessionPath;
        if (IsFirst(path))
        {
            sessions.Add(path);
        }
    });

    /// <summary>Saves when all input is there: the cmdlets before this one may still be staging.</summary>
    protected override void EndProcessing()
    {
        SaveFlags flags =
            (Compact.IsPresent ? SaveFlags.Compact : SaveFlags.None) |
            (CheckIntegrity.IsPresent ? SaveFlags.AddIntegrity : SaveFlags.None);
        foreach (string path in sessions)
        {
            ForItem(path, () =>
            {
                if (ShouldProcess(path, Compact.IsPresent ? "Save and compact the image" : "Save the image"))
                {
                    WriteObject(WithProgress("Saving the image", operation => Open(path).Save(flags, operation)));
                }
            });
        }
    }
}
