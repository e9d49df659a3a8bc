using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace HelpBuilder;

/// <summary>Makes the module's help: HelpBuilder [--update] &lt;assembly&gt; &lt;pages&gt; &lt;output folder&gt;.</summary>
/// <remarks>Every disagreement between the pages and the cmdlets is an error of the build.</remarks>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        bool update = arguments is ["--update", ..];
        string[] paths = update ? arguments[1..] : arguments;
        if (paths.Length != 3)
        {
            Console.Error.WriteLine("usage: HelpBuilder [--update] <ImageServicing.dll> <docs/en-US> <output folder>");
            return 64;
        }

        IReadOnlyList<CommandModel> commands = CommandModel.Read(Assembly.LoadFrom(Path.GetFullPath(paths[0])));
        var complaints = new List<string>();
        var pages = new List<(CommandModel, Page)>();
        foreach (CommandModel command in commands)
        {
            string file = Path.Combine(paths[1], command.Name + ".md");
            if (!File.Exists(file))
            {
                complaints.Add($"{file}: error HELP001: there is no page for {command.Name}");
                continue;
            }

            string text = File.ReadAllText(file);
            string current = new Page(text).Update(command);
            if (update && current != text)
            {
                File.WriteAllText(file, current, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
                text = current;
            }

            var page = new Page(text);
            complaints.AddRange(Check(command, page, text == current).Select(complaint => $"{file}: error {complaint}"));
            pages.Add((command, page));
        }

        foreach (string file in Directory.EnumerateFiles(paths[1], "*-*.md").Where(file =>
            commands.All(command => command.Name != Path.GetFileNameWithoutExtension(file))))
        {
            complaints.Add($"{file}: error HELP002: there is no such cmdlet");
        }

        if (complaints.Count > 0)
        {
            complaints.ForEach(Console.Error.WriteLine);
            return 1;
        }

        Directory.CreateDirectory(paths[2]);
        Maml.Build(pages).Save(Path.Combine(paths[2], "ImageServicing.dll-Help.xml"));
        foreach (string file in Directory.EnumerateFiles(paths[1], "about_*.md"))
        {
            File.WriteAllText(Path.Combine(paths[2], Path.GetFileNameWithoutExtension(file) + ".help.txt"), About(File.ReadAllText(file)));
        }

        return 0;
    }

    private static IEnumerable<string> Check(CommandModel command, Page page, bool current)
    {
        if (page.Synopsis.Length == 0 || page.Description.Length == 0)
        {
            yield return "HELP003: the synopsis or the description is empty";
        }

        if (page.Examples.Count == 0 || page.Examples.Any(example => example.Code.Length == 0 || example.Remarks.Length == 0))
        {
            yield return "HELP004: there must be examples, each with code and a remark";
        }

        foreach (ParameterModel parameter in command.Parameters)
        {
            if (!page.Parameters.TryGetValue(parameter.Name, out string? text) || text.Length == 0)
            {
                yield return $"HELP005: -{parameter.Name} has no text";
            }
            else if (parameter.Name is not ("WhatIf" or "Confirm") &&
                !page.Examples.Any(example => Regex.IsMatch(example.Code, $@"-{parameter.Name}\b")) && parameter.Position == "Named" &&
                parameter.PipelineInput == "False")
            {
                yield return $"HELP006: no example uses -{parameter.Name}";
            }
        }

        foreach (string unknown in page.Parameters.Keys.Where(name => command.Parameters.All(parameter => parameter.Name != name)))
        {
            yield return $"HELP007: {command.Name} has no parameter -{unknown}";
        }

        foreach (string output in command.Outputs.Where(output => !page.Outputs.Contains(output, StringComparison.Ordinal)))
        {
            yield return $"HELP008: OUTPUTS does not name {output}";
        }

        if (!current)
        {
            yield return "HELP009: SYNTAX or the yaml of a parameter is out of date; run HelpBuilder with --update";
        }
    }

    /// <summary>An about topic as plain text: headings in capitals, no marks.</summary>
    private static string About(string markdown)
    {
        var text = new StringBuilder();
        foreach (string line in markdown.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n'))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                text.Append("TOPIC\n    ").Append(line[2..]).Append('\n');
            }
            else if (line.StartsWith('#'))
            {
                text.Append(line.TrimStart('#', ' ').ToUpperInvariant()).Append('\n');
            }
            else if (!line.StartsWith("```", StringComparison.Ordinal))
            {
                text.Append(line.Length == 0 ? string.Empty : "    " + line.Replace("`", string.Empty, StringComparison.Ordinal)).Append('\n');
            }
        }

        return text.ToString();
    }
}
