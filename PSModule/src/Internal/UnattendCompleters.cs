using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

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

internal static class UnattendNames
{
    internal static IEnumerable<CompletionResult> Complete(IEnumerable<string> names, string? word) => names
        .Where(name => name.StartsWith((word ?? string.Empty).Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
        .Select(name => new CompletionResult(name));
}
