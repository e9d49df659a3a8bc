using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>How bad a finding in an answer file is.</summary>
public enum UnattendSeverity
{
    /// <summary>Worth knowing.</summary>
    Information = 0,

    /// <summary>It will likely not do what was meant.</summary>
    Warning = 1,

    /// <summary>Setup stops, or ignores what was meant.</summary>
    Error = 2,
}

/// <summary>Something that Test-Unattend found in an answer file.</summary>
public sealed class UnattendFinding
{
    internal UnattendFinding(string file, JsonObject finding)
    {
        UnattendPath = file;
        Rule = finding.Name("rule");
        Severity = finding.Choice("severity", UnattendSeverity.Warning);
        Line = finding.Number32("line");
        Column = finding.Number32("column");
        Pass = finding.Text("pass");
        Component = finding.Text("component");
        Architecture = finding.Text("architecture");
        Setting = finding.Text("setting");
        SettingPath = finding.Text("settingPath");
        Message = finding.Name("message");
        Remedy = finding.Text("remedy");
    }

    /// <summary>How bad it is.</summary>
    public UnattendSeverity Severity { get; }

    /// <summary>The rule that found it: a name that stays the same.</summary>
    public string Rule { get; }

    /// <summary>The line in the file, from 1.</summary>
    public uint Line { get; }

    /// <summary>The column in the line, from 1.</summary>
    public uint Column { get; }

    /// <summary>The pass, as the file spells it.</summary>
    public string? Pass { get; }

    /// <summary>The component.</summary>
    public string? Component { get; }

    /// <summary>The component's architecture.</summary>
    public string? Architecture { get; }

    /// <summary>The path of the setting below the component.</summary>
    public string? Setting { get; }

    /// <summary>The whole path of a setting with a value, for the commands that read and change it.</summary>
    public string? SettingPath { get; }

    /// <summary>What is wrong.</summary>
    public string Message { get; }

    /// <summary>What to do.</summary>
    public string? Remedy { get; }

    /// <summary>The full path of the answer file.</summary>
    public string UnattendPath { get; }

    /// <summary>The place, the severity and the message, as compilers write them.</summary>
    public override string ToString() => $"{UnattendPath}({Line},{Column}): {Severity}: {Message}";
}
