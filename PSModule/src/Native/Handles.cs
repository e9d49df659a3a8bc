using Microsoft.Win32.SafeHandles;

namespace ImageServicing.Native;

/// <summary>An owned <c>imgsvc_error</c>. Invalid when the call succeeded.</summary>
internal sealed class ErrorHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ErrorHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.imgsvc_error_free(handle);
        return true;
    }
}

/// <summary>An owned <c>imgsvc_document</c>: the UTF-8 JSON that a call answered with.</summary>
internal sealed class DocumentHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public DocumentHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.imgsvc_document_free(handle);
        return true;
    }
}

/// <summary>An open <c>imgsvc_session</c>. Closing the handle leaves the session as it is.</summary>
internal sealed class SessionHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>No session: NULL.</summary>
    internal static readonly SessionHandle None = new();

    public SessionHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.imgsvc_session_free(handle);
        return true;
    }
}
