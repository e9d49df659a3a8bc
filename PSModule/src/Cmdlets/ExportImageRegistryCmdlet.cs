using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Export-ImageRegistry: writes a key with all below it to a registration file (.reg).</summary>
[Cmdlet(VerbsData.Export, "ImageRegistry", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(RegistryExportReport))]
public sealed class ExportImageRegistryCmdlet : RegistryPlaceCmdlet
{
    /// <summary>The name of the key.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryKeyCompleter))]
    public string Key { get; set; } = string.Empty;

    /// <summary>The registration file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string FilePath { get; set; } = string.Empty;

    /// <summary>The version of the file.</summary>
    [Parameter]
    [ValidateSet("4", "5")]
    [Alias("Format")]
    public int Version { get; set; } = 5;

    /// <summary>The code page of a file of version 4.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int CodePage { get; set; }

    /// <summary>What the key is called in the file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? As { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Key, () =>
    {
        RegistryTarget target = Target();
        string key = RegistryNames.Key(Key);
        string file = FullPath(FilePath);
        if (!IsFirst(target, key) || !ShouldProcess($"'{key}' of '{target.Place}' -> '{file}'", "Export"))
        {
            return;
        }

        JsonWriter options = Options()
            .Add("version", Version)
            .Add("codePage", IfGiven(nameof(CodePage), CodePage))
            .Add("name", As is null ? null : RegistryNames.Key(As))
            .Add("overwrite", IfGiven(nameof(Force), Force));
        RegistryExportReport report = Take(WithProgress(
            "Exporting from the registry", operation => target.Export(key, file, options, operation)));
        WriteObject(report);
        foreach (RegistryFileError error in report.Errors)
        {
            WriteError(ErrorRecords.OfFile(file, error, "It was left out; the rest is in the file."));
        }
    });
}
