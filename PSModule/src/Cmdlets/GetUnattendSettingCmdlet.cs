using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-UnattendSetting: the settings of answer files.</summary>
[Cmdlet(VerbsCommon.Get, "UnattendSetting")]
[OutputType(typeof(UnattendSetting))]
public sealed class GetUnattendSettingCmdlet : ImageServicingCmdlet
{
    /// <summary>The answer files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] UnattendPath { get; set; } = Array.Empty<string>();

    /// <summary>Which settings; all without it.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? SettingPath { get; set; }

    /// <summary>Whether passwords are handed out.</summary>
    [Parameter]
    public SwitchParameter ShowSecret { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        JsonWriter options = new JsonWriter().Add("secrets", IfGiven(nameof(ShowSecret), ShowSecret));
        foreach (string given in UnattendPath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    foreach (string? setting in SettingPath ?? new string?[] { null })
                    {
                        ForItem(path, () => WriteObject(AnswerFileSettings.List(path, setting, options), enumerateCollection: true));
                    }
                }
            });
        }
    }
}
