using System;
using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]

namespace ImageServicing.Native;

/// <summary>The C ABI of the engine as <c>include/imgsvc.h</c> declares it. One partial file per C noun.</summary>
/// <remarks>
/// Every name and type is the header's own. Text goes in as NUL-terminated UTF-16 on every platform.
/// Only <c>Interop</c> may call these, after <see cref="NativeLoader.EnsureLoaded"/>.
/// </remarks>
internal static partial class NativeMethods
{
    /// <summary>The name that <see cref="NativeLoader"/> resolves: no prefix and no extension.</summary>
    internal const string Library = "imgsvc";

    /// <summary>The version of the ABI that these declarations were written for.</summary>
    internal const uint AbiVersion = 1;

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern uint imgsvc_abi_version();
}

/// <summary>How far a long operation is: <c>imgsvc_progress</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeProgress
{
    internal uint Phase;
    internal ulong Done;
    internal ulong Total;
}

/// <summary><c>imgsvc_progress_fn</c>: 0 goes on, anything else cancels. Must not let an exception out.</summary>
[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NativeProgressCallback(IntPtr context, ref NativeProgress now);

/// <summary><c>imgsvc_batch_fn</c>: one JSON array of items; anything but 0 cancels.</summary>
[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NativeBatchCallback(IntPtr context, IntPtr json, UIntPtr length);
