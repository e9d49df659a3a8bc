using System;
using System.Globalization;
using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Security;

namespace ImageServicing.Cmdlets;

/// <summary>Values as answer files have them.</summary>
internal static class UnattendValues
{
    /// <summary>Truth values in lower case, secure strings in clear, everything else as text that no culture changes.</summary>
    internal static string Text(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => string.Empty,
        string text => text,
        bool flag => flag ? "true" : "false",
        SwitchParameter flag => flag ? "true" : "false",
        SecureString secret => Text(secret),
        object other => (string)LanguagePrimitives.ConvertTo(other, typeof(string), CultureInfo.InvariantCulture),
    };

    private static string Text(SecureString secret)
    {
        IntPtr clear = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            return Marshal.PtrToStringUni(clear, secret.Length);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(clear);
        }
    }
}
