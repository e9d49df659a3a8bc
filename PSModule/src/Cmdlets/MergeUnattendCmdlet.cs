using System;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Merge-Unattend: puts the settings of several answer files into one.</summary>
[Cmdlet(VerbsData.Merge, "Unattend", SupportsShouldProcess = true)]
[OutputType(typeof(UnattendMergeReport))]
public sealed class MergeUnattendCmdlet : ImageServicingCmdlet
{
    /// <summary>The first file, whose text stays as it is.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string UnattendPath { get; set; } = string.Empty;

    /// <summary>The files whose settings are added.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[] OtherPath { get; set; } = Array.Empty<string>();

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>Which value wins.</summary>
    [Parameter]
    public UnattendPreference Prefer { get; set; }

    /// <summary>Whether passwords are handed out.</summary>
    [Parameter]
    public SwitchParameter ShowSecret { get; set; }

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(UnattendPath, () =>
    {
        string first = FullPath(UnattendPath);
        string[] others = OtherPath.SelectMany(Expand).ToArray();
        string target = FullPath(DestinationPath);
        if (!ShouldProcess($"'{first}' and {others.Length} other(s) -> '{target}'", "Merge"))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("prefer", MyInvocation.BoundParameters.ContainsKey(nameof(Prefer)) ? Prefer.ToString() : null)
            .Add("overwrite", IfGiven(nameof(Force), Force))
            .Add("secrets", IfGiven(nameof(ShowSecret), ShowSecret));
        UnattendMergeReport report = AnswerFileSettings.Merge(first, others, target, options);
        WriteObject(report);
        if (!report.Written)
        {
            WriteError(ErrorRecords.OfMerge(target, report.Conflicts.Count));
        }
    });
}
