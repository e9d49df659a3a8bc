using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>What the engine does with whole image files. Paths are full paths; options have the names of docs/abi.md.</summary>
internal static class ImageFiles
{
    /// <summary>Captures a directory or volume as the first image of a new file.</summary>
    internal static CaptureReport Capture(string source, string imagePath, JsonWriter options, Operation operation) =>
        new(Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_capture(
                source, imagePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Captures a directory or volume as a further image of a file.</summary>
    internal static CaptureReport Append(string source, string imagePath, JsonWriter options, Operation operation) =>
        new(Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_append(
                source, imagePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Writes an image's tree to a directory or volume.</summary>
    internal static ExpandReport Apply(string imagePath, uint index, string target, JsonWriter options, Operation operation) =>
        new(Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_apply(
                imagePath, index, target, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Copies images to another file; gives their indexes there.</summary>
    internal static IReadOnlyList<uint> Export(string imagePath, string destination, JsonWriter options, Operation operation) =>
        Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_export(
                imagePath, destination, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Objects("images").Select(image => image.Number32("index")).ToArray();

    /// <summary>Splits a file into parts of at most so many bytes.</summary>
    internal static IReadOnlyList<ImagePart> Split(
        string imagePath, string destination, ulong partSize, JsonWriter options, Operation operation) =>
        Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_split(
                imagePath, destination, partSize, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Objects("parts").Select(part => new ImagePart(part)).ToArray();

    /// <summary>Makes one file of the parts of a set.</summary>
    internal static void Join(string[] parts, string destination, JsonWriter options, Operation operation) =>
        Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_join(
                parts, (UIntPtr)(uint)parts.Length, destination, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    /// <summary>Takes images out of a file.</summary>
    internal static ImageRemoval Remove(string imagePath, JsonWriter options, Operation operation) =>
        new(Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_remove(
                imagePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Writes a file anew without dead space, or says what that would give.</summary>
    internal static OptimizeReport Optimize(string imagePath, JsonWriter options, Operation operation) =>
        new(Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_optimize(
                imagePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Changes what a file says about an image.</summary>
    internal static void Describe(string imagePath, uint index, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        int status = NativeMethods.imgsvc_image_describe(
            imagePath, index, options.ToString(), out DocumentHandle document, out ErrorHandle error);
        Check.Ok(status, error);
        document.Dispose();
    }

    /// <summary>Lists what is in an image; each item is handed over as it is found.</summary>
    internal static void List(
        string imagePath, uint index, string pattern, JsonWriter options, Action<ImageItem> each, CancellationToken token)
    {
        NativeLoader.EnsureLoaded();
        Operation.Until(token).Run(item => each(new ImageItem(imagePath, index, item)), batch =>
        {
            int status = NativeMethods.imgsvc_image_list(
                imagePath, index, pattern, options.ToString(), batch, IntPtr.Zero, out ErrorHandle error);
            return (status, error);
        });
    }

    /// <summary>Compares two images; each difference is handed over as it is found.</summary>
    internal static void Compare(
        string referencePath,
        uint referenceIndex,
        string differencePath,
        uint differenceIndex,
        JsonWriter options,
        Action<ImageDifference> each,
        CancellationToken token)
    {
        NativeLoader.EnsureLoaded();
        Operation.Until(token).Run(difference => each(new ImageDifference(null, difference)), batch =>
        {
            int status = NativeMethods.imgsvc_image_compare(
                referencePath, referenceIndex, differencePath, differenceIndex,
                options.ToString(), batch, IntPtr.Zero, out ErrorHandle error);
            return (status, error);
        });
    }

    /// <summary>Verifies a file; nothing is found when all is well.</summary>
    internal static IReadOnlyList<ImageFinding> Test(string imagePath, JsonWriter options, Operation operation) =>
        Findings(imagePath, Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_test(
                imagePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Writes what is whole in a damaged file into a new one; what is lost stands behind the findings.</summary>
    internal static IReadOnlyList<ImageFinding> Repair(
        string imagePath, string destination, JsonWriter options, Operation operation) =>
        Findings(imagePath, Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_repair(
                imagePath, destination, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Copies a file, or all parts of a set, and compares the copy.</summary>
    internal static void Copy(string imagePath, string destination, JsonWriter options, Operation operation) =>
        Run(operation, progress =>
        {
            int status = NativeMethods.imgsvc_image_copy(
                imagePath, destination, options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    private static ImageFinding[] Findings(string imagePath, JsonObject report) =>
        report.Objects("findings").Select(finding => new ImageFinding(imagePath, finding))
            .Concat(report.Objects("lost").Select(lost => ImageFinding.Lost(imagePath, lost)))
            .ToArray();

    /// <summary>Runs one long call and reads its document.</summary>
    private static JsonObject Run(
        Operation operation, Func<NativeProgressCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call)
    {
        NativeLoader.EnsureLoaded();
        DocumentHandle? answer = null;
        operation.Run(progress =>
        {
            (int status, DocumentHandle document, ErrorHandle error) = call(progress);
            answer = document;
            return (status, error);
        });
        return Document.Take(answer!);
    }
}
