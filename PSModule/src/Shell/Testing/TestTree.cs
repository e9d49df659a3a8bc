using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace ImageServicing.Shell.Testing;

/// <summary>What a block or a test was given by <c>-ForEach</c>: the item and, for a hashtable, its keys as variables.</summary>
internal sealed record TestData(object? Item)
{
    internal IEnumerable<(string Name, object? Value)> Variables()
    {
        yield return ("_", Item);
        object? bare = Item is PSObject wrapped ? wrapped.BaseObject : Item;
        if (bare is IDictionary table)
        {
            foreach (DictionaryEntry entry in table)
            {
                yield return (entry.Key.ToString()!, entry.Value);
            }
        }
    }
}

/// <summary>A Describe or Context, or the file around them.</summary>
internal sealed class TestBlock(string name, TestBlock? parent, ScriptBlock body, TestData? data, bool skip)
{
    internal string Name { get; } = name;

    internal TestBlock? Parent { get; } = parent;

    internal ScriptBlock Body { get; } = body;

    internal TestData? Data { get; } = data;

    internal bool Skip { get; } = skip || parent?.Skip == true;

    internal ScriptBlock? BeforeAll { get; set; }

    internal ScriptBlock? BeforeEach { get; set; }

    internal ScriptBlock? AfterEach { get; set; }

    internal ScriptBlock? AfterAll { get; set; }

    /// <summary>Blocks and tests in the order they are written.</summary>
    internal List<object> Children { get; } = [];
}

/// <summary>An It.</summary>
internal sealed record TestCase(string Name, TestBlock Block, ScriptBlock? Body, TestData? Data, bool Skip)
{
    /// <summary>The names of all blocks around it and its own.</summary>
    internal string FullName
    {
        get
        {
            var names = new List<string> { Name };
            for (TestBlock? block = Block; block?.Parent is not null; block = block.Parent)
            {
                names.Insert(0, block.Name);
            }

            return string.Join('.', names);
        }
    }
}
