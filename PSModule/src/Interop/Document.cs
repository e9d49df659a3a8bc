using System;
using System.Runtime.InteropServices;
using System.Text;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>Turns the engine's documents into <see cref="JsonObject"/> and frees them.</summary>
internal static class Document
{
    /// <summary>Reads <paramref name="document"/> and disposes it.</summary>
    internal static JsonObject Take(DocumentHandle document)
    {
        using (document)
        {
            IntPtr data = NativeMethods.imgsvc_document_data(document);
            UIntPtr length = NativeMethods.imgsvc_document_length(document);
            return JsonReader.ReadObject(Text(data, length));
        }
    }

    /// <summary>Decodes UTF-8 bytes that the engine owns.</summary>
    internal static string Text(IntPtr data, UIntPtr length)
    {
        int count = checked((int)length.ToUInt64());
        if (count == 0)
        {
            return string.Empty;
        }

        byte[] bytes = new byte[count];
        Marshal.Copy(data, bytes, 0, count);
        return Encoding.UTF8.GetString(bytes);
    }
}
