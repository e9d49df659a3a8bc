using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Native;

namespace ImageServicing.Interop;

/// <summary>What is done with answer files.</summary>
internal static class AnswerFiles
{
    /// <summary>Tests a file: alone, or against the image of a session or the one that the options name.</summary>
    internal static IReadOnlyList<UnattendFinding> Test(string file, string? sessionPath, JsonWriter options, Operation operation)
    {
        IReadOnlyList<UnattendFinding> Call(SessionHandle session)
        {
            DocumentHandle? taken = null;
            operation.Run(progress =>
            {
                int status = NativeMethods.imgsvc_unattend_test(
                    session, file, options.ToString(), progress, IntPtr.Zero, out DocumentHandle document, out ErrorHandle error);
                taken = document;
                return (status, error);
            });
            return Document.Take(taken!).Objects("findings").Select(finding => new UnattendFinding(file, finding)).ToArray();
        }

        NativeLoader.EnsureLoaded();
        return sessionPath is null
            ? Call(SessionHandle.None)
            : SessionPool.Get(sessionPath).Use(operation.Token, Call);
    }
}
