using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>How far Windows Setup has come with an image.</summary>
public enum SetupState
{
    /// <summary>What is recorded does not tell.</summary>
    Unknown = 0,

    /// <summary>Windows is installed.</summary>
    Complete = 1,

    /// <summary>Sysprep has generalised it; the next start leads to the welcome pages.</summary>
    Generalized = 2,

    /// <summary>Sysprep has generalised it; the next start leads to audit mode.</summary>
    GeneralizedToAudit = 3,

    /// <summary>Specialize is done; the next start leads to the welcome pages.</summary>
    OobePending = 4,

    /// <summary>It is in audit mode, or starts into it.</summary>
    Audit = 5,

    /// <summary>Setup is in the middle of a pass, or was interrupted there.</summary>
    Installing = 6,

    /// <summary>Windows PE, which is never set up.</summary>
    WindowsPE = 7,
}

/// <summary>A value that tells of the setup state.</summary>
public sealed class SetupFact
{
    internal SetupFact(JsonObject fact)
    {
        Key = fact.Name("key");
        Name = fact.Name("name");
        Value = fact.Member("value") is ulong number ? (long)number : fact.Text("value");
        Meaning = fact.Text("meaning");
    }

    /// <summary>The registry key, or the path of a file in the image.</summary>
    public string Key { get; }

    /// <summary>The value's name.</summary>
    public string Name { get; }

    /// <summary>The value: a number or a text.</summary>
    public object? Value { get; }

    /// <summary>What is known of its meaning.</summary>
    public string? Meaning { get; }

    /// <summary>Name and value.</summary>
    public override string ToString() => $"{Name} = {Value}";
}

/// <summary>The setup state of an image, and what says so.</summary>
public sealed class ImageSetupState
{
    internal ImageSetupState(ImageTarget target, JsonObject report)
    {
        Path = target.Path;
        ImagePath = target.ImagePath;
        ImageIndex = target.ImagePath is null ? null : target.Index;
        State = report.Choice("state", SetupState.Unknown);
        IsGeneralized = report.Member("isGeneralized") as bool?;
        IsAudit = report.Flag("isAudit");
        IsOobePending = report.Flag("isOobePending");
        Reason = report.Name("reason");
        Notes = report.Texts("notes");
        Facts = report.Objects("facts").Select(fact => new SetupFact(fact)).ToList().AsReadOnly();
    }

    /// <summary>The session's path; null for an image of a file.</summary>
    public string? Path { get; }

    /// <summary>The image file; null for a session.</summary>
    public string? ImagePath { get; }

    /// <summary>The image's number in the file; null for a session.</summary>
    public int? ImageIndex { get; }

    /// <summary>How far Setup has come.</summary>
    public SetupState State { get; }

    /// <summary>Whether the image can be applied to any computer; null where nothing tells.</summary>
    public bool? IsGeneralized { get; }

    /// <summary>Whether the next start leads to audit mode.</summary>
    public bool IsAudit { get; }

    /// <summary>Whether the next start leads to the welcome pages.</summary>
    public bool IsOobePending { get; }

    /// <summary>Which fact decided.</summary>
    public string Reason { get; }

    /// <summary>Facts that do not go together, and what could not be read.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>What was read.</summary>
    public IReadOnlyList<SetupFact> Facts { get; }

    /// <summary>The state.</summary>
    public override string ToString() => State.ToString();
}
