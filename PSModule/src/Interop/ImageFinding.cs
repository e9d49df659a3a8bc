using System;
using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>How bad a finding is.</summary>
public enum ImageFindingSeverity
{
    /// <summary>The file breaks a rule of the format, but everything in it can be read.</summary>
    Warning = 0,

    /// <summary>Something in the file is damaged.</summary>
    Error = 1,

    /// <summary>A repair could not save the item.</summary>
    Lost = 2,
}

/// <summary>One problem of an image file.</summary>
public sealed class ImageFinding
{
    internal ImageFinding(string imagePath, JsonObject finding)
        : this(
            imagePath,
            finding.Choice("severity", ImageFindingSeverity.Error),
            finding.Name("item"),
            finding.Name("message"),
            finding.Texts("dependents"),
            finding.Number("dependentCount"))
    {
    }

    private ImageFinding(
        string imagePath,
        ImageFindingSeverity severity,
        string item,
        string message,
        IReadOnlyList<string> dependents,
        ulong dependentCount)
    {
        ImagePath = imagePath;
        Severity = severity;
        Item = item;
        Message = message;
        Dependents = dependents;
        DependentCount = dependentCount;
    }

    /// <summary>How bad it is.</summary>
    public ImageFindingSeverity Severity { get; }

    /// <summary>The part of the file that is wrong, or the item that a repair lost.</summary>
    public string Item { get; }

    /// <summary>What is wrong with it.</summary>
    public string Message { get; }

    /// <summary>The items of images that need it, as many as the engine lists.</summary>
    public IReadOnlyList<string> Dependents { get; }

    /// <summary>How many items need it.</summary>
    public ulong DependentCount { get; }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The severity, the item and the message.</summary>
    public override string ToString() => $"{Severity} {Item}: {Message}";

    /// <summary>An item that a repair could not save.</summary>
    internal static ImageFinding Lost(string imagePath, JsonObject lost)
    {
        string item = lost.OptionalNumber32("imageIndex") is uint index && index > 0
            ? FormattableString.Invariant($"image {index}: {lost.Name("path")}")
            : lost.Name("path");
        return new ImageFinding(imagePath, ImageFindingSeverity.Lost, item, lost.Name("reason"), Array.Empty<string>(), 0);
    }
}
