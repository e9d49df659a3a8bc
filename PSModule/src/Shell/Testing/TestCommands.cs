using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ImageServicing.Shell.Testing;

/// <summary>The commands of Pester's language that the suites of this project use.</summary>
internal static class TestCommands
{
    internal const string RunnerName = "Invoke-ImgshTest";

    internal static void AddTo(InitialSessionState state)
    {
        Cmdlet(state, RunnerName, typeof(InvokeTestCmdlet));
        Cmdlet(state, "Set-ItResult", typeof(SetItResultCmdlet));
        Alias(state, "Describe", "Add-ImgshBlock", typeof(AddBlockCmdlet));
        Alias(state, "Context", "Add-ImgshBlock", null);
        Alias(state, "It", "Add-ImgshTest", typeof(AddTestCmdlet));
        Alias(state, "Should", "Assert-ImgshValue", typeof(ShouldCmdlet));
        Cmdlet(state, "Add-ImgshHook", typeof(AddHookCmdlet));
        foreach (string hook in (IEnumerable<string>)["BeforeDiscovery", "BeforeAll", "BeforeEach", "AfterEach", "AfterAll"])
        {
            Alias(state, hook, "Add-ImgshHook", null);
        }
    }

    private static void Cmdlet(InitialSessionState state, string name, System.Type type) =>
        state.Commands.Add(new SessionStateCmdletEntry(name, type, helpFileName: null) { Visibility = SessionStateEntryVisibility.Public });

    private static void Alias(InitialSessionState state, string name, string target, System.Type? type)
    {
        if (type is not null)
        {
            Cmdlet(state, target, type);
        }

        state.Commands.Add(new SessionStateAliasEntry(name, target));
    }
}

/// <summary>What the declaring commands share.</summary>
public abstract class DeclaringCmdlet : PSCmdlet
{
    private protected TestDiscovery Discovery => TestDiscovery.Current ?? throw new PSInvalidOperationException(
        $"'{MyInvocation.InvocationName}' belongs into a test suite; run it with: imgsh --pester <folder>");
}

/// <summary>Describe and Context.</summary>
[Cmdlet(VerbsCommon.Add, "ImgshBlock")]
public sealed class AddBlockCmdlet : DeclaringCmdlet
{
    /// <summary>The title.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = string.Empty;

    /// <summary>The body.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Fixture { get; set; } = ScriptBlock.Create(string.Empty);

    /// <summary>One block for each item.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public object? ForEach { get; set; }

    /// <summary>Not used for choosing; accepted as in Pester.</summary>
    [Parameter]
    public string[]? Tag { get; set; }

    /// <summary>Whether its tests are left out.</summary>
    [Parameter]
    public SwitchParameter Skip { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Discovery.AddBlock(Name, Fixture, ForEach, MyInvocation.BoundParameters.ContainsKey(nameof(ForEach)), Skip.IsPresent);
}

/// <summary>It.</summary>
[Cmdlet(VerbsCommon.Add, "ImgshTest")]
public sealed class AddTestCmdlet : DeclaringCmdlet
{
    /// <summary>The title.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = string.Empty;

    /// <summary>The body; without one the test is skipped.</summary>
    [Parameter(Position = 1)]
    public ScriptBlock? Test { get; set; }

    /// <summary>One test for each item.</summary>
    [Parameter]
    [Alias("TestCases")]
    [AllowNull]
    [AllowEmptyCollection]
    public object? ForEach { get; set; }

    /// <summary>Not used for choosing; accepted as in Pester.</summary>
    [Parameter]
    public string[]? Tag { get; set; }

    /// <summary>Whether the test is left out.</summary>
    [Parameter]
    public SwitchParameter Skip { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Discovery.AddTest(Name, Test, ForEach, MyInvocation.BoundParameters.ContainsKey(nameof(ForEach)), Skip.IsPresent);
}

/// <summary>BeforeDiscovery, BeforeAll, BeforeEach, AfterEach and AfterAll: told apart by the name they are called by.</summary>
[Cmdlet(VerbsCommon.Add, "ImgshHook")]
public sealed class AddHookCmdlet : DeclaringCmdlet
{
    /// <summary>The body.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock Scriptblock { get; set; } = ScriptBlock.Create(string.Empty);

    /// <inheritdoc/>
    protected override void ProcessRecord() => Discovery.SetHook(Canonical(MyInvocation.InvocationName), Scriptblock);

    private static string Canonical(string name) => name.ToUpperInvariant() switch
    {
        "BEFOREDISCOVERY" => "BeforeDiscovery",
        "BEFOREALL" => "BeforeAll",
        "BEFOREEACH" => "BeforeEach",
        "AFTEREACH" => "AfterEach",
        "AFTERALL" => "AfterAll",
        _ => name,
    };
}

/// <summary>Set-ItResult -Skipped -Because: ends a test as skipped, with the reason.</summary>
[Cmdlet(VerbsCommon.Set, "ItResult")]
public sealed class SetItResultCmdlet : PSCmdlet
{
    /// <summary>The only result that is supported.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter Skipped { get; set; }

    /// <summary>Why.</summary>
    [Parameter]
    public string? Because { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ThrowTerminatingError(new ErrorRecord(
        new TestSkippedException(Because ?? "no reason given"), "PesterTestSkipped", ErrorCategory.InvalidResult, null));
}
