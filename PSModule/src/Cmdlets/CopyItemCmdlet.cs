using System.Management.Automation;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that copies items into an image or out of it.</summary>
public abstract class CopyItemCmdlet : SessionCmdlet
{
    /// <summary>Where the items are copied to.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Whether directories are copied with what is in them.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Whether files that exist are replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected ItemFlags Flags =>
        (Recurse.IsPresent ? ItemFlags.Recurse : ItemFlags.None) |
        (Force.IsPresent ? ItemFlags.Overwrite : ItemFlags.None);
}
