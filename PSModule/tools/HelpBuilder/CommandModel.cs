using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace HelpBuilder;

/// <summary>A parameter in one parameter set.</summary>
internal sealed record SetParameter(ParameterModel Parameter, ParameterAttribute Attribute)
{
    internal bool IsPositional => Attribute.Position != int.MinValue;
}

/// <summary>A parameter of a cmdlet.</summary>
internal sealed record ParameterModel(
    string Name, Type Type, IReadOnlyList<string> Aliases, bool Wildcards, IReadOnlyList<ParameterAttribute> Attributes)
{
    internal bool IsSwitch => Type == typeof(SwitchParameter);

    internal string TypeName => Type.IsArray ? Type.GetElementType()!.Name + "[]" : (Nullable.GetUnderlyingType(Type) ?? Type).Name;

    internal string Sets => Attributes.Any(attribute => attribute.ParameterSetName == ParameterAttribute.AllParameterSets)
        ? "(All)"
        : string.Join(", ", Attributes.Select(attribute => attribute.ParameterSetName));

    internal bool Required => Attributes.Any(attribute => attribute.Mandatory);

    internal string Position => Attributes.Select(attribute => attribute.Position).Where(position => position != int.MinValue)
        .Select(position => position.ToString(System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault() ?? "Named";

    internal string PipelineInput
    {
        get
        {
            bool value = Attributes.Any(attribute => attribute.ValueFromPipeline);
            bool name = Attributes.Any(attribute => attribute.ValueFromPipelineByPropertyName);
            return (value, name) switch
            {
                (true, true) => "True (ByPropertyName, ByValue)",
                (true, false) => "True (ByValue)",
                (false, true) => "True (ByPropertyName)",
                _ => "False",
            };
        }
    }
}

/// <summary>A cmdlet, as its attributes describe it.</summary>
internal sealed record CommandModel(
    string Verb, string Noun, string? DefaultSet, IReadOnlyList<ParameterModel> Parameters, IReadOnlyList<string> Outputs)
{
    internal string Name => $"{Verb}-{Noun}";

    /// <summary>The parameter sets, the default one first, each with its parameters in the order PowerShell shows them.</summary>
    internal IEnumerable<(string Name, IReadOnlyList<SetParameter> Parameters)> Sets()
    {
        string[] names = [.. Parameters.SelectMany(parameter => parameter.Attributes).Select(attribute => attribute.ParameterSetName)
            .Where(name => name != ParameterAttribute.AllParameterSets).Distinct()
            .OrderByDescending(name => name == DefaultSet)];
        foreach (string name in names.Length == 0 ? [ParameterAttribute.AllParameterSets] : names)
        {
            var members =
                from parameter in Parameters
                let attribute = parameter.Attributes.FirstOrDefault(candidate =>
                    candidate.ParameterSetName == name || candidate.ParameterSetName == ParameterAttribute.AllParameterSets)
                where attribute is not null
                select new SetParameter(parameter, attribute);
            yield return (name, [.. members
                .OrderBy(member => member.IsPositional ? member.Attribute.Position : int.MaxValue)
                .ThenByDescending(member => member.Attribute.Mandatory)]);
        }
    }

    /// <summary>All cmdlets of an assembly, by name.</summary>
    internal static IReadOnlyList<CommandModel> Read(Assembly assembly) => [.. assembly.GetExportedTypes()
        .Select(type => (Type: type, Cmdlet: type.GetCustomAttribute<CmdletAttribute>()))
        .Where(pair => pair.Cmdlet is not null)
        .Select(pair => Read(pair.Type, pair.Cmdlet!))
        .OrderBy(command => command.Name, StringComparer.Ordinal)];

    private static CommandModel Read(Type type, CmdletAttribute cmdlet)
    {
        // Base classes last: a cmdlet's own parameters come first in its help.
        List<ParameterModel> parameters = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.IsDefined(typeof(ParameterAttribute)))
            .OrderBy(property => property.DeclaringType == type ? 0 : 1)
            .ThenBy(property => property.MetadataToken)
            .Select(property => new ParameterModel(
                property.Name,
                property.PropertyType,
                property.GetCustomAttribute<AliasAttribute>()?.AliasNames.ToArray() ?? [],
                property.IsDefined(typeof(SupportsWildcardsAttribute)),
                [.. property.GetCustomAttributes<ParameterAttribute>()]))];
        if (cmdlet.SupportsShouldProcess)
        {
            parameters.Add(Common("WhatIf", "wi"));
            parameters.Add(Common("Confirm", "cf"));
        }

        return new CommandModel(
            cmdlet.VerbName,
            cmdlet.NounName,
            cmdlet.DefaultParameterSetName,
            parameters,
            [.. type.GetCustomAttributes<OutputTypeAttribute>().SelectMany(output => output.Type).Select(output => output.Name).Distinct()]);
    }

    private static ParameterModel Common(string name, string alias) =>
        new(name, typeof(SwitchParameter), [alias], Wildcards: false, [new ParameterAttribute()]);
}
