using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.Win32;

namespace ImageServicing.Interop;

/// <summary>What a value holds, as the engine writes it: <c>{kind, kindNumber, size, form, value}</c>.</summary>
internal sealed class RegistryContent
{
    internal RegistryContent(JsonObject content)
    {
        Kind = content.Choice("kind", RegistryValueKind.Unknown);
        KindNumber = content.Number32("kindNumber");
        Size = content.Number("size");
        Value = content.Text("form") switch
        {
            "text" => content.Name("value"),
            "texts" => content.Texts("value").ToArray(),
            "number" when Kind == RegistryValueKind.DWord => unchecked((int)Number(content)),
            "number" => Number(content),
            "bytes" => Bytes(content.Name("value")),
            string form => throw new FormatException($"the engine's answer has a value of the form '{form}'"),
            null => throw new FormatException("the engine's answer has a value without a form"),
        };
    }

    internal RegistryValueKind Kind { get; }

    internal uint KindNumber { get; }

    internal ulong Size { get; }

    internal object Value { get; }

    private static long Number(JsonObject content) => content.Member("value") switch
    {
        long negative => negative,
        ulong whole => unchecked((long)whole),
        _ => throw new FormatException("the engine's answer has a number that is none"),
    };

    private static byte[] Bytes(string digits)
    {
        byte[] bytes = new byte[digits.Length / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = byte.Parse(digits.Substring(i * 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        return bytes;
    }
}

/// <summary>What a value shall hold. A null kind has only its number.</summary>
internal sealed record RegistryData(RegistryValueKind? Kind, uint? KindNumber, object Value)
{
    /// <summary>The JSON of the engine. Numbers are long; bytes are stored as they are, whatever the kind.</summary>
    public override string ToString()
    {
        JsonWriter json = new JsonWriter()
            .Add("kind", Kind is null or RegistryValueKind.Unknown ? null : Kind.ToString())
            .Add("kindNumber", Kind is null or RegistryValueKind.Unknown ? KindNumber : null);
        json = Value switch
        {
            string text => json.Add("form", "text").Add("value", text),
            long number => json.Add("form", "number").Add("value", number),
            byte[] bytes => json.Add("form", "bytes").Add("value", Hexadecimal(bytes)),
            IEnumerable<string> texts => json.Add("form", "texts").Add("value", texts),
            _ => throw new InvalidOperationException($"no value of the registry is a {Value.GetType()}"),
        };
        return json.ToString();
    }

    private static string Hexadecimal(byte[] bytes) => BitConverter.ToString(bytes).Replace("-", string.Empty);
}
