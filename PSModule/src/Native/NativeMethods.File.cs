using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern int imgsvc_file_get_info(
        [MarshalAs(UnmanagedType.LPWStr)] string path,
        out DocumentHandle document,
        out ErrorHandle error);
}
