using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace ImageServicing.Shell;

/// <summary>The commands that pwsh has and imgsh has not, so that a script which needs one is told so.</summary>
internal static class MissingCommands
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        // Microsoft.PowerShell.Utility
        "Add-Member", "Add-Type", "Clear-Variable", "Compare-Object", "ConvertFrom-Csv", "ConvertFrom-Json",
        "ConvertFrom-Markdown", "ConvertFrom-SddlString", "ConvertFrom-StringData", "ConvertTo-Csv", "ConvertTo-Html",
        "ConvertTo-Json", "ConvertTo-Xml", "Debug-Runspace", "Disable-PSBreakpoint", "Enable-PSBreakpoint", "Export-Alias",
        "Export-Clixml", "Export-Csv", "Export-FormatData", "Export-PSSession", "Format-Custom", "Format-Hex",
        "Format-List", "Format-Table", "Format-Wide", "Get-Alias", "Get-Culture", "Get-Date", "Get-Error", "Get-Event",
        "Get-EventSubscriber", "Get-FileHash", "Get-FormatData", "Get-Host", "Get-Member", "Get-PSBreakpoint",
        "Get-PSCallStack", "Get-Random", "Get-Runspace", "Get-TraceSource", "Get-TypeData", "Get-UICulture", "Get-Unique",
        "Get-Uptime", "Get-Variable", "Get-Verb", "Group-Object", "Import-Alias", "Import-Clixml", "Import-Csv",
        "Import-LocalizedData", "Import-PowerShellDataFile", "Invoke-Expression", "Invoke-RestMethod", "Invoke-WebRequest",
        "Join-String", "Measure-Command", "Measure-Object", "New-Alias", "New-Event", "New-Guid", "New-Object",
        "New-TemporaryFile", "New-TimeSpan", "New-Variable", "Out-File", "Out-GridView", "Out-Printer", "Out-String",
        "Read-Host", "Register-EngineEvent", "Register-ObjectEvent", "Remove-Alias", "Remove-Event", "Remove-TypeData",
        "Remove-Variable", "Select-Object", "Select-String", "Select-Xml", "Send-MailMessage", "Set-Alias", "Set-Date",
        "Set-PSBreakpoint", "Set-TraceSource", "Set-Variable", "Show-Markdown", "Sort-Object", "Start-Sleep", "Tee-Object",
        "Test-Json", "Trace-Command", "Unblock-File", "Unregister-Event", "Update-FormatData", "Update-List",
        "Update-TypeData", "Wait-Debugger", "Wait-Event", "Write-Debug", "Write-Error", "Write-Host", "Write-Information",
        "Write-Output", "Write-Progress", "Write-Verbose", "Write-Warning",

        // Microsoft.PowerShell.Management
        "Add-Content", "Clear-Content", "Clear-Item", "Clear-ItemProperty", "Convert-Path", "Copy-Item",
        "Copy-ItemProperty", "Debug-Process", "Get-ChildItem", "Get-Clipboard", "Get-ComputerInfo", "Get-Content",
        "Get-Item", "Get-ItemProperty", "Get-ItemPropertyValue", "Get-Location", "Get-Process", "Get-PSDrive",
        "Get-PSProvider", "Get-Service", "Get-TimeZone", "Invoke-Item", "Join-Path", "Move-Item", "Move-ItemProperty",
        "New-Item", "New-ItemProperty", "New-PSDrive", "New-Service", "Pop-Location", "Push-Location", "Remove-Item",
        "Remove-ItemProperty", "Remove-PSDrive", "Rename-Item", "Rename-ItemProperty", "Resolve-Path", "Restart-Computer",
        "Set-Clipboard", "Set-Content", "Set-Item", "Set-ItemProperty", "Set-Location", "Split-Path", "Start-Process",
        "Stop-Process", "Test-Connection", "Test-Path", "Wait-Process",

        // Microsoft.PowerShell.Security, ThreadJob and Archive
        "ConvertFrom-SecureString", "ConvertTo-SecureString", "Get-Acl", "Get-AuthenticodeSignature", "Get-Credential",
        "Get-ExecutionPolicy", "Set-Acl", "Set-ExecutionPolicy", "Start-ThreadJob", "Compress-Archive", "Expand-Archive",
    };

    /// <summary>Answers for these commands wherever <paramref name="commands"/> looks one up.</summary>
    internal static void ExplainIn(CommandInvocationIntrinsics commands)
    {
        // A shell that was started by pwsh or on Windows has their modules in its PSModulePath. They say that they have
        // the command, cannot be loaded into another program than their own, and that ends the search with an error
        // before it comes to "not found". So these names are answered first, unless the script or a module that it
        // imported has a command of that name.
        commands.PreCommandLookupAction = (_, lookup) =>
        {
            if (IsMissing(lookup.CommandName) && !commands.GetCommands(lookup.CommandName, CommandTypes.All, nameIsPattern: false).Any())
            {
                Explain(lookup);
            }
        };

        // The engine asks for Get-<name>, too, before it gives up.
        commands.CommandNotFoundAction = (_, lookup) =>
        {
            if (IsMissing(lookup.CommandName))
            {
                Explain(lookup);
            }
        };
    }

    /// <summary>Whether it is one of the names, alone or after its module's name.</summary>
    private static bool IsMissing(string command)
    {
        bool qualified = command.StartsWith("Microsoft.PowerShell.", StringComparison.OrdinalIgnoreCase);
        return Names.Contains(qualified ? command[(command.IndexOf('\\') + 1)..] : command);
    }

    private static void Explain(CommandLookupEventArgs lookup)
    {
        lookup.Command = new CmdletInfo(lookup.CommandName, typeof(MissingCommandCmdlet));
        lookup.StopSearch = true;
    }
}

/// <summary>Stands in for a missing command, so that the error is at the place where the script calls it.</summary>
[Cmdlet("Missing", "Command")]
public sealed class MissingCommandCmdlet : PSCmdlet
{
    /// <summary>What the script passes; not looked at.</summary>
    [Parameter(ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public object[]? Arguments { get; set; }

    /// <summary>What the script pipes in; not looked at.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        string name = MyInvocation.MyCommand.Name;
        ThrowTerminatingError(new ErrorRecord(
            new CommandNotFoundException(
                $"'{name}' is not part of imgsh, which has PowerShell's language, its core commands and ImageServicing. Run the script in pwsh.")
            {
                CommandName = name,
            },
            "CommandNotInImgsh",
            ErrorCategory.ObjectNotFound,
            name));
    }
}
