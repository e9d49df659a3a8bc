using System;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>ConvertTo-UnattendJson: the settings of an answer file as JSON.</summary>
[Cmdlet(VerbsData.ConvertTo, "UnattendJson")]
[OutputType(typeof(string))]
public sealed class ConvertToUnattendJsonCmdlet : ImageServicingCmdlet
{
    /// <summary>The answer files; one text each.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] UnattendPath { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in UnattendPath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    ForItem(path, () => WriteObject(AnswerFileSettings.ToJson(path)));
                }
            });
        }
    }
}
