using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that works on packages a session's image has, all that the pipeline brings in one call.</summary>
public abstract class DriverNamesCmdlet : SessionCmdlet
{
    private readonly List<(string Session, List<string> Names)> batches = new();

    /// <summary>Notes names for a session; those that were noted before once.</summary>
    private protected void Note(string session, IEnumerable<string> names)
    {
        if (!batches.Any(known => known.Session == session))
        {
            batches.Add((session, new List<string>()));
        }

        List<string> noted = batches.Find(known => known.Session == session).Names;
        noted.AddRange(names.Where(name => !noted.Contains(name, StringComparer.OrdinalIgnoreCase)).ToArray());
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((string session, List<string> names) in batches)
        {
            ForItem(session, () => Process(session, names));
        }
    }

    /// <summary>Does the work for one session.</summary>
    private protected abstract void Process(string session, IReadOnlyList<string> names);

    /// <summary>The published names that <paramref name="names"/> mean and the user agrees to.</summary>
    private protected string[] Approve(string session, IReadOnlyList<string> names, Func<string, bool> agrees) =>
        Resolve(session, names).Distinct(StringComparer.OrdinalIgnoreCase).Where(agrees).ToArray();

    /// <summary>
    /// The published names that <paramref name="names"/> mean. One without wildcards that means none stays as it is, so
    /// that the engine says what is wrong with it.
    /// </summary>
    private IEnumerable<string> Resolve(string session, IReadOnlyList<string> names)
    {
        IReadOnlyList<DriverInfo> drivers = Open(session).GetDrivers(all: false, StopToken);
        foreach (string name in names)
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            // Every path in the driver store has "DriverStore" in it: only a name that is a path is held against paths.
            bool isPath = name.IndexOfAny(new[] { '\\', '/' }) >= 0;
            string[] found = drivers
                .Where(driver => isPath
                    ? pattern.IsMatch(driver.OriginalFileName ?? string.Empty)
                    : pattern.IsMatch(driver.Driver) || pattern.IsMatch(_Format.Leaf(driver.OriginalFileName ?? string.Empty)))
                .Select(driver => driver.Driver)
                .ToArray();
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                yield return name;
            }

            foreach (string driver in found)
            {
                yield return driver;
            }
        }
    }
}
