using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using ImageServicing.Cmdlets;
using ImageServicing.Interop;

namespace ImageServicing.Internal;

/// <summary>What the completers of the registry share: where the registry is.</summary>
public abstract class RegistryCompleterBase : CompleterBase
{
    private protected static readonly Operation Unwatched = Operation.Until(CancellationToken.None);

    private protected static RegistryTarget? Target(IDictionary bound) =>
        FullPath(bound, "HivePath", "ReferenceHivePath") is string hivePath ? RegistryTarget.Hive(hivePath)
        : FullPath(bound, "Path") is string path ? RegistryTarget.Session(path)
        : null;
}

/// <summary>Completes the name of a key, level by level, in the spelling that was begun with.</summary>
public sealed class RegistryKeyCompleter : RegistryCompleterBase
{
    private static readonly (string Long, string Short)[] Roots =
    {
        ("HKEY_LOCAL_MACHINE", "HKLM"), ("HKEY_USERS", "HKU"),
    };

    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed)
    {
        if (Target(bound) is not RegistryTarget target)
        {
            return Array.Empty<Candidate>();
        }

        int end = typed.LastIndexOf('\\');
        string parent = end < 0 ? string.Empty : typed.Substring(0, end);
        string key = RegistryNames.Key(parent);
        string root = key.TrimEnd(':');
        if (target.Path is not null && (root.Length == 0 || Roots.Any(known => Is(known.Long, root) || Is(known.Short, root))))
        {
            return Hives(target, parent, root);
        }

        var keys = target.ListKeys(key.Length == 0 ? "\\" : key, new JsonWriter().Add("levels", 1), Unwatched).Result;
        string prefix = end < 0 ? string.Empty : parent + "\\";
        return keys.Skip(1).Select(below => new Candidate(prefix + below.Name, below.Key));
    }

    /// <summary>The root keys of an image's hives, all or those below the root that was typed in whatever spelling.</summary>
    private static IEnumerable<Candidate> Hives(RegistryTarget target, string typed, string wanted)
    {
        foreach (ImageRegistryKey hive in target.ListKeys(null, new JsonWriter(), Unwatched).Result)
        {
            (string full, string shorter) = Roots.FirstOrDefault(known => hive.Key.StartsWith(known.Long + "\\", StringComparison.Ordinal));
            if (full is null)
            {
                continue;
            }

            string below = hive.Key.Substring(full.Length);
            if (wanted.Length == 0)
            {
                yield return new Candidate(shorter + below, hive.Key);
                yield return new Candidate(full + below, hive.Key);
            }
            else if (Is(full, wanted) || Is(shorter, wanted))
            {
                yield return new Candidate(typed + below, hive.Key);
            }
        }
    }

    private static bool Is(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Completes the name of a value of the key that <c>-Key</c> names.</summary>
public sealed class RegistryValueNameCompleter : RegistryCompleterBase
{
    private protected override IEnumerable<Candidate> Candidates(IDictionary bound, string typed)
    {
        object? given = bound["Key"] is object[] { Length: > 0 } many ? many[0] : bound["Key"];
        return Target(bound) is RegistryTarget target && given?.ToString() is string key
            ? target.ListValues(RegistryNames.Key(key), new JsonWriter(), Unwatched).Result.Select(value => new Candidate(
                RegistryNames.Shown(value.Name), $"{value.Kind} {_Format.RegistryData(value.Value)}"))
            : Array.Empty<Candidate>();
    }
}
