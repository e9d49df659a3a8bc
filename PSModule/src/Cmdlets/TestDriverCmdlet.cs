using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Test-Driver: what is wrong with driver packages, what signed them, and what adding them would change.</summary>
/// <remarks>A session from the pipeline has an <c>ImagePath</c>, too, and means itself.</remarks>
[Cmdlet(VerbsDiagnostic.Test, "Driver")]
[OutputType(typeof(DriverTest))]
public sealed class TestDriverCmdlet : ImageServicingCmdlet
{
    private readonly List<Batch> batches = new();

    /// <summary>INF files, or folders that hold them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("DriverPath", "FullName", "PSPath")]
    [SupportsWildcards]
    public string[] Driver { get; set; } = Array.Empty<string>();

    /// <summary>Whether folders below the given ones are searched, too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>The file with the image that packages are tested against.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [HostPathTransformation]
    public string? ImagePath { get; set; }

    /// <summary>The number of that image.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, int.MaxValue)]
    [Alias("ImageIndex")]
    [ArgumentCompleter(typeof(ImageIndexCompleter))]
    public int Index { get; set; } = 1;

    /// <summary>The session whose image packages are tested against.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The processor that packages are tested for, without an image.</summary>
    [Parameter]
    [ValidateSet("x64", "amd64", "arm64", "x86", "arm", "ia64", IgnoreCase = true)]
    public string? Architecture { get; set; }

    /// <summary>The version of Windows that packages are tested for, without an image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WindowsVersion { get; set; }

    /// <summary>A file of certificates, or a folder of such files, that are trusted beside Microsoft's and the image's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? TrustedRoot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        ImageTarget? target = !string.IsNullOrEmpty(Path) ? ImageTarget.Session(FullPath(Path!))
            : !string.IsNullOrEmpty(ImagePath) ? ImageTarget.Image(FullPath(ImagePath!), Index)
            : null;
        Batch? batch = batches.Find(known => known.Target == target);
        if (batch is null)
        {
            batch = new Batch(target);
            batches.Add(batch);
        }

        foreach (string given in Driver)
        {
            ForItem(given, () =>
            {
                IReadOnlyList<string> paths = Expand(given);
                if (paths.Count == 0)
                {
                    WriteNotFound(given);
                }

                batch.Paths.AddRange(paths.Except(batch.Paths));
            });
        }
    }

    /// <summary>One native call per image: later packages are planned on top of earlier ones.</summary>
    protected override void EndProcessing()
    {
        foreach (Batch batch in batches.Where(batch => batch.Paths.Count > 0))
        {
            ForItem(batch.Target?.Path ?? batch.Target?.ImagePath ?? batch.Paths[0], () => Test(batch));
        }
    }

    private void Test(Batch batch)
    {
        JsonWriter options = new JsonWriter()
            .Add("recurse", Recurse.IsPresent)
            .Add("architecture", Architecture)
            .Add("version", WindowsVersion)
            .Add("trustedRoots", TrustedRoot is null ? null : FullPath(TrustedRoot));
        IReadOnlyList<DriverTest> tests = WithProgress(
            "Testing drivers", operation => ImageTarget.TestDrivers(batch.Target, batch.Paths.ToArray(), options, operation));
        foreach (DriverTest test in tests)
        {
            // A path that was given and is not there is the caller's mistake, not a package.
            if (test.Error?.Status == ImageServicingStatus.NotFound && batch.Paths.Contains(test.OriginalFileName))
            {
                WriteNotFound(test.OriginalFileName);
            }
            else
            {
                WriteObject(test);
            }
        }
    }

    private void WriteNotFound(string path)
    {
        var failure = new ImageServicingException(
            ImageServicingStatus.NotFound,
            "DriverNotFound",
            $"there is no INF file at '{path}'",
            path,
            "Give an INF file, or a folder that holds one.",
            unchecked((int)0x80070002));
        WriteError(ErrorRecords.From(failure, path));
    }

    /// <summary>What was asked for one image, or for none.</summary>
    private sealed class Batch
    {
        internal Batch(ImageTarget? target)
        {
            Target = target;
        }

        internal ImageTarget? Target { get; }

        internal List<string> Paths { get; } = new();
    }
}
