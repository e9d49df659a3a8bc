using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_find(
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_add(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_test(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_list(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_match(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_compare(
        SessionHandle reference,
        SessionHandle difference,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_remove(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] names,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_export(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] names,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);
}
