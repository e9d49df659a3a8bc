using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-UnattendSetting: removes settings, lists, components or passes from an answer file.</summary>
[Cmdlet(VerbsCommon.Remove, "UnattendSetting", SupportsShouldProcess = true)]
[OutputType(typeof(UnattendRemoval))]
public sealed class RemoveUnattendSettingCmdlet : ImageServicingCmdlet
{
    private readonly List<(string File, string Setting)> targets = new();

    /// <summary>The answer file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string UnattendPath { get; set; } = string.Empty;

    /// <summary>What is removed.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] SettingPath { get; set; } = Array.Empty<string>();

    /// <summary>Whether what is empty then goes, too.</summary>
    [Parameter]
    public SwitchParameter RemoveEmptyParent { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(UnattendPath, () =>
    {
        string file = FullPath(UnattendPath);
        foreach (string setting in SettingPath)
        {
            if (!targets.Contains((file, setting)))
            {
                targets.Add((file, setting));
            }
        }
    });

    /// <summary>Removes the last one first: the numbers in the paths of the others stay true.</summary>
    protected override void EndProcessing()
    {
        JsonWriter options = new JsonWriter().Add("emptyParents", IfGiven(nameof(RemoveEmptyParent), RemoveEmptyParent));
        targets.Reverse();
        foreach ((string file, string setting) in targets)
        {
            ForItem(setting, () =>
            {
                if (ShouldProcess($"'{setting}' in '{file}'", "Remove"))
                {
                    WriteObject(AnswerFileSettings.Remove(file, setting, options), enumerateCollection: true);
                }
            });
        }
    }
}
