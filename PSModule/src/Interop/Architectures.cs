using System;

namespace ImageServicing.Interop;

/// <summary>The engine's names of architectures, which are those of INF files.</summary>
internal static class Architectures
{
    /// <summary>The architecture of a name such as <c>amd64</c>.</summary>
    internal static ImageArchitecture Read(string? name) =>
        string.Equals(name, "amd64", StringComparison.OrdinalIgnoreCase) ? ImageArchitecture.X64
        : Enum.TryParse(name, ignoreCase: true, out ImageArchitecture known) ? known
        : ImageArchitecture.Unknown;
}
