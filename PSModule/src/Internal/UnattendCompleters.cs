using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using ImageServicing.Interop;

namespace ImageServicing.Internal;

/// <summary>Completes the architectures that components of answer files have.</summary>
public sealed class UnattendArchitectureCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        UnattendNames.Complete(new[] { "amd64", "arm64", "x86", "wow64", "arm" }, wordToComplete);
}

/// <summary>Completes the elements of answer files that hold passwords.</summary>
public sealed class UnattendPasswordCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        UnattendNames.Complete(new[] { "Password", "AdministratorPassword", "OfflineAdministratorPassword" }, wordToComplete);
}

/// <summary>Completes the values that the engine knows of a setting of answer files.</summary>
public abstract class UnattendValueCompleterBase : CompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed) =>
        Setting(bound) is string setting
            ? AnswerFileSettings.KnownValues(setting).Select(value => new Candidate(value, value))
            : Array.Empty<Candidate>();

    /// <summary>The path of the setting; null when it is not known yet.</summary>
    private protected abstract string? Setting(IDictionary bound);
}

/// <summary>Completes <c>-TimeZone</c>.</summary>
public sealed class UnattendTimeZoneCompleter : UnattendValueCompleterBase
{
    private protected override string? Setting(IDictionary bound) => "specialize/Microsoft-Windows-Shell-Setup/TimeZone";
}

/// <summary>Completes the locales of an answer file.</summary>
public sealed class UnattendLocaleCompleter : UnattendValueCompleterBase
{
    private protected override string? Setting(IDictionary bound) => "oobeSystem/Microsoft-Windows-International-Core/UserLocale";
}

/// <summary>Completes the display languages of an answer file.</summary>
public sealed class UnattendLanguageCompleter : UnattendValueCompleterBase
{
    private protected override string? Setting(IDictionary bound) => "oobeSystem/Microsoft-Windows-International-Core/UILanguage";
}

/// <summary>Completes <c>-Value</c> after the setting that <c>-SettingPath</c> names.</summary>
public sealed class UnattendSettingValueCompleter : UnattendValueCompleterBase
{
    private protected override string? Setting(IDictionary bound) => bound["SettingPath"] as string;
}

internal static class UnattendNames
{
    internal static IEnumerable<CompletionResult> Complete(IEnumerable<string> names, string? word) => names
        .Where(name => name.StartsWith((word ?? string.Empty).Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
        .Select(name => new CompletionResult(name));
}
