using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Import-ImageItem: copies files and folders of this machine into a mounted image.</summary>
[Cmdlet(VerbsData.Import, "ImageItem", SupportsShouldProcess = true)]
[OutputType(typeof(ImageItemReport))]
public sealed class ImportImageItemCmdlet : CopyItemCmdlet
{
    /// <summary>Files and folders of this machine.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] Source { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        Session session = Open(SessionPath);
        foreach (string given in Source)
        {
            ForItem(given, () =>
            {
                IReadOnlyList<string> files = Expand(given);
                foreach (string file in files)
                {
                    ForItem(file, () => Import(session, file, manyFiles: files.Count > 1 || Source.Length > 1));
                }
            });
        }
    });

    private void Import(Session session, string source, bool manyFiles)
    {
        string target = ItemPaths.Normalize(Destination);
        if (manyFiles || ItemPaths.EndsAsDirectory(Destination) ||
            session.FindItem(target, StopToken)?.ItemType == ImageItemType.Directory)
        {
            // As with Copy-Item, an existing directory is what to copy into, not what to replace.
            target = ItemPaths.Join(target, System.IO.Path.GetFileName(source.TrimEnd(System.IO.Path.DirectorySeparatorChar)));
        }

        if (!ShouldProcess($"'{source}' -> '{target}' in '{session.Path}'", "Import"))
        {
            return;
        }

        WriteObject(WithProgress("Importing into the image", operation => session.Import(source, target, Flags, operation)));
    }
}
