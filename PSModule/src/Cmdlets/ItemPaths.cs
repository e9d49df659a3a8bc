using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Paths inside an image: their spelling, and what wildcards in them match.</summary>
internal static class ItemPaths
{
    private static readonly char[] Separators = { '\\', '/' };

    /// <summary>The path with backslashes and one at its start, as the engine writes it.</summary>
    internal static string Normalize(string itemPath) => "\\" + string.Join("\\", Split(itemPath));

    /// <summary>Whether the spelling says that a directory is meant.</summary>
    internal static bool EndsAsDirectory(string itemPath) =>
        itemPath.Length > 0 && Array.IndexOf(Separators, itemPath[itemPath.Length - 1]) >= 0;

    internal static string Join(string directory, string name) =>
        directory.EndsWith("\\", StringComparison.Ordinal) ? directory + name : directory + "\\" + name;

    /// <summary>The items that a path with wildcards matches, component by component, in the image's order.</summary>
    internal static IEnumerable<ImageItem> Match(Session session, string itemPath, CancellationToken token)
    {
        string[] components = Split(itemPath);
        var pending = new Stack<(string Directory, int Depth)>();
        pending.Push(("\\", 0));
        while (pending.Count > 0)
        {
            (string directory, int depth) = pending.Pop();
            string component = components[depth];
            bool last = depth == components.Length - 1;
            if (!WildcardPattern.ContainsWildcardCharacters(component))
            {
                string literal = Join(directory, component);
                if (!last)
                {
                    pending.Push((literal, depth + 1));
                }
                else if (session.FindItem(literal, token) is ImageItem item)
                {
                    yield return item;
                }

                continue;
            }

            var pattern = new WildcardPattern(component, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            var deeper = new Stack<(string, int)>();
            foreach (ImageItem child in ChildrenOrNone(session, directory, token))
            {
                if (!pattern.IsMatch(child.Name))
                {
                    continue;
                }

                if (last)
                {
                    yield return child;
                }
                else if (child.ItemType == ImageItemType.Directory)
                {
                    deeper.Push((child.ItemPath, depth + 1));
                }
            }

            while (deeper.Count > 0)
            {
                pending.Push(deeper.Pop());
            }
        }
    }

    /// <summary>Everything below a directory, a directory before what is in it.</summary>
    internal static IEnumerable<ImageItem> Descendants(Session session, ImageItem directory, CancellationToken token)
    {
        var pending = new Stack<string>();
        pending.Push(directory.ItemPath);
        while (pending.Count > 0)
        {
            var below = new Stack<string>();
            foreach (ImageItem child in ChildrenOrNone(session, pending.Pop(), token))
            {
                yield return child;
                if (child.ItemType == ImageItemType.Directory)
                {
                    below.Push(child.ItemPath);
                }
            }

            while (below.Count > 0)
            {
                pending.Push(below.Pop());
            }
        }
    }

    /// <summary>The children; none when the next cmdlet of the pipeline has removed the directory in between.</summary>
    private static IReadOnlyList<ImageItem> ChildrenOrNone(Session session, string directory, CancellationToken token)
    {
        try
        {
            return session.GetItems(directory, token);
        }
        catch (ImageServicingException gone) when (
            gone.Status is ImageServicingStatus.ItemNotFound or ImageServicingStatus.WrongItemKind)
        {
            return Array.Empty<ImageItem>();
        }
    }

    private static string[] Split(string itemPath) => itemPath.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
}
