using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace HelpBuilder;

/// <summary>The XML that Get-Help reads.</summary>
internal static partial class Maml
{
    private static readonly XNamespace Root = "http://msh";
    private static readonly XNamespace Text = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    internal static XDocument Build(IEnumerable<(CommandModel Command, Page Page)> commands) => new(
        new XDeclaration("1.0", "utf-8", null),
        new XComment("Generated from docs/en-US; edit those pages."),
        new XElement(Root + "helpItems", new XAttribute("schema", "maml"), commands.Select(pair => Build(pair.Command, pair.Page))));

    private static XElement Build(CommandModel command, Page page) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Text),
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XElement(
            Command + "details",
            new XElement(Command + "name", command.Name),
            new XElement(Command + "verb", command.Verb),
            new XElement(Command + "noun", command.Noun),
            new XElement(Text + "description", Paragraphs(page.Synopsis))),
        new XElement(Text + "description", Paragraphs(page.Description)),
        new XElement(Command + "syntax", command.Sets().Select(set => new XElement(
            Command + "syntaxItem",
            new XElement(Text + "name", command.Name),
            set.Parameters.Select(member => Parameter(page, member.Parameter, member.Attribute.Mandatory, member.IsPositional
                ? member.Attribute.Position.ToString(System.Globalization.CultureInfo.InvariantCulture)
                : "named"))))),
        new XElement(Command + "parameters", command.Parameters.Select(parameter =>
            Parameter(page, parameter, parameter.Required, parameter.Position == "Named" ? "named" : parameter.Position))),
        new XElement(Command + "inputTypes", Types(page.Inputs, "inputType")),
        new XElement(Command + "returnValues", Types(page.Outputs, "returnValue")),
        new XElement(Text + "alertSet", new XElement(Text + "alert", Paragraphs(page.Notes))),
        new XElement(Command + "examples", page.Examples.Select(example => new XElement(
            Command + "example",
            new XElement(Text + "title", example.Title),
            new XElement(Dev + "code", example.Code),
            new XElement(Dev + "remarks", Paragraphs(example.Remarks))))),
        new XElement(Command + "relatedLinks", page.Links.Select(link => new XElement(
            Text + "navigationLink",
            new XElement(Text + "linkText", link.Text),
            new XElement(Text + "uri", link.Target.StartsWith("http", StringComparison.Ordinal) ? link.Target : string.Empty)))));

    private static XElement Parameter(Page page, ParameterModel parameter, bool required, string position) => new(
        Command + "parameter",
        new XAttribute("required", required ? "true" : "false"),
        new XAttribute("variableLength", parameter.Type.IsArray ? "true" : "false"),
        new XAttribute("globbing", parameter.Wildcards ? "true" : "false"),
        new XAttribute("pipelineInput", parameter.PipelineInput),
        new XAttribute("position", position),
        new XAttribute("aliases", parameter.Aliases.Count > 0 ? string.Join(", ", parameter.Aliases) : "none"),
        new XElement(Text + "name", parameter.Name),
        new XElement(Text + "description", Paragraphs(page.Parameters.TryGetValue(parameter.Name, out string? text) ? text : string.Empty)),
        parameter.IsSwitch ? null : new XElement(
            Command + "parameterValue",
            new XAttribute("required", "true"),
            new XAttribute("variableLength", parameter.Type.IsArray ? "true" : "false"),
            parameter.TypeName),
        new XElement(Dev + "type", new XElement(Text + "name", parameter.TypeName), new XElement(Text + "uri")),
        new XElement(Dev + "defaultValue", parameter.IsSwitch ? "False" : "None"));

    private static IEnumerable<XElement> Types(string section, string name)
    {
        MatchCollection found = TypeHeading().Matches(section);
        for (int i = 0; i < found.Count; i++)
        {
            int start = found[i].Index + found[i].Length;
            int end = i + 1 < found.Count ? found[i + 1].Index : section.Length;
            yield return new XElement(
                Command + name,
                new XElement(Dev + "type", new XElement(Text + "name", found[i].Groups[1].Value.Trim())),
                new XElement(Text + "description", Paragraphs(section[start..end])));
        }
    }

    private static IEnumerable<XElement> Paragraphs(string markdown) => markdown
        .Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(paragraph => new XElement(Text + "para", Plain(paragraph)));

    /// <summary>Markdown as it reads in a console: no marks, one line for each paragraph, lists and code as they are.</summary>
    private static string Plain(string paragraph)
    {
        bool keepsLines = paragraph.StartsWith('-') || paragraph.StartsWith("```", StringComparison.Ordinal) || paragraph.StartsWith('|');
        string text = keepsLines ? paragraph.Replace("```", string.Empty, StringComparison.Ordinal) : paragraph.Replace('\n', ' ');
        return Link().Replace(text, "$1").Replace("`", string.Empty, StringComparison.Ordinal).Replace("**", string.Empty, StringComparison.Ordinal).Trim();
    }

    [GeneratedRegex("^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex TypeHeading();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();
}
