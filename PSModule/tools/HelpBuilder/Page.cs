using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace HelpBuilder;

/// <summary>An example of a page.</summary>
internal sealed record Example(string Title, string Code, string Remarks);

/// <summary>A help page in the Markdown that platyPS reads (schema 2.0.0).</summary>
/// <remarks>
/// People write the prose. The SYNTAX part and the yaml of each parameter follow from the code: <see cref="Update"/>
/// writes them, and a build fails when they are out of date.
/// </remarks>
internal sealed partial class Page
{
    private readonly string text;
    private readonly Dictionary<string, string> sections;

    internal Page(string text)
    {
        this.text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        sections = Split(this.text, SectionHeading());
        Parameters = Split(Section("PARAMETERS"), SubHeading()).Where(pair => pair.Key.StartsWith('-')).ToDictionary(
            pair => pair.Key[1..], pair => YamlBlock().Replace(pair.Value, string.Empty).Trim(), StringComparer.Ordinal);
        Examples = [.. Split(Section("EXAMPLES"), SubHeading()).Select(pair => ReadExample(pair.Key, pair.Value))];
    }

    internal string Synopsis => Section("SYNOPSIS");

    internal string Description => Section("DESCRIPTION");

    internal string Notes => Section("NOTES");

    internal string Inputs => Section("INPUTS");

    internal string Outputs => Section("OUTPUTS");

    internal IReadOnlyDictionary<string, string> Parameters { get; }

    internal IReadOnlyList<Example> Examples { get; }

    internal IEnumerable<(string Text, string Target)> Links =>
        Link().Matches(Section("RELATED LINKS")).Select(link => (link.Groups[1].Value, link.Groups[2].Value));

    /// <summary>The page with the generated parts as the code has them.</summary>
    internal string Update(CommandModel command)
    {
        string updated = Regex.Replace(
            text, @"(?<=\n## SYNTAX\n).*?(?=\n## DESCRIPTION\n)", _ => "\n" + Syntax(command), RegexOptions.Singleline);
        return ParameterBlock().Replace(updated, block =>
        {
            ParameterModel? parameter = command.Parameters.FirstOrDefault(candidate => candidate.Name == block.Groups["name"].Value);
            string body = YamlBlock().Replace(block.Groups["body"].Value, string.Empty).Trim();
            return parameter is null ? block.Value : $"### -{parameter.Name}\n\n{body}\n\n{Yaml(parameter)}\n";
        });
    }

    internal static string SyntaxLine(CommandModel command, IReadOnlyList<SetParameter> parameters)
    {
        var line = new StringBuilder(command.Name);
        foreach (SetParameter member in parameters)
        {
            string name = "-" + member.Parameter.Name;
            string written = member.IsPositional ? $"[{name}]" : name;
            written += member.Parameter.IsSwitch ? string.Empty : $" <{member.Parameter.TypeName}>";
            line.Append(' ').Append(member.Attribute.Mandatory ? written : $"[{written}]");
        }

        return line.Append(" [<CommonParameters>]").ToString();
    }

    private static string Syntax(CommandModel command)
    {
        var syntax = new StringBuilder();
        foreach ((string name, IReadOnlyList<SetParameter> parameters) in command.Sets())
        {
            if (name != System.Management.Automation.ParameterAttribute.AllParameterSets)
            {
                syntax.Append("### ").Append(name).Append(name == command.DefaultSet ? " (Default)" : string.Empty).Append("\n\n");
            }

            syntax.Append("```\n").Append(SyntaxLine(command, parameters)).Append("\n```\n\n");
        }

        return syntax.ToString().TrimEnd('\n') + "\n";
    }

    private static string Yaml(ParameterModel parameter) =>
        "```yaml\n" +
        $"Type: {parameter.TypeName}\n" +
        $"Parameter Sets: {parameter.Sets}\n" +
        $"Aliases: {string.Join(", ", parameter.Aliases)}".TrimEnd() + "\n\n" +
        $"Required: {parameter.Required}\n" +
        $"Position: {parameter.Position}\n" +
        "Default value: None\n" +
        $"Accept pipeline input: {parameter.PipelineInput}\n" +
        $"Accept wildcard characters: {parameter.Wildcards}\n" +
        "```";

    private static Example ReadExample(string title, string body)
    {
        Match code = PowerShellBlock().Match(body);
        return new Example(title, code.Groups[1].Value.Trim('\n'), PowerShellBlock().Replace(body, string.Empty, 1).Trim());
    }

    private static Dictionary<string, string> Split(string text, Regex heading)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        MatchCollection found = heading.Matches(text);
        for (int i = 0; i < found.Count; i++)
        {
            int start = found[i].Index + found[i].Length;
            int end = i + 1 < found.Count ? found[i + 1].Index : text.Length;
            parts.Add(found[i].Groups[1].Value.Trim(), text[start..end].Trim());
        }

        return parts;
    }

    private string Section(string name) => sections.TryGetValue(name, out string? section) ? section : string.Empty;

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex SectionHeading();

    [GeneratedRegex("^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex SubHeading();

    [GeneratedRegex(@"^### -(?<name>[A-Za-z]+)\n(?<body>.*?)(?=^### |^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ParameterBlock();

    [GeneratedRegex("```yaml\n.*?\n```", RegexOptions.Singleline)]
    private static partial Regex YamlBlock();

    [GeneratedRegex("```powershell\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex PowerShellBlock();

    [GeneratedRegex(@"\[([^\]]+)\]\(([^)]*)\)")]
    private static partial Regex Link();
}
