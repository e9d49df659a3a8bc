using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Test-Unattend: finds what is wrong with answer files, alone or against an image.</summary>
[Cmdlet(VerbsDiagnostic.Test, "Unattend", DefaultParameterSetName = FileSet)]
[OutputType(typeof(UnattendFinding))]
public sealed class TestUnattendCmdlet : ImageServicingCmdlet
{
    private const string FileSet = "File";
    private const string ImageSet = "Image";
    private const string SessionSet = "Session";

    private readonly HashSet<(string File, string? Session)> seen = new();

    /// <summary>The answer files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = FileSet)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] UnattendPath { get; set; } = Array.Empty<string>();

    /// <summary>The image file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? ImagePath { get; set; }

    /// <summary>The number of the image.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int Index { get; set; }

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in UnattendPath)
        {
            ForItem(given, () =>
            {
                foreach (string path in Expand(given))
                {
                    ForItem(path, () => Test(path));
                }
            });
        }
    }

    /// <summary>Tests a file once for each session: Add-Driver sends one object per driver, all with the same one.</summary>
    private void Test(string file)
    {
        string? session = ParameterSetName == SessionSet ? FullPath(Path!) : null;
        if (!seen.Add((file, session)))
        {
            return;
        }

        JsonWriter options = ParameterSetName == ImageSet
            ? new JsonWriter().Add("imagePath", FullPath(ImagePath!)).Add("index", (long)Index)
            : new JsonWriter();
        WriteObject(
            WithProgress("Testing the answer file", operation => AnswerFiles.Test(file, session, options, operation)),
            enumerateCollection: true);
    }
}
