using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Which of a device's lists an id is from.</summary>
public enum DeviceIdList
{
    /// <summary>Its hardware ids.</summary>
    HardwareId = 0,

    /// <summary>Its compatible ids.</summary>
    CompatibleId = 1,
}

/// <summary>A driver package that matches a device.</summary>
/// <remarks>Stands for its INF wherever a path or a driver's name is expected.</remarks>
public sealed class DriverMatch
{
    internal DriverMatch(string? path, JsonObject match)
    {
        Path = path;
        Rank = match.Number32("rank");
        SignatureScore = match.Number32("signatureScore");
        FeatureScore = match.Number32("featureScore");
        IdentifierScore = match.Number32("identifierScore");
        MatchingDeviceId = match.Name("matchingDeviceId");
        MatchedId = match.Name("matchedId");
        MatchedList = match.Choice("matchedList", DeviceIdList.HardwareId);
        InfPath = match.Text("infPath");
        Driver = InfPath ?? match.Name("driver");
        OriginalFileName = match.Text("originalFileName") ?? InfPath;
        Description = match.Text("description");
        Manufacturer = match.Text("manufacturer");
        Section = match.Text("section");
        ProviderName = match.Text("providerName");
        ClassName = match.Text("className");
        ClassGuid = match.Text("classGuid");
        Date = match.Day("date");
        Version = match.Text("version");
        DriverSignature = match.Choice("driverSignature", DriverSignature.Unknown);
        SignatureVerdict = match.Text("signatureVerdict");
        SignerName = match.Text("signerName");
        Inbox = match.Flag("inbox");
        Extension = match.Flag("extension");
        Architecture = match.Texts("architectures").Select(Architectures.Read).ToArray();
        Reason = match.Text("reason");
    }

    /// <summary>How well the package matches, as Windows counts it: lower is better.</summary>
    public uint Rank { get; }

    /// <summary>The first byte of the rank: 0 for a signature that is trusted.</summary>
    public uint SignatureScore { get; }

    /// <summary>The second byte of the rank: the feature score of the INF's section.</summary>
    public uint FeatureScore { get; }

    /// <summary>The rest of the rank: how the ids match.</summary>
    public uint IdentifierScore { get; }

    /// <summary>The id of the INF that matches.</summary>
    public string MatchingDeviceId { get; }

    /// <summary>The id that was asked for and that it matches.</summary>
    public string MatchedId { get; }

    /// <summary>Which list of ids that one is from.</summary>
    public DeviceIdList MatchedList { get; }

    /// <summary>The INF file on this machine; null for a package of an image.</summary>
    public string? InfPath { get; }

    /// <summary>What other cmdlets call the package: its INF file, or in an image its published name.</summary>
    public string Driver { get; }

    /// <summary>The INF file, or its path in the driver store of the image.</summary>
    public string? OriginalFileName { get; }

    /// <summary>What the device is called.</summary>
    public string? Description { get; }

    /// <summary>Who makes the device.</summary>
    public string? Manufacturer { get; }

    /// <summary>The section of the INF that would install it.</summary>
    public string? Section { get; }

    /// <summary>Who made the driver.</summary>
    public string? ProviderName { get; }

    /// <summary>The device class.</summary>
    public string? ClassName { get; }

    /// <summary>The GUID of the device class.</summary>
    public string? ClassGuid { get; }

    /// <summary>The day from the INF's DriverVer.</summary>
    public DateTime? Date { get; }

    /// <summary>The version from the INF's DriverVer.</summary>
    public string? Version { get; }

    /// <summary>What the catalogue says of the files, or what the image records.</summary>
    public DriverSignature DriverSignature { get; }

    /// <summary>The kind of the signature, of a package of this machine.</summary>
    public string? SignatureVerdict { get; }

    /// <summary>The name in the signer's certificate.</summary>
    public string? SignerName { get; }

    /// <summary>Whether the package came with Windows.</summary>
    public bool Inbox { get; }

    /// <summary>Whether the package only extends what another one installs: it does not compete with that.</summary>
    public bool Extension { get; }

    /// <summary>The processors it matches the device on.</summary>
    public IReadOnlyList<ImageArchitecture> Architecture { get; }

    /// <summary>What one should know of it.</summary>
    public string? Reason { get; }

    /// <summary>The session's path, of a package of a session's image.</summary>
    public string? Path { get; }

    /// <summary>The INF file, or in an image the published name.</summary>
    public override string ToString() => Driver;
}
