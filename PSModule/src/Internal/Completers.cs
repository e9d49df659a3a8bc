using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using ImageServicing.Interop;

namespace ImageServicing.Internal;

/// <summary>What the completers share: filtering by the word typed so far, quoting, and silence on failure.</summary>
public abstract class CompleterBase : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = (wordToComplete ?? string.Empty).Trim('\'', '"');
        var pattern = new WildcardPattern(WildcardPattern.Escape(typed) + "*", WildcardOptions.IgnoreCase);
        try
        {
            return Candidates(fakeBoundParameters ?? new Hashtable(), typed)
                .Where(candidate => pattern.IsMatch(candidate.Text))
                .Select(candidate => new CompletionResult(
                    Quote(candidate.Text), candidate.Text, CompletionResultType.ParameterValue, candidate.ToolTip))
                .ToArray();
        }
#pragma warning disable CA1031 // Completion never fails: what cannot be read has no suggestions.
        catch (Exception)
#pragma warning restore CA1031
        {
            return Array.Empty<CompletionResult>();
        }
    }

    private protected readonly record struct Candidate(string Text, string ToolTip);

    private protected abstract IEnumerable<Candidate> Candidates(IDictionary bound, string typed);

    /// <summary>A bound path as a full path of the file system; null when it is not bound.</summary>
    private protected static string? FullPath(IDictionary bound, params string[] names)
    {
        foreach (string name in names)
        {
            object? value = bound[name];
            value = value is object[] { Length: > 0 } many ? many[0] : value;
            if (LanguagePrimitives.TryConvertTo(value, out string text) && !string.IsNullOrEmpty(text))
            {
                // The current location belongs to the runspace, not to the process.
                using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
                return shell
                    .AddScript("param($path) $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)")
                    .AddArgument(text)
                    .Invoke<string>()
                    .FirstOrDefault();
            }
        }

        return null;
    }

    private static string Quote(string text)
    {
        bool plain = text.Length > 0 && text.All(unit => char.IsLetterOrDigit(unit) || "._-/\\:~".IndexOf(unit) >= 0);
        return plain ? text : "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'";
    }
}

/// <summary>Completes the number of an image from the image file that another parameter names.</summary>
public abstract class IndexCompleterBase : CompleterBase
{
    private readonly string[] parameters;

    private protected IndexCompleterBase(params string[] parameters)
    {
        this.parameters = parameters;
    }

    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        FullPath(bound, parameters) is string path
            ? Engine.GetImages(path).Select(image => new Candidate(
                image.ImageIndex.ToString(System.Globalization.CultureInfo.InvariantCulture), image.ImageName.Length > 0 ? image.ImageName : "(no name)"))
            : Array.Empty<Candidate>();
}

/// <summary>Completes <c>-Index</c> from the image file that <c>-ImagePath</c> names.</summary>
public sealed class ImageIndexCompleter : IndexCompleterBase
{
    /// <summary>Makes the completer.</summary>
    public ImageIndexCompleter()
        : base("ImagePath", "SourceImagePath", "FullName", "PSPath")
    {
    }
}

/// <summary>Completes <c>-ReferenceIndex</c> from the image file that <c>-ReferenceImagePath</c> names.</summary>
public sealed class ReferenceIndexCompleter : IndexCompleterBase
{
    /// <summary>Makes the completer.</summary>
    public ReferenceIndexCompleter()
        : base("ReferenceImagePath", "ImagePath", "FullName", "PSPath")
    {
    }
}

/// <summary>Completes <c>-DifferenceIndex</c> from the image file that <c>-DifferenceImagePath</c> names.</summary>
public sealed class DifferenceIndexCompleter : IndexCompleterBase
{
    /// <summary>Makes the completer.</summary>
    public DifferenceIndexCompleter()
        : base("DifferenceImagePath")
    {
    }
}

/// <summary>Completes <c>-Name</c> from the image file that <c>-ImagePath</c> names.</summary>
public sealed class ImageNameCompleter : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        FullPath(bound, "ImagePath", "SourceImagePath", "FullName", "PSPath") is string path
            ? Engine.GetImages(path)
                .Where(image => image.ImageName.Length > 0)
                .Select(image => new Candidate(image.ImageName, $"{image.ImageIndex}: {image.ImageName}"))
            : Array.Empty<Candidate>();
}

/// <summary>Completes <c>-Path</c> with the sessions of this machine.</summary>
public sealed class SessionPathCompleter : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        Engine.GetSessions().Select(session => new Candidate(
            session.Path, $"{session.ImageName} ({session.ImagePath}, image {session.ImageIndex})"));
}

/// <summary>Completes <c>-Driver</c> with the published names in the session that <c>-Path</c> names.</summary>
public sealed class DriverNameCompleter : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        FullPath(bound, "Path") is string path
            ? SessionPool.Get(path).GetDrivers(bound.Contains("All"), System.Threading.CancellationToken.None)
                .Select(driver => new Candidate(driver.Driver, $"{driver.ProviderName} {driver.ClassName} {driver.Version}"))
            : Array.Empty<Candidate>();
}

/// <summary>Completes <c>-HardwareId</c> with the ids of the packages in the session that <c>-Path</c> names.</summary>
public sealed class HardwareIdCompleter : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        FullPath(bound, "Path") is string path
            ? SessionPool.Get(path)
                .GetDrivers(
                    new JsonWriter().Add("detailed", true).Add("all", bound.Contains("All")),
                    Operation.Unobserved).Drivers
                .SelectMany(driver => driver.Devices
                    .SelectMany(device => device.CompatibleIds.Concat(device.HardwareId is string id ? new[] { id } : Array.Empty<string>())
                        .Select(each => new Candidate(each, $"{device.Description} ({driver.Driver})"))))
                .GroupBy(candidate => candidate.Text, StringComparer.OrdinalIgnoreCase)
                .Select(same => same.First())
                .OrderBy(candidate => candidate.Text, StringComparer.OrdinalIgnoreCase)
            : Array.Empty<Candidate>();
}

/// <summary>Completes <c>-Class</c> with the device classes of the packages in the session that <c>-Path</c> names.</summary>
public sealed class DriverClassCompleter : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        FullPath(bound, "Path") is string path
            ? SessionPool.Get(path).GetDrivers(bound.Contains("All"), System.Threading.CancellationToken.None)
                .Where(driver => driver.ClassName is not null)
                .GroupBy(driver => driver.ClassName!, StringComparer.OrdinalIgnoreCase)
                .OrderBy(drivers => drivers.Key, StringComparer.OrdinalIgnoreCase)
                .Select(drivers => new Candidate(drivers.Key, $"{drivers.Count()} packages"))
            : Array.Empty<Candidate>();
}
