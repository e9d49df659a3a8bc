using System;
using System.Collections.Generic;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>The engine's operations that need no session.</summary>
internal static class Engine
{
    /// <summary>The images of a file, in the order of their indexes.</summary>
    internal static IReadOnlyList<ImageInfo> GetImages(string imagePath)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(NativeMethods.imgsvc_file_get_info(imagePath, out DocumentHandle document, out ErrorHandle error), error);
        JsonObject file = Document.Take(document);
        var images = new List<ImageInfo>();
        foreach (JsonObject image in file.Objects("images"))
        {
            images.Add(new ImageInfo(imagePath, file, image));
        }

        return images;
    }

    /// <summary>All sessions on this machine.</summary>
    internal static IReadOnlyList<MountedImage> GetSessions()
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(NativeMethods.imgsvc_session_list(out DocumentHandle document, out ErrorHandle error), error);
        var sessions = new List<MountedImage>();
        foreach (JsonObject session in Document.Take(document).Objects("sessions"))
        {
            sessions.Add(new MountedImage(session));
        }

        return sessions;
    }

    /// <summary>Finds the INF files in files and folders of this machine.</summary>
    internal static DriverSearch FindDrivers(string[] paths, bool recurse)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_driver_find(
                paths,
                (UIntPtr)(uint)paths.Length,
                new JsonWriter().Add("recurse", recurse).ToString(),
                out DocumentHandle document,
                out ErrorHandle error),
            error);
        JsonObject found = Document.Take(document);
        var packages = new List<string>();
        foreach (JsonObject package in found.Objects("packages"))
        {
            packages.Add(package.Name("path"));
        }

        return new DriverSearch(packages, found.Texts("missing"));
    }
}
