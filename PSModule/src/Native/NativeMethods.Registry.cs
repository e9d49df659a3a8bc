using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

/// <content>
/// The registry. A place is a session or a hive file of the host: one of <c>session</c> (an invalid handle is NULL) and
/// <c>hive_path</c>. Options are one JSON text each; null stands for the defaults.
/// </content>
internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_list_keys(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? key,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeBatchCallback batch,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_list_values(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeBatchCallback batch,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_create_key(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_delete_key(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_set_value(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string value_name,
        [MarshalAs(UnmanagedType.LPWStr)] string value,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_delete_value(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string value_name,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_import(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string reg_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_export(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string key,
        [MarshalAs(UnmanagedType.LPWStr)] string reg_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_compare(
        [MarshalAs(UnmanagedType.LPWStr)] string before,
        [MarshalAs(UnmanagedType.LPWStr)] string after,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        NativeBatchCallback batch,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_compare_session(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        NativeBatchCallback batch,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_check(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? key,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_registry_repair(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? hive_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? key,
        [MarshalAs(UnmanagedType.LPWStr)] string? target_path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);
}
