using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>New-ImageRegistryKey: creates keys in an offline registry.</summary>
[Cmdlet(VerbsCommon.New, "ImageRegistryKey", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(ImageRegistryKey))]
public sealed class NewImageRegistryKeyCmdlet : RegistryPlaceCmdlet
{
    /// <summary>Names of keys.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string[] Key { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(GivenPlace, () =>
    {
        RegistryTarget target = Target();
        foreach (string given in Key)
        {
            string key = RegistryNames.Key(given);
            if (IsFirst(target, key) && ShouldProcess($"'{key}' in '{target.Place}'", "Create"))
            {
                JsonWriter options = Options().Add("parents", IfGiven(nameof(Force), Force));
                ForItem(given, () => WriteObject(Take(WithProgress(
                    "Creating the key", operation => target.CreateKey(key, options, operation)))));
            }
        }
    });

    /// <inheritdoc/>
    private protected override string? Remedy(ImageServicingException failure) => failure.Status switch
    {
        ImageServicingStatus.RegistryNotFound => "Use -Force to create the keys above, too.",
        ImageServicingStatus.ItemExists => "Use -Force to take the key that is there.",
        _ => base.Remedy(failure),
    };
}
