using System;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

internal static partial class NativeMethods
{
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern IntPtr imgsvc_document_data(DocumentHandle document);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern UIntPtr imgsvc_document_length(DocumentHandle document);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    internal static extern void imgsvc_document_free(IntPtr document);
}
