using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace ImageServicing.Shell;

/// <summary>Command-line arguments as the text of a call: <c>-Name value</c>, <c>-Name:$true</c>, <c>-Switch</c>, <c>value</c>.</summary>
/// <remarks>As with pwsh -File, values are texts and never code; only <c>$true</c> and <c>$false</c> after a colon mean what they say.</remarks>
internal static partial class ScriptArguments
{
    internal static string Format(IReadOnlyList<string> arguments) => string.Join(' ', arguments.Select(Format));

    internal static string Quote(string text) => "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'";

    private static string Format(string argument)
    {
        Match parameter = ParameterPattern().Match(argument);
        if (!parameter.Success)
        {
            return Quote(argument);
        }

        if (!parameter.Groups["value"].Success)
        {
            return argument;
        }

        string value = parameter.Groups["value"].Value;
        bool isFlag = value.ToUpperInvariant() is "$TRUE" or "$FALSE";
        return $"-{parameter.Groups["name"].Value}:{(isFlag ? value : Quote(value))}";
    }

    [GeneratedRegex("^-(?<name>[A-Za-z_][A-Za-z0-9_]*)(:(?<value>.+))?$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex ParameterPattern();
}
