using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>Which value a setting gets that two answer files have differently.</summary>
public enum UnattendPreference
{
    /// <summary>The one of the first file.</summary>
    Base = 0,

    /// <summary>The one of the file that is merged in.</summary>
    Other = 1,
}

/// <summary>One difference between two answer files.</summary>
public sealed class UnattendDifference
{
    internal UnattendDifference(JsonObject difference)
    {
        Change = difference.Choice("change", ImageChange.Changed);
        Pass = difference.Name("pass");
        Component = difference.Text("component");
        Architecture = difference.Text("architecture");
        Setting = difference.Name("setting");
        SettingPath = difference.Name("path");
        Secret = difference.Flag("secret");
        ReferenceValue = difference.Text("before");
        DifferenceValue = difference.Text("after");
        ReferenceLine = difference.OptionalNumber("beforeLine");
        DifferenceLine = difference.OptionalNumber("afterLine");
    }

    /// <summary>How it differs: Added is what only the second file has, Removed what only the first one has.</summary>
    public ImageChange Change { get; }

    /// <summary>The configuration pass; servicing for the servicing section.</summary>
    public string Pass { get; }

    /// <summary>The component's name; null in the servicing section.</summary>
    public string? Component { get; }

    /// <summary>The component's architecture.</summary>
    public string? Architecture { get; }

    /// <summary>The path in the component. Elements of lists are told apart by what they hold.</summary>
    public string Setting { get; }

    /// <summary>The value in the first file; null for a secret that was not asked for.</summary>
    public string? ReferenceValue { get; }

    /// <summary>The value in the second file; null for a secret that was not asked for.</summary>
    public string? DifferenceValue { get; }

    /// <summary>The line in the first file.</summary>
    public ulong? ReferenceLine { get; }

    /// <summary>The line in the second file.</summary>
    public ulong? DifferenceLine { get; }

    /// <summary>Whether it is a password or the like.</summary>
    public bool Secret { get; }

    /// <summary>The whole path.</summary>
    public string SettingPath { get; }

    /// <summary>The change and the whole path.</summary>
    public override string ToString() => $"{Change} {SettingPath}";
}

/// <summary>A setting that two answer files have differently, found in merging them.</summary>
public sealed class UnattendConflict
{
    internal UnattendConflict(JsonObject conflict)
    {
        Pass = conflict.Name("pass");
        Component = conflict.Text("component");
        Architecture = conflict.Text("architecture");
        Setting = conflict.Name("setting");
        SettingPath = conflict.Name("path");
        Secret = conflict.Flag("secret");
        BaseValue = conflict.Text("base");
        OtherValue = conflict.Text("other");
        OtherPath = conflict.Name("file");
        Chosen = conflict.Text("chosen") is null ? null : conflict.Choice("chosen", UnattendPreference.Base);
    }

    /// <summary>The configuration pass; servicing for the servicing section.</summary>
    public string Pass { get; }

    /// <summary>The component's name; null in the servicing section.</summary>
    public string? Component { get; }

    /// <summary>The component's architecture.</summary>
    public string? Architecture { get; }

    /// <summary>The path in the component. Elements of lists are told apart by what they hold.</summary>
    public string Setting { get; }

    /// <summary>The value of what was merged so far; null for a secret that was not asked for.</summary>
    public string? BaseValue { get; }

    /// <summary>The other value; null for a secret that was not asked for.</summary>
    public string? OtherValue { get; }

    /// <summary>The file that has the other value.</summary>
    public string OtherPath { get; }

    /// <summary>The value that was taken; null if nobody said which.</summary>
    public UnattendPreference? Chosen { get; }

    /// <summary>Whether it is a password or the like.</summary>
    public bool Secret { get; }

    /// <summary>The whole path.</summary>
    public string SettingPath { get; }

    /// <summary>The whole path.</summary>
    public override string ToString() => SettingPath;
}

/// <summary>What merging answer files did.</summary>
public sealed class UnattendMergeReport
{
    internal UnattendMergeReport(string unattendPath, JsonObject report)
    {
        UnattendPath = unattendPath;
        Written = report.Flag("written");
        AddedCount = report.Number("added");
        ChangedCount = report.Number("changed");
        Conflicts = report.Objects("conflicts").Select(conflict => new UnattendConflict(conflict)).ToList().AsReadOnly();
    }

    /// <summary>The full path of the file that came of it.</summary>
    public string UnattendPath { get; }

    /// <summary>Whether it was written: not while there are conflicts that nobody decided.</summary>
    public bool Written { get; }

    /// <summary>How many settings were added to the first file's.</summary>
    public ulong AddedCount { get; }

    /// <summary>How many of the first file's settings got another value.</summary>
    public ulong ChangedCount { get; }

    /// <summary>What the files have differently.</summary>
    public IReadOnlyList<UnattendConflict> Conflicts { get; }
}
