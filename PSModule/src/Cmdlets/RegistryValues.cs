using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;
using Microsoft.Win32;

namespace ImageServicing.Cmdlets;

/// <summary>Turns objects of PowerShell into data of the registry, by the rules of the inbox provider.</summary>
internal static class RegistryValues
{
    /// <summary>The data for a value of a kind that the caller chose. Bytes are taken as they are, whatever the kind.</summary>
    internal static RegistryData As(RegistryValueKind kind, uint? number, object? given)
    {
        object? value = Bare(given);
        if (kind == RegistryValueKind.Unknown && number is null)
        {
            throw Refused(
                "the kind Unknown says nothing of what to store",
                "Name another kind; a value of a kind without a name is set by piping one, or by Import-ImageRegistry.");
        }

        object data = value is byte[] bytes ? bytes : Convert(kind, value) ?? throw Refused(
            $"{Show(value)} cannot be stored as {kind}", "Give a value that fits, or another -Type.");
        return new RegistryData(kind, number, data);
    }

    /// <summary>
    /// The data for a value whose kind was not said: that of the value that is there, if the new data convert to it, or
    /// that which goes with their type.
    /// </summary>
    internal static RegistryData Like(ImageRegistryValue? existing, object? given)
    {
        object? value = Bare(given);
        bool ofBytes = existing?.Kind is RegistryValueKind.Binary or RegistryValueKind.None or RegistryValueKind.Unknown;
        bool fits = value is byte[] ? ofBytes : existing?.Kind != RegistryValueKind.Unknown;
        return existing is not null && fits && Convert(existing.Kind, value) is object data
            ? new RegistryData(existing.Kind, existing.KindNumber, data)
            : As(KindOf(value), null, value);
    }

    /// <summary>The data for people.</summary>
    internal static string Describe(RegistryData data) => data.Value switch
    {
        long number when data.Kind == RegistryValueKind.DWord => $"{data.Kind} {_Format.RegistryData(unchecked((int)number))}",
        IEnumerable<string> texts => $"{data.Kind} {_Format.RegistryData(texts.ToArray())}",
        object other => $"{data.Kind} {_Format.RegistryData(other)}",
    };

    /// <summary>The kind that goes with a .NET type.</summary>
    private static RegistryValueKind KindOf(object? value) => value switch
    {
        null or string => RegistryValueKind.String,
        bool or sbyte or byte or short or ushort or int or uint => RegistryValueKind.DWord,
        long or ulong => RegistryValueKind.QWord,
        Enum => KindOf(System.Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), CultureInfo.InvariantCulture)),
        byte[] => RegistryValueKind.Binary,
        IEnumerable many => many.Cast<object?>().Select(Bare).ToArray() switch
        {
            object?[] items when items.All(item => item is string) => RegistryValueKind.MultiString,
            object?[] items when items.All(item => item is byte) => RegistryValueKind.Binary,
            _ => throw Refused("the kind of a list of other things than texts or bytes is not clear", "Say it with -Type."),
        },
        _ => RegistryValueKind.String,
    };

    /// <summary>A value as the kind stores it: long, string, texts or bytes; null when it does not convert.</summary>
    private static object? Convert(RegistryValueKind kind, object? value) => kind switch
    {
        RegistryValueKind.DWord => Number(value) is decimal number && number >= int.MinValue && number <= uint.MaxValue ? (long)number : null,
        RegistryValueKind.QWord => Number(value) is not decimal number ? null
            : number < long.MinValue || number > ulong.MaxValue ? null
            : number > long.MaxValue ? unchecked((long)(ulong)number) : (long)number,
        RegistryValueKind.String or RegistryValueKind.ExpandString => Text(value),
        RegistryValueKind.MultiString => Texts(value),
        _ => Bytes(value),
    };

    /// <summary>A whole number; texts may be decimal or hexadecimal (0x...).</summary>
    private static decimal? Number(object? value)
    {
        switch (value)
        {
            case bool or char or null:
                return value is bool flag ? (flag ? 1 : 0) : null;
            case Enum or sbyte or byte or short or ushort or int or uint or long or ulong:
                return System.Convert.ToDecimal(
                    value is Enum ? System.Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), CultureInfo.InvariantCulture) : value,
                    CultureInfo.InvariantCulture);
            case decimal or double or float:
                double real = System.Convert.ToDouble(value, CultureInfo.InvariantCulture);
                return Math.Abs(real) <= ulong.MaxValue && Math.Floor(real) == real ? System.Convert.ToDecimal(value, CultureInfo.InvariantCulture) : null;
            case string text:
                string digits = text.Trim();
                if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
                {
                    return ulong.TryParse(digits.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits) ? bits : null;
                }

                return decimal.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal number) ? number : null;
            default:
                return null;
        }
    }

    private static string? Text(object? value) => value switch
    {
        null => string.Empty,
        string text => text,
        IEnumerable => null,
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };

    private static string[]? Texts(object? value)
    {
        if (value is null or string || value is not IEnumerable many)
        {
            return value is null ? Array.Empty<string>() : Text(value) is string one ? new[] { one } : null;
        }

        string?[] texts = many.Cast<object?>().Select(item => Text(Bare(item))).ToArray();
        return texts.Any(text => text is null) ? null : texts.OfType<string>().ToArray();
    }

    private static byte[]? Bytes(object? value)
    {
        if (value is byte[] already)
        {
            return already;
        }

        if (value is string)
        {
            return null;
        }

        IEnumerable<object?> items = value is null ? Array.Empty<object?>() : value is IEnumerable many ? many.Cast<object?>() : new[] { value };
        decimal?[] numbers = items.Select(item => Bare(item) is string ? null : Number(Bare(item))).ToArray();
        return numbers.All(number => number is >= 0 and <= 255) ? numbers.Select(number => (byte)number!.Value).ToArray() : null;
    }

    private static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static string Show(object? value) => value switch
    {
        null => "nothing",
        string text => $"'{text}'",
        IEnumerable => "a list of these things",
        _ => $"{LanguagePrimitives.ConvertTo<string>(value)} ({value.GetType().Name})",
    };

    private static ImageServicingException Refused(string message, string remedy) => new(
        ImageServicingStatus.InvalidArgument, "RegistryValueInvalid", message, null, remedy, unchecked((int)0x80070057));
}
