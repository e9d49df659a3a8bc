using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_list(out DocumentHandle document, out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_mount(
        [MarshalAs(UnmanagedType.LPWStr)] string image_path,
        uint index,
        [MarshalAs(UnmanagedType.LPWStr)] string? name,
        [MarshalAs(UnmanagedType.LPWStr)] string? session_path,
        MountFlags flags,
        NativeProgressCallback? progress,
        IntPtr context,
        out SessionHandle session,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_open(
        [MarshalAs(UnmanagedType.LPWStr)] string path_or_id,
        out SessionHandle session,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_get_info(
        SessionHandle session,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_save(
        SessionHandle session,
        SaveFlags flags,
        uint level,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_append(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_compare(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPWStr)] string? options,
        NativeBatchCallback batch,
        IntPtr context,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_session_discard(SessionHandle session, out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern void imgsvc_session_free(IntPtr session);
}

/// <summary>Flags of <c>imgsvc_session_mount</c>.</summary>
[Flags]
internal enum MountFlags : uint
{
    None = 0,
    ReadOnly = 1,
    CheckIntegrity = 2,
}

/// <summary>Flags of <c>imgsvc_session_save</c>.</summary>
[Flags]
internal enum SaveFlags : uint
{
    None = 0,
    Compact = 1,
    AddIntegrity = 2,
}
