using System;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>How the second side's package differs from the first side's.</summary>
public enum DriverChange
{
    /// <summary>It is newer.</summary>
    Newer = 0,

    /// <summary>It is older.</summary>
    Older = 1,

    /// <summary>It has the same date and version, and another INF.</summary>
    Changed = 2,

    /// <summary>Only the first side has the package.</summary>
    Missing = 3,

    /// <summary>Only the second side has the package.</summary>
    Added = 4,

    /// <summary>Both sides have the package.</summary>
    Same = 5,
}

/// <summary>One driver of a comparison.</summary>
public sealed class DriverDifference
{
    internal DriverDifference(JsonObject difference)
    {
        Change = difference.Choice("change", DriverChange.Changed);
        InfName = difference.Name("infName");
        ProviderName = difference.Text("providerName");
        ClassName = difference.Text("className");
        ClassGuid = difference.Text("classGuid");
        ExtensionId = difference.Text("extensionId");
        if (difference.Object("reference") is JsonObject reference)
        {
            ReferenceDriver = reference.Text("driver");
            ReferenceVersion = reference.Text("version");
            ReferenceDate = reference.Day("date");
        }

        if (difference.Object("difference") is JsonObject other)
        {
            DriverPath = other.Text("infPath");
            DifferenceDriver = other.Text("driver") ?? DriverPath;
            DifferenceVersion = other.Text("version");
            DifferenceDate = other.Day("date");
        }
    }

    /// <summary>How the second side differs from the first.</summary>
    public DriverChange Change { get; }

    /// <summary>The same as Compare-Object shows it: <c>&lt;=</c> only or newer on the first side, <c>=&gt;</c> on the second.</summary>
    public string SideIndicator => Change switch
    {
        DriverChange.Newer or DriverChange.Added => "=>",
        DriverChange.Older or DriverChange.Missing => "<=",
        DriverChange.Same => "==",
        _ => "<>",
    };

    /// <summary>The INF's own name.</summary>
    public string InfName { get; }

    /// <summary>Who made the driver.</summary>
    public string? ProviderName { get; }

    /// <summary>The device class.</summary>
    public string? ClassName { get; }

    /// <summary>The GUID of the device class.</summary>
    public string? ClassGuid { get; }

    /// <summary>The extension id, of a package that extends what another one installs.</summary>
    public string? ExtensionId { get; }

    /// <summary>The published name on the first side.</summary>
    public string? ReferenceDriver { get; }

    /// <summary>The version on the first side.</summary>
    public string? ReferenceVersion { get; }

    /// <summary>The day of the version on the first side.</summary>
    public DateTime? ReferenceDate { get; }

    /// <summary>The published name on the second side, or the INF file of a folder.</summary>
    public string? DifferenceDriver { get; }

    /// <summary>The version on the second side.</summary>
    public string? DifferenceVersion { get; }

    /// <summary>The day of the version on the second side.</summary>
    public DateTime? DifferenceDate { get; }

    /// <summary>The INF file on this machine, of a package of a folder: what Add-Driver takes.</summary>
    public string? DriverPath { get; }

    /// <summary>The change and the INF's name.</summary>
    public override string ToString() => $"{Change} {InfName}";
}
