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
