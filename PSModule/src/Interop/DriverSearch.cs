using System.Collections.Generic;

namespace ImageServicing.Interop;

/// <summary>The INF files that an addition would service, and the paths where there is nothing.</summary>
internal sealed record DriverSearch(IReadOnlyList<string> Packages, IReadOnlyList<string> Missing);
