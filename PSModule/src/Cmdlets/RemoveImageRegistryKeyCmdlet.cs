using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-ImageRegistryKey: removes keys from an offline registry.</summary>
[Cmdlet(VerbsCommon.Remove, "ImageRegistryKey", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(RegistryRemoval))]
public sealed class RemoveImageRegistryKeyCmdlet : RegistryObjectCmdlet
{
    /// <summary>Names of keys.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = SessionSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string[] Key { get; set; } = Array.Empty<string>();

    /// <summary>A key, as Get-ImageRegistryKey gives it.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [ValidateNotNull]
    public ImageRegistryKey? InputObject { get; set; }

    /// <summary>Whether keys are removed with what is below them.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(InputObject?.Key ?? HivePath ?? Path!, () =>
    {
        RegistryTarget target = Target(InputObject?.Target);
        foreach (string given in InputObject is null ? Key : new[] { InputObject.Key })
        {
            string key = RegistryNames.Key(given);
            if (IsFirst(target, key) && ShouldProcess($"'{key}' in '{target.Place}'", "Remove"))
            {
                JsonWriter options = Options().Add("recurse", IfGiven(nameof(Recurse), Recurse));
                ForItem(given, () => WriteObject(Take(WithProgress(
                    "Removing the key", operation => target.DeleteKey(key, options, operation)))));
            }
        }
    });

    /// <inheritdoc/>
    private protected override string? Remedy(ImageServicingException failure) => failure.Status switch
    {
        ImageServicingStatus.InvalidArgument when !Recurse.IsPresent => "Use -Recurse to remove what is below the key, too.",
        _ => base.Remedy(failure),
    };
}
