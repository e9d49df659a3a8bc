using System.ComponentModel;

namespace System.Runtime.CompilerServices;

/// <summary>What the compiler needs for records, and .NET Framework lacks.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
internal static class IsExternalInit
{
}
