using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Where a driver package of an image stands.</summary>
public enum DriverState
{
    /// <summary>The driver store has it.</summary>
    Installed = 0,

    /// <summary>Windows Setup will install it when it starts the image.</summary>
    Deferred = 1,
}

/// <summary>A driver package that an image holds.</summary>
public sealed class DriverInfo : DriverPackage
{
    internal DriverInfo(string path, JsonObject driver)
        : base(driver)
    {
        Path = path;
        Driver = driver.Name("driver");
        State = driver.Choice("state", DriverState.Installed);
        OriginalFileName = driver.Text("originalFileName");
        Inbox = driver.Flag("inbox");
        MajorVersion = driver.Number32("majorVersion");
        MinorVersion = driver.Number32("minorVersion");
        Build = driver.Number32("build");
        Revision = driver.Number32("revision");
        Hive = driver.Text("hive");
        Architecture = Architectures.Read(driver.Text("architecture"));
        ExtensionId = driver.Text("extensionId");
        SignerScore = driver.OptionalNumber32("signerScore");
        ImportDate = driver.Time("importDate");
        StorePath = driver.Text("storePath");
        Intact = driver.OptionalFlag("intact");
        Devices = driver.Objects("devices").Select(device => new DriverDevice(device)).ToArray();
        Files = driver.Objects("files").Select(file => new DriverFile(file)).ToArray();
        Services = driver.Objects("services").Select(service => new DriverService(service)).ToArray();
        ExcludeIds = driver.Texts("excludeIds");
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The published name, for example <c>oem0.inf</c>.</summary>
    public string Driver { get; }

    /// <summary>Whether it is installed, or left to Windows Setup; then <see cref="Driver"/> is the INF's own name.</summary>
    public DriverState State { get; }

    /// <summary>The INF's original name, or its place in the driver store.</summary>
    public string? OriginalFileName { get; }

    /// <summary>Whether the driver came with Windows.</summary>
    public bool Inbox { get; }

    /// <summary>The first part of <see cref="Version"/>.</summary>
    public uint MajorVersion { get; }

    /// <summary>The second part of <see cref="Version"/>.</summary>
    public uint MinorVersion { get; }

    /// <summary>The third part of <see cref="Version"/>.</summary>
    public uint Build { get; }

    /// <summary>The fourth part of <see cref="Version"/>.</summary>
    public uint Revision { get; }

    /// <summary>The registry hive that lists the package: SYSTEM or DRIVERS.</summary>
    public string? Hive { get; }

    /// <summary>The processor the package is for. This and what follows is read with <c>-Detailed</c>.</summary>
    public ImageArchitecture Architecture { get; }

    /// <summary>The extension id, of a package that extends what another one installs.</summary>
    public string? ExtensionId { get; }

    /// <summary>How much Windows trusts the signer; lower is better.</summary>
    public uint? SignerScore { get; }

    /// <summary>When the package was added.</summary>
    public DateTime? ImportDate { get; }

    /// <summary>The package's folder in the image.</summary>
    public string? StorePath { get; }

    /// <summary>Whether the INF has the hash that the folder's name says; null when there is no INF.</summary>
    public bool? Intact { get; }

    /// <summary>The devices the package is for.</summary>
    public IReadOnlyList<DriverDevice> Devices { get; }

    /// <summary>The files it is made of.</summary>
    public IReadOnlyList<DriverFile> Files { get; }

    /// <summary>The services it installs.</summary>
    public IReadOnlyList<DriverService> Services { get; }

    /// <summary>Ids of devices that it is not for, whatever else matches.</summary>
    public IReadOnlyList<string> ExcludeIds { get; }

    /// <summary>The published name.</summary>
    public override string ToString() => Driver;
}
