using System;
using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>One image of an image file, as the file's own description has it.</summary>
/// <remarks>
/// It has no <c>Path</c>: that name means a session everywhere in this module, and an image in a file has none yet.
/// </remarks>
public sealed class ImageInfo
{
    internal ImageInfo(string imagePath, JsonObject file, JsonObject image)
    {
        ImagePath = imagePath;
        Format = file.Name("format");
        Compression = file.Name("compression");
        ImageIndex = image.Number32("index");
        ImageName = image.Name("name");
        ImageDescription = image.Name("description");
        DisplayName = image.Text("displayName");
        DisplayDescription = image.Text("displayDescription");
        Flags = image.Text("flags");
        ImageSize = image.Number("totalBytes");
        HardLinkSize = image.Number("hardLinkBytes");
        DirectoryCount = image.Number("directoryCount");
        FileCount = image.Number("fileCount");
        CreatedTime = image.Time("creationTime");
        ModifiedTime = image.Time("lastModificationTime");
        ImageBootable = image.Flag("bootable");
        WIMBoot = image.Flag("wimBoot");
        Architecture = image.OptionalNumber32("architecture") is uint number ? (ImageArchitecture)number : ImageArchitecture.Unknown;
        ProductName = image.Text("productName");
        EditionId = image.Text("editionId");
        InstallationType = image.Text("installationType");
        Hal = image.Text("hal");
        ProductType = image.Text("productType");
        ProductSuite = image.Text("productSuite");
        SystemRoot = image.Text("systemRoot");
        Languages = image.Texts("languages");
        DefaultLanguage = image.Text("defaultLanguage");
        Version = image.Text("version");
        MajorVersion = image.OptionalNumber32("majorVersion");
        MinorVersion = image.OptionalNumber32("minorVersion");
        Build = image.OptionalNumber32("build");
        SPBuild = image.OptionalNumber32("spBuild");
        SPLevel = image.OptionalNumber32("spLevel");
        Xml = image.Text("xml");
    }

    /// <summary>The full path of the image file.</summary>
    public string ImagePath { get; }

    /// <summary>The image's number in the file, from 1.</summary>
    public uint ImageIndex { get; }

    /// <summary>The image's name.</summary>
    public string ImageName { get; }

    /// <summary>The image's description.</summary>
    public string ImageDescription { get; }

    /// <summary>The name shown by Windows Setup, if there is one.</summary>
    public string? DisplayName { get; }

    /// <summary>The description shown by Windows Setup, if there is one.</summary>
    public string? DisplayDescription { get; }

    /// <summary>The edition flags that Windows Setup matches.</summary>
    public string? Flags { get; }

    /// <summary>The size of all files in bytes, hard-linked ones counted once per link.</summary>
    public ulong ImageSize { get; }

    /// <summary>The bytes counted more than once in <see cref="ImageSize"/>, because of hard links.</summary>
    public ulong HardLinkSize { get; }

    /// <summary>The number of directories.</summary>
    public ulong DirectoryCount { get; }

    /// <summary>The number of files.</summary>
    public ulong FileCount { get; }

    /// <summary>When the image was captured, in local time.</summary>
    public DateTime? CreatedTime { get; }

    /// <summary>When the image was last changed, in local time.</summary>
    public DateTime? ModifiedTime { get; }

    /// <summary>Whether the file marks this image as the one to boot.</summary>
    public bool ImageBootable { get; }

    /// <summary>Whether the image was captured for WIMBoot.</summary>
    public bool WIMBoot { get; }

    /// <summary>The processor the image is for.</summary>
    public ImageArchitecture Architecture { get; }

    /// <summary>The product's name.</summary>
    public string? ProductName { get; }

    /// <summary>The edition, for example <c>Professional</c>.</summary>
    public string? EditionId { get; }

    /// <summary>The installation type, for example <c>Client</c>.</summary>
    public string? InstallationType { get; }

    /// <summary>The hardware abstraction layer, in old images.</summary>
    public string? Hal { get; }

    /// <summary>The product type, for example <c>WinNT</c>.</summary>
    public string? ProductType { get; }

    /// <summary>The product suite, for example <c>Terminal Server</c>.</summary>
    public string? ProductSuite { get; }

    /// <summary>The Windows directory inside the image, for example <c>WINDOWS</c>.</summary>
    public string? SystemRoot { get; }

    /// <summary>The languages in the image.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>The default language.</summary>
    public string? DefaultLanguage { get; }

    /// <summary>The version of Windows, for example <c>10.0.22621.525</c>.</summary>
    public string? Version { get; }

    /// <summary>The first part of <see cref="Version"/>.</summary>
    public uint? MajorVersion { get; }

    /// <summary>The second part of <see cref="Version"/>.</summary>
    public uint? MinorVersion { get; }

    /// <summary>The build of Windows.</summary>
    public uint? Build { get; }

    /// <summary>The last part of <see cref="Version"/>.</summary>
    public uint? SPBuild { get; }

    /// <summary>The service pack.</summary>
    public uint? SPLevel { get; }

    /// <summary>What kind of file holds the image: Wim, Esd or Swm.</summary>
    public string Format { get; }

    /// <summary>How the file compresses: None, Xpress, Lzx or Lzms.</summary>
    public string Compression { get; }

    /// <summary>The image's part of the file's XML description, unchanged.</summary>
    public string? Xml { get; }

    /// <summary>The image's name.</summary>
    public override string ToString() => ImageName;
}
