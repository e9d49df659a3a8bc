using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>The sessions that this process works with, so that the cmdlets of a pipeline share one handle.</summary>
internal static class SessionPool
{
    private static readonly object Gate = new();

    private static readonly Dictionary<string, Session> Sessions = new(
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>The session with this full path. Whether it exists shows when it is used.</summary>
    internal static Session Get(string path)
    {
        lock (Gate)
        {
            if (!Sessions.TryGetValue(path, out Session? session))
            {
                session = new Session(path, handle: null);
                Sessions.Add(path, session);
            }

            return session;
        }
    }

    /// <summary>Makes a session for one image of a file.</summary>
    /// <param name="imagePath">The full path of the image file.</param>
    /// <param name="index">The image's number, or 0 to choose by <paramref name="name"/>.</param>
    /// <param name="name">The image's name, when the index is 0.</param>
    /// <param name="path">The session's path, or null to let the engine choose one.</param>
    /// <param name="flags">How to mount.</param>
    /// <param name="operation">Who watches.</param>
    internal static MountedImage Mount(
        string imagePath, uint index, string? name, string? path, MountFlags flags, Operation operation)
    {
        NativeLoader.EnsureLoaded();
        SessionHandle? handle = null;
        operation.Run(progress =>
        {
            int status = NativeMethods.imgsvc_session_mount(
                imagePath, index, name, path, flags, progress, IntPtr.Zero, out handle, out ErrorHandle error);
            return (status, error);
        });

        try
        {
            var mounted = new MountedImage(Session.Info(handle!));
            lock (Gate)
            {
                Sessions[mounted.Path] = new Session(mounted.Path, handle);
                handle = null;
            }

            return mounted;
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Drops a session that has ended.</summary>
    internal static void Forget(Session session)
    {
        lock (Gate)
        {
            if (Sessions.TryGetValue(session.Path, out Session? known) && ReferenceEquals(known, session))
            {
                Sessions.Remove(session.Path);
            }
        }
    }
}
