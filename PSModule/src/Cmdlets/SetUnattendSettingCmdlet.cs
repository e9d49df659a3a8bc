using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Set-UnattendSetting: gives a setting of an answer file a value.</summary>
[Cmdlet(VerbsCommon.Set, "UnattendSetting", SupportsShouldProcess = true)]
[OutputType(typeof(UnattendSetting))]
public sealed class SetUnattendSettingCmdlet : ImageServicingCmdlet
{
    /// <summary>The answer file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string UnattendPath { get; set; } = string.Empty;

    /// <summary>The setting.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string SettingPath { get; set; } = string.Empty;

    /// <summary>The value.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [AllowEmptyString]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(UnattendSettingValueCompleter))]
    public object? Value { get; set; }

    /// <summary>The component's architecture, where the path does not say it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendArchitectureCompleter))]
    public string? Architecture { get; set; }

    /// <summary>Whether the setting is handed out as it is then.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(SettingPath, () =>
    {
        string path = FullPath(UnattendPath);
        if (!ShouldProcess($"'{SettingPath}' in '{path}'", "Set"))
        {
            return;
        }

        UnattendSetting? setting = AnswerFileSettings.Set(
            path, SettingPath, UnattendValues.Text(Value), new JsonWriter().Add("architecture", Architecture));
        if (PassThru && setting is not null)
        {
            WriteObject(setting);
        }
    });
}
