using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Import-ImageRegistry: does what registration files (.reg) say to an offline registry.</summary>
[Cmdlet(VerbsData.Import, "ImageRegistry", SupportsShouldProcess = true, DefaultParameterSetName = NoPlace)]
[OutputType(typeof(RegistryImportReport))]
public sealed class ImportImageRegistryCmdlet : RegistryCmdlet
{
    /// <summary>The registration files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    public string[] FilePath { get; set; } = Array.Empty<string>();

    /// <summary>The session's path, as Mount-Image gave it.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionPathCompleter))]
    public string? Path { get; set; }

    /// <summary>The hive file. A file from the pipeline is a registration file.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = HiveSet)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    public string? HivePath { get; set; }

    /// <summary>Keys of the file, and the keys of the registry that are meant by them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public IDictionary? Mapping { get; set; }

    /// <summary>The profile that HKEY_CURRENT_USER stands for.</summary>
    [Parameter(ParameterSetName = SessionSet)]
    [ValidateNotNullOrEmpty]
    public string? CurrentUser { get; set; }

    /// <summary>The code page of files of 8-bit text.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int CodePage { get; set; }

    /// <summary>Whether what can be done of a file with errors is done.</summary>
    [Parameter]
    public SwitchParameter SkipErrors { get; set; }

    /// <summary>What is done that is refused otherwise.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(HivePath ?? Path!, () =>
    {
        RegistryTarget target = Target(Path, ParameterSetName == HiveSet ? HivePath : null);
        foreach (string given in FilePath)
        {
            ForItem(given, () =>
            {
                foreach (string file in Expand(given))
                {
                    if (IsFirst(target, file))
                    {
                        ForItem(file, () => Import(target, file));
                    }
                }
            });
        }
    });

    private void Import(RegistryTarget target, string file)
    {
        bool preview = IsWhatIf;
        string what = $"'{file}' -> '{target.Place}'";
        if (!preview && !ShouldProcess(what, "Import"))
        {
            return;
        }

        JsonWriter options = new JsonWriter()
            .Add("mappings", Mappings())
            .Add("skipErrors", IfGiven(nameof(SkipErrors), SkipErrors))
            .Add("codePage", IfGiven(nameof(CodePage), CodePage))
            .Add("preview", preview)
            .Add("force", IfGiven(nameof(Force), Force))
            .Add("currentUser", CurrentUser);
        RegistryImportReport report = Take(WithProgress(
            "Importing into the registry", operation => target.Import(file, options, operation)));
        if (preview)
        {
            ShouldProcess(
                what,
                $"Import: create {report.KeysCreated} and delete {report.KeysDeleted} keys, " +
                $"set {report.ValuesSet} and delete {report.ValuesDeleted} values, {report.ErrorCount} errors");
        }

        WriteObject(report);
        string remedy = SkipErrors.IsPresent
            ? "Correct the file; what else it says was done."
            : "Correct the file, or do what else it says with -SkipErrors; nothing was changed.";
        foreach (RegistryFileError error in report.Errors)
        {
            WriteError(ErrorRecords.OfFile(file, error, remedy));
        }
    }

    private IEnumerable<JsonWriter>? Mappings() => Mapping?.Cast<DictionaryEntry>().Select(mapping => new JsonWriter()
        .Add("from", RegistryNames.Key(LanguagePrimitives.ConvertTo<string>(mapping.Key)))
        .Add("to", RegistryNames.Key(LanguagePrimitives.ConvertTo<string>(mapping.Value))));
}
