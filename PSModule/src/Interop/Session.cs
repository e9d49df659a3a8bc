using System;
using System.Collections.Generic;
using System.Threading;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>A session of the engine, and the native handle to it while it is in use.</summary>
/// <remarks>
/// Opening a handle reads the image's tree again (about 0.1 s), so a pipeline should open it once. But an open handle
/// keeps the tree in memory and a lock on the image file that other programs respect. Hence the handle is kept, and
/// closed when it was idle for <see cref="Linger"/>. It serves one thread at a time: every use takes the session's lock.
/// </remarks>
// The timer lives as long as the process may use the session; there is no moment to dispose it.
#pragma warning disable CA1001
internal sealed class Session
#pragma warning restore CA1001
{
    /// <summary>Longer than the pause between two cmdlets of a script, shorter than a change of windows.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>How often a wait for the lock looks at the cancellation token; Ctrl-C must work within 200 ms.</summary>
    private static readonly TimeSpan WaitStep = TimeSpan.FromMilliseconds(50);

    private readonly object gate = new();
    private readonly Timer idle;
    private SessionHandle? handle;

    internal Session(string path, SessionHandle? handle)
    {
        Path = path;
        this.handle = handle;
        idle = new Timer(_ => CloseWhenIdle(), null, Linger, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The session's path as the engine knows it.</summary>
    internal string Path { get; }

    internal MountedImage GetInfo(CancellationToken token) => Use(token, open => new MountedImage(Info(open)));

    internal SaveReport Save(SaveFlags flags, Operation operation) => Use(operation.Token, open =>
    {
        DocumentHandle? document = null;
        operation.Run(progress =>
        {
            int status = NativeMethods.imgsvc_session_save(open, flags, 0, progress, IntPtr.Zero, out document, out ErrorHandle error);
            return (status, error);
        });
        return new SaveReport(Path, Document.Take(document!));
    });

    /// <summary>Writes the session's state into the image file as a further image; the session goes on as it is.</summary>
    internal AppendReport Append(string name, string? description, bool addIntegrity, Operation operation) => Use(operation.Token, open =>
    {
        JsonWriter options = new JsonWriter()
            .Add("name", name)
            .Add("description", description)
            .Add("integrityTable", addIntegrity);
        DocumentHandle? document = null;
        operation.Run(progress =>
        {
            int status = NativeMethods.imgsvc_session_append(
                open, options.ToString(), progress, IntPtr.Zero, out document, out ErrorHandle error);
            return (status, error);
        });
        return new AppendReport(Path, Document.Take(document!));
    });

    /// <summary>How the session's state differs from the image it was mounted from.</summary>
    /// <remarks>All differences are read before the first is handed out, so that the caller may use the session meanwhile.</remarks>
    internal IReadOnlyList<ImageDifference> Compare(JsonWriter options, CancellationToken token) => Use(token, open =>
    {
        var differences = new List<ImageDifference>();
        Operation.Until(token).Run(difference => differences.Add(new ImageDifference(Path, difference)), batch =>
        {
            int status = NativeMethods.imgsvc_session_compare(open, options.ToString(), batch, IntPtr.Zero, out ErrorHandle error);
            return (status, error);
        });
        return differences;
    });

    /// <summary>Ends the session and drops what it staged.</summary>
    internal void Discard(CancellationToken token) => Use(token, open =>
    {
        Check.Ok(NativeMethods.imgsvc_session_discard(open, out ErrorHandle error), error);
        Close();
        SessionPool.Forget(this);
        return true;
    });

    /// <summary>The children of a directory, or the file itself.</summary>
    /// <remarks>All of them are read before the first is handed out, so that the caller may use the session meanwhile.</remarks>
    internal IReadOnlyList<ImageItem> GetItems(string itemPath, CancellationToken token) => Use(token, open =>
    {
        var items = new List<ImageItem>();
        Operation.Until(token).Run(item => items.Add(new ImageItem(Path, item)), batch =>
        {
            int status = NativeMethods.imgsvc_item_list(open, itemPath, ItemFlags.None, batch, IntPtr.Zero, out ErrorHandle error);
            return (status, error);
        });
        return items;
    });

    internal ImageItem GetItem(string itemPath, CancellationToken token) => Use(token, open =>
    {
        Check.Ok(NativeMethods.imgsvc_item_get(open, itemPath, out DocumentHandle document, out ErrorHandle error), error);
        return new ImageItem(Path, Document.Take(document));
    });

    /// <summary>The item, or null when the image has none with this path.</summary>
    internal ImageItem? FindItem(string itemPath, CancellationToken token)
    {
        try
        {
            return GetItem(itemPath, token);
        }
        catch (ImageServicingException missing) when (missing.Status == ImageServicingStatus.ItemNotFound)
        {
            return null;
        }
    }

    internal ImageItemReport Import(string hostPath, string itemPath, ItemFlags flags, Operation operation) =>
        Use(operation.Token, open =>
        {
            DocumentHandle? document = null;
            operation.Run(progress =>
            {
                int status = NativeMethods.imgsvc_item_import(
                    open, hostPath, itemPath, flags, progress, IntPtr.Zero, out document, out ErrorHandle error);
                return (status, error);
            });
            return new ImageItemReport(Path, ImageItemAction.Added, Document.Take(document!));
        });

    internal ImageItemReport Export(string itemPath, string hostPath, ItemFlags flags, Operation operation) =>
        Use(operation.Token, open =>
        {
            DocumentHandle? document = null;
            operation.Run(progress =>
            {
                int status = NativeMethods.imgsvc_item_export(
                    open, itemPath, hostPath, flags, progress, IntPtr.Zero, out document, out ErrorHandle error);
                return (status, error);
            });
            return new ImageItemReport(Path, ImageItemAction.Exported, Document.Take(document!));
        });

    internal ImageItemReport Remove(string itemPath, ItemFlags flags, CancellationToken token) => Use(token, open =>
    {
        Check.Ok(NativeMethods.imgsvc_item_remove(open, itemPath, flags, out DocumentHandle document, out ErrorHandle error), error);
        return new ImageItemReport(Path, ImageItemAction.Removed, Document.Take(document));
    });

    /// <summary>Adds driver packages in one transaction; a refused one is in the reports, not an exception.</summary>
    internal IReadOnlyList<DriverReport> AddDrivers(
        string[] infPaths, JsonWriter options, Operation operation) =>
        DriverReports(
            operation,
            driver => new DriverReport(Path, driver),
            (open, progress) => (NativeMethods.imgsvc_driver_add(
                open, infPaths, (UIntPtr)(uint)infPaths.Length, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document,
                out ErrorHandle error), document, error));

    /// <summary>Runs a native call that reports on driver packages.</summary>
    private IReadOnlyList<T> DriverReports<T>(
        Operation operation,
        Func<JsonObject, T> read,
        Func<SessionHandle, NativeProgressCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call) =>
        Use(operation.Token, open =>
        {
            DocumentHandle? document = null;
            operation.Run(progress =>
            {
                (int status, document, ErrorHandle error) = call(open, progress);
                return (status, error);
            });
            var reports = new List<T>();
            foreach (JsonObject driver in Document.Take(document!).Objects("drivers"))
            {
                reports.Add(read(driver));
            }

            return reports;
        });

    /// <summary>Removes driver packages in one transaction; a refused one is in the reports, not an exception.</summary>
    internal IReadOnlyList<DriverRemoval> RemoveDrivers(string[] names, JsonWriter options, Operation operation) =>
        DriverReports(
            operation,
            driver => new DriverRemoval(Path, driver),
            (open, progress) => (NativeMethods.imgsvc_driver_remove(
                open, names, (UIntPtr)(uint)names.Length, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error), document, error));

    /// <summary>Writes driver packages to folders of <paramref name="destination"/>.</summary>
    internal IReadOnlyList<DriverExport> ExportDrivers(string[] names, string destination, JsonWriter options, Operation operation) =>
        DriverReports(
            operation,
            driver => new DriverExport(Path, driver),
            (open, progress) => (NativeMethods.imgsvc_driver_export(
                open, names, (UIntPtr)(uint)names.Length, destination, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error), document, error));

    internal IReadOnlyList<DriverInfo> GetDrivers(bool all, CancellationToken token) =>
        GetDrivers(new JsonWriter().Add("all", all), Operation.Until(token)).Drivers;

    /// <summary>The packages that the options choose, and the names among them that mean none.</summary>
    internal (IReadOnlyList<DriverInfo> Drivers, IReadOnlyList<string> Missing) GetDrivers(JsonWriter options, Operation operation) =>
        Use(operation.Token, open =>
        {
            DocumentHandle? document = null;
            operation.Run(progress =>
            {
                int status = NativeMethods.imgsvc_driver_list(
                    open, options.ToString(), progress, IntPtr.Zero, out document, out ErrorHandle error);
                return (status, error);
            });
            JsonObject found = Document.Take(document!);
            var drivers = new List<DriverInfo>();
            foreach (JsonObject driver in found.Objects("drivers"))
            {
                drivers.Add(new DriverInfo(Path, driver));
            }

            return ((IReadOnlyList<DriverInfo>)drivers, found.Texts("missing"));
        });

    /// <summary>The description of an open session.</summary>
    internal static JsonObject Info(SessionHandle open)
    {
        Check.Ok(NativeMethods.imgsvc_session_get_info(open, out DocumentHandle document, out ErrorHandle error), error);
        return Document.Take(document);
    }

    /// <summary>Does work with the open session, which nobody else uses meanwhile.</summary>
    // The work is the long argument, and stands last to be readable at the call.
#pragma warning disable CA1068
    internal T Use<T>(CancellationToken token, Func<SessionHandle, T> work)
#pragma warning restore CA1068
    {
        while (!Monitor.TryEnter(gate, WaitStep))
        {
            token.ThrowIfCancellationRequested();
        }

        try
        {
            token.ThrowIfCancellationRequested();
            return work(Open());
        }
        catch (ImageServicingException failure) when (
            failure.Status is ImageServicingStatus.SessionNotFound or ImageServicingStatus.Panic or ImageServicingStatus.StateDamaged)
        {
            // The session is gone, or the handle only accepts being freed: the next use opens it anew.
            Close();
            throw;
        }
        finally
        {
            if (handle is not null)
            {
                idle.Change(Linger, Timeout.InfiniteTimeSpan);
            }

            Monitor.Exit(gate);
        }
    }

    private SessionHandle Open()
    {
        if (handle is null)
        {
            NativeLoader.EnsureLoaded();
            Check.Ok(NativeMethods.imgsvc_session_open(Path, out SessionHandle opened, out ErrorHandle error), error);
            handle = opened;
        }

        return handle;
    }

    private void Close()
    {
        handle?.Dispose();
        handle = null;
    }

    private void CloseWhenIdle()
    {
        // Whoever holds the lock starts the timer again when it is done.
        if (Monitor.TryEnter(gate))
        {
            try
            {
                Close();
            }
            finally
            {
                Monitor.Exit(gate);
            }
        }
    }
}
