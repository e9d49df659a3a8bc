using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace ImageServicing.Shell.Testing;

/// <summary>Should: Pester's assertions, those that the suites of this project use, with Pester's meaning.</summary>
[Cmdlet("Assert", "ImgshValue")]
public sealed class ShouldCmdlet : PSCmdlet
{
    private readonly List<object?> piped = [];

    /// <summary>What is asserted on.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public object? ActualValue { get; set; }

    /// <summary>What it is held against.</summary>
    [Parameter(Position = 0)]
    [Alias("ExpectedMessage", "RegularExpression", "ExpectedType")]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public object? ExpectedValue { get; set; }

    /// <summary>Turns the assertion round.</summary>
    [Parameter]
    public SwitchParameter Not { get; set; }

    /// <summary>Why it should hold.</summary>
    [Parameter]
    public string? Because { get; set; }

    /// <summary>Equal, case ignored.</summary>
    [Parameter]
    public SwitchParameter Be { get; set; }

    /// <summary>Equal, case included.</summary>
    [Parameter]
    public SwitchParameter BeExactly { get; set; }

    /// <summary>True in PowerShell's sense.</summary>
    [Parameter]
    public SwitchParameter BeTrue { get; set; }

    /// <summary>False in PowerShell's sense.</summary>
    [Parameter]
    public SwitchParameter BeFalse { get; set; }

    /// <summary>Null, an empty text or an empty collection.</summary>
    [Parameter]
    public SwitchParameter BeNullOrEmpty { get; set; }

    /// <summary>Matches a wildcard pattern, case ignored.</summary>
    [Parameter]
    public SwitchParameter BeLike { get; set; }

    /// <summary>Matches a regular expression, case ignored.</summary>
    [Parameter]
    public SwitchParameter Match { get; set; }

    /// <summary>The collection holds the value.</summary>
    [Parameter]
    public SwitchParameter Contain { get; set; }

    /// <summary>The value is in the collection.</summary>
    [Parameter]
    public SwitchParameter BeIn { get; set; }

    /// <summary>The collection has so many items.</summary>
    [Parameter]
    public SwitchParameter HaveCount { get; set; }

    /// <summary>Greater.</summary>
    [Parameter]
    public SwitchParameter BeGreaterThan { get; set; }

    /// <summary>Less.</summary>
    [Parameter]
    public SwitchParameter BeLessThan { get; set; }

    /// <summary>Greater or equal.</summary>
    [Parameter]
    public SwitchParameter BeGreaterOrEqual { get; set; }

    /// <summary>Less or equal.</summary>
    [Parameter]
    public SwitchParameter BeLessOrEqual { get; set; }

    /// <summary>Of the type or one derived from it.</summary>
    [Parameter]
    public SwitchParameter BeOfType { get; set; }

    /// <summary>A file or folder of this machine.</summary>
    [Parameter]
    public SwitchParameter Exist { get; set; }

    /// <summary>The script block throws.</summary>
    [Parameter]
    public SwitchParameter Throw { get; set; }

    /// <summary>The error's full id, as a wildcard pattern (with Throw).</summary>
    [Parameter]
    public string? ErrorId { get; set; }

    /// <summary>The type of the exception (with Throw).</summary>
    [Parameter]
    public Type? ExceptionType { get; set; }

    /// <summary>Whether the error that was thrown is emitted (with Throw).</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (MyInvocation.ExpectingInput)
        {
            piped.Add(ActualValue);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Two operators are an error in Pester; taking the first of them could let a wrong test pass.
        bool[] operators =
        [
            Be, BeExactly, BeTrue, BeFalse, BeNullOrEmpty, BeLike, Match, Contain, BeIn, HaveCount, BeGreaterThan, BeLessThan,
            BeGreaterOrEqual, BeLessOrEqual, BeOfType, Exist, Throw,
        ];
        if (operators.Count(given => given) != 1)
        {
            throw new PSInvalidOperationException("Should needs exactly one operator that imgsh knows, for example -Be");
        }

        object? whole = !MyInvocation.ExpectingInput ? ActualValue : piped.Count switch
        {
            0 => null,
            1 => piped[0],
            _ => piped.ToArray(),
        };

        // As in Pester, these look at all of the input together and the others at each item.
        if (Be || BeExactly || BeTrue || BeFalse || BeNullOrEmpty || Contain || HaveCount || !MyInvocation.ExpectingInput || piped.Count == 0)
        {
            Assert(whole);
        }
        else
        {
            piped.ForEach(Assert);
        }
    }

