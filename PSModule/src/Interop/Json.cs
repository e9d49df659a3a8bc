using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace ImageServicing.Interop;

/// <summary>A reader for the JSON documents that the engine answers with (RFC 8259).</summary>
/// <remarks>
/// The module ships no managed dependency, and Windows PowerShell has no JSON reader that is both fast and free of
/// version clashes, so these few lines do it. Values are: <see cref="JsonObject"/>, <see cref="List{T}"/> of values,
/// string, bool, <see cref="ulong"/>, <see cref="long"/> (negative integers), <see cref="double"/>, and null.
/// Unpaired surrogates written as <c>\uXXXX</c> are kept: names in images may hold them.
/// </remarks>
internal sealed class JsonReader
{
    /// <summary>The engine's documents nest four deep; more is a damaged document.</summary>
    private const int MaximumDepth = 32;

    private readonly string text;
    private int position;

    private JsonReader(string text)
    {
        this.text = text;
    }

    /// <summary>Reads a whole document that must be one object.</summary>
    internal static JsonObject ReadObject(string text) =>
        Read(text) as JsonObject ?? throw new FormatException("the engine's answer is not a JSON object");

    /// <summary>Reads a whole document that must be one array.</summary>
    internal static List<object?> ReadArray(string text) =>
        Read(text) as List<object?> ?? throw new FormatException("the engine's answer is not a JSON array");

    private static object? Read(string text)
    {
        var reader = new JsonReader(text);
        object? value = reader.Value(0);
        reader.SkipSpace();
        if (reader.position != text.Length)
        {
            throw reader.Unexpected("the end");
        }

        return value;
    }

    private object? Value(int depth)
    {
        if (depth > MaximumDepth)
        {
            throw Unexpected($"at most {MaximumDepth} levels");
        }

        SkipSpace();
        switch (Peek())
        {
            case '{':
                return Object(depth);
            case '[':
                return Array(depth);
            case '"':
                return Text();
            case 't':
                Expect("true");
                return true;
            case 'f':
                Expect("false");
                return false;
            case 'n':
                Expect("null");
                return null;
            default:
                return Number();
        }
    }

    private JsonObject Object(int depth)
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        position++;
        SkipSpace();
        if (Peek() == '}')
        {
            position++;
            return new JsonObject(members);
        }

        while (true)
        {
            SkipSpace();
            string name = Text();
            SkipSpace();
            Expect(":");
            members[name] = Value(depth + 1);
            SkipSpace();
            if (Peek() == '}')
            {
                position++;
                return new JsonObject(members);
            }

            Expect(",");
        }
    }

    private List<object?> Array(int depth)
    {
        var items = new List<object?>();
        position++;
        SkipSpace();
        if (Peek() == ']')
        {
            position++;
            return items;
        }

        while (true)
        {
            items.Add(Value(depth + 1));
            SkipSpace();
            if (Peek() == ']')
            {
                position++;
                return items;
            }

            Expect(",");
        }
    }

    private string Text()
    {
        Expect("\"");
        int start = position;
        int end = text.IndexOfAny(new[] { '"', '\\' }, start);
        if (end >= 0 && text[end] == '"')
        {
            position = end + 1;
            return text.Substring(start, end - start);
        }

        var built = new StringBuilder();
        while (true)
        {
            char next = Take();
            switch (next)
            {
                case '"':
                    return built.ToString();
                case '\\':
                    built.Append(Escape());
                    break;
                default:
                    built.Append(next);
                    break;
            }
        }
    }

    private char Escape()
    {
        char kind = Take();
        switch (kind)
        {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                if (position + 4 <= text.Length &&
                    ushort.TryParse(
                        text.Substring(position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                {
                    position += 4;
                    return (char)unit;
                }

                throw Unexpected("four hexadecimal digits");
            case '"':
            case '\\':
            case '/':
                return kind;
            default:
                throw Unexpected("an escape");
        }
    }

    private object Number()
    {
        int start = position;
        while (position < text.Length && "+-.0123456789eE".IndexOf(text[position]) >= 0)
        {
            position++;
        }

        string digits = text.Substring(start, position - start);
        if (ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong whole))
        {
            return whole;
        }

        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long negative))
        {
            return negative;
        }

        if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
        {
            return real;
        }

        position = start;
        throw Unexpected("a value");
    }

    private void SkipSpace()
    {
        while (position < text.Length && text[position] is ' ' or '\t' or '\r' or '\n')
        {
            position++;
        }
    }

    private char Peek() => position < text.Length ? text[position] : '\0';

    private char Take() => position < text.Length ? text[position++] : throw Unexpected("more text");

    private void Expect(string expected)
    {
        if (string.CompareOrdinal(text, position, expected, 0, expected.Length) != 0)
        {
            throw Unexpected($"'{expected}'");
        }

        position += expected.Length;
    }

    private FormatException Unexpected(string expected) =>
        new($"the engine's answer is not valid JSON: expected {expected} at character {position}");
}

