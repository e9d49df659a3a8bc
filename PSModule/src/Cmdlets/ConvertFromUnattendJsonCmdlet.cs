using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>ConvertFrom-UnattendJson: the answer file of JSON, as ConvertTo-UnattendJson gives it.</summary>
[Cmdlet(VerbsData.ConvertFrom, "UnattendJson", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ConvertFromUnattendJsonCmdlet : ImageServicingCmdlet
{
    private readonly List<string> lines = new();

    /// <summary>The JSON; its lines if they come one by one.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string[] InputObject { get; set; } = Array.Empty<string>();

    /// <summary>The answer file to write; without it, it is handed out as text.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? UnattendPath { get; set; }

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => lines.AddRange(InputObject);

    /// <summary>Converts when all lines are there.</summary>
    protected override void EndProcessing()
    {
        string json = string.Join("\n", lines);
        if (UnattendPath is null)
        {
            ForItem("JSON", () => WriteObject(AnswerFileSettings.FromJson(json, null, new JsonWriter())));
            return;
        }

        ForItem(UnattendPath, () =>
        {
            string target = FullPath(UnattendPath);
            if (ShouldProcess($"'{target}'", "Write"))
            {
                _ = AnswerFileSettings.FromJson(json, target, new JsonWriter().Add("overwrite", IfGiven(nameof(Force), Force)));
                WriteObject(new FileInfo(target));
            }
        });
    }
}
