using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace ImageServicing.Native;

/// <summary>Finds and loads the engine's library by its full path, once per process, and checks its ABI.</summary>
/// <remarks>
/// The library lies in <c>runtimes/&lt;rid&gt;/native/</c> of the module folder. Neither edition of PowerShell
/// looks there, and neither PATH nor the process's search order is touched, so that a stray copy elsewhere is
/// never taken. <c>IMGSVC_LIBRARY</c> names another file, for people who work on the engine.
/// The library is never unloaded.
/// </remarks>
internal static partial class NativeLoader
{
    /// <summary>The environment variable that names the library, in place of the module's own.</summary>
    internal const string OverrideVariable = "IMGSVC_LIBRARY";

    /// <summary>The environment variable that the engine reads for the folder of its sessions.</summary>
    internal const string StateVariable = "IMGSVC_STATE_DIR";

    private static readonly object Gate = new();
    private static volatile bool loaded;

    /// <summary>The full path that was loaded, for messages and tests.</summary>
    internal static string? LoadedPath { get; private set; }

    /// <summary>Loads the library unless it is loaded. Every way into the engine calls this first.</summary>
    /// <exception cref="DllNotFoundException">No candidate could be loaded; the text lists all of them.</exception>
    /// <exception cref="BadImageFormatException">The library speaks another version of the ABI.</exception>
    internal static void EnsureLoaded()
    {
        ShareEnvironment();
        if (loaded)
        {
            return;
        }

        lock (Gate)
        {
            if (loaded)
            {
                return;
            }

            if (LoadedPath is null)
            {
                LoadedPath = LoadFirst(Candidates());
            }

            uint version = NativeMethods.imgsvc_abi_version();
            if (version != NativeMethods.AbiVersion)
            {
                throw new BadImageFormatException(
                    $"the native library '{LoadedPath}' has version {version} of the C interface, but this module needs " +
                    $"version {NativeMethods.AbiVersion}; install the library that came with the module",
                    LoadedPath);
            }

            loaded = true;
        }
    }

    private static List<string> Candidates()
    {
        string? named = Environment.GetEnvironmentVariable(OverrideVariable);
        if (!string.IsNullOrEmpty(named))
        {
            return new List<string> { Path.GetFullPath(named) };
        }

        string folder = Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location) ?? string.Empty;
        string tail = Path.Combine("runtimes", RuntimeId(), "native", FileName());
        return new List<string>
        {
            // The staged module keeps the assembly in bin/<framework>/.
            Path.GetFullPath(Path.Combine(folder, "..", "..", tail)),
            Path.Combine(folder, tail),
        };
    }

    private static string LoadFirst(List<string> candidates)
    {
        var tried = new List<string>();
        foreach (string path in candidates)
        {
            if (!File.Exists(path))
            {
                tried.Add($"{path} (no such file)");
                continue;
            }

            if (TryLoad(path, out string reason))
            {
                return path;
            }

            tried.Add($"{path} ({reason})");
        }

        throw new DllNotFoundException(
            $"the native library of ImageServicing for {RuntimeId()} could not be loaded. Tried:{Environment.NewLine}  " +
            string.Join(Environment.NewLine + "  ", tried) + Environment.NewLine +
            $"Reinstall the module, or set {OverrideVariable} to the full path of {FileName()}.");
    }

    private static string RuntimeId()
    {
        string system =
            RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win" :
            RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux";
        string processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.X86 => "x86",
            Architecture.Arm64 => "arm64",
            Architecture.Arm => "arm",
            Architecture other => other.ToString(),
        };
        return $"{system}-{processor}";
    }

    private static string FileName()
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return "imgsvc.dll";
        }

        return RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libimgsvc.dylib" : "libimgsvc.so";
    }
}
