using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>When a step of the first-boot plan runs.</summary>
public enum SetupPhase
{
    /// <summary>In the specialize pass, or else by <c>SetupComplete.cmd</c>; as SYSTEM.</summary>
    Specialize = 0,

    /// <summary>By <c>SetupComplete.cmd</c> only; as SYSTEM.</summary>
    SetupComplete = 1,

    /// <summary>When a user logs on for the first time, as that user.</summary>
    FirstLogon = 2,
}

/// <summary>A script or command that Windows Setup runs: a step of the image's first-boot plan.</summary>
public sealed class SetupScript
{
    internal SetupScript(ImageTarget target, JsonObject step)
    {
        Path = target.Path;
        ImagePath = target.ImagePath;
        ImageIndex = target.ImagePath is null ? null : target.Index;
        Name = step.Name("name");
        Order = (int)step.Number32("order");
        Phase = step.Choice("phase", SetupPhase.Specialize);
        Description = step.Name("description");
        Command = step.Name("command");
        SuccessCodes = Codes(step);
        ItemPath = step.Text("itemPath");
        Remarks = step.Texts("remarks");
    }

    /// <summary>The session's path; null for an image of a file.</summary>
    public string? Path { get; }

    /// <summary>The image file; null for a session.</summary>
    public string? ImagePath { get; }

    /// <summary>The image's number in the file; null for a session.</summary>
    public int? ImageIndex { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The place in the plan, from 1.</summary>
    public int Order { get; }

    /// <summary>When it runs.</summary>
    public SetupPhase Phase { get; }

    /// <summary>What it is.</summary>
    public string Description { get; }

    /// <summary>The command line.</summary>
    public string Command { get; }

    /// <summary>The exit codes that mean success.</summary>
    public IReadOnlyList<long> SuccessCodes { get; }

    /// <summary>The folder of its script in the image.</summary>
    public string? ItemPath { get; }

    /// <summary>What there is to know.</summary>
    internal IReadOnlyList<string> Remarks { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static IReadOnlyList<long> Codes(JsonObject step)
    {
        var codes = new List<long>();
        if (step.Member("success") is List<object?> numbers)
        {
            foreach (object? number in numbers)
            {
                if (number is ulong code)
                {
                    codes.Add((long)code);
                }
            }
        }

        return codes.AsReadOnly();
    }
}
