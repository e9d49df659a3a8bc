using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What became of a driver package that was to be exported.</summary>
public enum DriverExportStatus
{
    /// <summary>Its folder is on this machine.</summary>
    Exported = 0,

    /// <summary>It was not exported.</summary>
    Failed = 1,
}

/// <summary>What <c>Export-Driver</c> did with one package.</summary>
public sealed class DriverExport
{
    internal DriverExport(string path, JsonObject driver)
    {
        Path = path;
        Driver = driver.Name("driver");
        OriginalFileName = driver.Text("originalFileName");
        Status = driver.Choice("status", DriverExportStatus.Failed);
        HostPath = driver.Text("hostPath");
        Files = (long)driver.Number("files");
        Length = (long)driver.Number("bytes");
        Intact = driver.Flag("intact");
        Reason = driver.Text("reason");
        Error = DriverError.Of(driver);
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The published name, for example <c>oem0.inf</c>.</summary>
    public string Driver { get; }

    /// <summary>The path of its INF in the driver store.</summary>
    public string? OriginalFileName { get; }

    /// <summary>What became of the package.</summary>
    public DriverExportStatus Status { get; }

    /// <summary>The package's folder on this machine.</summary>
    public string? HostPath { get; }

    /// <summary>How many files were written.</summary>
    public long Files { get; }

    /// <summary>Their bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the INF has the hash that the name of its folder in the driver store says.</summary>
    public bool Intact { get; }

    /// <summary>Why it was not exported, or what is wrong with it.</summary>
    public string? Reason { get; }

    /// <summary>The failure that goes to the error stream.</summary>
    internal ImageServicingException? Error { get; }

    /// <summary>The published name and where the package is.</summary>
    public override string ToString() => $"{Driver}: {HostPath ?? Status.ToString()}";
}
