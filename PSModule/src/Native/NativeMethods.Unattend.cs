using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

/// <content>Answer files.</content>
internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_test(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string file_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_create(
        [MarshalAs(UnmanagedType.LPWStr)] string file_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);
}
