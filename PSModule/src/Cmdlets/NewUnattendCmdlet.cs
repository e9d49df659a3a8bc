using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>New-Unattend: makes an answer file from what it is to do.</summary>
[Cmdlet(VerbsCommon.New, "Unattend", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewUnattendCmdlet : ImageServicingCmdlet
{
    private static readonly string[] AllPages =
        { "Eula", "OemRegistration", "OnlineAccount", "LocalAccount", "Wireless", "ExpressSettings" };

    private static readonly string[] Layouts = { "UefiStandard", "UefiWithoutRecovery", "BiosStandard", "BiosWithoutRecovery" };

    /// <summary>The answer file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [HostPathTransformation]
    [Alias("FullName", "PSPath")]
    public string UnattendPath { get; set; } = string.Empty;

    /// <summary>The architectures of the Windows that the file is for.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateSet("amd64", "x86", "arm64")]
    public string[]? Architecture { get; set; }

    /// <summary>The computer's name, or a pattern of it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ComputerName { get; set; }

    /// <summary>The time zone.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendTimeZoneCompleter))]
    public string? TimeZone { get; set; }

    /// <summary>The language and all formats, where nothing else is said.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendLocaleCompleter))]
    public string? Locale { get; set; }

    /// <summary>The display language.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendLanguageCompleter))]
    public string? UILanguage { get; set; }

    /// <summary>The language that Setup speaks.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendLanguageCompleter))]
    public string? SetupLanguage { get; set; }

    /// <summary>The locale of programs that do not know Unicode.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendLocaleCompleter))]
    public string? SystemLocale { get; set; }

    /// <summary>The locale of dates and numbers.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendLocaleCompleter))]
    public string? UserLocale { get; set; }

    /// <summary>The keyboards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? InputLocale { get; set; }

    /// <summary>How the disk is partitioned.</summary>
    [Parameter]
    [ValidateSet("UefiStandard", "UefiWithoutRecovery", "BiosStandard", "BiosWithoutRecovery", "None")]
    public string DiskLayout { get; set; } = "None";

    /// <summary>Which disk.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int DiskId { get; set; }

    /// <summary>Which image of the media, by its number.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int ImageIndex { get; set; }

    /// <summary>Which image of the media, by its name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [Alias("Edition")]
    public string? ImageName { get; set; }

    /// <summary>The product key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProductKey { get; set; }

    /// <summary>Accepts the licence terms.</summary>
    [Parameter]
    public SwitchParameter AcceptEula { get; set; }

    /// <summary>Who Windows is registered to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RegisteredOwner { get; set; }

    /// <summary>The organization that Windows is registered to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RegisteredOrganization { get; set; }

    /// <summary>Administrators.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PSCredential[]? LocalAdmin { get; set; }

    /// <summary>Users.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PSCredential[]? User { get; set; }

    /// <summary>How often the first administrator, or else the first user, logs on by itself.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int AutoLogon { get; set; }

    /// <summary>The domain to join.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JoinDomain { get; set; }

    /// <summary>Who may join machines to it.</summary>
    [Parameter]
    [ValidateNotNull]
    public PSCredential? DomainCredential { get; set; }

    /// <summary>The organizational unit that the machine goes to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OrganizationalUnit { get; set; }

    /// <summary>The workgroup to join.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Workgroup { get; set; }

    /// <summary>Lets Remote Desktop in.</summary>
    [Parameter]
    public SwitchParameter EnableRemoteDesktop { get; set; }

    /// <summary>Shows no page of the out-of-box experience that can be left out.</summary>
    [Parameter]
    public SwitchParameter SkipOobe { get; set; }

    /// <summary>Pages of the out-of-box experience that are not shown.</summary>
    [Parameter]
    [ValidateSet("Eula", "OemRegistration", "OnlineAccount", "LocalAccount", "Wireless", "ExpressSettings")]
    public string[]? SkipOobePage { get; set; }

    /// <summary>Folders of driver packages.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? DriverPath { get; set; }

    /// <summary>Commands before the disk is partitioned.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? WindowsPECommand { get; set; }

    /// <summary>Commands at the first boot, as the system.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? SpecializeCommand { get; set; }

    /// <summary>Commands at the first logon.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? FirstLogonCommand { get; set; }

    /// <summary>Whether Windows goes to audit mode, or from it to the out-of-box experience.</summary>
    [Parameter]
    [ValidateSet("Audit", "Oobe")]
    public string? Mode { get; set; }

    /// <summary>Keeps the devices that are installed when Windows is generalized.</summary>
    [Parameter]
    public SwitchParameter PersistAllDeviceInstalls { get; set; }

    /// <summary>Makes the profile of the built-in Administrator that of new users.</summary>
    [Parameter]
    public SwitchParameter CopyProfile { get; set; }

    /// <summary>Settings that have no parameter, by path.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public IDictionary? Setting { get; set; }

    /// <summary>Whether a file that is there is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(UnattendPath, () =>
    {
        string file = FullPath(UnattendPath);
        JsonWriter options = new JsonWriter()
            .Add("overwrite", IfGiven(nameof(Force), Force))
            .Add("answers", Answers());
        if (!ShouldProcess(file, "Create the answer file"))
        {
            return;
        }

        IReadOnlyList<string> warnings = WithProgress(
            "Making the answer file", operation => UnattendAuthor.Create(file, options, operation));
        foreach (string warning in warnings)
        {
            WriteWarning(warning);
        }

        WriteObject(new FileInfo(file));
    });

    private JsonWriter Answers() => new JsonWriter()
        .Add("architectures", Architecture?.Select(name => name.ToLowerInvariant()))
        .Add("computerName", ComputerName)
        .Add("timeZone", TimeZone)
        .Add("locale", Locale)
        .Add("uiLanguage", UILanguage)
        .Add("setupLanguage", SetupLanguage)
        .Add("systemLocale", SystemLocale)
        .Add("userLocale", UserLocale)
        .Add("inputLocales", InputLocale)
        .Add("diskLayout", Spelled(DiskLayout, Layouts))
        .Add("diskId", IfGiven(nameof(DiskId), DiskId))
        .Add("imageIndex", IfGiven(nameof(ImageIndex), ImageIndex))
        .Add("imageName", ImageName)
        .Add("productKey", ProductKey?.ToUpperInvariant())
        .Add("acceptEula", IfGiven(nameof(AcceptEula), AcceptEula))
        .Add("owner", RegisteredOwner)
        .Add("organization", RegisteredOrganization)
        .Add("localAdmins", LocalAdmin?.Select(user => Credential(user)!))
        .Add("users", User?.Select(user => Credential(user)!))
        .Add("autoLogon", IfGiven(nameof(AutoLogon), AutoLogon))
        .Add("joinDomain", Join())
        .Add("workgroup", Workgroup)
        .Add("enableRemoteDesktop", IfGiven(nameof(EnableRemoteDesktop), EnableRemoteDesktop))
        .Add("skipOobe", Pages())
        .Add("driverPaths", DriverPath)
        .Add("windowsPeCommands", WindowsPECommand)
        .Add("specializeCommands", SpecializeCommand)
        .Add("firstLogonCommands", FirstLogonCommand)
        .Add("mode", Mode?.ToLowerInvariant())
        .Add("persistAllDeviceInstalls", IfGiven(nameof(PersistAllDeviceInstalls), PersistAllDeviceInstalls))
        .Add("copyProfile", IfGiven(nameof(CopyProfile), CopyProfile))
        .Add("settings", Setting?.Cast<DictionaryEntry>().Select(Entry));

    private JsonWriter? Join()
    {
        if (JoinDomain is null)
        {
            return DomainCredential is null && OrganizationalUnit is null
                ? null
                : throw new PSArgumentException("-DomainCredential and -OrganizationalUnit go with -JoinDomain.");
        }

        return DomainCredential is null
            ? throw new PSArgumentException("-JoinDomain needs -DomainCredential: an account that may join machines to the domain.")
            : new JsonWriter()
                .Add("domain", JoinDomain)
                .Add("credential", Credential(DomainCredential))
                .Add("organizationalUnit", OrganizationalUnit);
    }

    private IEnumerable<string>? Pages() =>
        SkipOobe ? AllPages : SkipOobePage?.Select(page => Spelled(page, AllPages)!);

    /// <summary>A name as the engine spells it, whatever its case; null if it is none of them.</summary>
    private static string? Spelled(string name, params string[] names) =>
        names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>PowerShell puts a backslash before some names; the machine itself is no domain.</summary>
    private static JsonWriter? Credential(PSCredential? credential)
    {
        if (credential is null)
        {
            return null;
        }

        string name = credential.UserName;
        name = name.StartsWith(".\\", StringComparison.Ordinal) ? name.Substring(2) : name.TrimStart('\\');
        return new JsonWriter().Add("name", name).Add("password", credential.GetNetworkCredential().Password);
    }

    private static JsonWriter Entry(DictionaryEntry entry) => new JsonWriter()
        .Add("path", Text(entry.Key))
        .Add("value", Text(entry.Value));

    /// <summary>Setup spells true and false small.</summary>
    private static string Text(object? value) => value switch
    {
        PSObject wrapped => Text(wrapped.BaseObject),
        bool flag => flag ? "true" : "false",
        null => string.Empty,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };
}
