using System;
using System.Globalization;
using System.Management.Automation.Host;

namespace ImageServicing.Shell;

/// <summary>What PowerShell's engine asks of the program that hosts it.</summary>
internal sealed class ShellHost : PSHost
{
    /// <summary>The code a script ended with; null while nothing has asked to exit.</summary>
    internal int? ExitCode { get; private set; }

    /// <summary>Whether Ctrl-C stopped a pipeline.</summary>
    internal bool Interrupted { get; set; }

    internal ShellUserInterface ShellUI { get; } = new();

    public override string Name => "imgsh";

    public override Version Version => typeof(ShellHost).Assembly.GetName().Version ?? new Version(0, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => ShellUI;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("imgsh has no nested prompt");

    public override void ExitNestedPrompt() => throw new NotSupportedException("imgsh has no nested prompt");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
