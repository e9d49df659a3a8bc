using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Test-RegistryHive: checks every rule of the format in hive files, or in the hives of a session.</summary>
[Cmdlet(VerbsDiagnostic.Test, "RegistryHive", DefaultParameterSetName = HiveSet)]
[OutputType(typeof(RegistryHiveTest))]
public sealed class TestRegistryHiveCmdlet : RegistryCmdlet
{
    /// <summary>The hive files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] HivePath { get; set; } = Array.Empty<string>();

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>A name that leads to the hive; all hives of the image without it.</summary>
    [Parameter(ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string[]? Key { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SessionSet)
        {
            ForItem(Path!, () =>
            {
                RegistryTarget target = Target(Path, null);
                foreach (string? given in Key ?? new string?[] { null })
                {
                    ForItem(given ?? target.Place, () => Test(target, given is null ? null : RegistryNames.Key(given)));
                }
            });
            return;
        }

        foreach (string given in HivePath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    ForItem(path, () => Test(RegistryTarget.Hive(path), null));
                }
            });
        }
    }

    private void Test(RegistryTarget target, string? key)
    {
        if (IsFirst(target, key))
        {
            WriteObject(WithProgress("Testing the registry", operation => target.Check(key, operation)), enumerateCollection: true);
        }
    }
}
