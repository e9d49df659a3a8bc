using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Threading;
using System.Threading.Tasks;
using ImageServicing.Shell.Testing;

namespace ImageServicing.Shell;

/// <summary>One runspace with the module loaded, and the ways to run something in it.</summary>
internal sealed class ShellSession : IDisposable
{
    /// <summary>What shells answer for a program that Ctrl-C ended: 128 and the number of SIGINT.</summary>
    private const int ExitInterrupted = 130;

    private readonly ShellHost host = new();
    private readonly Runspace runspace;
    private readonly Lock gate = new();
    private PowerShell? running;
    private Task? stopping;

    internal ShellSession()
    {
        string? manifest = FindModule();
        if (manifest is not null)
        {
            // So that Import-Module ImageServicing works by name in scripts and test suites.
            string modules = Path.GetDirectoryName(Path.GetDirectoryName(manifest))!;
            string? known = Environment.GetEnvironmentVariable("PSModulePath");
            Environment.SetEnvironmentVariable("PSModulePath", string.IsNullOrEmpty(known) ? modules : modules + Path.PathSeparator + known);
        }

        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        TestCommands.AddTo(state);

        // PowerShell's function of this name pages with commands that imgsh has not.
        state.Commands.Add(new SessionStateAliasEntry("help", "Get-Help"));
        runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        Runspace.DefaultRunspace = runspace;
        MissingCommands.ExplainIn(runspace.SessionStateProxy.InvokeCommand);
        Console.CancelKeyPress += OnCancelKey;

        if (manifest is null)
        {
            host.UI.WriteWarningLine("The ImageServicing module was not found beside imgsh; its commands are missing.");
        }
        else
        {
            Execute(shell => shell.AddCommand("Import-Module").AddParameter("Name", manifest));
        }
    }

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancelKey;
        runspace.Dispose();
    }

    /// <summary>Runs text. As with pwsh, the exit code is 1 when the last command failed.</summary>
    internal int RunCommand(string text)
    {
        Parser.ParseInput(text, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            Report(errors);
            return 1;
        }

        // $? is only known inside the script itself.
        bool ended = Execute(shell => shell.AddScript(text + "\nif (-not $?) { exit 1 }", useLocalScope: false));
        return ExitCode(ended);
    }

    /// <summary>Runs a script file. Only an error that ends the script, or its own exit, gives another code than 0.</summary>
    internal int RunFile(string path, IReadOnlyList<string> arguments)
    {
        // A script's exit only sets $LASTEXITCODE and makes the call fail: handing it on is the caller's affair.
        string call = $"& {ScriptArguments.Quote(path)} {ScriptArguments.Format(arguments)}";
        string script = "$global:LASTEXITCODE = 0\n" + call + "\nif (-not $? -and $LASTEXITCODE) { exit $LASTEXITCODE }";
        bool ended = Execute(shell => shell.AddScript(script, useLocalScope: false));
        return ExitCode(ended);
    }

    /// <summary>Runs the Pester suites of a folder or a file.</summary>
    internal int RunTests(string path, string? filter)
    {
        bool ended = Execute(shell => shell
            .AddCommand(TestCommands.RunnerName)
            .AddParameter("Path", path)
            .AddParameter("Filter", filter));
        return ExitCode(ended);
    }

    internal int RunPrompt()
    {
        Console.Out.WriteLine("imgsh: PowerShell's language and the ImageServicing commands. Get-Command -Module ImageServicing lists them; exit leaves.");
        var editor = new LineEditor(runspace);
        while (host.ExitCode is null)
        {
            string? line = editor.ReadStatement(Prompt());
            if (line is null)
            {
                break;
            }

            if (line.Length > 0)
            {
                Execute(shell => shell.AddScript(line, useLocalScope: false), addToHistory: true);
            }
        }

        return host.ExitCode ?? 0;
    }

    /// <summary>The manifest of the staged module: beside imgsh, or one folder up from its files.</summary>
    private static string? FindModule() => new[] { "..", "." }
        .Select(folder => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, folder, "ImageServicing", "ImageServicing.psd1")))
        .FirstOrDefault(File.Exists);

    private int ExitCode(bool ended) => host.ExitCode ?? (ended ? 0 : host.Interrupted ? ExitInterrupted : 1);

    /// <summary>Runs a pipeline, its output and errors shown as PowerShell shows them.</summary>
    /// <returns>False when an error ended it.</returns>
    private bool Execute(Action<PowerShell> build, bool addToHistory = false)
    {
        using PowerShell shell = PowerShell.Create(runspace);
        build(shell);
        shell.Commands.Commands[^1].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Out-Default");
        lock (gate)
        {
            running = shell;
        }

        try
        {
            shell.Invoke(null, new PSInvocationSettings { AddToHistory = addToHistory, Host = host });
            return shell.InvocationStateInfo.State == PSInvocationState.Completed;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (RuntimeException failure)
        {
            Show(failure.ErrorRecord);
            return false;
        }
        finally
        {
            Task? stop;
            lock (gate)
            {
                running = null;
                stop = stopping;
                stopping = null;
            }

            // The pipeline must not be disposed while another thread is still stopping it.
            stop?.Wait();
            host.ShellUI.ClearProgress();
        }
    }

    private void Report(ParseError[] errors)
    {
        foreach (ParseError error in errors)
        {
            host.UI.WriteErrorLine($"ParserError: line {error.Extent.StartLineNumber}, column {error.Extent.StartColumnNumber}: {error.Message}");
        }
    }

    /// <summary>Shows a record in PowerShell's error view, which the formatter writes as output: it is sent to standard error.</summary>
    private void Show(ErrorRecord record)
    {
        using PowerShell shell = PowerShell.Create(runspace);
        shell.AddCommand("Out-Default").AddParameter("InputObject", record);
        host.ShellUI.OutputIsError = true;
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException)
        {
            host.UI.WriteErrorLine(record.ToString());
        }
        finally
        {
            host.ShellUI.OutputIsError = false;
        }
    }

    private string Prompt()
    {
        using PowerShell shell = PowerShell.Create(runspace);
        try
        {
            return shell.AddCommand("prompt").Invoke<string>().FirstOrDefault() ?? "PS> ";
        }
        catch (RuntimeException)
        {
            return "PS> ";
        }
    }

    /// <summary>Ctrl-C stops the pipeline, not the process.</summary>
    private void OnCancelKey(object? sender, ConsoleCancelEventArgs pressed)
    {
        lock (gate)
        {
            if (running is PowerShell current)
            {
                pressed.Cancel = true;
                host.Interrupted = true;
                stopping ??= Task.Run(current.Stop);
            }
        }
    }
}
