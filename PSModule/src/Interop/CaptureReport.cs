using System.Collections.Generic;
using System.Linq;

namespace ImageServicing.Interop;

/// <summary>A file of the source that could not be captured, and why.</summary>
internal sealed record SkippedFile(string Path, string Reason);

/// <summary>What a capture did.</summary>
internal sealed class CaptureReport
{
    internal CaptureReport(JsonObject report)
    {
        Index = report.Number32("index");
        Files = report.Number("files");
        Directories = report.Number("directories");
        Size = report.Number("bytes");
        BytesWritten = report.Number("bytesWritten");
        Notes = report.Texts("notes");
        Excluded = report.Texts("excluded");
        ExcludedCount = report.Number("excludedCount");
        Skipped = report.Objects("skipped").Select(file => new SkippedFile(file.Name("path"), file.Name("reason"))).ToArray();
        SkippedCount = report.Number("skippedCount");
    }

    /// <summary>The new image's number in the file.</summary>
    internal uint Index { get; }

    internal ulong Files { get; }

    internal ulong Directories { get; }

    /// <summary>The bytes of all contents, repeated ones included.</summary>
    internal ulong Size { get; }

    internal ulong BytesWritten { get; }

    /// <summary>What the user should know about the image.</summary>
    internal IReadOnlyList<string> Notes { get; }

    /// <summary>What the exclusion list left out, as many items as the engine lists.</summary>
    internal IReadOnlyList<string> Excluded { get; }

    internal ulong ExcludedCount { get; }

    /// <summary>What could not be captured, as many items as the engine lists.</summary>
    internal IReadOnlyList<SkippedFile> Skipped { get; }

    internal ulong SkippedCount { get; }
}