    private static object? Bare(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    private static object?[] AsArray(object? value) => Bare(value) switch
    {
        null => [],
        string text => [text],
        System.Collections.IDictionary table => [table],
        System.Collections.IEnumerable many => [.. many.Cast<object?>()],
        var single => [single],
    };

    private static bool AreEqual(object? left, object? right, bool ignoreCase)
    {
        object? a = Bare(left);
        object? b = Bare(right);
        if (a is null || b is null)
        {
            return a is null && b is null;
        }

        bool manyLeft = a is System.Collections.IEnumerable and not string;
        bool manyRight = b is System.Collections.IEnumerable and not string;
        if (manyLeft || manyRight)
        {
            object?[] first = AsArray(a);
            object?[] second = AsArray(b);
            return first.Length == second.Length && first.Zip(second).All(pair => AreEqual(pair.First, pair.Second, ignoreCase));
        }

        return LanguagePrimitives.Equals(a, b, ignoreCase, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static bool Compares(object? left, object? right, Func<int, bool> holds) =>
        holds(LanguagePrimitives.Compare(Bare(left), Bare(right), ignoreCase: true, System.Globalization.CultureInfo.InvariantCulture));

    private void Assert(object? actual)
    {
        if (Throw)
        {
            AssertThrow(actual);
            return;
        }

        (bool holds, string what) = Evaluate(actual);
        if (holds == Not.IsPresent)
        {
            string because = Because is null ? string.Empty : $", because {Because},";
            Fail($"Expected {(Not ? "not " : string.Empty)}{what}{because} but got {Describe.Value(actual)}.");
        }
    }

    private (bool Holds, string What) Evaluate(object? actual)
    {
        string expected = Describe.Value(ExpectedValue);
        string text = LanguagePrimitives.ConvertTo<string>(Bare(actual));
        return this switch
        {
            { Be.IsPresent: true } => (AreEqual(actual, ExpectedValue, ignoreCase: true), expected),
            { BeExactly.IsPresent: true } => (AreEqual(actual, ExpectedValue, ignoreCase: false), $"exactly {expected}"),
            { BeTrue.IsPresent: true } => (LanguagePrimitives.IsTrue(actual), "$true"),
            { BeFalse.IsPresent: true } => (!LanguagePrimitives.IsTrue(actual), "$false"),
            { BeNullOrEmpty.IsPresent: true } => (IsNullOrEmpty(actual), "$null or empty"),
            { BeLike.IsPresent: true } => (
                new WildcardPattern(LanguagePrimitives.ConvertTo<string>(ExpectedValue), WildcardOptions.IgnoreCase).IsMatch(text), $"like {expected}"),
            { Match.IsPresent: true } => (System.Text.RegularExpressions.Regex.IsMatch(
                text, LanguagePrimitives.ConvertTo<string>(ExpectedValue), System.Text.RegularExpressions.RegexOptions.IgnoreCase), $"a match of {expected}"),
            { Contain.IsPresent: true } => (AsArray(actual).Any(item => AreEqual(item, ExpectedValue, ignoreCase: true)), $"{expected} to be in the collection"),
            { BeIn.IsPresent: true } => (AsArray(ExpectedValue).Any(item => AreEqual(item, actual, ignoreCase: true)), $"one of {expected}"),
            { HaveCount.IsPresent: true } => (
                AsArray(actual).Length == LanguagePrimitives.ConvertTo<int>(ExpectedValue), $"{expected} items, found {AsArray(actual).Length},"),
            { BeGreaterThan.IsPresent: true } => (Compares(actual, ExpectedValue, order => order > 0), $"more than {expected}"),
            { BeLessThan.IsPresent: true } => (Compares(actual, ExpectedValue, order => order < 0), $"less than {expected}"),
            { BeGreaterOrEqual.IsPresent: true } => (Compares(actual, ExpectedValue, order => order >= 0), $"at least {expected}"),
            { BeLessOrEqual.IsPresent: true } => (Compares(actual, ExpectedValue, order => order <= 0), $"at most {expected}"),
            { BeOfType.IsPresent: true } => (LanguagePrimitives.ConvertTo<Type>(ExpectedValue).IsInstanceOfType(Bare(actual)), $"a value of type {expected}"),
            { Exist.IsPresent: true } => (System.IO.Path.Exists(SessionState.Path.GetUnresolvedProviderPathFromPSPath(text)), "the path to exist"),
            _ => throw new PSInvalidOperationException("the operator has no meaning"),
        };
    }

    private static bool IsNullOrEmpty(object? actual) => Bare(actual) switch
    {
        null => true,
        string text => text.Length == 0,
        System.Collections.IEnumerable many => !many.Cast<object?>().Any(),
        _ => false,
    };

    private void AssertThrow(object? actual)
    {
        ScriptBlock body = Bare(actual) as ScriptBlock ??
            throw new PSInvalidOperationException("Should -Throw needs a script block: { ... } | Should -Throw");
        ErrorRecord? thrown = null;
        try
        {
            InvokeCommand.InvokeScript(useLocalScope: true, body, null);
        }
        catch (PipelineStoppedException)
        {
            throw;
        }
        catch (RuntimeException failure)
        {
            thrown = failure.ErrorRecord;
        }

        var wanted = new List<string>();
        bool holds = thrown is not null;
        if (MyInvocation.BoundParameters.ContainsKey(nameof(ExpectedValue)))
        {
            wanted.Add($"message like {Describe.Value(ExpectedValue)}");
            holds &= Like(LanguagePrimitives.ConvertTo<string>(ExpectedValue), thrown?.Exception.Message);
        }

        if (ErrorId is not null)
        {
            wanted.Add($"id like '{ErrorId}'");
            holds &= Like(ErrorId, thrown?.FullyQualifiedErrorId);
        }

        if (ExceptionType is not null)
        {
            wanted.Add($"type [{ExceptionType.FullName}]");
            holds &= ExceptionType.IsInstanceOfType(thrown?.Exception);
        }

        if (holds == Not.IsPresent)
        {
            string got = thrown is null ? "nothing was thrown" : $"got {thrown.FullyQualifiedErrorId}: {thrown.Exception.Message}";
            Fail($"Expected {(Not ? "no error" : "an error")} {(wanted.Count > 0 ? "with " + string.Join(" and ", wanted) : string.Empty)} but {got}.");
        }

        if (PassThru && thrown is not null)
        {
            WriteObject(thrown);
        }
    }

    private static bool Like(string pattern, string? text) =>
        text is not null && new WildcardPattern(pattern, WildcardOptions.IgnoreCase).IsMatch(text);

    private void Fail(string message) => ThrowTerminatingError(new ErrorRecord(
        new AssertionException(message), "PesterAssertionFailed", ErrorCategory.InvalidResult, null));
}
