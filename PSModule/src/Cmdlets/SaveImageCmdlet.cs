using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Save-Image: writes what is staged into the image file. The session stays open.</summary>
[Cmdlet(VerbsData.Save, "Image", SupportsShouldProcess = true, DefaultParameterSetName = SaveSet)]
[OutputType(typeof(SaveReport), ParameterSetName = new[] { SaveSet })]
[OutputType(typeof(AppendReport), ParameterSetName = new[] { AppendSet })]
public sealed class SaveImageCmdlet : SessionCmdlet
{
    private const string SaveSet = "Save";
    private const string AppendSet = "Append";

    private readonly List<string> sessions = new();

    /// <summary>Whether the file is written anew, to give back the space of replaced content.</summary>
    [Parameter(ParameterSetName = SaveSet)]
    public SwitchParameter Compact { get; set; }

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether the session's state becomes a further image, and the original stays.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AppendSet)]
    public SwitchParameter Append { get; set; }

    /// <summary>The name of the further image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AppendSet)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>The description of the further image.</summary>
    [Parameter(ParameterSetName = AppendSet)]
    public string? Description { get; set; }

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
        foreach (string path in sessions)
        {
            ForItem(path, () =>
            {
                if (ParameterSetName == AppendSet)
                {
                    SaveAsImage(path);
                }
                else if (ShouldProcess(path, Compact.IsPresent ? "Save and compact the image" : "Save the image"))
                {
                    SaveFlags flags =
                        (Compact.IsPresent ? SaveFlags.Compact : SaveFlags.None) |
                        (CheckIntegrity.IsPresent ? SaveFlags.AddIntegrity : SaveFlags.None);
                    WriteObject(WithProgress("Saving the image", operation => Open(path).Save(flags, operation)));
                }
            });
        }
    }

    private void SaveAsImage(string path)
    {
        if (Append.IsPresent && ShouldProcess(path, $"Save as the further image '{Name}'"))
        {
            WriteObject(WithProgress(
                "Saving a further image", operation => Open(path).Append(Name, Description, CheckIntegrity.IsPresent, operation)));
        }
    }
}
