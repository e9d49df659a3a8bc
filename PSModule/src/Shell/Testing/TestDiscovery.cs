using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ImageServicing.Shell.Testing;

/// <summary>Pester's first phase: the bodies of blocks run, and what they declare is written down.</summary>
internal sealed partial class TestDiscovery
{
    /// <summary>The discovery that runs at the moment; the declaring commands speak to it.</summary>
    internal static TestDiscovery? Current { get; set; }

    private readonly CommandInvocationIntrinsics invoke;
    private readonly SessionState session;
    private TestBlock block;

    private TestDiscovery(CommandInvocationIntrinsics invoke, SessionState session, TestBlock root)
    {
        this.invoke = invoke;
        this.session = session;
        block = root;
    }

    /// <summary>Reads a suite.</summary>
    internal static TestBlock Read(CommandInvocationIntrinsics invoke, SessionState session, string path)
    {
        var file = (ExternalScriptInfo)invoke.GetCommand(path, CommandTypes.ExternalScript);
        var root = new TestBlock(System.IO.Path.GetFileName(path), null, file.ScriptBlock, null, skip: false);
        Current = new TestDiscovery(invoke, session, root);
        try
        {
            invoke.InvokeScript(useLocalScope: true, file.ScriptBlock, null);
            return root;
        }
        finally
        {
            Current = null;
        }
    }

    internal void AddBlock(string name, ScriptBlock body, object? forEach, bool hasForEach, bool skip)
    {
        foreach (TestData? data in Items(forEach, hasForEach))
        {
            TestBlock outer = block;
            var inner = new TestBlock(Expand(name, data), outer, body, data, skip);
            outer.Children.Add(inner);
            block = inner;
            try
            {
                Scope.Enter(invoke, session, data, () => invoke.InvokeScript(useLocalScope: false, body, null));
            }
            finally
            {
                block = outer;
            }
        }
    }

    internal void AddTest(string name, ScriptBlock? body, object? forEach, bool hasForEach, bool skip)
    {
        foreach (TestData? data in Items(forEach, hasForEach))
        {
            block.Children.Add(new TestCase(Expand(name, data), block, body, data, skip || block.Skip));
        }
    }

    internal void SetHook(string kind, ScriptBlock body)
    {
        switch (kind)
        {
            case "BeforeDiscovery":
                invoke.InvokeScript(useLocalScope: false, body, null);
                break;
            case "BeforeAll":
                block.BeforeAll = Once(kind, block.BeforeAll, body);
                break;
            case "BeforeEach":
                block.BeforeEach = Once(kind, block.BeforeEach, body);
                break;
            case "AfterEach":
                block.AfterEach = Once(kind, block.AfterEach, body);
                break;
            case "AfterAll":
                block.AfterAll = Once(kind, block.AfterAll, body);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a hook");
        }
    }

    /// <summary>Pester refuses a second hook of a kind in a block, and so does this runner.</summary>
    private ScriptBlock Once(string kind, ScriptBlock? known, ScriptBlock body) => known is null
        ? body
        : throw new PSInvalidOperationException($"{kind} is already defined in '{block.Name}'");

    private static IEnumerable<TestData?> Items(object? forEach, bool given)
    {
        if (!given)
        {
            return [null];
        }

        object? bare = forEach is PSObject wrapped ? wrapped.BaseObject : forEach;
        return bare switch
        {
            null => [],
            IDictionary one => [new TestData(one)],
            IEnumerable many and not string => [.. many.Cast<object?>().Select(item => new TestData(item))],
            _ => [new TestData(bare)],
        };
    }

    /// <summary>Fills <c>&lt;name&gt;</c> and <c>&lt;_&gt;</c> in a title.</summary>
    private static string Expand(string title, TestData? data) => data is null ? title : Placeholder().Replace(title, found =>
    {
        foreach ((string name, object? value) in data.Variables())
        {
            if (string.Equals(name, found.Groups[1].Value, StringComparison.OrdinalIgnoreCase))
            {
                return Describe.Value(value, quote: false);
            }
        }

        return found.Value;
    });

    [GeneratedRegex("<([A-Za-z_][A-Za-z0-9_]*)>", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
