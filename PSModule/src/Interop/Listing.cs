using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>Reads what the engine hands over in batches.</summary>
internal static class Listing
{
    /// <summary>Runs one native call and gives every object of its batches to <paramref name="each"/>, as they arrive.</summary>
    /// <remarks>
    /// <paramref name="each"/> is called inside the native call, on the same thread. An exception of it must not unwind
    /// through native frames: it is kept, the call is cancelled, and it is thrown again once that has returned.
    /// </remarks>
#pragma warning disable CA1068 // The call is the long argument, and stands last to be readable.
    internal static void Run(
        Action<JsonObject> each, CancellationToken token, Func<NativeBatchCallback, (int Status, ErrorHandle Error)> call)
#pragma warning restore CA1068
    {
        token.ThrowIfCancellationRequested();
        ExceptionDispatchInfo? failure = null;
        NativeBatchCallback batch = (_, json, length) =>
        {
            try
            {
                foreach (object? item in JsonReader.ReadArray(Document.Text(json, length)))
                {
                    if (token.IsCancellationRequested)
                    {
                        return 1;
                    }

                    if (item is JsonObject members)
                    {
                        each(members);
                    }
                }

                return token.IsCancellationRequested ? 1 : 0;
            }
#pragma warning disable CA1031 // Nothing may unwind through native frames; it is rethrown below.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
                return 1;
            }
        };

        (int status, ErrorHandle error) = call(batch);
        GC.KeepAlive(batch);
        if (failure is not null)
        {
            error.Dispose();
            failure.Throw();
        }

        Check.Ok(status, error);
    }
}
