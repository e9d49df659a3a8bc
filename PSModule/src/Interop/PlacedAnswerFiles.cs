using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>A place of an image where Windows Setup looks for answer files.</summary>
public enum AnswerFileLocation
{
    /// <summary><c>\Windows\Panther</c>, where Setup keeps the file that it works with.</summary>
    Panther = 0,

    /// <summary><c>\Windows\Panther\Unattend</c>.</summary>
    PantherUnattend = 1,

    /// <summary><c>\Windows\System32\Sysprep</c>.</summary>
    Sysprep = 2,

    /// <summary>The root of the system drive.</summary>
    Root = 3,

    /// <summary>Whatever <c>HKLM\SYSTEM\Setup\UnattendFile</c> names.</summary>
    Registry = 4,
}

/// <summary>A place where Windows Setup looks for an answer file, and the file that is there.</summary>
public sealed class AnswerFileInfo
{
    internal AnswerFileInfo(ImageTarget target, JsonObject file)
    {
        Path = target.Path;
        ImagePath = target.ImagePath;
        ImageIndex = target.ImagePath is null ? null : target.Index;
        Order = (int)file.Number32("order");
        Location = file.Choice("location", AnswerFileLocation.Panther);
        ItemPath = file.Name("itemPath");
        Exists = file.Flag("exists");
        Length = (long)file.Number("length");
        LastWriteTime = file.Time("lastWriteTime");
        Valid = file.Flag("isValid");
        Message = file.Text("message");
        Passes = file.Texts("passes");
        ProcessedPasses = file.Texts("processedPasses");
        UsedPasses = file.Texts("usedPasses");
        Wins = file.Flag("wins");
        Reason = file.Name("reason");
    }

    /// <summary>The session's path; null for an image of a file.</summary>
    public string? Path { get; }

    /// <summary>The image file; null for a session.</summary>
    public string? ImagePath { get; }

    /// <summary>The image's number in the file; null for a session.</summary>
    public int? ImageIndex { get; }

    /// <summary>The number of the place in Microsoft's list. Removable media are 4 and 5.</summary>
    public int Order { get; }

    /// <summary>The place.</summary>
    public AnswerFileLocation Location { get; }

    /// <summary>The path in the image.</summary>
    public string ItemPath { get; }

    /// <summary>Whether there is a file.</summary>
    public bool Exists { get; }

    /// <summary>Its bytes.</summary>
    public long Length { get; }

    /// <summary>When it was last written.</summary>
    public DateTime? LastWriteTime { get; }

    /// <summary>Whether it can be read.</summary>
    public bool Valid { get; }

    /// <summary>Why not, with line and column.</summary>
    public string? Message { get; }

    /// <summary>The passes that it has settings for.</summary>
    public IReadOnlyList<string> Passes { get; }

    /// <summary>Those of them that Setup has marked as done.</summary>
    public IReadOnlyList<string> ProcessedPasses { get; }

    /// <summary>The passes in which Setup uses this file.</summary>
    public IReadOnlyList<string> UsedPasses { get; }

    /// <summary>Whether there is such a pass.</summary>
    public bool Wins { get; }

    /// <summary>Why it is used, or not.</summary>
    public string Reason { get; }

    /// <summary>The path in the image.</summary>
    public override string ToString() => ItemPath;
}

/// <summary>An answer file that was put into an image.</summary>
public sealed class AnswerFilePlacement
{
    internal AnswerFilePlacement(string path, JsonObject report)
    {
        Path = path;
        ItemPath = report.Name("itemPath");
        Location = report.Choice("location", AnswerFileLocation.Panther);
        Order = (int)report.Number32("order");
        Replaced = report.Flag("replaced");
        Length = (long)report.Number("length");
        Passes = report.Texts("passes");
        UsedPasses = report.Texts("usedPasses");
        Audit = report.Text("audit");
        Warnings = report.Texts("warnings");
        Notes = report.Texts("notes");
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The path in the image.</summary>
    public string ItemPath { get; }

    /// <summary>The place.</summary>
    public AnswerFileLocation Location { get; }

    /// <summary>The number of the place in Microsoft's list.</summary>
    public int Order { get; }

    /// <summary>Whether a file was replaced.</summary>
    public bool Replaced { get; }

    /// <summary>The bytes that were written.</summary>
    public long Length { get; }

    /// <summary>The passes that it has settings for.</summary>
    public IReadOnlyList<string> Passes { get; }

    /// <summary>The passes in which Setup will use it.</summary>
    public IReadOnlyList<string> UsedPasses { get; }

    /// <summary>What was set for audit mode; null if it was not asked for.</summary>
    public string? Audit { get; }

    /// <summary>Why passes of the file will not be run from it.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>What else there is to know.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The path in the image.</summary>
    public override string ToString() => ItemPath;
}

/// <summary>What became of a setting of an answer file.</summary>
public enum UnattendOutcome
{
    /// <summary>It is in the image.</summary>
    Applied = 0,

    /// <summary>Setup will read it in its pass.</summary>
    Placed = 1,

    /// <summary>A first-boot step will do it.</summary>
    Deferred = 2,

    /// <summary>Nothing in this image reads it.</summary>
    NotApplicable = 3,

    /// <summary>It should have been applied and could not be.</summary>
    Failed = 4,
}

/// <summary>A setting of an answer file, and what became of it.</summary>
public sealed class UnattendResult
{
    internal UnattendResult(string path, JsonObject setting)
    {
        Path = path;
        Pass = setting.Name("pass");
        Component = setting.Text("component");
        Architecture = setting.Text("architecture");
        Setting = setting.Name("setting");
        Value = setting.Name("value");
        Line = (int)setting.Number32("line");
        Column = (int)setting.Number32("column");
        Result = setting.Choice("result", UnattendOutcome.Failed);
        Reason = setting.Name("reason");
        Target = setting.Text("target");
        Drivers = setting.Objects("drivers").Select(driver => new DriverReport(path, driver)).ToList().AsReadOnly();
    }

    /// <summary>The session's path.</summary>
    public string Path { get; }

    /// <summary>The configuration pass.</summary>
    public string Pass { get; }

    /// <summary>The component; null for a package.</summary>
    public string? Component { get; }

    /// <summary>The component's architecture.</summary>
    public string? Architecture { get; }

    /// <summary>The path in the component; of a package its name.</summary>
    public string Setting { get; }

    /// <summary>The value; of a secret stars.</summary>
    public string Value { get; }

    /// <summary>The line of the answer file.</summary>
    public int Line { get; }

    /// <summary>The column.</summary>
    public int Column { get; }

    /// <summary>What became of it.</summary>
    public UnattendOutcome Result { get; }

    /// <summary>Why.</summary>
    public string Reason { get; }

    /// <summary>The registry value or the file of the image that has it now.</summary>
    public string? Target { get; }

    /// <summary>What became of the packages of a driver path.</summary>
    public IReadOnlyList<DriverReport> Drivers { get; }

    /// <summary>The setting and what became of it.</summary>
    public override string ToString() => $"{Pass}/{Component}/{Setting}: {Result}";
}
