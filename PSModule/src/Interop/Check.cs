using System;
using System.Runtime.InteropServices;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>The one place where a status of the engine becomes an exception.</summary>
internal static class Check
{
    /// <summary>Returns when <paramref name="status"/> is OK; otherwise throws what <paramref name="error"/> says.</summary>
    /// <exception cref="OperationCanceledException">The status is CANCELLED.</exception>
    /// <exception cref="ImageServicingException">Any other failure.</exception>
    internal static void Ok(int status, ErrorHandle error)
    {
        using (error)
        {
            switch ((ImageServicingStatus)status)
            {
                case ImageServicingStatus.Ok:
                    return;
                case ImageServicingStatus.Cancelled:
                    throw new OperationCanceledException();
                default:
                    throw Failure(status, error);
            }
        }
    }

    private static ImageServicingException Failure(int status, ErrorHandle error)
    {
        var known = (ImageServicingStatus)status;
        if (error.IsInvalid)
        {
            return new ImageServicingException(
                known, known.ToString(), $"the engine failed with status {status} and gave no reason", null, null, unchecked((int)0x80004005));
        }

        return new ImageServicingException(
            known,
            Text(NativeMethods.imgsvc_error_id(error)) ?? known.ToString(),
            Text(NativeMethods.imgsvc_error_message(error)) ?? $"the engine failed with status {status}",
            Text(NativeMethods.imgsvc_error_subject(error)),
            Text(NativeMethods.imgsvc_error_remedy(error)),
            NativeMethods.imgsvc_error_hresult(error));
    }

    /// <summary>Copies a borrowed UTF-16 string; null for NULL.</summary>
    private static string? Text(IntPtr borrowed) => borrowed == IntPtr.Zero ? null : Marshal.PtrToStringUni(borrowed);
}
