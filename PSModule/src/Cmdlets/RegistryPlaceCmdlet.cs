using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that works in the registry of a session, or in a hive file.</summary>
public abstract class RegistryPlaceCmdlet : RegistryCmdlet
{
    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The hive file.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string? HivePath { get; set; }

    /// <summary>What is done that is refused otherwise.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>What was given, for errors.</summary>
    private protected string GivenPlace => HivePath ?? Path!;

    private protected RegistryTarget Target() => Target(ParameterSetName == HiveSet ? null : Path, ParameterSetName == HiveSet ? HivePath : null);

    private protected JsonWriter Options() => new JsonWriter().Add("force", IfGiven(nameof(Force), Force));
}
