using System;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Interop;
using ImageServicing.Native;

namespace ImageServicing.Cmdlets;

/// <summary>Remove-ImageItem: removes files, directories and links from a mounted image.</summary>
[Cmdlet(VerbsCommon.Remove, "ImageItem", SupportsShouldProcess = true)]
[OutputType(typeof(ImageItemReport))]
public sealed class RemoveImageItemCmdlet : SessionCmdlet
{
    /// <summary>Paths inside the image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] ItemPath { get; set; } = Array.Empty<string>();

    /// <summary>Whether directories are removed with what is in them.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        Session session = Open(SessionPath);
        foreach (string given in ItemPath)
        {
            ForItem(given, () =>
            {
                if (WildcardPattern.ContainsWildcardCharacters(given))
                {
                    // All matches are known before the first goes.
                    foreach (ImageItem item in ItemPaths.Match(session, given, StopToken).ToArray())
                    {
                        ForItem(item.ItemPath, () => Remove(session, item.ItemPath));
                    }
                }
                else
                {
                    Remove(session, ItemPaths.Normalize(given));
                }
            });
        }
    });

    private void Remove(Session session, string itemPath)
    {
        if (ShouldProcess($"'{itemPath}' in '{session.Path}'", "Remove"))
        {
            ItemFlags flags = Recurse.IsPresent ? ItemFlags.Recurse : ItemFlags.None;
            WriteObject(session.Remove(itemPath, flags, StopToken));
        }
    }
}
