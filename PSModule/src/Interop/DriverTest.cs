using System.Collections.Generic;
using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>What <c>Test-Driver</c> found out about one INF file.</summary>
/// <remarks>Stands for its INF wherever a path is expected.</remarks>
public sealed class DriverTest : DriverPackage
{
    internal DriverTest(string? path, JsonObject test)
        : base(test)
    {
        Path = path;
        OriginalFileName = test.Name("path");
        Status = test.Choice("status", DriverStatus.Failed);
        Applicable = test.Flag("applicable");
        Architectures = test.Texts("architectures");
        PublishedName = test.Text("driver");
        StorePath = test.Text("originalFileName");
        SignatureVerdict = test.Choice("signatureVerdict", SignatureVerdict.Unknown);
        Error = DriverError.Of(test);
        DriverPlan plan = DriverPlan.Of(test) ?? new DriverPlan(new JsonObject(new Dictionary<string, object?>()));
        Files = plan.Files;
        Registry = plan.Registry;
        Devices = plan.Devices;
        Services = plan.Services;
        Findings = plan.Findings;
        Signature = plan.Signature;
        Remarks = plan.Remarks;
    }

    /// <summary>The full path of the INF file on this machine.</summary>
    public string OriginalFileName { get; }

    /// <summary>The same, by the name that <c>Add-Driver</c> takes from the pipeline.</summary>
    public string Driver => OriginalFileName;

    /// <summary>What adding the package would come to: Planned, AlreadyPresent, NotApplicable or Failed.</summary>
    public DriverStatus Status { get; }

    /// <summary>Whether it is for the image or system, and can be added there, or is there.</summary>
    public bool Applicable { get; }

    /// <summary>The kind of the signature, whether it is trusted or not.</summary>
    public SignatureVerdict SignatureVerdict { get; }

    /// <summary>The processors that it is for, of those it was tested for, as INF files name them.</summary>
    public IReadOnlyList<string> Architectures { get; }

    /// <summary>The name that it would have in the image, for example <c>oem0.inf</c>; null without an image.</summary>
    public string? PublishedName { get; }

    /// <summary>The path that its INF would have in the image's driver store; null without an image.</summary>
    public string? StorePath { get; }

    /// <summary>The files that would be put into the image; without an image, the package's.</summary>
    public IReadOnlyList<DriverPlanFile> Files { get; }

    /// <summary>The changes of the image's registry, in their order.</summary>
    public IReadOnlyList<DriverPlanChange> Registry { get; }

    /// <summary>The devices that the package is for.</summary>
    public IReadOnlyList<DriverDevice> Devices { get; }

    /// <summary>The services that the package describes.</summary>
    public IReadOnlyList<DriverService> Services { get; }

    /// <summary>What is wrong or remarkable about the INF, with its place.</summary>
    public IReadOnlyList<DriverFinding> Findings { get; }

    /// <summary>What the catalogue says; null if the package was not read.</summary>
    public DriverSignatureInfo? Signature { get; }

    /// <summary>What should be known of a package that can be added.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>The session's path; null when no session was asked.</summary>
    public string? Path { get; }

    /// <summary>Why the package cannot be read.</summary>
    internal ImageServicingException? Error { get; }

    /// <summary>The INF file.</summary>
    public override string ToString() => OriginalFileName;
}
