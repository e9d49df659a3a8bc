using System;
using System.Collections.Generic;
using System.Linq;

namespace ImageServicing.Shell;

/// <summary>What imgsh was asked to do.</summary>
internal enum ShellMode
{
    Interactive,
    Command,
    File,
    StandardInput,
    Tests,
    Help,
    Version,
}

/// <summary>The command line of imgsh. It follows pwsh's where the two have the same option.</summary>
/// <param name="Mode">What to do.</param>
/// <param name="Text">The command, the script's path or the folder of test suites.</param>
/// <param name="Arguments">What follows the script's path.</param>
/// <param name="Filter">Which tests to run.</param>
internal sealed record CommandLine(ShellMode Mode, string Text, IReadOnlyList<string> Arguments, string? Filter)
{
    internal const string Usage = """
        imgsh: a small PowerShell host with the ImageServicing module loaded

          imgsh                          a prompt, or a script from standard input
          imgsh script.ps1 [arguments]   runs a script; its exit code is imgsh's
          imgsh -File script.ps1 [...]   the same
          imgsh -c 'commands'            runs commands (also -Command)
          imgsh --pester folder [-Filter pattern]
                                         runs the Pester suites (*.Tests.ps1) of a folder or file
          imgsh -h                       this text (also -Help, --help)
          imgsh -v                       the version (also -Version, --version)

        It has PowerShell's language, the core commands (Where-Object, ForEach-Object, Get-Help,
        Get-Command, Import-Module, ...) and ImageServicing. The commands of
        Microsoft.PowerShell.Utility and .Management (Select-Object, Format-Table, Get-ChildItem, ...)
        are not part of it: scripts that need them run in pwsh.

        Exit codes: the script's own; 1 after an error that ended the script; 64 for a wrong option.
        """;

    /// <summary>Options of pwsh that mean nothing here, so that a command line made for pwsh works.</summary>
    private static readonly string[] Ignored = ["-NoProfile", "-nop", "-NonInteractive", "-noni", "-NoLogo", "-nol"];

    /// <exception cref="FormatException">The command line is wrong; the message says how.</exception>
    internal static CommandLine Parse(string[] arguments, bool inputIsRedirected)
    {
        var rest = new List<string>(arguments);
        while (rest.Count > 0 && Is(rest[0], Ignored))
        {
            rest.RemoveAt(0);
        }

        if (rest.Count == 0)
        {
            return new CommandLine(inputIsRedirected ? ShellMode.StandardInput : ShellMode.Interactive, string.Empty, [], null);
        }

        string first = rest[0];
        if (Is(first, "-h", "-Help", "--help", "-?", "/?"))
        {
            return new CommandLine(ShellMode.Help, string.Empty, [], null);
        }

        if (Is(first, "-v", "-Version", "--version"))
        {
            return new CommandLine(ShellMode.Version, string.Empty, [], null);
        }

        if (Is(first, "-c", "-Command", "--command"))
        {
            Require(rest.Count > 1, $"{first} needs the commands to run");
            return rest[1] == "-" && rest.Count == 2
                ? new CommandLine(ShellMode.StandardInput, string.Empty, [], null)
                : new CommandLine(ShellMode.Command, string.Join(' ', rest.Skip(1)), [], null);
        }

        if (Is(first, "--pester", "-Pester"))
        {
            Require(rest.Count > 1, $"{first} needs a folder or a file");
            string? filter = null;
            if (rest.Count > 2)
            {
                Require(rest.Count == 4 && Is(rest[2], "-Filter", "--filter"), $"'{rest[2]}' is not an option of {first}; -Filter <pattern> is");
                filter = rest[3];
            }

            return new CommandLine(ShellMode.Tests, rest[1], [], filter);
        }

        if (Is(first, "-f", "-File", "--file"))
        {
            Require(rest.Count > 1, $"{first} needs a script");
            rest.RemoveAt(0);
        }
        else
        {
            Require(!first.StartsWith('-') || first == "-", $"'{first}' is not an option");
        }

        return rest[0] == "-"
            ? new CommandLine(ShellMode.StandardInput, string.Empty, [], null)
            : new CommandLine(ShellMode.File, rest[0], [.. rest.Skip(1)], null);
    }

    private static bool Is(string argument, params string[] names) =>
        names.Contains(argument, StringComparer.OrdinalIgnoreCase);

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new FormatException(message);
        }
    }
}
