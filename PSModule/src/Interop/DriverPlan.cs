using System;
using System.Collections.Generic;
using System.Linq;
using ImageServicing.Interop;
using Microsoft.Win32;

namespace ImageServicing;

/// <summary>What a plan does to a key or a value of the registry.</summary>
public enum DriverRegistryAction
{
    /// <summary>The key is made.</summary>
    CreateKey = 0,

    /// <summary>The key is deleted, with all below it.</summary>
    DeleteKey = 1,

    /// <summary>The value is made or changed.</summary>
    SetValue = 2,

    /// <summary>The value is deleted.</summary>
    DeleteValue = 3,
}

/// <summary>How much a finding of an INF file matters.</summary>
public enum DriverFindingSeverity
{
    /// <summary>Worth knowing.</summary>
    Note = 0,

    /// <summary>Windows installs it, but perhaps not as it was meant.</summary>
    Warning = 1,

    /// <summary>The package is refused.</summary>
    Error = 2,
}

/// <summary>Whether a catalogue covers a file.</summary>
public enum DriverFileCoverage
{
    /// <summary>The catalogue does not know the file, or there is none.</summary>
    NotCovered = 0,

    /// <summary>The file is the one that was signed.</summary>
    Covered = 1,

    /// <summary>The catalogue names the file, and has the digest of another one.</summary>
    Different = 2,
}

/// <summary>A file that a package puts into the image.</summary>
public sealed class DriverPlanFile
{
    internal DriverPlanFile(JsonObject file)
    {
        Source = file.Name("source");
        Target = file.Text("target");
        Length = file.Number("size");
        Replaces = file.Flag("replaces");
    }

    /// <summary>The file on this machine.</summary>
    public string Source { get; }

    /// <summary>Where it goes in the image; null without an image.</summary>
    public string? Target { get; }

    /// <summary>Its length in bytes.</summary>
    public ulong Length { get; }

    /// <summary>Whether the image has a file there, which is replaced.</summary>
    public bool Replaces { get; }

    /// <summary>Where it goes, or the file on this machine.</summary>
    public override string ToString() => Target ?? Source;
}

/// <summary>A key or a value that a package makes or deletes in the image's registry.</summary>
public sealed class DriverPlanChange
{
    internal DriverPlanChange(JsonObject change)
    {
        Action = change.Choice("action", DriverRegistryAction.SetValue);
        Key = change.Name("key");
        Name = change.Text("name");
        if (change.Object("value") is JsonObject value)
        {
            var content = new RegistryContent(value);
            Kind = content.Kind;
            KindNumber = content.KindNumber;
            Value = content.Value;
        }
    }

    /// <summary>What is done.</summary>
    public DriverRegistryAction Action { get; }

    /// <summary>The key's full name.</summary>
    public string Key { get; }

    /// <summary>The value's name, empty for the default value; null for a key.</summary>
    public string? Name { get; }

    /// <summary>The value's kind.</summary>
    public RegistryValueKind? Kind { get; }

    /// <summary>The number of the kind, for those without a name.</summary>
    public uint? KindNumber { get; }

    /// <summary>What the value is then.</summary>
    public object? Value { get; }

    /// <summary>The action and what it is done to.</summary>
    public override string ToString() => Name is null ? $"{Action} {Key}" : $"{Action} {Key}\\{Name}";
}

/// <summary>What is wrong or remarkable about an INF file.</summary>
public sealed class DriverFinding
{
    internal DriverFinding(JsonObject finding)
    {
        Severity = finding.Choice("severity", DriverFindingSeverity.Note);
        Code = finding.Name("code");
        File = finding.Name("file");
        Line = finding.Number32("line");
        Column = finding.Number32("column");
        Text = finding.Name("text");
    }

    /// <summary>How much it matters.</summary>
    public DriverFindingSeverity Severity { get; }

    /// <summary>What it is about: a word that does not change.</summary>
    public string Code { get; }

    /// <summary>The INF file: the package's own, or one that it includes.</summary>
    public string File { get; }

    /// <summary>The line, from 1; 0 for the INF as a whole.</summary>
    public uint Line { get; }

    /// <summary>The column, from 1; 0 for the INF as a whole.</summary>
    public uint Column { get; }

    /// <summary>What is the matter.</summary>
    public string Text { get; }

