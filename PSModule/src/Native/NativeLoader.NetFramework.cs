using System;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeLoader
{
    /// <summary>Dependencies are looked for beside the library, not beside powershell.exe.</summary>
    private const uint LoadWithAlteredSearchPath = 0x00000008;

    private static bool TryLoad(string path, out string reason)
    {
        // .NET Framework has no resolver, but a later DllImport binds to a module already loaded under its name.
        if (LoadLibraryEx(path, IntPtr.Zero, LoadWithAlteredSearchPath) != IntPtr.Zero)
        {
            reason = string.Empty;
            return true;
        }

        reason = new Win32Exception(Marshal.GetLastWin32Error()).Message;
        return false;
    }

    private static void ShareEnvironment()
    {
        // On Windows .NET changes the process's own environment, which is the engine's, too.
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "LoadLibraryExW", ExactSpelling = true)]
    private static extern IntPtr LoadLibraryEx(string path, IntPtr reserved, uint flags);
}
