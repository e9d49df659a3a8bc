using System.Management.Automation;
using ImageServicing.Native;

namespace ImageServicing.Internal;

/// <summary>Loads the engine when the module is imported, so that a missing library is said there and not in the middle of a job.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport() => NativeLoader.EnsureLoaded();
}
