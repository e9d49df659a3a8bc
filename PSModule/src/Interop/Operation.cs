using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>What a long operation is doing at the moment.</summary>
internal enum OperationPhase : uint
{
    Opening = 0,
    Staging = 1,
    WritingContent = 2,
    WritingMetadata = 3,
    Verifying = 4,
    Extracting = 5,
    Drivers = 6,
    Scanning = 7,
}

/// <summary>One progress report: <paramref name="Done"/> of <paramref name="Total"/> units of the phase.</summary>
internal readonly record struct OperationProgress(OperationPhase Phase, ulong Done, ulong Total);

/// <summary>How the caller follows and ends a native call.</summary>
/// <param name="Observer">Called on the caller's own thread; may throw, which cancels.</param>
/// <param name="Token">Looked at whenever the call reports something.</param>
internal sealed record Operation(Action<OperationProgress>? Observer, CancellationToken Token)
{
    /// <summary>Nobody watches and nobody cancels.</summary>
    internal static Operation Unobserved { get; } = new(null, CancellationToken.None);

    /// <summary>Nobody watches; the token cancels.</summary>
    internal static Operation Until(CancellationToken token) => new(null, token);

    /// <summary>Runs one native call with a progress callback.</summary>
    internal void Run(Func<NativeProgressCallback, (int Status, ErrorHandle Error)> call) =>
        Run(static _ => { }, (progress, _) => call(progress));

    /// <summary>Runs one native call that hands over objects in batches; each is given to <paramref name="each"/> as it arrives.</summary>
    internal void Run(Action<JsonObject> each, Func<NativeBatchCallback, (int Status, ErrorHandle Error)> call) =>
        Run(each, (_, batch) => call(batch));

    /// <summary>Runs one native call with both callbacks.</summary>
    /// <remarks>
    /// They are called inside the native call, on the same thread. An exception of what they call must not unwind
    /// through native frames: it is kept, the call is cancelled, and it is thrown again once that has returned.
    /// </remarks>
    internal void Run(
        Action<JsonObject> each, Func<NativeProgressCallback, NativeBatchCallback, (int Status, ErrorHandle Error)> call)
    {
        Token.ThrowIfCancellationRequested();
        ExceptionDispatchInfo? failure = null;
        int Guard(Action work)
        {
            try
            {
                if (!Token.IsCancellationRequested)
                {
                    work();
                }

                return Token.IsCancellationRequested ? 1 : 0;
            }
#pragma warning disable CA1031 // Nothing may unwind through native frames; it is rethrown below.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
                return 1;
            }
        }

        NativeProgressCallback progress = (IntPtr _, ref NativeProgress now) =>
        {
            var report = new OperationProgress((OperationPhase)now.Phase, now.Done, now.Total);
            return Guard(() => Observer?.Invoke(report));
        };
        NativeBatchCallback batch = (_, json, length) => Guard(() =>
        {
            foreach (object? item in JsonReader.ReadArray(Document.Text(json, length)))
            {
                if (!Token.IsCancellationRequested && item is JsonObject members)
                {
                    each(members);
                }
            }
        });

        (int status, ErrorHandle error) = call(progress, batch);
        GC.KeepAlive(progress);
        GC.KeepAlive(batch);
        if (failure is not null)
        {
            error.Dispose();
            failure.Throw();
        }

        Check.Ok(status, error);
    }
}
