using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What became of a driver package that was to be removed.</summary>
public enum DriverRemovalStatus
{
    /// <summary>It is not in the image any more.</summary>
    Removed = 0,

    /// <summary>It is still there.</summary>
    Failed = 1,
}

/// <summary>What <c>Remove-Driver</c> did with one package.</summary>
public sealed class DriverRemoval
{
    internal DriverRemoval(string path, JsonObject driver)
    {
        Path = path;
        Driver = driver.Name("driver");
        OriginalFileName = driver.Text("originalFileName");
        ProviderName = driver.Text("providerName");
        ClassName = driver.Text("className");
        Version = driver.Text("version");
        Status = driver.Choice("status", DriverRemovalStatus.Failed);
        Reason = driver.Text("reason");
        Files = driver.Texts("files");
        Error = DriverError.Of(driver);
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The published name that the package had, for example <c>oem0.inf</c>.</summary>
    public string Driver { get; }

    /// <summary>The path that its INF had in the driver store.</summary>
    public string? OriginalFileName { get; }

    /// <summary>Who made the driver.</summary>
    public string? ProviderName { get; }

    /// <summary>The device class, for example <c>Net</c>.</summary>
    public string? ClassName { get; }

    /// <summary>The version from the INF's DriverVer.</summary>
    public string? Version { get; }

    /// <summary>What became of the package.</summary>
    public DriverRemovalStatus Status { get; }

    /// <summary>Why it was not removed, or what was left.</summary>
    public string? Reason { get; }

    /// <summary>The files and folders that went.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The failure that goes to the error stream.</summary>
    internal ImageServicingException? Error { get; }

    /// <summary>The published name and what became of the package.</summary>
    public override string ToString() => $"{Driver}: {Status}";
}
