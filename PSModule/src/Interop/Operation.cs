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

/// <summary>How the caller follows and ends a long operation.</summary>
/// <param name="Observer">Called on the caller's own thread; may throw, which cancels.</param>
/// <param name="Token">Looked at on every report.</param>
internal sealed record Operation(Action<OperationProgress>? Observer, CancellationToken Token)
{
    /// <summary>Nobody watches and nobody cancels.</summary>
    internal static Operation Unobserved { get; } = new(null, CancellationToken.None);

    /// <summary>Runs one native call with a progress callback.</summary>
    /// <remarks>
    /// An exception of the observer must not unwind through native frames: it is kept, the operation is cancelled, and
    /// it is thrown again once the native call has returned.
    /// </remarks>
    internal void Run(Func<NativeProgressCallback, (int Status, ErrorHandle Error)> call)
    {
        Token.ThrowIfCancellationRequested();
        ExceptionDispatchInfo? failure = null;
        NativeProgressCallback callback = (IntPtr _, ref NativeProgress now) =>
        {
            try
            {
                if (!Token.IsCancellationRequested)
                {
                    Observer?.Invoke(new OperationProgress((OperationPhase)now.Phase, now.Done, now.Total));
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
        };

        (int status, ErrorHandle error) = call(callback);
        GC.KeepAlive(callback);
        if (failure is not null)
        {
            error.Dispose();
            failure.Throw();
        }

        Check.Ok(status, error);
    }
}
