using System;
using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>What the cmdlets of the registry share: where it is, and what is said about its hives.</summary>
public abstract class RegistryCmdlet : ImageServicingCmdlet
{
    /// <summary>
    /// The parameter set of a command that says no place: it is an error. It is the default set of the cmdlets, because
    /// PowerShell would hold to another one when a key comes along, and not see that the key is in a hive file.
    /// </summary>
    protected const string NoPlace = "NoPlace";

    /// <summary>The parameter set of a session.</summary>
    protected const string SessionSet = "Session";

    /// <summary>The parameter set of a hive file.</summary>
    protected const string HiveSet = "Hive";

    private readonly HashSet<string> warned = new(StringComparer.Ordinal);
    private readonly HashSet<(string Place, string Work)> seen = new();

    /// <summary>The session or the hive file that was given.</summary>
    private protected RegistryTarget Target(string? path, string? hivePath) => (path, hivePath) switch
    {
        (string session, null) => RegistryTarget.Session(FullPath(session)),
        (null, string hive) => RegistryTarget.Hive(FullPath(hive)),
        _ => throw new ImageServicingException(
            ImageServicingStatus.InvalidArgument,
            "RegistryPlaceMissing",
            "it is not said whose registry is meant",
            null,
            "Give a session by -Path or from the pipeline, or a hive file by -HivePath.",
            unchecked((int)0x80070057)),
    };

    /// <summary>
    /// True the first time this work comes along for a place. Add-Driver sends one object per driver, all with the same
    /// <c>Path</c>, and none of them should make the next cmdlet do its work again.
    /// </summary>
    private protected bool IsFirst(RegistryTarget target, params string?[] work) =>
        seen.Add((target.Place, string.Join("\0", work).ToUpperInvariant()));

    /// <inheritdoc/>
    private protected override string? Remedy(ImageServicingException failure) => failure.Status switch
    {
        ImageServicingStatus.HiveDirty => "Put its logs beside it, or use -Force: what only they hold is lost then.",
        ImageServicingStatus.RegistryNotFound => "List what is there with Get-ImageRegistryKey and Get-ImageRegistryValue.",
        _ => base.Remedy(failure),
    };

    /// <summary>What a call answered. What it says about hives is told: once for each hive.</summary>
    private protected T Take<T>(RegistryAnswer<T> answer)
    {
        Warn(answer.Recoveries);
        foreach (UnreadableHive hive in answer.Unreadable)
        {
            WriteError(ErrorRecords.From(
                new ImageServicingException(
                    ImageServicingStatus.Malformed,
                    "HiveUnreadable",
                    $"the hive '{hive.Hive}' of {hive.Key} cannot be opened: {hive.Message}",
                    hive.Hive,
                    "Look at it with Test-RegistryHive; Repair-RegistryHive saves what is whole.",
                    unchecked((int)0x800703F1)),
                hive.Key));
        }

        return answer.Result;
    }

    /// <summary>Warns of hives that were not closed cleanly.</summary>
    private protected void Warn(IEnumerable<RegistryRecovery> recoveries)
    {
        foreach (RegistryRecovery recovery in recoveries)
        {
            if (warned.Add(recovery.Hive))
            {
                WriteWarning(recovery.ToString());
            }
        }
    }
}
