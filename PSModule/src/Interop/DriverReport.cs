using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What became of a driver package.</summary>
public enum DriverStatus
{
    /// <summary>The package is staged in the image.</summary>
    Added = 0,

    /// <summary>The image has the package already; nothing was done.</summary>
    AlreadyPresent = 1,

    /// <summary>The package is for another processor or version of Windows; nothing was done.</summary>
    NotApplicable = 2,

    /// <summary>The package was refused; nothing of it is in the image.</summary>
    Failed = 3,

    /// <summary>The package would be staged; nothing was done.</summary>
    Planned = 4,

    /// <summary>Windows Setup will install the package when it starts the image.</summary>
    Deferred = 5,
}

/// <summary>Which packages get what a driver needs to start with Windows.</summary>
public enum BootCriticalMode
{
    /// <summary>Those with a driver that starts at boot.</summary>
    Auto = 0,

    /// <summary>None: Windows sets the devices up when it sees them.</summary>
    Never = 1,

    /// <summary>All with a device's function driver.</summary>
    Force = 2,
}

/// <summary>What the package's files say when they are held against its catalogue.</summary>
/// <remarks>Whether a certificate was revoked is not known offline.</remarks>
public enum DriverSignature
{
    /// <summary>It could not be decided.</summary>
    Unknown = 0,

    /// <summary>There is no catalogue, or it does not list the files, or its signature is not trusted.</summary>
    Unsigned = 1,

    /// <summary>Every file matches the catalogue, and its signature is trusted.</summary>
    Signed = 2,

    /// <summary>A file differs from what the catalogue lists.</summary>
    Tampered = 3,
}

/// <summary>The kind of a catalogue's signature, whether it is trusted or not.</summary>
public enum SignatureVerdict
{
    /// <summary>The package was not examined.</summary>
    Unknown = 0,

    /// <summary>Microsoft signed it, for its hardware programme or as a component of Windows.</summary>
    Whql = 1,

    /// <summary>Its maker signed it, with a certificate of an authority.</summary>
    Authenticode = 2,

    /// <summary>It is signed with a certificate for tests.</summary>
    TestSigned = 3,

    /// <summary>It is signed with a certificate that nobody else vouches for.</summary>
    SelfSigned = 4,

    /// <summary>There is no signature, or it does not cover the package.</summary>
    Unsigned = 5,

    /// <summary>Something is not what was signed.</summary>
    Tampered = 6,
}

/// <summary>What <c>Add-Driver</c> did with one INF file.</summary>
public sealed class DriverReport : DriverPackage
{
    internal DriverReport(string path, JsonObject driver)
        : base(driver)
    {
        Path = path;
        InfPath = driver.Name("path");
        Status = driver.Choice("status", DriverStatus.Failed);
        Driver = driver.Text("driver");
        OriginalFileName = driver.Text("originalFileName");
        SignatureVerdict = driver.Choice("signatureVerdict", SignatureVerdict.Unknown);
        Files = driver.Texts("files");
        Plan = DriverPlan.Of(driver);
        Error = DriverError.Of(driver);
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The full path of the INF file on this machine.</summary>
    public string InfPath { get; }

    /// <summary>The published name in the image, for example <c>oem0.inf</c>.</summary>
    public string? Driver { get; }

    /// <summary>The name of the INF file.</summary>
    public string? OriginalFileName { get; }

    /// <summary>The kind of the signature, whether it is trusted or not.</summary>
    public SignatureVerdict SignatureVerdict { get; }

    /// <summary>What became of the package.</summary>
    public DriverStatus Status { get; }

    /// <summary>The files that were placed in the image.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>What adding the package would change, with -WhatIf; null otherwise.</summary>
    public DriverPlan? Plan { get; }

    /// <summary>The failure that goes to the error stream.</summary>
    internal ImageServicingException? Error { get; }

    /// <summary>The INF's name and what became of it.</summary>
    public override string ToString() => $"{OriginalFileName ?? InfPath}: {Status}";
}
