using System;

namespace ImageServicing.Cmdlets;

/// <summary>Names of keys and values as PowerShell writes them, turned into those of the engine.</summary>
internal static class RegistryNames
{
    private const string Provider = "Registry::";
    private const string DefaultValue = "(default)";

    /// <summary>
    /// The key's name without the name of PowerShell's provider: <c>Registry::HKEY_LOCAL_MACHINE\SOFTWARE</c>. The
    /// engine knows long and short roots, and those of drives: <c>HKLM:\SOFTWARE</c>. A slash is a part of a name.
    /// </summary>
    internal static string Key(string given)
    {
        int provider = given.IndexOf(Provider, StringComparison.OrdinalIgnoreCase);
        bool qualified = provider == 0 || (provider > 0 && given[provider - 1] == '\\' &&
            given.StartsWith("Microsoft.PowerShell.Core\\", StringComparison.OrdinalIgnoreCase));
        return qualified ? given.Substring(provider + Provider.Length) : given;
    }

    /// <summary>The value's name; the default value, which people and PowerShell write <c>(default)</c>, has an empty one.</summary>
    internal static string Value(string given) =>
        string.Equals(given, DefaultValue, StringComparison.OrdinalIgnoreCase) ? string.Empty : given;

    /// <summary>A value's name for people.</summary>
    internal static string Shown(string name) => name.Length == 0 ? DefaultValue : name;
}
