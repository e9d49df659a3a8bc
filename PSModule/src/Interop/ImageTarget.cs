using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>An image to look at: that of a session, or one of a file.</summary>
internal sealed record ImageTarget
{
    private ImageTarget(string? path, string? imagePath, int index)
    {
        Path = path;
        ImagePath = imagePath;
        Index = index;
    }

    /// <summary>A native call: the session or <see cref="SessionHandle.None"/>, and the options as JSON.</summary>
    internal delegate (int Status, DocumentHandle Document, ErrorHandle Error) NativeCall(
        SessionHandle session, string options, NativeProgressCallback progress);

    /// <summary>The session's full path; null for an image of a file.</summary>
    internal string? Path { get; }

    /// <summary>The image file's full path; null for a session.</summary>
    internal string? ImagePath { get; }

    /// <summary>The image's number in the file; 0 for a session.</summary>
    internal int Index { get; }

    internal static ImageTarget Session(string path) => new(path, null, 0);

    internal static ImageTarget Image(string imagePath, int index) => new(null, imagePath, index);

    /// <summary>How far Windows Setup has come with the image.</summary>
    internal ImageSetupState SetupState(Operation operation) => new(this, Run(
        new JsonWriter(),
        operation,
        (session, options, progress) =>
        {
            int status = NativeMethods.imgsvc_setup_state(
                session, options, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Tests driver packages, each on top of those before it; without an image, each on its own.</summary>
    internal static IReadOnlyList<DriverTest> TestDrivers(
        ImageTarget? target, string[] paths, JsonWriter options, Operation operation)
    {
        NativeCall call = (session, json, progress) =>
        {
            int status = NativeMethods.imgsvc_driver_test(
                session, paths, (UIntPtr)(uint)paths.Length, json, progress, IntPtr.Zero,
                out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        };
        NativeLoader.EnsureLoaded();
        JsonObject answer = target?.Run(options, operation, call)
            ?? Run(SessionHandle.None, options.ToString(), operation, call);
        return answer.Objects("drivers").Select(test => new DriverTest(target?.Path, test)).ToArray();
    }

    /// <summary>The answer files of the image, in the order in which Setup looks.</summary>
    internal IReadOnlyList<AnswerFileInfo> AnswerFiles(bool all, Operation operation) => Run(
        new JsonWriter().Add("all", all),
        operation,
        (session, options, progress) =>
        {
            int status = NativeMethods.imgsvc_answer_file_find(
                session, options, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Objects("files").Select(file => new AnswerFileInfo(this, file)).ToArray();

    /// <summary>Puts an answer file, or null for one that only starts audit mode, into the image of a session.</summary>
    internal AnswerFilePlacement Place(string? file, JsonWriter options, Operation operation) => new(Path!, Run(
        options,
        operation,
        (session, json, progress) =>
        {
            int status = NativeMethods.imgsvc_answer_file_place(
                session, file, json, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    /// <summary>Applies an answer file to the image of a session: what became of each setting, and where the file is.</summary>
    internal (IReadOnlyList<UnattendResult> Results, AnswerFilePlacement? Placed) Apply(string file, JsonWriter options, Operation operation)
    {
        JsonObject report = Run(
            options,
            operation,
            (session, json, progress) =>
            {
                int status = NativeMethods.imgsvc_answer_file_apply(
                    session, file, json, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                return (status, document, error);
            });
        JsonObject? placed = report.Object("placed");
        return (
            report.Objects("settings").Select(setting => new UnattendResult(Path!, setting)).ToArray(),
            placed is null ? null : new AnswerFilePlacement(Path!, placed));
    }

    /// <summary>The scripts and commands that Windows Setup runs, in their order.</summary>
    internal IReadOnlyList<SetupScript> Scripts(Operation operation) => Run(
        new JsonWriter(),
        operation,
        (session, options, progress) =>
        {
            int status = NativeMethods.imgsvc_setup_script_list(
                session, options, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }).Objects("scripts").Select(script => new SetupScript(this, script)).ToArray();

    internal SetupScript AddScript(JsonWriter options, Operation operation) => new(this, Run(
        options,
        operation,
        (session, json, progress) =>
        {
            int status = NativeMethods.imgsvc_setup_script_add(
                session, json, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    internal SetupScript RemoveScript(string name, Operation operation) => new(this, Run(
        new JsonWriter().Add("name", name),
        operation,
        (session, json, progress) =>
        {
            int status = NativeMethods.imgsvc_setup_script_remove(
                session, json, progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
            return (status, document, error);
        }));

    private JsonObject Run(JsonWriter options, Operation operation, NativeCall call)
    {
        if (ImagePath is not null)
        {
            NativeLoader.EnsureLoaded();
            string placed = options.Add("imagePath", ImagePath).Add("index", Index).ToString();
            return Run(SessionHandle.None, placed, operation, call);
        }

        return SessionPool.Get(Path!).Use(operation.Token, open => Run(open, options.ToString(), operation, call));
    }

    private static JsonObject Run(SessionHandle session, string options, Operation operation, NativeCall call)
    {
        DocumentHandle? taken = null;
        operation.Run(progress =>
        {
            (int status, taken, ErrorHandle error) = call(session, options, progress);
            return (status, error);
        });
        return Document.Take(taken!);
    }
}
