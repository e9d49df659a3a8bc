using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

/// <content>Settings of answer files. Options are one JSON text each; null stands for the defaults.</content>
internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_list_settings(
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        [MarshalAs(UnmanagedType.LPWStr)] string? setting,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_set_setting(
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        [MarshalAs(UnmanagedType.LPWStr)] string setting,
        [MarshalAs(UnmanagedType.LPWStr)] string value,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_remove_settings(
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        [MarshalAs(UnmanagedType.LPWStr)] string setting,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_convert_password(
        [MarshalAs(UnmanagedType.LPWStr)] string password,
        [MarshalAs(UnmanagedType.LPWStr)] string element,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_known_values(
        [MarshalAs(UnmanagedType.LPWStr)] string setting,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_compare(
        [MarshalAs(UnmanagedType.LPWStr)] string before,
        [MarshalAs(UnmanagedType.LPWStr)] string after,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_merge(
        [MarshalAs(UnmanagedType.LPWStr)] string base_path,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] others,
        UIntPtr count,
        [MarshalAs(UnmanagedType.LPWStr)] string target,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_to_json(
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_unattend_from_json(
        [MarshalAs(UnmanagedType.LPWStr)] string json,
        [MarshalAs(UnmanagedType.LPWStr)] string? target,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        out DocumentHandle document,
        out ErrorHandle error);
}
