using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace ImageServicing.Shell;

/// <summary>The console as PowerShell's engine sees it. Output goes to standard output, everything else to standard error.</summary>
internal sealed class ShellUserInterface : PSHostUserInterface
{
    private readonly ShellRawUserInterface raw = new();
    private int progressWidth;

    /// <summary>Whether what is written now is an error that was formatted.</summary>
    internal bool OutputIsError { get; set; }

    public override PSHostRawUserInterface RawUI => raw;

    public override bool SupportsVirtualTerminal => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    private static bool ErrorsAreOnTerminal => !Console.IsErrorRedirected;

    private static bool SomebodyIsThere => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    public override void Write(string value)
    {
        ClearProgress();
        bool plain = OutputIsError ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        (OutputIsError ? Console.Error : Console.Out).Write(plain ? WithoutStyle(value) : value);
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value) => ToError(ConsoleColor.Red, value);

    public override void WriteWarningLine(string message) => ToError(ConsoleColor.Yellow, "WARNING: " + message);

    public override void WriteVerboseLine(string message) => ToError(ConsoleColor.Yellow, "VERBOSE: " + message);

    public override void WriteDebugLine(string message) => ToError(ConsoleColor.Yellow, "DEBUG: " + message);

    public override void WriteInformation(InformationRecord record)
    {
        // Write-Host and others come through WriteLine; nothing more is shown by default.
    }

    /// <summary>One line on the terminal that is written over; nothing at all when standard error goes elsewhere.</summary>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (!ErrorsAreOnTerminal)
        {
            return;
        }

        if (record.RecordType == ProgressRecordType.Completed)
        {
            ClearProgress();
            return;
        }

        string text = $"{record.Activity}: {record.StatusDescription}";
        if (record.PercentComplete >= 0)
        {
            text += string.Create(CultureInfo.CurrentCulture, $" {record.PercentComplete}%");
        }

        if (record.SecondsRemaining >= 0)
        {
            text += $", {TimeSpan.FromSeconds(record.SecondsRemaining):c} left";
        }

        int width = Math.Max(20, raw.WindowSize.Width - 1);
        text = text.Length > width ? text[..width] : text;
        Console.Error.Write("\r" + text.PadRight(progressWidth));
        progressWidth = text.Length;
    }

    internal void ClearProgress()
    {
        if (progressWidth > 0)
        {
            Console.Error.Write("\r" + new string(' ', progressWidth) + "\r");
            progressWidth = 0;
        }
    }

    public override string ReadLine() => Console.In.ReadLine() ?? string.Empty;

    public override SecureString ReadLineAsSecureString() => throw Unattended("a secret was asked for");

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        if (!SomebodyIsThere)
        {
            throw Unattended($"a value is missing for: {string.Join(", ", descriptions.Select(field => field.Name))}");
        }

        ShowQuestion(caption, message);
        var answers = new Dictionary<string, PSObject>();
        foreach (FieldDescription field in descriptions)
        {
            Console.Error.Write(field.Name + ": ");
            answers[field.Name] = PSObject.AsPSObject(Console.In.ReadLine() ?? string.Empty);
        }

        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        if (!SomebodyIsThere)
        {
            throw Unattended("a confirmation is needed; pass -Confirm:$false, or set $ConfirmPreference to 'None'");
        }

        ShowQuestion(caption, message);
        (string Key, string Label)[] keys = [.. choices.Select(Describe)];
        while (true)
        {
            IEnumerable<string> shown = keys.Select((choice, i) => $"[{choice.Key}] {choice.Label}" + (i == defaultChoice ? " (default)" : string.Empty));
            Console.Error.Write(string.Join("  ", shown) + ": ");
            string? answer = Console.In.ReadLine();
            if (answer is null)
            {
                throw Unattended("the input ended before the answer");
            }

            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            int chosen = Array.FindIndex(keys, choice =>
                string.Equals(choice.Key, answer.Trim(), StringComparison.OrdinalIgnoreCase) ||
                string.Equals(choice.Label, answer.Trim(), StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0)
            {
                return chosen;
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw Unattended("a credential was asked for");

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) => throw Unattended("a credential was asked for");

    private static (string Key, string Label) Describe(ChoiceDescription choice)
    {
        int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        return mark >= 0 && mark + 1 < choice.Label.Length
            ? (choice.Label[mark + 1].ToString(), choice.Label.Remove(mark, 1))
            : (choice.Label, choice.Label);
    }

    /// <summary>Views write colours whatever the output is; a file or a pipe gets none of them.</summary>
    private static string WithoutStyle(string text) =>
        text.Contains('\u001b', StringComparison.Ordinal) ? new StringDecorated(text).ToString(OutputRendering.PlainText) : text;

    private static HostException Unattended(string what) => new($"imgsh runs without somebody to ask: {what}");

    private void ShowQuestion(string caption, string message)
    {
        ClearProgress();
        foreach (string text in new[] { caption, message })
        {
            if (!string.IsNullOrEmpty(text))
            {
                Console.Error.WriteLine(text);
            }
        }
    }

    private void ToError(ConsoleColor color, string text)
    {
        ClearProgress();
        if (!ErrorsAreOnTerminal)
        {
            Console.Error.WriteLine(WithoutStyle(text));
            return;
        }

        // Text that brings its own colours (the error view) is left alone.
        if (text.Contains('\u001b', StringComparison.Ordinal))
        {
            Console.Error.WriteLine(text);
            return;
        }

        Console.ForegroundColor = color;
        Console.Error.WriteLine(text);
        Console.ResetColor();
    }
}
