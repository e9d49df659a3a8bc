using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Linq;

namespace ImageServicing.Internal;

/// <summary>The texts of columns in the module's views. The views hold no logic of their own.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class _Format
{
    private static readonly string[] Units = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };

    /// <summary>A size for tables: 15.3 GB.</summary>
    public static string Size(ulong bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.CurrentCulture) + " " + Units[unit];
    }

    /// <summary>A size for lists, as DISM writes it: 16,479,089,353 bytes.</summary>
    public static string Bytes(ulong bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture) + " bytes";

    /// <summary>The value of a setting of an answer file; a secret that was not asked for is not shown.</summary>
    public static string UnattendValue(string? value, bool secret) =>
        secret && string.IsNullOrEmpty(value) ? "(hidden)" : value ?? string.Empty;

    /// <summary>The processor as DISM writes it.</summary>
    public static string Architecture(ImageArchitecture architecture) => architecture switch
    {
        ImageArchitecture.X86 => "x86",
        ImageArchitecture.Arm => "arm",
        ImageArchitecture.Ia64 => "ia64",
        ImageArchitecture.X64 => "x64",
        ImageArchitecture.Arm64 => "arm64",
        _ => string.Empty,
    };

    /// <summary>The languages of an image, the default one marked.</summary>
    public static string Languages(ImageInfo image)
    {
        if (image is null)
        {
            return string.Empty;
        }

        IEnumerable<string> marked = image.Languages.Select(language =>
            string.Equals(language, image.DefaultLanguage, StringComparison.OrdinalIgnoreCase) ? language + " (Default)" : language);
        return string.Join(", ", marked);
    }

    /// <summary>Attributes as Get-ChildItem writes them: d, l, a, r, h, s.</summary>
    public static string Mode(ImageItem item)
    {
        if (item is null)
        {
            return string.Empty;
        }

        char Letter(FileAttributes attribute, char letter) => (item.Attributes & attribute) != 0 ? letter : '-';
        return new string(new[]
        {
            item.ItemType == ImageItemType.ReparsePoint ? 'l' : Letter(FileAttributes.Directory, 'd'),
            Letter(FileAttributes.Archive, 'a'),
            Letter(FileAttributes.ReadOnly, 'r'),
            Letter(FileAttributes.Hidden, 'h'),
            Letter(FileAttributes.System, 's'),
        });
    }

    /// <summary>Where an item is: in a session, or in an image of a file.</summary>
    public static string Place(ImageItem item) =>
        item is null ? string.Empty : item.Path ?? FormattableString.Invariant($"{item.ImagePath}, image {item.ImageIndex}");

    /// <summary>The length of a file; nothing for a directory.</summary>
    public static string Length(ImageItem item) =>
        item is null || item.ItemType == ImageItemType.Directory ? string.Empty : item.Length.ToString(CultureInfo.CurrentCulture);

    /// <summary>A day in the form of the user's culture.</summary>
    public static string Day(DateTime? day) => day?.ToString("d", CultureInfo.CurrentCulture) ?? string.Empty;

    /// <summary>The last component of a path of this machine or of an image.</summary>
    public static string Leaf(string path)
    {
        string text = path ?? string.Empty;
        return text.Substring(text.LastIndexOfAny(new[] { '\\', '/' }) + 1);
    }

    /// <summary>Where a key or value is, or was exported from: a session, or a hive file.</summary>
    public static string RegistryPlace(object item) => item switch
    {
        SessionRegistryKey key => key.Path,
        HiveRegistryKey key => key.HivePath,
        SessionRegistryValue value => value.Path,
        HiveRegistryValue value => value.HivePath,
        SessionRegistryExportReport report => report.Path,
        HiveRegistryExportReport report => report.HivePath,
        _ => string.Empty,
    };

    /// <summary>The name of a value; PowerShell writes that of the default value so.</summary>
    public static string RegistryName(string name) => string.IsNullOrEmpty(name) ? "(default)" : name;

    /// <summary>Data of the registry on one line: numbers in both notations, lists in braces, bytes as digits.</summary>
    public static string RegistryData(object data)
    {
        const int MostBytes = 32;
        switch (data)
        {
            case int number:
                return FormattableString.Invariant($"0x{number:x8} ({unchecked((uint)number)})");
            case long number:
                return FormattableString.Invariant($"0x{number:x16} ({unchecked((ulong)number)})");
            case string[] texts:
                return "{" + string.Join(", ", texts) + "}";
            case byte[] bytes:
                string digits = BitConverter.ToString(bytes, 0, Math.Min(bytes.Length, MostBytes)).Replace('-', ' ');
                return bytes.Length > MostBytes ? digits + " ..." : digits;
            default:
                return data?.ToString() ?? string.Empty;
        }
    }
}
