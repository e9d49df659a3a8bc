using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

/// <content>What is done with whole image files. Options are one JSON text each; null stands for the defaults.</content>
internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_capture(
        [MarshalAs(UnmanagedType.LPWStr)] string source,
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_append(
        [MarshalAs(UnmanagedType.LPWStr)] string source,
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_apply(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        uint index,
        [MarshalAs(UnmanagedType.LPWStr)] string target,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_export(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_split(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        ulong part_size,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_join(
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] parts,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_remove(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_optimize(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_describe(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        uint index,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_list(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        uint index,
        [MarshalAs(UnmanagedType.LPWStr)] string pattern,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeBatchCallback batch,
        IntPtr context,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_compare(
        [MarshalAs(UnmanagedType.LPWStr)] string reference_path,
        uint reference_index,
        [MarshalAs(UnmanagedType.LPWStr)] string difference_path,
        uint difference_index,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeBatchCallback batch,
        IntPtr context,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_test(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_repair(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_image_copy(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string destination,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);
}