/// <summary>One JSON object. Absent members read as null, zero or empty: a newer engine may leave out or add some.</summary>
internal sealed class JsonObject
{
    private readonly Dictionary<string, object?> members;

    internal JsonObject(Dictionary<string, object?> members)
    {
        this.members = members;
    }

    internal string? Text(string name) => Member(name) switch
    {
        null => null,
        string text => text,
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        object other => other.ToString(),
    };

    /// <summary>A text that the document always has; an absent one reads as the empty string.</summary>
    internal string Name(string name) => Text(name) ?? string.Empty;

    internal bool Flag(string name) => Member(name) is true;

    internal bool? OptionalFlag(string name) => Member(name) as bool?;

    internal ulong Number(string name) => OptionalNumber(name) ?? 0;

    internal ulong? OptionalNumber(string name) => Member(name) switch
    {
        ulong whole => whole,
        double real when real >= 0 && real < ulong.MaxValue => (ulong)real,
        _ => null,
    };

    internal uint Number32(string name) => OptionalNumber32(name) ?? 0;

    internal uint? OptionalNumber32(string name) => OptionalNumber(name) is ulong value && value <= uint.MaxValue ? (uint)value : null;

    internal int Signed32(string name) => Member(name) switch
    {
        // A code such as 0xC1420127 may be written as either of its two readings.
        ulong whole => unchecked((int)whole),
        long negative => unchecked((int)negative),
        _ => 0,
    };

    /// <summary>A FILETIME (ticks of 100 ns since 1601 in UTC) as local time; null when absent, zero or out of range.</summary>
    internal DateTime? Time(string name)
    {
        // The last FILETIME that DateTime can hold: 9999-12-31T23:59:59.9999999Z.
        const ulong Last = 2650467743999999999;
        return OptionalNumber(name) is ulong ticks && ticks > 0 && ticks <= Last ? DateTime.FromFileTimeUtc((long)ticks).ToLocalTime() : null;
    }

    /// <summary>The calendar day of a FILETIME that means a day and not a moment (an INF's DriverVer).</summary>
    internal DateTime? Day(string name)
    {
        const ulong Last = 2650467743999999999;
        return OptionalNumber(name) is ulong ticks && ticks > 0 && ticks <= Last
            ? DateTime.SpecifyKind(DateTime.FromFileTimeUtc((long)ticks).Date, DateTimeKind.Unspecified)
            : null;
    }

    internal T Choice<T>(string name, T otherwise)
        where T : struct, Enum =>
        Text(name) is string text && Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(typeof(T), value) ? value : otherwise;

    internal JsonObject? Object(string name) => Member(name) as JsonObject;

    internal IReadOnlyList<JsonObject> Objects(string name) => Select(name, value => value as JsonObject);

    internal IReadOnlyList<string> Texts(string name) => Select(name, value => value as string);

    private IReadOnlyList<T> Select<T>(string name, Func<object?, T?> choose)
        where T : class
    {
        var chosen = new List<T>();
        if (Member(name) is List<object?> items)
        {
            foreach (object? item in items)
            {
                if (choose(item) is T value)
                {
                    chosen.Add(value);
                }
            }
        }

        return chosen.AsReadOnly();
    }

    /// <summary>A member of any type.</summary>
    internal object? Member(string name) => members.TryGetValue(name, out object? value) ? value : null;
}
