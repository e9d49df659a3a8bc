using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>A device that a driver package is for: one line of its INF.</summary>
public sealed class DriverDevice
{
    internal DriverDevice(JsonObject device)
    {
        HardwareId = device.Text("hardwareId");
        CompatibleIds = device.Texts("compatibleIds");
        Description = device.Text("description");
        Manufacturer = device.Text("manufacturer");
        Section = device.Text("section");
        FeatureScore = device.Number32("featureScore");
        Architecture = Architectures.Read(device.Text("architecture"));
    }

    /// <summary>The hardware id.</summary>
    public string? HardwareId { get; }

    /// <summary>The compatible ids, the most specific first.</summary>
    public IReadOnlyList<string> CompatibleIds { get; }

    /// <summary>What the device is called.</summary>
    public string? Description { get; }

    /// <summary>Who makes the device.</summary>
    public string? Manufacturer { get; }

    /// <summary>The section of the INF that installs it.</summary>
    public string? Section { get; }

    /// <summary>The feature score of that section: 255 unless the INF says otherwise; lower is better.</summary>
    public uint FeatureScore { get; }

    /// <summary>The processor that the line is for.</summary>
    public ImageArchitecture Architecture { get; }

    /// <summary>The hardware id, or the first compatible one.</summary>
    public override string ToString() => HardwareId ?? (CompatibleIds.Count > 0 ? CompatibleIds[0] : Description ?? string.Empty);
}

/// <summary>A file of a driver package in an image.</summary>
public sealed class DriverFile
{
    internal DriverFile(JsonObject file)
    {
        ItemPath = file.Name("path");
        Length = file.OptionalNumber("size");
        Present = file.Flag("present");
    }

    /// <summary>Its path inside the image.</summary>
    public string ItemPath { get; }

    /// <summary>Its length in bytes; null when it is not there.</summary>
    public ulong? Length { get; }

    /// <summary>Whether it is there.</summary>
    public bool Present { get; }

    /// <summary>The path.</summary>
    public override string ToString() => ItemPath;
}

/// <summary>A service that a driver package installs.</summary>
public sealed class DriverService
{
    internal DriverService(JsonObject service)
    {
        Name = service.Name("name");
        Start = service.OptionalNumber32("start");
        Type = service.OptionalNumber32("type");
        Binary = service.Text("binary");
        DisplayName = service.Text("displayName");
    }

    /// <summary>The name of its key.</summary>
    public string Name { get; }

    /// <summary>When it starts: 0 boot, 1 system, 2 automatic, 3 demand, 4 disabled.</summary>
    public uint? Start { get; }

    /// <summary>What it is: 1 kernel driver, 2 file system driver, 16 a program.</summary>
    public uint? Type { get; }

    /// <summary>Its program file in the image, or as the INF has it.</summary>
    public string? Binary { get; }

    /// <summary>The display name.</summary>
    public string? DisplayName { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
