using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>A cmdlet that changes what it is told by names, or what comes along the pipeline as an object.</summary>
/// <remarks>
/// Names of values and keys to remove do not bind by property name: many objects have a <c>Name</c> or a <c>Key</c> that
/// means something else. Only a key is taken for a key, and only a value for a value.
/// </remarks>
public abstract class RegistryObjectCmdlet : RegistryCmdlet
{
    /// <summary>The parameter set of an object from the pipeline.</summary>
    protected const string ObjectSet = "InputObject";

    /// <summary>The session's path, as Mount-Image gave it; for an object, another session than its own.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [Parameter(ParameterSetName = ObjectSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The hive file; for an object, another one than its own.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [Parameter(ParameterSetName = ObjectSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string? HivePath { get; set; }

    /// <summary>What is done that is refused otherwise.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Where the work is done: at the place that was given, or where the object is.</summary>
    private protected RegistryTarget Target(RegistryTarget? own)
    {
        if (ParameterSetName != ObjectSet)
        {
            return Target(ParameterSetName == HiveSet ? null : Path, ParameterSetName == HiveSet ? HivePath : null);
        }

        return (Path, HivePath) switch
        {
            (null, null) => own!,
            (not null, not null) => throw new ImageServicingException(
                ImageServicingStatus.InvalidArgument,
                "RegistryPlaceAmbiguous",
                "both a session and a hive file are given",
                HivePath,
                "Give -Path or -HivePath.",
                unchecked((int)0x80070057)),
            _ => Target(Path, HivePath),
        };
    }

    private protected JsonWriter Options() => new JsonWriter().Add("force", IfGiven(nameof(Force), Force));
}
