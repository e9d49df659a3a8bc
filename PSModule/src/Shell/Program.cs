using System;
using System.IO;
using System.Runtime.CompilerServices;

namespace ImageServicing.Shell;

/// <summary>The entry of imgsh.</summary>
internal static class Program
{
    /// <summary>As in sysexits.h: the command line was used wrongly.</summary>
    private const int ExitUsage = 64;

    private static int Main(string[] arguments)
    {
        // The engine of PowerShell reports usage over the network unless it is told not to, before its first use.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

        CommandLine line;
        try
        {
            line = CommandLine.Parse(arguments, Console.IsInputRedirected);
        }
        catch (FormatException wrong)
        {
            Console.Error.WriteLine($"imgsh: {wrong.Message}");
            Console.Error.WriteLine("Try 'imgsh -h'.");
            return ExitUsage;
        }

        switch (line.Mode)
        {
            case ShellMode.Help:
                Console.Out.WriteLine(CommandLine.Usage);
                return 0;
            case ShellMode.Version:
                Console.Out.WriteLine($"imgsh {typeof(Program).Assembly.GetName().Version?.ToString(3)}");
                return 0;
            default:
                return Run(line);
        }
    }

    // Not inlined, so that help and version answer without loading PowerShell.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(CommandLine line)
    {
        using var session = new ShellSession();
        switch (line.Mode)
        {
            case ShellMode.Command:
                return session.RunCommand(line.Text);
            case ShellMode.StandardInput:
                return session.RunCommand(Console.In.ReadToEnd());
            case ShellMode.File:
                if (!File.Exists(line.Text))
                {
                    Console.Error.WriteLine($"imgsh: there is no script '{line.Text}'");
                    return ExitUsage;
                }

                if (!line.Text.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase))
                {
                    // PowerShell would start it as a program, which for a script that names imgsh never ends.
                    Console.Error.WriteLine($"imgsh: '{line.Text}' is not a script: its name must end with .ps1");
                    return ExitUsage;
                }

                return session.RunFile(Path.GetFullPath(line.Text), line.Arguments);
            case ShellMode.Tests:
                return session.RunTests(Path.GetFullPath(line.Text), line.Filter);
            default:
                return session.RunPrompt();
        }
    }
}
