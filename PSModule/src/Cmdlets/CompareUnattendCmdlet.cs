using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Compare-Unattend: the differences between two answer files, setting by setting.</summary>
[Cmdlet(VerbsData.Compare, "Unattend")]
[OutputType(typeof(UnattendDifference))]
public sealed class CompareUnattendCmdlet : ImageServicingCmdlet
{
    /// <summary>The first file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("UnattendPath", "FullName", "PSPath")]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>The second file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DifferencePath { get; set; } = string.Empty;

    /// <summary>Whether passwords are handed out.</summary>
    [Parameter]
    public SwitchParameter ShowSecret { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ReferencePath, () => WriteObject(
        AnswerFileSettings.Compare(
            FullPath(ReferencePath), FullPath(DifferencePath), new JsonWriter().Add("secrets", IfGiven(nameof(ShowSecret), ShowSecret))),
        enumerateCollection: true));
}
