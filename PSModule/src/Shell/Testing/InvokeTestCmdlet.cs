using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Management.Automation;

namespace ImageServicing.Shell.Testing;

/// <summary>Runs suites in the manner of Pester 5: discovery first, then the blocks, then a line with the counts.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ImgshTest")]
public sealed class InvokeTestCmdlet : PSCmdlet
{
    private const string Suffix = ".Tests.ps1";

    private readonly List<(string Test, string Reason)> skips = [];
    private int passed;
    private int failed;
    private WildcardPattern? filter;

    /// <summary>A folder or a suite.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Path { get; set; } = string.Empty;

    /// <summary>A wildcard pattern on the tests' full names.</summary>
    [Parameter]
    [AllowNull]
    public string? Filter { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        filter = string.IsNullOrEmpty(Filter) ? null : new WildcardPattern(
            Filter.Contains('*', StringComparison.Ordinal) ? Filter : $"*{Filter}*", WildcardOptions.IgnoreCase);
        string[] suites = File.Exists(Path)
            ? [Path]
            : Directory.Exists(Path) ? [.. Directory.EnumerateFiles(Path, "*" + Suffix, SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
        if (suites.Length == 0)
        {
            ThrowTerminatingError(new ErrorRecord(
                new ItemNotFoundException($"there is no suite (*{Suffix}) at '{Path}'"), "NoTests", ErrorCategory.ObjectNotFound, Path));
        }

        var time = Stopwatch.StartNew();
        foreach (string suite in suites)
        {
            Run(suite);
        }

        foreach ((string test, string reason) in skips)
        {
            Say($"[skipped] {test}: {reason}");
        }

        Say(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"Tests: {passed} passed, {failed} failed, {skips.Count} skipped ({suites.Length} suites, {time.Elapsed.TotalSeconds:0.0} s)"));
        Host.SetShouldExit(failed > 0 || passed == 0 ? 1 : 0);
    }

    private static bool IsStop(Exception failure) => failure is PipelineStoppedException;

    private void Say(string line) => Host.UI.WriteLine(line);

    private void Run(string suite)
    {
        var time = Stopwatch.StartNew();
        int before = passed;
        int failedBefore = failed;
        try
        {
            TestBlock root = TestDiscovery.Read(InvokeCommand, SessionState, suite);
            string drive = Directory.CreateTempSubdirectory("imgsh-test-").FullName;
            try
            {
                RunBlock(root, [], drive);
            }
            finally
            {
                Directory.Delete(drive, recursive: true);
            }
        }
        catch (RuntimeException failure) when (!IsStop(failure))
        {
            Fail($"{System.IO.Path.GetFileName(suite)} (discovery)", failure);
        }

        Say(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{System.IO.Path.GetFileName(suite)}: {passed - before} passed, {failed - failedBefore} failed ({time.Elapsed.TotalSeconds:0.0} s)"));
    }

    /// <summary>The tests of a block and of the blocks in it, in a scope of their own.</summary>
    private void RunBlock(TestBlock block, TestBlock[] outer, string drive)
    {
        if (!block.Children.Any(HasWork))
        {
            // Nothing of the block runs, so its BeforeAll need not either; the skips are still counted.
            foreach (TestCase test in Leaves(block).Where(IsChosen))
            {
                Skip(test, "-Skip");
            }

            return;
        }

        HashSet<string> kept = [.. Directory.EnumerateFileSystemEntries(drive)];
        Scope.Enter(InvokeCommand, SessionState, block.Data, () =>
        {
            SessionState.PSVariable.Set("TestDrive", drive);
            try
            {
                DotSource(block.BeforeAll);
                TestBlock[] around = [.. outer, block];
                foreach (object child in block.Children)
                {
                    if (child is TestBlock inner)
                    {
                        RunBlock(inner, around, drive);
                    }
                    else if (child is TestCase test && IsChosen(test))
                    {
                        RunTest(test, around);
                    }
                }
            }
            catch (RuntimeException failure) when (!IsStop(failure))
            {
                // Without its BeforeAll no test of the block can run: all of them have failed.
                foreach (TestCase test in Leaves(block).Where(IsChosen))
                {
                    Fail(test.FullName, failure);
                }
            }

            try
            {
                DotSource(block.AfterAll);
            }
            catch (RuntimeException failure) when (!IsStop(failure))
            {
                Fail($"{block.Name} (AfterAll)", failure);
            }
        });
        foreach (string entry in Directory.EnumerateFileSystemEntries(drive).Where(entry => !kept.Contains(entry)).ToArray())
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    private void RunTest(TestCase test, TestBlock[] around)
    {
        if (test.Skip || test.Body is null)
        {
            Skip(test, test.Body is null ? "it has no body" : "-Skip");
            return;
        }

        RuntimeException? failure = null;
        Scope.Enter(InvokeCommand, SessionState, test.Data, () =>
        {
            try
            {
                foreach (TestBlock block in around)
                {
                    DotSource(block.BeforeEach);
                }

                DotSource(test.Body);
            }
            catch (RuntimeException thrown) when (!IsStop(thrown))
            {
                failure = thrown;
            }

            foreach (TestBlock block in around.Reverse())
            {
                try
                {
                    DotSource(block.AfterEach);
                }
                catch (RuntimeException thrown) when (!IsStop(thrown))
                {
                    failure ??= thrown;
                }
            }
        });
        if (failure is null)
        {
            passed++;
        }
        else if (failure.ErrorRecord.Exception is TestSkippedException skipped)
        {
            Skip(test, skipped.Message);
        }
        else
        {
            Fail(test.FullName, failure);
        }
    }

    private void DotSource(ScriptBlock? body)
    {
        if (body is not null)
        {
            InvokeCommand.InvokeScript(useLocalScope: false, body, null);
        }
    }

    private void Skip(TestCase test, string reason) => skips.Add((test.FullName, reason));

    private void Fail(string name, RuntimeException failure)
    {
        failed++;
        ErrorRecord record = failure.ErrorRecord;
        Say($"[failed] {name}");
        foreach (string line in record.ToString().Split('\n'))
        {
            Say("    " + line.TrimEnd('\r'));
        }

        if (record.Exception is not AssertionException)
        {
            Say($"    {record.FullyQualifiedErrorId} [{record.CategoryInfo.Category}]");
        }

        foreach (string line in (record.ScriptStackTrace ?? string.Empty).Split('\n').Where(line => line.Contains(".ps1", StringComparison.Ordinal)).Take(2))
        {
            Say("    " + line.TrimEnd('\r'));
        }
    }

    private bool IsChosen(TestCase test) => filter is null || filter.IsMatch(test.FullName);

    private bool HasWork(object child) => child switch
    {
        TestCase test => !test.Skip && test.Body is not null && IsChosen(test),
        TestBlock block => block.Children.Any(HasWork),
        _ => false,
    };

    private static IEnumerable<TestCase> Leaves(TestBlock block) => block.Children.SelectMany(child => child switch
    {
        TestCase test => [test],
        TestBlock inner => Leaves(inner),
        _ => Enumerable.Empty<TestCase>(),
    });
}
