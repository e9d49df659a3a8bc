using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>What is done with the settings of answer files of this machine. The calls are short; none can be cancelled.</summary>
internal static class AnswerFileSettings
{
    /// <summary>The settings that a path means; all of them for null.</summary>
    internal static IReadOnlyList<UnattendSetting> List(string path, string? setting, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_list_settings(path, setting, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Objects("settings").Select(row => new UnattendSetting(path, row)).ToList();
    }

    /// <summary>Gives a setting a value.</summary>
    internal static UnattendSetting? Set(string path, string setting, string value, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_set_setting(
                path, setting, value, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Object("setting") is JsonObject row ? new UnattendSetting(path, row) : null;
    }

    /// <summary>Removes settings.</summary>
    internal static IEnumerable<UnattendRemoval> Remove(string path, string setting, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_remove_settings(path, setting, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Texts("removed").Select(removed => new UnattendRemoval(path, removed));
    }

    /// <summary>Encodes or decodes a password.</summary>
    internal static string ConvertPassword(string password, string element, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_convert_password(
                password, element, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Name("password");
    }

    /// <summary>The values that a setting can have, where they are known.</summary>
    internal static IReadOnlyList<string> KnownValues(string setting)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(NativeMethods.imgsvc_unattend_known_values(setting, out DocumentHandle document, out ErrorHandle error), error);
        return Document.Take(document).Texts("values");
    }

    /// <summary>What is different between two files.</summary>
    internal static IReadOnlyList<UnattendDifference> Compare(string before, string after, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_compare(before, after, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Objects("differences").Select(row => new UnattendDifference(row)).ToList();
    }

    /// <summary>Puts the settings of files into a first one.</summary>
    internal static UnattendMergeReport Merge(string first, string[] others, string target, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_merge(
                first, others, (UIntPtr)(uint)others.Length, target, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return new UnattendMergeReport(target, Document.Take(document));
    }

    /// <summary>The settings as JSON.</summary>
    internal static string ToJson(string path)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(NativeMethods.imgsvc_unattend_to_json(path, null, out DocumentHandle document, out ErrorHandle error), error);
        return Document.Take(document).Name("text");
    }

    /// <summary>The answer file of JSON; it is written if there is a target.</summary>
    internal static string FromJson(string json, string? target, JsonWriter options)
    {
        NativeLoader.EnsureLoaded();
        Check.Ok(
            NativeMethods.imgsvc_unattend_from_json(json, target, options.ToString(), out DocumentHandle document, out ErrorHandle error),
            error);
        return Document.Take(document).Name("text");
    }
}
