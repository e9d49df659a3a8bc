using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Get-ImageItem: files, directories and links inside a mounted image.</summary>
[Cmdlet(VerbsCommon.Get, "ImageItem")]
[OutputType(typeof(ImageItem))]
public sealed class GetImageItemCmdlet : SessionCmdlet
{
    /// <summary>Paths inside the image.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] ItemPath { get; set; } = { "\\" };

    /// <summary>Whether to list everything below a directory.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string path = SessionPath;
        if (!IsFirst(path))
        {
            return;
        }

        Session session = Open(path);
        foreach (string given in ItemPath)
        {
            ForItem(given, () => WriteItems(session, given));
        }
    });

    private void WriteItems(Session session, string given)
    {
        if (WildcardPattern.ContainsWildcardCharacters(given))
        {
            foreach (ImageItem item in ItemPaths.Match(session, given, StopToken))
            {
                WriteObject(item);
                WriteDescendants(session, item);
            }

            return;
        }

        // Without wildcards a directory stands for what is in it, as with Get-ChildItem.
        foreach (ImageItem item in session.GetItems(ItemPaths.Normalize(given), StopToken))
        {
            WriteObject(item);
            WriteDescendants(session, item);
        }
    }

    private void WriteDescendants(Session session, ImageItem item)
    {
        if (Recurse.IsPresent && item.ItemType == ImageItemType.Directory)
        {
            foreach (ImageItem below in ItemPaths.Descendants(session, item, StopToken))
            {
                WriteObject(below);
            }
        }
    }
}
