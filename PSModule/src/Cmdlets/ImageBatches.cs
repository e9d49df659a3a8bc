using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace ImageServicing.Cmdlets;

/// <summary>Images that came along the pipeline, by file: one call for each file does the work for all of its images.</summary>
internal sealed class ImageBatches
{
    private readonly List<Batch> batches = new();

    /// <summary>The files, in the order in which they came.</summary>
    internal IReadOnlyList<Batch> Files => batches;

    /// <summary>The file's images that came so far.</summary>
    internal Batch For(string imagePath)
    {
        StringComparison comparison = RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
            ? StringComparison.OrdinalIgnoreCase
            : StringComparison.Ordinal;
        Batch? batch = batches.Find(known => string.Equals(known.ImagePath, imagePath, comparison));
        if (batch is null)
        {
            batch = new Batch(imagePath);
            batches.Add(batch);
        }

        return batch;
    }

    /// <summary>One file and the images of it that are meant.</summary>
    internal sealed class Batch
    {
        private readonly List<uint> indexes = new();

        internal Batch(string imagePath)
        {
            ImagePath = imagePath;
        }

        internal string ImagePath { get; }

        /// <summary>Whether the whole file is meant.</summary>
        internal bool All { get; set; }

        /// <summary>The images' numbers in the order in which they came; none for all.</summary>
        internal IReadOnlyList<uint> Indexes => All ? Array.Empty<uint>() : indexes;

        /// <summary>The images as people read them.</summary>
        internal string Description =>
            All ? "all images" : indexes.Count == 1 ? $"image {indexes[0]}" : "images " + string.Join(", ", indexes);

        internal void Add(IEnumerable<ImageInfo> images) => Add(images.Select(image => image.ImageIndex));

        internal void Add(IEnumerable<uint> images) => indexes.AddRange(images.Where(index => !indexes.Contains(index)));
    }
}
