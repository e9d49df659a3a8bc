using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that captures a directory or volume into an image file.</summary>
public abstract class CaptureCmdlet : ImageFileCmdlet
{
    /// <summary>The variable by which builds agree on one time (reproducible-builds.org).</summary>
    private const string EpochVariable = "SOURCE_DATE_EPOCH";

    /// <summary>More items than this are counted, but not named.</summary>
    private const int MaximumNamed = 20;

    /// <summary>The image's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The image's description.</summary>
    [Parameter]
    public string? Description { get; set; }

    /// <summary>The name shown by Windows Setup.</summary>
    [Parameter]
    public string? DisplayName { get; set; }

    /// <summary>The description shown by Windows Setup.</summary>
    [Parameter]
    public string? DisplayDescription { get; set; }

    /// <summary>The edition flags that Windows Setup matches.</summary>
    [Parameter]
    public string? Flags { get; set; }

    /// <summary>The file with the exclusion list, in the syntax of WimScript.ini.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? ConfigFilePath { get; set; }

    /// <summary>Whether what DISM leaves out by default is captured, too.</summary>
    [Parameter]
    public SwitchParameter NoDefaultExclusion { get; set; }

    /// <summary>How hard to compress.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int Level { get; set; }

    /// <summary>Whether absolute links keep their targets as they are.</summary>
    [Parameter]
    [Alias("NoRpFix")]
    public SwitchParameter NoLinkFix { get; set; }

    /// <summary>Whether the image becomes the one to boot.</summary>
    [Parameter]
    [Alias("Setbootable", "SB")]
    public SwitchParameter Bootable { get; set; }

    /// <summary>Whether the file gets an integrity table.</summary>
    [Parameter]
    public SwitchParameter CheckIntegrity { get; set; }

    /// <summary>Whether what was written is read again.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>Image files that hold content which is then left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [SupportsWildcards]
    public string[]? DeltaFrom { get; set; }

    /// <summary>Whether the same source gives the same bytes.</summary>
    [Parameter]
    public SwitchParameter Reproducible { get; set; }

    /// <summary>The options that both cmdlets have.</summary>
    private protected JsonWriter Options() => new JsonWriter()
        .Add("name", Name)
        .Add("description", Description)
        .Add("displayName", DisplayName)
        .Add("displayDescription", DisplayDescription)
        .Add("flags", Flags)
        .Add("exclude", ConfigFilePath is null ? null : FullPath(ConfigFilePath))
        .Add("noExclusions", IfGiven(nameof(NoDefaultExclusion), NoDefaultExclusion))
        .Add("level", IfGiven(nameof(Level), Level))
        .Add("bootable", IfGiven(nameof(Bootable), Bootable))
        .Add("integrityTable", IfGiven(nameof(CheckIntegrity), CheckIntegrity))
        .Add("verify", IfGiven(nameof(Verify), Verify))
        .Add("deltaFrom", FullPaths(DeltaFrom))
        .Add("timestamp", Timestamp())
        .Add("noLinkFix", IfGiven(nameof(NoLinkFix), NoLinkFix));

    /// <summary>Says what was left out, and emits the new image.</summary>
    private protected void WriteResult(string imagePath, CaptureReport report)
    {
        WriteVerbose(string.Format(
            CultureInfo.CurrentCulture,
            "Captured {0} files and {1} directories, {2} bytes; {3} bytes were written.",
            report.Files,
            report.Directories,
            report.Size,
            report.BytesWritten));
        if (report.ExcludedCount > 0)
        {
            string named = string.Join("', '", report.Excluded.Take(MaximumNamed));
            WriteVerbose($"The exclusion list left out {report.ExcludedCount} items: '{named}'.");
        }

        foreach (string note in report.Notes.Take(MaximumNamed))
        {
            WriteWarning(note);
        }

        foreach (SkippedFile skipped in report.Skipped.Take(MaximumNamed))
        {
            WriteWarning($"'{skipped.Path}' is not in the image: {skipped.Reason}");
        }

        if (report.SkippedCount > MaximumNamed)
        {
            WriteWarning($"{report.SkippedCount - MaximumNamed} more items are not in the image.");
        }

        WriteImages(imagePath, new[] { report.Index });
    }

    /// <summary>The one time of a reproducible capture in seconds since 1970; null when the clock and the files decide.</summary>
    private long? Timestamp()
    {
        string? given = Environment.GetEnvironmentVariable(EpochVariable);
        if (string.IsNullOrEmpty(given))
        {
            return Reproducible.IsPresent ? 0 : null;
        }

        return long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            ? seconds
            : throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "InvalidArgument",
                $"{EpochVariable} is '{given}', which is not a number of seconds",
                given,
                $"Set {EpochVariable} to the seconds since 1970, or remove it.",
                unchecked((int)0x80070057));
    }
}
