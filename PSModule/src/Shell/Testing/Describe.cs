using System;
using System.Collections;
using System.Globalization;
using System.Linq;
using System.Management.Automation;

namespace ImageServicing.Shell.Testing;

/// <summary>Values in titles and in the messages of failed assertions.</summary>
internal static class Describe
{
    private const int MostItems = 10;

    internal static string Value(object? value, bool quote = true)
    {
        object? bare = value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
        return bare switch
        {
            null => "$null",
            bool flag => flag ? "$true" : "$false",
            string text => quote ? $"'{text}'" : text,
            Type type => $"[{type.FullName}]",
            DateTime time => time.ToString("o", CultureInfo.InvariantCulture),
            IDictionary table => "@{" + string.Join("; ", table.Keys.Cast<object>().Select(key => $"{key}={Value(table[key])}")) + "}",
            IEnumerable many => "@(" + string.Join(", ", many.Cast<object?>().Take(MostItems).Select(item => Value(item))) +
                (many.Cast<object?>().Skip(MostItems).Any() ? ", …" : string.Empty) + ")",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value!.ToString() ?? string.Empty,
        };
    }
}
