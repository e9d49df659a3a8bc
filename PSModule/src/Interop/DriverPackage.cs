using System;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What is told of a driver package wherever one is told of: maker, class, version and signature.</summary>
public abstract class DriverPackage
{
    internal DriverPackage(JsonObject driver)
    {
        ProviderName = driver.Text("providerName");
        ClassName = driver.Text("className");
        ClassGuid = driver.Text("classGuid");
        Version = driver.Text("version");
        Date = driver.Day("date");
        CatalogFile = driver.Text("catalogFile");
        DriverSignature = driver.Choice("driverSignature", DriverSignature.Unknown);
        SignerName = driver.Text("signerName");
        BootCritical = driver.Flag("bootCritical");
        Reason = driver.Text("reason");
    }

    /// <summary>Who made the driver.</summary>
    public string? ProviderName { get; }

    /// <summary>The device class, for example <c>Net</c>.</summary>
    public string? ClassName { get; }

    /// <summary>The GUID of the device class.</summary>
    public string? ClassGuid { get; }

    /// <summary>The version from the INF's DriverVer.</summary>
    public string? Version { get; }

    /// <summary>The day from the INF's DriverVer.</summary>
    public DateTime? Date { get; }

    /// <summary>The catalogue's file name.</summary>
    public string? CatalogFile { get; }

    /// <summary>What the catalogue says of the files.</summary>
    public DriverSignature DriverSignature { get; }

    /// <summary>The name in the signer's certificate.</summary>
    public string? SignerName { get; }

    /// <summary>Whether Windows may need the driver to start.</summary>
    public bool BootCritical { get; }

    /// <summary>What is missing or wrong, or why nothing was done; null if there is nothing to say.</summary>
    public string? Reason { get; }
}
