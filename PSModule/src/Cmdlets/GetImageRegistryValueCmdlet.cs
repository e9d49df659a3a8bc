using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageRegistryValue: values of an offline registry.</summary>
[Cmdlet(VerbsCommon.Get, "ImageRegistryValue", DefaultParameterSetName = NoPlace)]
[OutputType(typeof(ImageRegistryValue))]
public sealed class GetImageRegistryValueCmdlet : RegistryPlaceCmdlet
{
    /// <summary>Names of keys.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string[] Key { get; set; } = Array.Empty<string>();

    /// <summary>Names of values; all without it. Not bound from the pipeline: a key has a Name, too.</summary>
    [Parameter(Position = 1)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(RegistryValueNameCompleter))]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(GivenPlace, () =>
    {
        RegistryTarget target = Target();
        foreach (string given in Key)
        {
            string key = RegistryNames.Key(given);
            if (!IsFirst(target, key))
            {
                continue;
            }

            foreach (string? name in Name ?? new string?[] { null })
            {
                ForItem(name is null ? given : $"{given}\\{name}", () => WriteObject(
                    Values(target, key, name is null ? null : RegistryNames.Value(name)), enumerateCollection: true));
            }
        }
    });

    /// <summary>The value of that name, or those that it matches. A value whose name really holds brackets is meant first.</summary>
    private IEnumerable<ImageRegistryValue> Values(RegistryTarget target, string key, string? name)
    {
        bool literal = name is not null && !WildcardPattern.ContainsWildcardCharacters(name);
        IReadOnlyList<ImageRegistryValue> values = Take(
            target.ListValues(key, Options().Add("name", literal ? name : null), Operation.Until(StopToken)));
        if (name is null || literal)
        {
            return values;
        }

        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        ImageRegistryValue? named = values.FirstOrDefault(value => string.Equals(value.Name, name, StringComparison.OrdinalIgnoreCase));
        return named is null ? values.Where(value => pattern.IsMatch(value.Name)) : new[] { named };
    }
}
