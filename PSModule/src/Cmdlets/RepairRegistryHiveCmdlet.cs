using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Repair-RegistryHive: saves what is whole of a damaged hive.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "RegistryHive", SupportsShouldProcess = true, DefaultParameterSetName = HiveSet)]
[OutputType(typeof(RegistryRepairReport))]
public sealed class RepairRegistryHiveCmdlet : RegistryCmdlet
{
    /// <summary>The damaged hive file. It stays as it is.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string HivePath { get; set; } = string.Empty;

    /// <summary>The new hive file.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter(ParameterSetName = HiveSet)]
    public SwitchParameter Force { get; set; }

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>A name that leads to the hive, which is replaced in the session.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string? Key { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SessionSet)
        {
            ForItem(Key!, () =>
            {
                RegistryTarget target = Target(Path, null);
                string key = RegistryNames.Key(Key!);
                if (IsFirst(target, key) && ShouldProcess($"the hive of '{key}' in '{target.Place}'", "Keep what is whole"))
                {
                    Repair(target, key, null, new JsonWriter());
                }
            });
            return;
        }

        ForItem(HivePath, () =>
        {
            RegistryTarget target = Target(null, HivePath);
            string destination = FullPath(Destination);
            if (ShouldProcess($"'{target.Place}' -> '{destination}'", "Save what is whole"))
            {
                Repair(target, null, destination, new JsonWriter().Add("overwrite", IfGiven(nameof(Force), Force)));
            }
        });
    }

    private void Repair(RegistryTarget target, string? key, string? destination, JsonWriter options)
    {
        RegistryRepairReport report = WithProgress(
            "Repairing the hive", operation => target.Repair(key, destination, options, operation));
        if (report.Recovery is RegistryRecovery recovery)
        {
            Warn(new[] { recovery });
        }

        if (report.LostCount > 0)
        {
            WriteWarning($"Not all of '{report.Hive}' could be saved: {report.LostCount} things are lost; Lost in the report lists them.");
        }

        WriteObject(report);
    }
}
