using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeLoader
{
    private static bool TryLoad(string path, out string reason)
    {
        try
        {
            IntPtr library = NativeLibrary.Load(path);

            // May be set once per assembly only; a second load never comes here because LoadedPath is set.
            NativeLibrary.SetDllImportResolver(
                typeof(NativeLoader).Assembly,
                (name, _, _) => name == NativeMethods.Library ? library : IntPtr.Zero);
            reason = string.Empty;
            return true;
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            reason = failure.Message;
            return false;
        }
    }
}
