using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;
using Microsoft.Win32;

namespace ImageServicing.Cmdlets;

/// <summary>Set-ImageRegistryValue: sets values in an offline registry.</summary>
[Cmdlet(VerbsCommon.Set, "ImageRegistryValue", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(ImageRegistryValue))]
public sealed class SetImageRegistryValueCmdlet : RegistryObjectCmdlet
{
    /// <summary>The name of the key; for an object without it, its own.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string Key { get; set; } = string.Empty;

    /// <summary>The name of the value.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = SessionSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = HiveSet)]
    [Parameter(Position = 1, ParameterSetName = ObjectSet)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(RegistryValueNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The data.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = SessionSet)]
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = HiveSet)]
    [Parameter(Position = 2, ParameterSetName = ObjectSet)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? Value { get; set; }

    /// <summary>A value, as Get-ImageRegistryValue gives it.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [ValidateNotNull]
    public ImageRegistryValue? InputObject { get; set; }

    /// <summary>The kind.</summary>
    [Parameter]
    [Alias("Kind")]
    public RegistryValueKind Type { get; set; }

    /// <summary>Whether the value is emitted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem($"{Key}\\{Name ?? InputObject?.Name}", () =>
    {
        RegistryTarget target = Target(InputObject?.Target);
        string key = RegistryNames.Key(Key);
        string name = IsGiven(nameof(Name)) || InputObject is null ? RegistryNames.Value(Name!) : InputObject.Name;
        RegistryData data = Data(target, key, name);
        if (!ShouldProcess($"'{RegistryNames.Shown(name)}' of '{key}' in '{target.Place}'", $"Set to {RegistryValues.Describe(data)}"))
        {
            return;
        }

        JsonWriter options = Options().Add("parents", IfGiven(nameof(Force), Force));
        ImageRegistryValue set = Take(WithProgress(
            "Setting the value", operation => target.SetValue(key, name, data, options, operation)));
        if (PassThru.IsPresent)
        {
            WriteObject(set);
        }
    });

    private RegistryData Data(RegistryTarget target, string key, string name)
    {
        object? value = IsGiven(nameof(Value)) || InputObject is null ? Value : InputObject.Value;
        if (IsGiven(nameof(Type)))
        {
            // An Unknown kind has a number, which only a value that is there can tell.
            uint? number = Type == RegistryValueKind.Unknown ? (InputObject ?? Existing(target, key, name))?.KindNumber : null;
            return RegistryValues.As(Type, number, value);
        }

        if (InputObject is not null)
        {
            return RegistryValues.As(InputObject.Kind, InputObject.KindNumber, value);
        }

        return RegistryValues.Like(Existing(target, key, name), value);
    }

    /// <summary>The value that is there now; null when there is none that can be read.</summary>
    private ImageRegistryValue? Existing(RegistryTarget target, string key, string name)
    {
        try
        {
            var values = Take(target.ListValues(key, Options().Add("name", name), Operation.Until(StopToken)));
            return values.Count > 0 ? values[0] : null;
        }
        catch (ImageServicingException missing) when (missing.Status == ImageServicingStatus.RegistryNotFound)
        {
            return null;
        }
    }

    private bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <inheritdoc/>
    private protected override string? Remedy(ImageServicingException failure) => failure.Status switch
    {
        ImageServicingStatus.RegistryNotFound => "Use -Force to create the keys above, too.",
        _ => base.Remedy(failure),
    };
}
