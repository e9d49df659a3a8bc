using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Dismount-Image: ends a session, saving or discarding what is staged.</summary>
[Cmdlet(VerbsData.Dismount, "Image", SupportsShouldProcess = true, DefaultParameterSetName = SaveSet)]
[OutputType(typeof(SaveReport), ParameterSetName = new[] { SaveSet })]
[OutputType(typeof(AppendReport), ParameterSetName = new[] { AppendSet })]
[OutputType(typeof(MountedImage), ParameterSetName = new[] { DiscardSet })]
public sealed class DismountImageCmdlet : ImageServicingCmdlet
{
    private const string SaveSet = "Save";
    private const string AppendSet = "Append";
    private const string DiscardSet = "Discard";

    private readonly List<string> sessions = new();

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string[] Path { get; set; } = Array.Empty<string>();

    /// <summary>Whether to save first.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SaveSet)]
    [Parameter(Mandatory = true, ParameterSetName = AppendSet)]
    public SwitchParameter Save { get; set; }

    /// <summary>Whether to drop what is staged.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DiscardSet)]
    public SwitchParameter Discard { get; set; }

    /// <summary>Whether the file is written anew, to give back the space of replaced content.</summary>
    [Parameter(ParameterSetName = SaveSet)]
    public SwitchParameter Compact { get; set; }

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter(ParameterSetName = SaveSet)]
    [Parameter(ParameterSetName = AppendSet)]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether the session's state becomes a further image, and the original stays.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AppendSet)]
    public SwitchParameter Append { get; set; }

    /// <summary>The name of the further image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AppendSet)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>Whether staged changes are dropped without a question.</summary>
    [Parameter(ParameterSetName = DiscardSet)]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether to emit what was saved, or the session that was discarded.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private SaveFlags Flags =>
        (Compact.IsPresent ? SaveFlags.Compact : SaveFlags.None) |
        (CheckIntegrity.IsPresent ? SaveFlags.AddIntegrity : SaveFlags.None);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in Path)
        {
            ForItem(given, () =>
            {
                string path = FullPath(given);
                if (!sessions.Contains(path))
                {
                    sessions.Add(path);
                }
            });
        }
    }

    /// <summary>Ends the sessions when all input is there: the cmdlets before this one may still be working in them.</summary>
    protected override void EndProcessing()
    {
        foreach (string path in sessions)
        {
            ForItem(path, () =>
            {
                Session session = SessionPool.Get(path);
                if (Save.IsPresent)
                {
                    SaveAndEnd(session);
                }
                else if (Discard.IsPresent)
                {
                    DropAndEnd(session);
                }
            });
        }
    }

    private void SaveAndEnd(Session session)
    {
        string what = Append.IsPresent ? $"Save as the further image '{Name}'" : "Save the image";
        if (!ShouldProcess(session.Path, $"{what} and end the session"))
        {
            return;
        }

        object report = Append.IsPresent
            ? WithProgress("Saving a further image", operation => session.Append(Name, null, CheckIntegrity.IsPresent, operation))
            : WithProgress("Saving the image", operation => session.Save(Flags, operation));
        session.Discard(StopToken);
        if (PassThru.IsPresent)
        {
            WriteObject(report);
        }
    }

    private void DropAndEnd(Session session)
    {
        MountedImage? state = TryGetInfo(session);
        ulong pending = state?.PendingOperations ?? 0;
        string action = pending == 0 ? "End the session" : $"Discard {pending} staged changes and end the session";
        if (!ShouldProcess(session.Path, action) || (pending > 0 && !AgreesToLoss(
                $"{pending} staged changes of '{session.Path}' have not been saved and will be lost.", "Discard the session?", Force)))
        {
            return;
        }

        session.Discard(StopToken);
        if (PassThru.IsPresent && state is not null)
        {
            WriteObject(state);
        }
    }

    /// <summary>A damaged session cannot describe itself but must still be discardable.</summary>
    private MountedImage? TryGetInfo(Session session)
    {
        try
        {
            return session.GetInfo(StopToken);
        }
        catch (ImageServicingException failure) when (
            failure.Status is not (ImageServicingStatus.SessionNotFound or ImageServicingStatus.Busy))
        {
            WriteVerbose($"The session '{session.Path}' cannot be read ({failure.Message}); discarding it all the same.");
            return null;
        }
    }
}
