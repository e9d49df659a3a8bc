using System;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-ImageRegistryValue: removes values from an offline registry.</summary>
[Cmdlet(VerbsCommon.Remove, "ImageRegistryValue", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(RegistryRemoval))]
public sealed class RemoveImageRegistryValueCmdlet : RegistryObjectCmdlet
{
    /// <summary>The name of the key; for an object without it, its own.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string Key { get; set; } = string.Empty;

    /// <summary>Names of values.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = SessionSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = HiveSet)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(RegistryValueNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = Array.Empty<string>();

    /// <summary>A value, as Get-ImageRegistryValue gives it.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [ValidateNotNull]
    public ImageRegistryValue? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Key, () =>
    {
        RegistryTarget target = Target(InputObject?.Target);
        string key = RegistryNames.Key(Key);
        if (InputObject is not null)
        {
            Remove(target, key, InputObject.Name);
            return;
        }

        foreach (string given in Name)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(given))
            {
                Remove(target, key, RegistryNames.Value(given));
                continue;
            }

            var pattern = new WildcardPattern(given, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            ForItem($"{key}\\{given}", () =>
            {
                // All matches are known before the first goes. A name that really holds brackets is meant first.
                string[] names = Take(target.ListValues(key, Options(), Operation.Until(StopToken))).Select(value => value.Name).ToArray();
                string[] literal = names.Where(name => string.Equals(name, given, StringComparison.OrdinalIgnoreCase)).ToArray();
                foreach (string name in literal.Length > 0 ? literal : names.Where(name => pattern.IsMatch(name)))
                {
                    Remove(target, key, name);
                }
            });
        }
    });

    private void Remove(RegistryTarget target, string key, string name) => ForItem($"{key}\\{RegistryNames.Shown(name)}", () =>
    {
        if (IsFirst(target, key, name) && ShouldProcess($"'{RegistryNames.Shown(name)}' of '{key}' in '{target.Place}'", "Remove"))
        {
            WriteObject(Take(WithProgress("Removing the value", operation => target.DeleteValue(key, name, Options(), operation))));
        }
    });
}
