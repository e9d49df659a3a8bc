using System;
using System.Management.Automation;
using System.Runtime.ExceptionServices;

namespace ImageServicing.Shell.Testing;

/// <summary>A PowerShell scope that lasts as long as a piece of C# runs inside it.</summary>
/// <remarks>
/// What a BeforeAll sets must be seen by the tests of its block and by nothing else. So each block opens a scope by
/// calling a script block that calls back, and everything run meanwhile by dot-sourcing lands in that scope.
/// </remarks>
internal static class Scope
{
    private static readonly ScriptBlock CallBack = ScriptBlock.Create("$args[0].Invoke()");

    internal static void Enter(CommandInvocationIntrinsics invoke, SessionState session, TestData? data, Action body)
    {
        ExceptionDispatchInfo? failure = null;
        Action guarded = () =>
        {
            try
            {
                if (data is not null)
                {
                    foreach ((string name, object? value) in data.Variables())
                    {
                        session.PSVariable.Set(name, value);
                    }
                }

                body();
            }
#pragma warning disable CA1031 // It goes on below, without the wrapping that a method call in PowerShell adds.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        };
        invoke.InvokeScript(useLocalScope: true, CallBack, null, guarded);
        failure?.Throw();
    }
}
