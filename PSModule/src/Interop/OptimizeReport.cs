using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What optimizing a file did, or would do.</summary>
public sealed class OptimizeReport
{
    internal OptimizeReport(JsonObject report)
    {
        ImagePath = report.Name("imagePath");
        FileSizeBefore = report.Number("fileSizeBefore");
        FileSizeAfter = report.Number("fileSizeAfter");
        Reclaimed = report.Number("reclaimed");
        Recompressed = report.Flag("recompressed");
        Estimated = report.Flag("dryRun");
    }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The size of the file before, in bytes.</summary>
    public ulong FileSizeBefore { get; }

    /// <summary>The size of the file afterwards, in bytes.</summary>
    public ulong FileSizeAfter { get; }

    /// <summary>The bytes that are given back.</summary>
    public ulong Reclaimed { get; }

    /// <summary>Whether all content was compressed anew.</summary>
    public bool Recompressed { get; }

    /// <summary>True with <c>-WhatIf</c>: the file was not changed, and the sizes are what would come of it.</summary>
    public bool Estimated { get; }
}
