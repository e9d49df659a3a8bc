using System;
using System.Diagnostics;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Turns the engine's progress into progress records, at most ten in a second, none for what is done at once.</summary>
/// <remarks>Used on the pipeline thread only: the engine calls back on the thread that called it.</remarks>
internal sealed class ProgressReporter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>What takes less than this flickers only.</summary>
    private static readonly TimeSpan SilentUntil = TimeSpan.FromMilliseconds(200);

    /// <summary>An estimate from less than this is noise.</summary>
    private static readonly TimeSpan EstimateAfter = TimeSpan.FromSeconds(1);

    private readonly Action<ProgressRecord> write;
    private readonly string activity;
    private readonly int activityId;
    private readonly Stopwatch sinceStart = Stopwatch.StartNew();
    private TimeSpan phaseStart;
    private TimeSpan? lastWritten;
    private OperationPhase? phase;

    internal ProgressReporter(Action<ProgressRecord> write, string activity)
    {
        this.write = write;
        this.activity = activity;
        activityId = StableId(activity);
    }

    internal void Report(OperationProgress now)
    {
        TimeSpan time = sinceStart.Elapsed;
        if (time < SilentUntil)
        {
            return;
        }

        if (phase != now.Phase)
        {
            phase = now.Phase;
            phaseStart = time;
        }
        else if (lastWritten is TimeSpan last && time - last < Interval)
        {
            return;
        }

        lastWritten = time;
        write(Record(now, time - phaseStart));
    }

    /// <summary>Takes the bar away, if there was one.</summary>
    internal void Complete()
    {
        if (lastWritten is not null)
        {
            write(new ProgressRecord(activityId, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    private static string Describe(OperationPhase phase) => phase switch
    {
        OperationPhase.Opening => "Opening the image",
        OperationPhase.Staging => "Staging content",
        OperationPhase.WritingContent => "Writing content",
        OperationPhase.WritingMetadata => "Writing the directory tree",
        OperationPhase.Verifying => "Verifying",
        OperationPhase.Extracting => "Extracting",
        OperationPhase.Drivers => "Adding driver packages",
        OperationPhase.Scanning => "Looking for files",
        _ => "Working",
    };

    /// <summary>What the phase is doing and how far it is: bytes, where the phase counts bytes.</summary>
    private static string Status(OperationProgress now) => (now.Phase, now.Total) switch
    {
        (OperationPhase.Drivers, 0) => Describe(now.Phase),
        (OperationPhase.Drivers, _) => $"{Describe(now.Phase)}: {now.Done} of {now.Total}",
        (OperationPhase.Scanning, _) => $"{Describe(now.Phase)}: {now.Done}",
        (_, 0) => Describe(now.Phase),
        _ => $"{Describe(now.Phase)}: {_Format.Size(now.Done)} of {_Format.Size(now.Total)}",
    };

    private static int StableId(string activity)
    {
        // string.GetHashCode differs from process to process; bars of one activity must share an id.
        int id = 17;
        foreach (char unit in activity)
        {
            id = unchecked((id * 31) + unit) & 0x7fffffff;
        }

        return id;
    }

    private ProgressRecord Record(OperationProgress now, TimeSpan elapsed)
    {
        var record = new ProgressRecord(activityId, activity, Status(now));
        if (now.Total > 0)
        {
            double share = Math.Min(1.0, (double)now.Done / now.Total);
            record.PercentComplete = (int)(share * 100);
            if (elapsed > EstimateAfter && share > 0)
            {
                double left = elapsed.TotalSeconds * (1 - share) / share;
                record.SecondsRemaining = (int)Math.Min(left, int.MaxValue);
            }
        }

        return record;
    }
}
