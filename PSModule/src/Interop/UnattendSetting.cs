using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>A setting of an answer file.</summary>
public sealed class UnattendSetting
{
    internal UnattendSetting(string unattendPath, JsonObject setting)
    {
        UnattendPath = unattendPath;
        Pass = setting.Name("pass");
        Component = setting.Text("component");
        Architecture = setting.Text("architecture");
        Setting = setting.Name("setting");
        SettingPath = setting.Name("path");
        Value = setting.Text("value");
        Secret = setting.Flag("secret");
        Action = setting.Text("action");
        Line = setting.Number("line");
        Column = setting.Number("column");
    }

    /// <summary>The configuration pass; servicing for the servicing section.</summary>
    public string Pass { get; }

    /// <summary>The component's name; null in the servicing section.</summary>
    public string? Component { get; }

    /// <summary>The component's architecture.</summary>
    public string? Architecture { get; }

    /// <summary>The path in the component.</summary>
    public string Setting { get; }

    /// <summary>The value; null for a secret that was not asked for.</summary>
    public string? Value { get; }

    /// <summary>Whether it is a password or the like.</summary>
    public bool Secret { get; }

    /// <summary>What the element of a list around it is there for: add, remove, modify.</summary>
    public string? Action { get; }

    /// <summary>The line in the file, from 1.</summary>
    public ulong Line { get; }

    /// <summary>The column in the file in characters, from 1.</summary>
    public ulong Column { get; }

    /// <summary>The whole path, which means this setting and no other.</summary>
    public string SettingPath { get; }

    /// <summary>The full path of the answer file.</summary>
    public string UnattendPath { get; }

    /// <summary>The whole path.</summary>
    public override string ToString() => SettingPath;
}

/// <summary>A setting that was removed from an answer file.</summary>
public sealed class UnattendRemoval
{
    internal UnattendRemoval(string unattendPath, string settingPath)
    {
        UnattendPath = unattendPath;
        SettingPath = settingPath;
    }

    /// <summary>The setting's whole path.</summary>
    public string SettingPath { get; }

    /// <summary>The full path of the answer file.</summary>
    public string UnattendPath { get; }

    /// <summary>The setting's whole path.</summary>
    public override string ToString() => SettingPath;
}
