using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace ImageServicing.Interop;

/// <summary>Writes one JSON object (RFC 8259): the options of a call of the engine.</summary>
/// <remarks>
/// What is null is left out, which stands for the engine's default. The engine refuses a name that it does not know, so
/// that a misspelt one is never ignored. Unpaired surrogates are escaped: a host path on Windows may hold them.
/// </remarks>
internal sealed class JsonWriter
{
    private readonly StringBuilder text = new();

    internal JsonWriter Add(string name, string? value)
    {
        if (value is not null)
        {
            Begin(name);
            Append(value);
        }

        return this;
    }

    internal JsonWriter Add(string name, bool? value)
    {
        if (value is bool flag)
        {
            Begin(name);
            text.Append(flag ? "true" : "false");
        }

        return this;
    }

    internal JsonWriter Add(string name, long? value)
    {
        if (value is long number)
        {
            Begin(name);
            text.Append(number.ToString(CultureInfo.InvariantCulture));
        }

        return this;
    }

    internal JsonWriter Add(string name, IEnumerable<string>? values)
    {
        if (values is not null)
        {
            BeginArray(name);
            foreach (string value in values)
            {
                Separate('[');
                Append(value);
            }

            text.Append(']');
        }

        return this;
    }

    internal JsonWriter Add(string name, IEnumerable<uint>? values)
    {
        if (values is not null)
        {
            BeginArray(name);
            foreach (uint value in values)
            {
                Separate('[');
                text.Append(value.ToString(CultureInfo.InvariantCulture));
            }

            text.Append(']');
        }

        return this;
    }

    /// <summary>An object of texts.</summary>
    internal JsonWriter Add(string name, IEnumerable<KeyValuePair<string, string>>? members)
    {
        if (members is not null)
        {
            var inner = new JsonWriter();
            foreach (KeyValuePair<string, string> member in members)
            {
                inner.Add(member.Key, member.Value);
            }

            Begin(name);
            text.Append(inner);
        }

        return this;
    }

    /// <summary>An object.</summary>
    internal JsonWriter Add(string name, JsonWriter? value)
    {
        if (value is not null)
        {
            Begin(name);
            text.Append(value);
        }

        return this;
    }

    /// <summary>An array of objects.</summary>
    internal JsonWriter Add(string name, IEnumerable<JsonWriter>? objects)
    {
        if (objects is not null)
        {
            BeginArray(name);
            foreach (JsonWriter value in objects)
            {
                Separate('[');
                text.Append(value);
            }

            text.Append(']');
        }

        return this;
    }

    /// <summary>The object.</summary>
    public override string ToString() => text.Length == 0 ? "{}" : text + "}";

    private void Begin(string name)
    {
        text.Append(text.Length == 0 ? '{' : ',');
        Append(name);
        text.Append(':');
    }

    private void BeginArray(string name)
    {
        Begin(name);
        text.Append('[');
    }

    private void Separate(char opening)
    {
        if (text[text.Length - 1] != opening)
        {
            text.Append(',');
        }
    }

    private void Append(string value)
    {
        text.Append('"');
        for (int i = 0; i < value.Length; i++)
        {
            char unit = value[i];
            if (unit is '"' or '\\')
            {
                text.Append('\\').Append(unit);
            }
            else if (char.IsHighSurrogate(unit) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                text.Append(unit).Append(value[++i]);
            }
            else if (unit < ' ' || char.IsSurrogate(unit))
            {
                text.Append("\\u").Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(unit);
            }
        }

        text.Append('"');
    }
}
