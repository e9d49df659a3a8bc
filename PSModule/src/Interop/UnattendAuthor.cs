using System;
using System.Collections.Generic;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>Makes answer files from what they are to do.</summary>
internal static class UnattendAuthor
{
    /// <summary>Writes the file; gives what it will do that may surprise.</summary>
    internal static IReadOnlyList<string> Create(string file, JsonWriter options, Operation operation)
    {
        NativeLoader.EnsureLoaded();
        DocumentHandle? taken = null;
        operation.Run(progress =>
        {
            int status = NativeMethods.imgsvc_unattend_create(
                file, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            taken = document;
            return (status, error);
        });
        return Document.Take(taken!).Texts("warnings");
    }
}
