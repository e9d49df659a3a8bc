using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Join-Image: makes one file of the parts of a split set.</summary>
[Cmdlet(VerbsCommon.Join, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageInfo))]
public sealed class JoinImageCmdlet : ImageFileCmdlet
{
    private readonly List<string> parts = new();

    /// <summary>The parts, or any one of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] ImagePath { get; set; } = Array.Empty<string>();

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in ImagePath)
        {
            ForItem(given, () =>
            {
                foreach (string part in Expand(given))
                {
                    if (!parts.Contains(part))
                    {
                        parts.Add(part);
                    }
                }
            });
        }
    }

    /// <summary>Joins when all parts are there.</summary>
    protected override void EndProcessing()
    {
        if (parts.Count == 0)
        {
            return;
        }

        ForItem(parts[0], () =>
        {
            string destination = FullPath(DestinationPath);
            string which = parts.Count == 1 ? $"'{parts[0]}'" : $"{parts.Count} parts beginning with '{parts[0]}'";
            if (!ShouldProcess($"{which} -> '{destination}'", "Join"))
            {
                return;
            }

            JsonWriter options = new JsonWriter()
                .Add("integrityTable", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
                .Add("overwrite", IfGiven(nameof(Force), Force));
            WithProgress("Joining the parts", operation =>
            {
                ImageFiles.Join(parts.ToArray(), destination, options, operation);
                return true;
            });
            WriteImages(destination);
        });
    }
}
