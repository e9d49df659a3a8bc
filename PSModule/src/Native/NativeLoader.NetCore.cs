using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace ImageServicing.Native;

internal static partial class NativeLoader
{
    private static string? sharedState;

    /// <summary>Hands <c>$env:IMGSVC_STATE_DIR</c> to the engine.</summary>
    /// <remarks>On Unix .NET keeps a copy of the environment: what a script sets in it never reaches native code.</remarks>
    private static void ShareEnvironment()
    {
        string? state = Environment.GetEnvironmentVariable(StateVariable);
        if (OperatingSystem.IsWindows() || state == Volatile.Read(ref sharedState))
        {
            return;
        }

        lock (Gate)
        {
            _ = state is null ? unsetenv(StateVariable) : setenv(StateVariable, state, overwrite: 1);
            Volatile.Write(ref sharedState, state);
        }
    }

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

    // The strings are marshalled as UTF-8, which the rule does not accept.
#pragma warning disable CA2101
    [DllImport("libc", ExactSpelling = true)]
    private static extern int setenv(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    [DllImport("libc", ExactSpelling = true)]
    private static extern int unsetenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name);
#pragma warning restore CA2101
}
