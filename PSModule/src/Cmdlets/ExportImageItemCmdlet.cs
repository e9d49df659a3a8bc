using System;
using System.IO;
using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Export-ImageItem: copies items of a mounted image to this machine.</summary>
[Cmdlet(VerbsData.Export, "ImageItem", SupportsShouldProcess = true)]
[OutputType(typeof(ImageItemReport))]
public sealed class ExportImageItemCmdlet : CopyItemCmdlet
{
    /// <summary>Paths inside the image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("Source")]
    [SupportsWildcards]
    public string[] ItemPath { get; set; } = Array.Empty<string>();

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
                    foreach (ImageItem item in ItemPaths.Match(session, given, StopToken))
                    {
                        ForItem(item.ItemPath, () => Export(session, item.ItemPath, intoDirectory: true));
                    }
                }
                else
                {
                    Export(session, ItemPaths.Normalize(given), intoDirectory: ItemPath.Length > 1);
                }
            });
        }
    });

    private void Export(Session session, string itemPath, bool intoDirectory)
    {
        string destination = FullPath(Destination);
        if (intoDirectory || ItemPaths.EndsAsDirectory(Destination) || Directory.Exists(destination))
        {
            string name = itemPath.Substring(itemPath.LastIndexOf('\\') + 1);
            destination = System.IO.Path.Combine(destination, name);
        }

        if (!ShouldProcess($"'{itemPath}' of '{session.Path}' -> '{destination}'", "Export"))
        {
            return;
        }

        // No folder is left behind for an item that is not there.
        session.GetItem(itemPath, StopToken);
        if (System.IO.Path.GetDirectoryName(destination) is string parent)
        {
            Directory.CreateDirectory(parent);
        }

        WriteObject(WithProgress("Exporting from the image", operation => session.Export(itemPath, destination, Flags, operation)));
    }
}
