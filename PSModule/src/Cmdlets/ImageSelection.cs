using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Chooses images of a file by number or name, and says so when there is none, as DISM does.</summary>
internal static class ImageSelection
{
    /// <summary>DISM has one code for a number and a name that the file does not have.</summary>
    private const int NoSuchImage = unchecked((int)0xC1510113);

    /// <summary>The image with this number.</summary>
    internal static ImageInfo ByIndex(string path, IReadOnlyList<ImageInfo> images, long index) =>
        images.FirstOrDefault(image => image.ImageIndex == index) ?? throw new ImageServicingException(
            ImageServicingStatus.IndexNotFound,
            "ImageIndexNotFound",
            $"'{path}' has no image {index}; it has {images.Count}",
            path,
            "List the indexes with Get-Image.",
            NoSuchImage);

    /// <summary>The images whose name matches; only a pattern may match none.</summary>
    internal static IReadOnlyList<ImageInfo> ByName(string path, IReadOnlyList<ImageInfo> images, string name)
    {
        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        ImageInfo[] found = images
            .Where(image => pattern.IsMatch(image.ImageName) || string.Equals(name, image.ImageName, StringComparison.OrdinalIgnoreCase))
            .ToArray();
        if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
        {
            throw new ImageServicingException(
                ImageServicingStatus.ImageNameNotFound,
                "ImageNameNotFound",
                $"'{path}' has no image named '{name}'",
                path,
                "List the names with Get-Image.",
                NoSuchImage);
        }

        return found;
    }

    /// <summary>The one image with this number, or when there is no number, with this name. A name that fits several is refused.</summary>
    internal static ImageInfo One(string path, int? index, string? name)
    {
        IReadOnlyList<ImageInfo> images = Engine.GetImages(path);
        if (name is null)
        {
            return ByIndex(path, images, index ?? 1);
        }

        ImageInfo[] found = images.Where(image => string.Equals(name, image.ImageName, StringComparison.OrdinalIgnoreCase)).ToArray();
        return found.Length switch
        {
            0 => ByName(path, images, WildcardPattern.Escape(name))[0],
            1 => found[0],
            _ => throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "ImageNameAmbiguous",
                $"'{path}' has {found.Length} images named '{name}'",
                path,
                "Choose one of them by -Index.",
                unchecked((int)0x80070057)),
        };
    }
}
