using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_find(
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        DriverFlags flags,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_add(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] paths,
        UIntPtr count,
        DriverFlags flags,
        [MarshalAs(UnmanagedType.LPWStr)] string? trustedRoots,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_list(
        SessionHandle session,
        DriverListFlags flags,
        out DocumentHandle document,
        out ErrorHandle error);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_driver_remove(
        SessionHandle session,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPWStr)] string[] names,
        UIntPtr count,
        DriverFlags flags,
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
        DriverFlags flags,
        NativeProgressCallback? progress,
        IntPtr context,
        out DocumentHandle document,
        out ErrorHandle error);
}

/// <summary>Flags of <c>imgsvc_driver_find</c>, <c>_add</c>, <c>_remove</c> and <c>_export</c>.</summary>
[Flags]
internal enum DriverFlags : uint
{
    None = 0,
    Recurse = 1,
    ForceUnsigned = 2,
    Force = 4,
    Overwrite = 8,
    RequireWhql = 16,
}

/// <summary>Flags of <c>imgsvc_driver_list</c>.</summary>
[Flags]
internal enum DriverListFlags : uint
{
    None = 0,
    All = 1,
}