    /// <summary>The finding as compilers write them.</summary>
    public override string ToString() => $"{File}{(Line == 0 ? string.Empty : $"({Line},{Column})")}: {Severity} {Code}: {Text}";
}

/// <summary>What a catalogue says of one file.</summary>
public sealed class DriverFileSignature
{
    internal DriverFileSignature(JsonObject file)
    {
        File = file.Name("file");
        Coverage = file.Choice("coverage", DriverFileCoverage.NotCovered);
    }

    /// <summary>The file's path in the package.</summary>
    public string File { get; }

    /// <summary>Whether the catalogue covers it.</summary>
    public DriverFileCoverage Coverage { get; }

    /// <summary>The file and whether it is covered.</summary>
    public override string ToString() => $"{File}: {Coverage}";
}

/// <summary>What a package's catalogue says.</summary>
public sealed class DriverSignatureInfo
{
    internal DriverSignatureInfo(JsonObject signature)
    {
        Verdict = signature.Choice("verdict", SignatureVerdict.Unknown);
        Reason = signature.Name("reason");
        SignerName = signature.Text("signer");
        Chain = signature.Texts("chain");
        TimeStamp = signature.Time("timeStamp");
        Usages = signature.Texts("usages");
        Files = signature.Objects("files").Select(file => new DriverFileSignature(file)).ToArray();
        Unreferenced = signature.Texts("unreferenced");
    }

    /// <summary>The kind of the signature, whether it is trusted or not.</summary>
    public SignatureVerdict Verdict { get; }

    /// <summary>What was found.</summary>
    public string Reason { get; }

    /// <summary>The name in the signer's certificate.</summary>
    public string? SignerName { get; }

    /// <summary>The names in the certificates of the chain, the signer's first.</summary>
    public IReadOnlyList<string> Chain { get; }

    /// <summary>When it was signed, if an authority says so whose word counts.</summary>
    public DateTime? TimeStamp { get; }

    /// <summary>What the signer's certificate is for, as object identifiers.</summary>
    public IReadOnlyList<string> Usages { get; }

    /// <summary>The package's files, and whether the catalogue covers each.</summary>
    public IReadOnlyList<DriverFileSignature> Files { get; }

    /// <summary>The files that the catalogue covers and the package does not use.</summary>
    public IReadOnlyList<string> Unreferenced { get; }

    /// <summary>What was found.</summary>
    public override string ToString() => $"{Verdict}: {Reason}";
}

/// <summary>What adding a package would change, and what is known of the package.</summary>
public sealed class DriverPlan
{
    internal DriverPlan(JsonObject plan)
    {
        Files = plan.Objects("files").Select(file => new DriverPlanFile(file)).ToArray();
        Registry = plan.Objects("registry").Select(change => new DriverPlanChange(change)).ToArray();
        Devices = plan.Objects("devices").Select(device => new DriverDevice(device)).ToArray();
        Services = plan.Objects("services").Select(service => new DriverService(service)).ToArray();
        Findings = plan.Objects("findings").Select(finding => new DriverFinding(finding)).ToArray();
        Signature = plan.Object("signature") is JsonObject signature ? new DriverSignatureInfo(signature) : null;
        Remarks = plan.Texts("remarks");
    }

    /// <summary>The files that would be put into the image; without an image, the package's.</summary>
    public IReadOnlyList<DriverPlanFile> Files { get; }

    /// <summary>The changes of the image's registry, in their order.</summary>
    public IReadOnlyList<DriverPlanChange> Registry { get; }

    /// <summary>The devices that the package is for.</summary>
    public IReadOnlyList<DriverDevice> Devices { get; }

    /// <summary>The services that the package describes.</summary>
    public IReadOnlyList<DriverService> Services { get; }

    /// <summary>What is wrong or remarkable about the INF.</summary>
    public IReadOnlyList<DriverFinding> Findings { get; }

    /// <summary>What the catalogue says; null if the package was not read.</summary>
    public DriverSignatureInfo? Signature { get; }

    /// <summary>What should be known of a package that can be added.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>How much there is.</summary>
    public override string ToString() => $"{Files.Count} files, {Registry.Count} changes of the registry, {Devices.Count} devices";

    /// <summary>The plan of a report; null if it has none.</summary>
    internal static DriverPlan? Of(JsonObject report) => report.Object("plan") is JsonObject plan ? new DriverPlan(plan) : null;
}
