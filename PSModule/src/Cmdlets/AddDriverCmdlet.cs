using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Add-Driver: adds driver packages to a mounted image, all of them in one transaction.</summary>
[Cmdlet(VerbsCommon.Add, "Driver", SupportsShouldProcess = true)]
[OutputType(typeof(DriverReport))]
public sealed class AddDriverCmdlet : SessionCmdlet
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

    /// <summary>Whether unsigned and altered packages are added.</summary>
    [Parameter]
    public SwitchParameter ForceUnsigned { get; set; }

    /// <summary>Whether only packages that Microsoft signed are added.</summary>
    [Parameter]
    public SwitchParameter RequireWhql { get; set; }

    /// <summary>A file of certificates, or a folder of such files, that are trusted beside those of the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? TrustedRoot { get; set; }

    /// <summary>Which packages get what a driver needs to start with Windows.</summary>
    [Parameter]
    public BootCriticalMode BootCritical { get; set; }

    /// <summary>Whether what only a running Windows can install is left to Windows Setup.</summary>
    [Parameter]
    public SwitchParameter Defer { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Path, () =>
    {
        string session = SessionPath;
        Batch? batch = batches.Find(known => known.Session == session);
        if (batch is null)
        {
            batch = new Batch(session);
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

                foreach (string path in paths)
                {
                    batch.Add(path);
                }
            });
        }
    });

    /// <summary>One native call per session: 300 drivers cost one transaction.</summary>
    protected override void EndProcessing()
    {
        foreach (Batch batch in batches)
        {
            if (batch.Paths.Count > 0)
            {
                ForItem(batch.Session, () => Add(batch));
            }
        }
    }

    private void Add(Batch batch)
    {
        string[] infs = Approve(batch);
        if (infs.Length == 0)
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("forceUnsigned", ForceUnsigned.IsPresent)
            .Add("requireWhql", RequireWhql.IsPresent)
            .Add("bootCritical", BootCritical.ToString())
            .Add("defer", Defer.IsPresent)
            .Add("trustedRoots", TrustedRoot is null ? null : FullPath(TrustedRoot))
            .Add("preview", IsWhatIf);
        IReadOnlyList<DriverReport> reports = WithProgress(
            IsWhatIf ? "Planning drivers" : "Adding drivers",
            operation => Open(batch.Session).AddDrivers(infs, options, operation));
        foreach (DriverReport report in reports)
        {
            WriteObject(report);
            if (report.Status == DriverStatus.Failed && !IsWhatIf)
            {
                ImageServicingException failure = report.Error ?? new ImageServicingException(
                    ImageServicingStatus.Malformed,
                    "DriverFailed",
                    report.Reason ?? "the driver package was refused",
                    report.InfPath,
                    remedy: null,
                    unchecked((int)0x8007000D));
                WriteError(ErrorRecords.From(failure, report.InfPath));
            }
        }
    }

    /// <summary>The INF files that the paths stand for and the user agrees to.</summary>
    private string[] Approve(Batch batch)
    {
        DriverSearch found = Engine.FindDrivers(batch.Paths.ToArray(), Recurse.IsPresent);

        // Which path an INF came from shows by its beginning; when one cannot be told, no path is called empty.
        bool traceable = found.Packages.All(inf => batch.Paths.Any(path => IsUnder(path, inf)));
        foreach (string path in batch.Paths)
        {
            if (found.Missing.Contains(path) || (traceable && !found.Packages.Any(inf => IsUnder(path, inf))))
            {
                WriteNotFound(path);
            }
        }

        var approved = new List<string>();
        foreach (string inf in found.Packages)
        {
            // With -WhatIf each is told of, and then planned.
            if (ShouldProcess(batch.Session, $"Add driver '{inf}'") || IsWhatIf)
            {
                approved.Add(inf);
            }
        }

        return approved.ToArray();
    }

    /// <summary>A driver that was asked for and is not there is an error, also when a pattern matches nothing.</summary>
    private void WriteNotFound(string path)
    {
        var failure = new ImageServicingException(
            ImageServicingStatus.NotFound,
            "DriverNotFound",
            $"there is no INF file at '{path}'",
            path,
            Recurse.IsPresent
                ? "Give an INF file, or a folder that holds one."
                : "Give an INF file, or a folder that holds one; -Recurse looks in the folders below it, too.",
            unchecked((int)0x80070002));
        WriteError(ErrorRecords.From(failure, path));
    }

    private static bool IsUnder(string path, string inf)
    {
        string folder = path.TrimEnd(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar);
        return inf.StartsWith(folder, StringComparison.OrdinalIgnoreCase) &&
            (inf.Length == folder.Length || inf[folder.Length] is '/' or '\\');
    }

    /// <summary>What was asked for one session, without repetitions.</summary>
    private sealed class Batch
    {
        private readonly HashSet<string> known = new(StringComparer.Ordinal);

        internal Batch(string session)
        {
            Session = session;
        }

        internal string Session { get; }

        internal List<string> Paths { get; } = new();

        internal void Add(string path)
        {
            if (known.Add(path))
            {
                Paths.Add(path);
            }
        }
    }
}
