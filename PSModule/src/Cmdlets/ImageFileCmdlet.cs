using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that works on whole image files, without a session.</summary>
public abstract class ImageFileCmdlet : ImageServicingCmdlet
{
    /// <summary>The values of <c>-Compression</c>; Maximum is DISM's word for Max.</summary>
    private protected const string None = "None", Fast = "Fast", Max = "Max", Maximum = "Maximum", Recovery = "Recovery";

    /// <summary>The engine's word for a compression.</summary>
    private protected static string? EngineCompression(string? given)
    {
        string[] known = { None, Fast, Max, Recovery };
        return string.Equals(given, Maximum, StringComparison.OrdinalIgnoreCase)
            ? Max
            : known.FirstOrDefault(word => string.Equals(word, given, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether a file's name says that its content is solid.</summary>
    private protected static bool IsEsdName(string path) => path.EndsWith(".esd", StringComparison.OrdinalIgnoreCase);

    /// <summary>Paths of this machine as full paths; null for none.</summary>
    private protected string[]? FullPaths(string[]? paths) => paths?.SelectMany(Expand).ToArray();

    /// <summary>Notes the images of a file that are meant. One that the file does not have is an error of its own.</summary>
    private protected ImageBatches.Batch Choose(ImageBatches batches, string imagePath, int[] indexes, string[] names)
    {
        IReadOnlyList<ImageInfo> images = Engine.GetImages(imagePath);
        ImageBatches.Batch batch = batches.For(imagePath);
        foreach (int index in indexes)
        {
            ForItem(imagePath, () => batch.Add(new[] { ImageSelection.ByIndex(imagePath, images, index) }));
        }

        foreach (string name in names)
        {
            ForItem(imagePath, () => batch.Add(ImageSelection.ByName(imagePath, images, name)));
        }

        return batch;
    }

    /// <summary>Emits images of a file that was just written, or all of them.</summary>
    private protected void WriteImages(string imagePath, IReadOnlyList<uint>? indexes = null) =>
        WriteObject(
            Engine.GetImages(imagePath).Where(image => indexes is null || indexes.Contains(image.ImageIndex)),
            enumerateCollection: true);
}
