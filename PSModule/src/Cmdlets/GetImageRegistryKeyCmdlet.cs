using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageRegistryKey: keys of an offline registry.</summary>
[Cmdlet(VerbsCommon.Get, "ImageRegistryKey", DefaultParameterSetName = NoPlace)]
[OutputType(typeof(ImageRegistryKey))]
public sealed class GetImageRegistryKeyCmdlet : RegistryPlaceCmdlet
{
    /// <summary>Names of keys; the root keys of all hives without it.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string[]? Key { get; set; }

    /// <summary>Whether all keys below are listed, too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>How many levels below are listed, too.</summary>
    [Parameter]
    public uint Depth { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(GivenPlace, () =>
    {
        RegistryTarget target = Target();
        foreach (string? given in Key ?? new string?[] { null })
        {
            string? key = given is null ? null : RegistryNames.Key(given);
            if (IsFirst(target, key))
            {
                ForItem(given ?? target.Place, () => WriteObject(
                    Take(target.ListKeys(key, Options().Add("levels", Levels), Operation.Until(StopToken))), enumerateCollection: true));
            }
        }
    });

    private long Levels => IfGiven(nameof(Depth), Depth) ?? (Recurse.IsPresent ? uint.MaxValue : 0);
}
