using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_item_list(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        ItemFlags flags,
        NativeBatchCallback batch,
        IntPtr context,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_item_get(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_item_import(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string host_path,
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        ItemFlags flags,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_item_export(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        [MarshalAs(UnmanagedType.LPWStr)] string host_path,
        ItemFlags flags,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_item_remove(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        ItemFlags flags,
        out DocumentHandle document,
        out ErrorHandle error);
}

/// <summary>Flags of the <c>imgsvc_item_*</c> functions.</summary>
[Flags]
internal enum ItemFlags : uint
{
    None = 0,
    Recurse = 1,
    Overwrite = 2,
}
