using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>What a search or a comparison found, and what of this machine it could not look at.</summary>
internal sealed record DriverAnswer<T>(
    IReadOnlyList<T> Found, IReadOnlyList<(string Path, ImageServicingException Error)> Unread, IReadOnlyList<string> Missing);

/// <summary>Questions about driver packages that need no session, or two.</summary>
internal static class DriverQueries
{
    /// <summary>The packages that match a device: among INF files if there are paths, else in the image.</summary>
    internal static DriverAnswer<DriverMatch> Match(string? session, string[] paths, JsonWriter options, Operation operation) =>
        With(session, operation, open => Run(
            operation,
            "matches",
            match => new DriverMatch(paths.Length > 0 ? null : session, match),
            progress =>
            {
                int status = NativeMethods.imgsvc_driver_match(
                    open, paths, (UIntPtr)(uint)paths.Length, options.ToString(), progress, IntPtr.Zero,
                    out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            }));

    /// <summary>How the packages of two sides differ; an absent session stands for what the options name.</summary>
    internal static DriverAnswer<DriverDifference> Compare(string? reference, string? difference, JsonWriter options, Operation operation) =>
        With(reference, operation, first => Second(reference, difference, first, operation, second => Run(
            operation,
            "differences",
            row => new DriverDifference(row),
            progress =>
            {
                int status = NativeMethods.imgsvc_driver_compare(
                    first, second, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            })));

    private static T With<T>(string? session, Operation operation, Func<SessionHandle, T> work)
    {
        NativeLoader.EnsureLoaded();
        return session is null ? work(SessionHandle.None) : SessionPool.Get(session).Use(operation.Token, work);
    }

    /// <summary>One session may be both sides: it is opened once.</summary>
    private static T Second<T>(string? first, string? second, SessionHandle open, Operation operation, Func<SessionHandle, T> work) =>
        second is not null && second == first ? work(open) : With(second, operation, work);

    private static DriverAnswer<T> Run<T>(
        Operation operation,
        string list,
        Func<JsonObject, T> read,
        Func<NativeProgressCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call)
    {
        DocumentHandle? taken = null;
        operation.Run(progress =>
        {
            (int status, taken, ErrorHandle error) = call(progress);
            return (status, error);
        });
        JsonObject answer = Document.Take(taken!);
        return new DriverAnswer<T>(
            answer.Objects(list).Select(read).ToArray(),
            answer.Objects("unread").Select(unread => (unread.Name("path"), DriverError.Of(unread)!)).ToArray(),
            answer.Texts("missing"));
    }
}
