using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Optimize-Image: writes a file anew without dead space, or compressed better.</summary>
[Cmdlet(VerbsCommon.Optimize, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(OptimizeReport))]
public sealed class OptimizeImageCmdlet : ImageFileCmdlet
{
    private readonly HashSet<string> seen = new();

    /// <summary>The image files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] ImagePath { get; set; } = Array.Empty<string>();

    /// <summary>How to compress; as it is without it.</summary>
    [Parameter]
    [ValidateSet(None, Fast, Max, Maximum, Recovery)]
    [Alias("CompressionType")]
    public string? Compression { get; set; }

    /// <summary>How hard to compress.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int Level { get; set; }

    /// <summary>Whether all content is compressed anew.</summary>
    [Parameter]
    public SwitchParameter Recompress { get; set; }

    /// <summary>Whether the file gets an integrity table; <c>-CheckIntegrity:$false</c> takes it away.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in ImagePath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    // Every image of the file may have come along.
                    if (seen.Add(path))
                    {
                        ForItem(path, () => Optimize(path));
                    }
                }
            });
        }
    }

    private void Optimize(string path)
    {
        if (IsWhatIf)
        {
            OptimizeReport foreseen = Run(path, dryRun: true);
            ShouldProcess(
                path,
                $"Write the file anew: {_Format.Size(foreseen.FileSizeBefore)} become {_Format.Size(foreseen.FileSizeAfter)}, " +
                $"{_Format.Bytes(foreseen.Reclaimed)} are given back");
            WriteObject(foreseen);
        }
        else if (ShouldProcess(path, "Write the file anew"))
        {
            WriteObject(Run(path, dryRun: false));
        }
    }

    private OptimizeReport Run(string path, bool dryRun)
    {
        JsonWriter options = new JsonWriter()
            .Add("compression", EngineCompression(Compression))
            .Add("level", IfGiven(nameof(Level), Level))
            .Add("recompress", IfGiven(nameof(Recompress), Recompress))
            .Add("integrityTable", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
            .Add("dryRun", dryRun);
        return WithProgress(
            dryRun ? "Looking at the file" : "Optimizing the file", operation => ImageFiles.Optimize(path, options, operation));
    }
}
