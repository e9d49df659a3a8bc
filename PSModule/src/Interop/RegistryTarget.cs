using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>A hive of an image that could not be opened.</summary>
internal sealed record UnreadableHive(string Key, string Hive, string Message);

/// <summary>What a call on the registry answered, and the hives that it found not closed cleanly or not readable.</summary>
internal sealed record RegistryAnswer<T>(
    T Result, IReadOnlyList<RegistryRecovery> Recoveries, IReadOnlyList<UnreadableHive> Unreadable);

/// <summary>What the registry cmdlets work on: the registry of a session's image, or a hive file of this machine.</summary>
/// <remarks>
/// Listings are read whole before the first object is handed out, so that the caller may change the same place
/// meanwhile.
/// </remarks>
internal sealed record RegistryTarget
{
    private RegistryTarget(string? path, string? hivePath)
    {
        Path = path;
        HivePath = hivePath;
    }

    /// <summary>The session's full path; null for a hive file.</summary>
    internal string? Path { get; }

    /// <summary>The hive file's full path; null for a session.</summary>
    internal string? HivePath { get; }

    /// <summary>The path, for messages.</summary>
    internal string Place => Path ?? HivePath!;

    internal static RegistryTarget Session(string path) => new(path, null);

    internal static RegistryTarget Hive(string path) => new(null, path);

