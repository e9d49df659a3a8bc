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
[OutputType(typeof(MountedImage), ParameterSetName = new[] { DiscardSet })]
public sealed class DismountImageCmdlet : ImageServicingCmdlet
{
    private const string SaveSet = "Save";
    private const string DiscardSet = "Discard";

    private readonly List<string> sessions = new();

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string[] Path { get; set; } = Array.Empty<string>();

    /// <summary>Whether to save first.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SaveSet)]
    public SwitchParameter Save { get; set; }

    /// <summary>Whether to drop what is staged.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DiscardSet)]
    public SwitchParameter Discard { get; set; }

    /// <summary>Whether the file is written anew, to give back the space of replaced content.</summary>
    [Parameter(ParameterSetName = SaveSet)]
    public SwitchParameter Compact { get; set; }

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter(ParameterSetName = SaveSet)]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether staged changes are dropped without a question.</summary>
    [Parameter(ParameterSetName = DiscardSet)]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether to emit what was saved, or the session that was discarded.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

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
        if (!ShouldProcess(session.Path, "Save the image and end the session"))
        {
            return;
        }

        SaveFlags flags =
            (Compact.IsPresent ? SaveFlags.Compact : SaveFlags.None) |
            (CheckIntegrity.IsPresent ? SaveFlags.AddIntegrity : SaveFlags.None);
        SaveReport report = WithProgress("Saving the image", operation => session.Save(flags, operation));
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
