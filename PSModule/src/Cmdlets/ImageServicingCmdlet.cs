using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Threading;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>What every cmdlet of the module shares: cancellation, per-item errors, progress and path resolution.</summary>
public abstract class ImageServicingCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private bool nextFailed;
    private bool yesToAll;
    private bool noToAll;

    /// <summary>Cancelled when the user presses Ctrl-C or the pipeline is stopped.</summary>
    protected CancellationToken StopToken => stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Called on another thread while a native call runs; the next progress report then ends that call.</summary>
    protected override void StopProcessing()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The cmdlet ended at the same moment.
        }
    }

    /// <summary>Releases the cancellation source.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            stop.Dispose();
        }
    }

    /// <summary>Does the work for one item: a failure becomes a non-terminating error and the next item has its turn.</summary>
    /// <returns>Whether it succeeded.</returns>
    private protected bool ForItem(object target, Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception flow) when (flow is PipelineStoppedException or FlowControlException)
        {
            throw;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (ActionPreferenceStopException)
        {
            throw;
        }
        catch (Exception) when (nextFailed)
        {
            throw;
        }
#pragma warning disable CA1031 // One bad item must not end the others: each failure is written as an error record.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            WriteError(ErrorRecords.From(failure, target, failure is ImageServicingException known ? Remedy(known) : null));
            return false;
        }
    }

    /// <summary>What the user can do about a failure: the engine's advice, unless the cmdlet has a better one.</summary>
    private protected virtual string? Remedy(ImageServicingException failure) => failure.Remedy;

    /// <summary>Emits an object. What the next cmdlet of the pipeline throws is not an error of this one's item.</summary>
    private protected new void WriteObject(object? sendToPipeline) => WriteObject(sendToPipeline, enumerateCollection: false);

    /// <inheritdoc cref="WriteObject(object)"/>
    private protected new void WriteObject(object? sendToPipeline, bool enumerateCollection)
    {
        nextFailed = true;
        base.WriteObject(sendToPipeline, enumerateCollection);
        nextFailed = false;
    }

    /// <summary>Runs a long operation with a progress bar.</summary>
    private protected T WithProgress<T>(string activity, Func<Operation, T> work)
    {
        var reporter = new ProgressReporter(WriteProgress, activity);
        T result = work(new Operation(reporter.Report, StopToken));
        reporter.Complete();
        return result;
    }

    /// <summary>
    /// Asks before something is lost for good. Whether something is lost shows only at run time, and -Force answers the
    /// question; an attribute with the impact High can do neither. ShouldProcess comes first.
    /// </summary>
    private protected bool AgreesToLoss(string query, string caption, bool force)
    {
        bool answeredByConfirm = MyInvocation.BoundParameters.ContainsKey("Confirm");
        var preference = (ConfirmImpact)LanguagePrimitives.ConvertTo(
            GetVariableValue("ConfirmPreference", ConfirmImpact.High), typeof(ConfirmImpact), System.Globalization.CultureInfo.InvariantCulture);

        // At None nobody is asked; at Medium and Low ShouldProcess has asked already.
        if (force || answeredByConfirm || preference != ConfirmImpact.High)
        {
            return true;
        }

        try
        {
            // PowerShell's console would take a line of a redirected input for the answer, and fail at its end.
            if (Host.Name != "ConsoleHost" || !Console.IsInputRedirected)
            {
                return ShouldContinue(query, caption, ref yesToAll, ref noToAll);
            }
        }
        catch (Exception unattended) when (unattended is HostException or PSInvalidOperationException or PSNotSupportedException or NotImplementedException)
        {
            // The host cannot ask.
        }

        // Nobody is there to be asked, and the command says what is wanted.
        WriteVerbose($"Not asking '{query}': nobody can be asked.");
        return true;
    }

    /// <summary>A path of this machine as a full path. The file need not exist.</summary>
    private protected string FullPath(string path)
    {
        string full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        RequireFileSystem(provider, path);
        return full;
    }

    /// <summary>The files and folders of this machine that a path with wildcards names.</summary>
    private protected IReadOnlyList<string> Expand(string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return new[] { FullPath(path) };
        }

        // A file whose name really holds brackets is meant before what the brackets would match.
        string literal = FullPath(WildcardPattern.Unescape(path));
        if (System.IO.File.Exists(literal) || System.IO.Directory.Exists(literal))
        {
            return new[] { literal };
        }

        Collection<string> found = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
        RequireFileSystem(provider, path);
        return found;
    }

    /// <summary>The value of a switch that may be on, off or not given.</summary>
    private protected bool? IfGiven(string name, SwitchParameter value) =>
        MyInvocation.BoundParameters.ContainsKey(name) ? value.IsPresent : null;

    /// <summary>The value of a number that may not be given.</summary>
    private protected long? IfGiven(string name, long value) => MyInvocation.BoundParameters.ContainsKey(name) ? value : null;

    /// <summary>Whether the cmdlet only tells what it would do.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? given is SwitchParameter { IsPresent: true }
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference", false));

    private static void RequireFileSystem(ProviderInfo provider, string path)
    {
        if (!string.Equals(provider.Name, "FileSystem", StringComparison.OrdinalIgnoreCase))
        {
            throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "PathNotFileSystem",
                $"'{path}' is in the {provider.Name} provider, but only the file system holds image files",
                path,
                "Give a path of the file system.",
                unchecked((int)0x80070057));
        }
    }
}