    /// <summary>A key and those below it, as many levels as the options say; the root keys for null.</summary>
    internal RegistryAnswer<IReadOnlyList<ImageRegistryKey>> ListKeys(string? key, JsonWriter options, Operation operation)
    {
        var keys = new List<ImageRegistryKey>();
        return Call<IReadOnlyList<ImageRegistryKey>>(
            operation,
            item => keys.Add(ImageRegistryKey.In(this, item)),
            _ => keys,
            (session, _, batch) =>
            {
                int status = NativeMethods.imgsvc_registry_list_keys(
                    session, HivePath, key, options.ToString(), batch, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            });
    }

    /// <summary>The values of a key, or the one that the options name.</summary>
    internal RegistryAnswer<IReadOnlyList<ImageRegistryValue>> ListValues(string key, JsonWriter options, Operation operation)
    {
        var values = new List<ImageRegistryValue>();
        return Call<IReadOnlyList<ImageRegistryValue>>(
            operation,
            item => values.Add(ImageRegistryValue.In(this, item)),
            _ => values,
            (session, _, batch) =>
            {
                int status = NativeMethods.imgsvc_registry_list_values(
                    session, HivePath, key, options.ToString(), batch, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            });
    }

    internal RegistryAnswer<ImageRegistryKey> CreateKey(string key, JsonWriter options, Operation operation) => Call(
        operation,
        answer => ImageRegistryKey.In(this, answer.Object("key") ?? throw Incomplete("key")),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_create_key(
                session, HivePath, key, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    internal RegistryAnswer<RegistryRemoval> DeleteKey(string key, JsonWriter options, Operation operation) => Call(
        operation,
        answer => RegistryRemoval.In(this, answer),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_delete_key(
                session, HivePath, key, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    internal RegistryAnswer<ImageRegistryValue> SetValue(
        string key, string name, RegistryData data, JsonWriter options, Operation operation) => Call(
        operation,
        answer => ImageRegistryValue.In(this, answer.Object("value") ?? throw Incomplete("value")),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_set_value(
                session, HivePath, key, name, data.ToString(), options.ToString(), progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    internal RegistryAnswer<RegistryRemoval> DeleteValue(string key, string name, JsonWriter options, Operation operation) => Call(
        operation,
        answer => RegistryRemoval.In(this, answer),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_delete_value(
                session, HivePath, key, name, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    /// <summary>Does what a registration file says, or with the option <c>preview</c> says what it would do.</summary>
    internal RegistryAnswer<RegistryImportReport> Import(string filePath, JsonWriter options, Operation operation) => Call(
        operation,
        answer => new RegistryImportReport(this, filePath, answer),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_import(
                session, HivePath, filePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    /// <summary>Writes a key with all below it to a registration file.</summary>
    internal RegistryAnswer<RegistryExportReport> Export(string key, string filePath, JsonWriter options, Operation operation) => Call(
        operation,
        answer => RegistryExportReport.In(this, key, filePath, answer),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_export(
                session, HivePath, key, filePath, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        });

    /// <summary>How the session differs from the image as it was last saved.</summary>
    internal RegistryAnswer<IReadOnlyList<RegistryDifference>> Compare(JsonWriter options, Operation operation)
    {
        var differences = new List<RegistryDifference>();
        return Call<IReadOnlyList<RegistryDifference>>(
            operation,
            item => differences.Add(new RegistryDifference(Path, item)),
            _ => differences,
            (session, progress, batch) =>
            {
                int status = NativeMethods.imgsvc_registry_compare_session(
                    session, options.ToString(), progress, batch, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            });
    }

    /// <summary>How two hive files or images differ; each difference is handed over as it is found.</summary>
    internal static IReadOnlyList<RegistryRecovery> Compare(
        JsonWriter before, JsonWriter after, JsonWriter options, Action<RegistryDifference> each, Operation operation) => Run(
        operation,
        item => each(new RegistryDifference(null, item)),
        _ => true,
        (progress, batch) =>
        {
            int status = NativeMethods.imgsvc_registry_compare(
                before.ToString(), after.ToString(), options.ToString(), progress, batch, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Recoveries;

    /// <summary>Checks the hive that a key's name leads to, or all hives of the image.</summary>
    internal IReadOnlyList<RegistryHiveTest> Check(string? key, Operation operation) => Call(
        operation,
        answer => answer.Objects("hives").Select(hive => new RegistryHiveTest(this, hive)).ToArray(),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_check(
                session, HivePath, key, null, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Result;

    /// <summary>Writes what is whole of a hive to a new file, or in a session in its place.</summary>
    internal RegistryRepairReport Repair(string? key, string? destination, JsonWriter options, Operation operation) => Call(
        operation,
        answer => new RegistryRepairReport(this, answer),
        (session, progress) =>
        {
            int status = NativeMethods.imgsvc_registry_repair(
                session, HivePath, key, destination, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Result;

    private RegistryAnswer<T> Call<T>(
        Operation operation,
        Func<JsonObject, T> read,
        Func<SessionHandle, NativeProgressCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call) =>
        Call(operation, static _ => { }, read, (session, progress, _) => call(session, progress));

    private RegistryAnswer<T> Call<T>(
        Operation operation,
        Action<JsonObject> each,
        Func<JsonObject, T> read,
        Func<SessionHandle, NativeProgressCallback, NativeBatchCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call) =>
        Path is null
            ? Run(operation, each, read, (progress, batch) => call(SessionHandle.None, progress, batch))
            : SessionPool.Get(Path).Use(
                operation.Token, open => Run(operation, each, read, (progress, batch) => call(open, progress, batch)));

    private static RegistryAnswer<T> Run<T>(
        Operation operation,
        Action<JsonObject> each,
        Func<JsonObject, T> read,
        Func<NativeProgressCallback, NativeBatchCallback, (int Status, DocumentHandle Document, ErrorHandle Error)> call)
    {
        NativeLoader.EnsureLoaded();
        DocumentHandle? taken = null;
        operation.Run(each, (progress, batch) =>
        {
            (int status, DocumentHandle document, ErrorHandle error) = call(progress, batch);
            taken = document;
            return (status, error);
        });
        JsonObject answer = Document.Take(taken!);
        return new RegistryAnswer<T>(
            read(answer),
            answer.Objects("recoveries").Select(recovery => new RegistryRecovery(recovery)).ToArray(),
            answer.Objects("unreadable")
                .Select(hive => new UnreadableHive(hive.Name("key"), hive.Name("hive"), hive.Name("message"))).ToArray());
    }

    private static FormatException Incomplete(string member) => new($"the engine's answer has no '{member}'");
}
