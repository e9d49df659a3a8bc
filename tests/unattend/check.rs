//! Checking answer files: each rule finds what it is for, and nothing in a sound file; real files.

use crate::support::hives;
use imgsvc::servicing::unattend::check::{check, Finding, ImageName, Severity, Target};
use imgsvc::servicing::unattend::known_values;
use std::collections::BTreeMap;

const SHELL: &str = "Microsoft-Windows-Shell-Setup";
const SETUP: &str = "Microsoft-Windows-Setup";

/// A component for amd64.
fn component(name: &str, settings: &str) -> String {
    format!(
        "<component name=\"{name}\" processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\" \
         language=\"neutral\" versionScope=\"nonSxS\">{settings}</component>"
    )
}

/// An answer file with one pass.
fn file(pass: &str, components: &str) -> String {
    whole(&format!("<settings pass=\"{pass}\">{components}</settings>"))
}

/// An answer file with these passes.
fn whole(passes: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" \
         xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\n{passes}\n</unattend>\n"
    )
}

fn shell(pass: &str, settings: &str) -> String {
    file(pass, &component(SHELL, settings))
}

/// A disk 0 that is wiped, with these elements.
fn disk(elements: &str) -> String {
    setup(&format!(
        "<DiskConfiguration><Disk wcm:action=\"add\"><DiskID>0</DiskID><WillWipeDisk>true</WillWipeDisk>{elements}</Disk>\
         </DiskConfiguration>"
    ))
}

fn setup(settings: &str) -> String {
    file("windowsPE", &component(SETUP, settings))
}

/// `CreatePartitions` of (type, size in MB or 0 for the rest).
fn create(partitions: &[(&str, u32)]) -> String {
    let one = |(order, (kind, size)): (usize, &(&str, u32))| {
        let size =
            if *size == 0 { "<Extend>true</Extend>".to_owned() } else { format!("<Size>{size}</Size>") };
        let order = order + 1;
        format!("<CreatePartition wcm:action=\"add\"><Order>{order}</Order><Type>{kind}</Type>{size}</CreatePartition>")
    };
    let all: String = partitions.iter().enumerate().map(one).collect();
    format!("<CreatePartitions>{all}</CreatePartitions>")
}

/// `ModifyPartitions` of (partition, elements).
fn modify(partitions: &[(u32, &str)]) -> String {
    let one = |(order, (id, elements)): (usize, &(u32, &str))| {
        let order = order + 1;
        format!(
            "<ModifyPartition wcm:action=\"add\"><Order>{order}</Order><PartitionID>{id}</PartitionID>{elements}\
             </ModifyPartition>"
        )
    };
    let all: String = partitions.iter().enumerate().map(one).collect();
    format!("<ModifyPartitions>{all}</ModifyPartitions>")
}

/// Disk 0 with these elements, and Windows on its partition of that number.
fn install(elements: &str, partition: u32) -> String {
    setup(&format!(
        "<DiskConfiguration><Disk wcm:action=\"add\"><DiskID>0</DiskID><WillWipeDisk>true</WillWipeDisk>{elements}</Disk>\
         </DiskConfiguration><ImageInstall><OSImage><InstallTo><DiskID>0</DiskID><PartitionID>{partition}</PartitionID>\
         </InstallTo></OSImage></ImageInstall>"
    ))
}

/// A command of the pass specialize.
fn command(order: u32, path: &str) -> String {
    format!(
        "<RunSynchronousCommand wcm:action=\"add\"><Order>{order}</Order><Path>{path}</Path></RunSynchronousCommand>"
    )
}

fn specialize(commands: &str) -> String {
    file(
        "specialize",
        &component("Microsoft-Windows-Deployment", &format!("<RunSynchronous>{commands}</RunSynchronous>")),
    )
}

const UEFI: [(&str, u32); 3] = [("EFI", 300), ("MSR", 16), ("Primary", 0)];

/// Rule, severity, and a file in which it finds something.
fn broken() -> Vec<(&'static str, Severity, String)> {
    use Severity::{Error, Information, Warning};
    let key = |key: &str| shell("specialize", &format!("<ProductKey>{key}</ProductKey>"));
    let name = |name: &str| shell("specialize", &format!("<ComputerName>{name}</ComputerName>"));
    let identity = |attributes: &str| {
        file("specialize", &format!("<component {attributes}><ComputerName>PC1</ComputerName></component>"))
    };
    let account = |name: &str| {
        shell("oobeSystem", &format!("<UserAccounts><LocalAccounts><LocalAccount wcm:action=\"add\"><Name>{name}</Name><Group>Users</Group></LocalAccount></LocalAccounts></UserAccounts>"))
    };
    let logon = |elements: &str| {
        shell("oobeSystem", &format!("<AutoLogon><Enabled>true</Enabled>{elements}</AutoLogon>"))
    };
    let join = |elements: &str| {
        let settings = format!("<Identification>{elements}</Identification>");
        file("specialize", &component("Microsoft-Windows-UnattendedJoin", &settings))
    };
    let international = |element: &str, value: &str| {
        file(
            "specialize",
            &component("Microsoft-Windows-International-Core", &format!("<{element}>{value}</{element}>")),
        )
    };
    let package = |package: &str| whole(&format!("<servicing>{package}</servicing>"));
    let token = "publicKeyToken=\"31bf3856ad364e35\"";
    let place = "language=\"neutral\" versionScope=\"nonSxS\"";
    let amd64 = "processorArchitecture=\"amd64\"";
    let named = format!("name=\"{SHELL}\"");
    vec![
        ("malformed-xml", Error, "<?xml version=\"1.0\"?><unattend><settings></unattend>".to_owned()),
        ("malformed-xml", Error, "<unattend>\n<settings>".to_owned()),
        ("wrong-namespace", Error, "<unattend><settings pass=\"specialize\"/></unattend>".to_owned()),
        ("wrong-namespace", Warning, "<unattend xmlns=\"urn:schemas-microsoft-com:asm.v3\"/>".to_owned()),
        ("missing-pass", Error, whole("<settings/>")),
        ("unknown-pass", Error, whole("<settings pass=\"oobesystem\"/>")),
        ("unknown-pass", Error, whole("<settings pass=\"setup\"/>")),
        ("repeated-pass", Warning, whole("<settings pass=\"specialize\"/><settings pass=\"specialize\"/>")),
        ("pass-processed", Warning, whole("<settings pass=\"specialize\" wasPassProcessed=\"true\"/>")),
        ("unexpected-element", Warning, whole("<component/>")),
        ("unexpected-element", Warning, whole("<settings pass=\"specialize\"><ComputerName>a</ComputerName></settings>")),
        ("undeclared-prefix", Error, shell("specialize", "<ComputerName x:y=\"1\">PC1</ComputerName>")),
        ("unknown-action", Warning, specialize(&command(1, "a.exe").replace("\"add\"", "\"insert\""))),
        ("action-without-prefix", Warning, specialize(&command(1, "a.exe").replace("wcm:action", "action"))),
        ("package-action", Error, package("<package action=\"put\"><assemblyIdentity name=\"a\"/></package>")),
        ("package-identity", Error, package("<package action=\"remove\"/>")),
        ("package-source", Error, package("<package action=\"install\"><assemblyIdentity name=\"a\"/></package>")),
        ("missing-name", Error, identity(&format!("{amd64} {token} {place}"))),
        ("missing-architecture", Error, identity(&format!("{named} {token} {place}"))),
        ("unknown-architecture", Error, identity(&format!("{named} processorArchitecture=\"x64\" {token} {place}"))),
        ("missing-token", Error, identity(&format!("{named} {amd64} {place}"))),
        ("wrong-token", Error, identity(&format!("{named} {amd64} publicKeyToken=\"0123456789abcdef\" {place}"))),
        ("missing-language", Error, identity(&format!("{named} {amd64} {token} versionScope=\"nonSxS\""))),
        ("wrong-language", Error, identity(&format!("{named} {amd64} {token} language=\"en-US\" versionScope=\"nonSxS\""))),
        ("missing-scope", Information, identity(&format!("{named} {amd64} {token} language=\"neutral\""))),
        ("wrong-scope", Error, identity(&format!("{named} {amd64} {token} language=\"neutral\" versionScope=\"SxS\""))),
        ("wrong-scope", Warning, identity(&format!("{named} {amd64} {token} language=\"neutral\" versionScope=\"neutral\""))),
        ("repeated-component", Warning, file("specialize", &component(SHELL, "").repeat(2))),
        ("unknown-component", Information, file("specialize", &component("Contoso-Setup", ""))),
        ("unknown-component", Error, file("specialize", &component("Microsoft-Windows-ShellSetup", ""))),
        ("component-not-in-pass", Error, file("specialize", &component(SETUP, ""))),
        ("component-not-in-pass", Error, file("windowsPE", &component("Microsoft-Windows-International-Core", ""))),
        ("component-removed", Information, file("oobeSystem", &component("Microsoft-Windows-MigrationWizardApplication", ""))),
        ("unknown-setting", Error, shell("specialize", "<ComputerNam>PC1</ComputerNam>")),
        ("unknown-setting", Warning, shell("specialize", "<Colour>red</Colour>")),
        ("unknown-setting", Warning, shell("oobeSystem", "<HideEULAPage>true</HideEULAPage>")),
        ("setting-case", Warning, shell("specialize", "<computerName>PC1</computerName>")),
        ("setting-not-in-pass", Error, shell("oobeSystem", "<ComputerName>PC1</ComputerName>")),
        ("setting-removed", Information, shell("specialize", "<Themes><ScreenSaver>a.scr</ScreenSaver></Themes>")),
        ("setting-deprecated", Information, shell("oobeSystem", "<OOBE><NetworkLocation>Work</NetworkLocation></OOBE>")),
        ("text-in-group", Error, shell("oobeSystem", "<OOBE>true</OOBE>")),
        ("elements-in-value", Error, shell("specialize", "<ComputerName><Value>PC1</Value></ComputerName>")),
        ("empty-value", Warning, shell("oobeSystem", "<OOBE><HideEULAPage></HideEULAPage></OOBE>")),
        ("not-a-boolean", Error, shell("oobeSystem", "<OOBE><HideEULAPage>yes</HideEULAPage></OOBE>")),
        ("not-a-number", Error, shell("oobeSystem", "<OOBE><ProtectYourPC>three</ProtectYourPC></OOBE>")),
        ("number-out-of-range", Error, shell("oobeSystem", "<OOBE><ProtectYourPC>4</ProtectYourPC></OOBE>")),
        ("not-a-choice", Error, shell("oobeSystem", "<OOBE><NetworkLocation>Office</NetworkLocation></OOBE>")),
        ("not-a-guid", Error, shell("specialize", "<NotificationArea><PromotedIcon1><GUID>7820AE76</GUID></PromotedIcon1></NotificationArea>")),
        ("value-too-long", Error, specialize(&command(1, &"x".repeat(260)))),
        ("computer-name", Error, name("a computer")),
        ("computer-name", Error, name("ABCDEFGHIJKLMNOP")),
        ("computer-name", Error, name("12345")),
        ("product-key-form", Error, key("AAAAA-BBBBB-CCCCC-DDDDD")),
        ("product-key-form", Error, key("BBBBB-CCCCC-DDDDD-FFFFF-GGGG0")),
        ("product-key-placeholder", Information, key("00000-00000-00000-00000-00000")),
        ("time-zone", Warning, shell("specialize", "<TimeZone>Europe/Berlin</TimeZone>")),
        ("locale-name", Warning, international("UserLocale", "en-UK")),
        ("language-name", Warning, international("UILanguage", "de_DE")),
        ("input-locale", Warning, international("InputLocale", "0407:407")),
        ("repeated-setting", Error, shell("specialize", "<ComputerName>A</ComputerName><ComputerName>B</ComputerName>")),
        ("missing-key", Warning, specialize("<RunSynchronousCommand wcm:action=\"add\"><Path>a.exe</Path></RunSynchronousCommand>")),
        ("repeated-key", Error, specialize(&(command(1, "a.exe") + &command(1, "b.exe")))),
        ("missing-key-value", Warning, file("specialize", &component("Microsoft-Windows-DNS-Client", "<DNSSuffixSearchOrder><DomainName>a.example</DomainName></DNSSuffixSearchOrder>"))),
        ("size-and-extend", Error, disk(&create(&[("Primary", 100)]).replace("</Size>", "</Size><Extend>true</Extend>"))),
        ("partition-without-size", Error, disk(&create(&[("Primary", 100)]).replace("<Size>100</Size>", ""))),
        ("extend-not-last", Error, disk(&create(&[("Primary", 0), ("Primary", 100)]))),
        ("no-efi-partition", Error, install(&create(&[("MSR", 16), ("Primary", 0)]), 2)),
        ("two-efi-partitions", Warning, disk(&create(&[("EFI", 100), ("EFI", 100), ("Primary", 0)]))),
        ("extended-on-gpt", Error, disk(&create(&[("EFI", 100), ("Extended", 0)]))),
        ("small-efi-partition", Warning, disk(&create(&[("EFI", 50), ("Primary", 0)]))),
        ("two-extended-partitions", Error, disk(&create(&[("Extended", 100), ("Extended", 0)]))),
        ("logical-without-extended", Error, disk(&create(&[("Primary", 100), ("Logical", 100)]))),
        ("five-primary-partitions", Error, disk(&create(&[("Primary", 100); 5]))),
        ("two-active-partitions", Warning, disk(&(create(&[("Primary", 100), ("Primary", 0)]) + &modify(&[(1, "<Active>true</Active>"), (2, "<Active>true</Active>")])))),
        ("partition-type-id", Error, disk(&(create(&UEFI) + &modify(&[(1, "<TypeID>recovery</TypeID>")])))),
        ("modify-missing-partition", Error, disk(&(create(&UEFI) + &modify(&[(4, "<Format>NTFS</Format>")])))),
        ("efi-not-fat32", Error, disk(&(create(&UEFI) + &modify(&[(1, "<Format>NTFS</Format>")])))),
        ("msr-formatted", Error, disk(&(create(&UEFI) + &modify(&[(2, "<Format>NTFS</Format>")])))),
        ("extend-twice", Warning, disk(&(create(&UEFI) + &modify(&[(3, "<Extend>true</Extend>")])))),
        ("repeated-letter", Error, disk(&(create(&UEFI) + &modify(&[(1, "<Letter>C</Letter>"), (3, "<Letter>C</Letter>")])))),
        ("install-to-missing-partition", Error, install(&create(&UEFI), 4)),
        ("install-to-system-partition", Error, install(&create(&UEFI), 2)),
        ("install-to-fat32", Error, install(&(create(&UEFI) + &modify(&[(3, "<Format>FAT32</Format>")])), 3)),
        ("install-to-both", Error, setup("<ImageInstall><OSImage><InstallToAvailablePartition>true</InstallToAvailablePartition><InstallTo><DiskID>0</DiskID><PartitionID>1</PartitionID></InstallTo></OSImage></ImageInstall>")),
        ("image-key", Error, setup("<ImageInstall><OSImage><InstallFrom><MetaData wcm:action=\"add\"><Key>INDEX</Key><Value>1</Value></MetaData></InstallFrom></OSImage></ImageInstall>")),
        ("join-both", Error, join("<JoinDomain>a.example</JoinDomain><JoinWorkgroup>W</JoinWorkgroup><UnsecureJoin>true</UnsecureJoin>")),
        ("join-without-account", Error, join("<JoinDomain>a.example</JoinDomain>")),
        ("password-in-clear", Warning, shell("oobeSystem", "<UserAccounts><AdministratorPassword><Value>secret</Value><PlainText>true</PlainText></AdministratorPassword></UserAccounts>")),
        ("password-in-clear", Warning, join("<Credentials><Domain>a</Domain><Username>b</Username><Password>secret</Password></Credentials><JoinDomain>a.example</JoinDomain>")),
        // UTF-16LE of "pw" and "AdministratorPassword".
        ("password-encoded", Information, shell("oobeSystem", "<UserAccounts><AdministratorPassword><Value>cAB3AEEAZABtAGkAbgBpAHMAdAByAGEAdABvAHIAUABhAHMAcwB3AG8AcgBkAA==</Value><PlainText>false</PlainText></AdministratorPassword></UserAccounts>")),
        ("password-not-encoded", Error, shell("oobeSystem", "<UserAccounts><AdministratorPassword><Value>secret</Value><PlainText>false</PlainText></AdministratorPassword></UserAccounts>")),
        ("autologon-without-count", Warning, logon("<Username>a</Username>")),
        ("autologon-left-on", Warning, logon("<Username>a</Username><LogonCount>9999999</LogonCount>")),
        ("autologon-without-user", Error, logon("<LogonCount>1</LogonCount>")),
        ("autologon-unknown-user", Information, shell("oobeSystem", "<AutoLogon><Enabled>true</Enabled><Username>b</Username><LogonCount>1</LogonCount></AutoLogon><UserAccounts><LocalAccounts><LocalAccount wcm:action=\"add\"><Name>a</Name></LocalAccount></LocalAccounts></UserAccounts>")),
        ("account-name", Error, account("a:b")),
        ("built-in-account", Information, account("Administrator")),
        ("empty-command", Error, specialize("<RunSynchronousCommand wcm:action=\"add\"><Order>1</Order><Path></Path></RunSynchronousCommand>")),
        ("unbalanced-quotes", Warning, specialize(&command(1, "&quot;C:\\a b\\c.exe"))),
        ("command-needs-cmd", Error, specialize(&command(1, "echo hello"))),
        ("command-needs-cmd", Warning, specialize(&command(1, "net.exe user &gt; c:\\log.txt"))),
    ]
}

#[test]
fn each_rule_finds_the_fault_it_is_for() {
    for (rule, severity, text) in broken() {
        let found = check(text.as_bytes(), None).expect("a finding, not an error");
        let hit = found.iter().find(|finding| finding.rule == rule);
        let hit = hit.unwrap_or_else(|| panic!("{rule} is not found in\n{text}\nfound: {found:#?}"));
        assert_eq!(hit.severity, severity, "{rule}\n{text}");
        assert!(hit.line >= 1 && hit.column >= 1, "{rule}");
        assert!(hit.message.ends_with('.') || rule == "malformed-xml", "{}", hit.message);
        assert!(hit.remedy.is_some(), "{rule}");
        // Nothing worse beside it: one fault is not reported as several.
        let others = found.iter().filter(|other| other.rule != rule && other.severity == Severity::Error);
        let allowed = ["malformed-xml", "missing-name", "wrong-namespace", "extended-on-gpt"];
        let others: Vec<&Finding> = others.collect();
        assert!(others.is_empty() || allowed.contains(&rule), "{rule}: {others:#?}\n{text}");
    }
}

/// Rule, severity, and a file in which it finds something that is wrong for an image.
fn broken_for_image() -> Vec<(&'static str, Severity, String)> {
    use Severity::{Error, Warning};
    let chosen = |key: &str, value: &str| {
        setup(&format!(
            "<ImageInstall><OSImage><InstallFrom><MetaData wcm:action=\"add\"><Key>{key}</Key><Value>{value}</Value>\
             </MetaData></InstallFrom></OSImage></ImageInstall>"
        ))
    };
    let international = |value: &str| {
        let settings = format!("<UILanguage>{value}</UILanguage>");
        file("oobeSystem", &component("Microsoft-Windows-International-Core", &settings))
    };
    vec![
        ("architecture-not-of-image", Error, shell("specialize", "").replace("amd64", "x86")),
        (
            "setting-removed",
            Warning,
            shell("specialize", "<Themes><ScreenSaver>a.scr</ScreenSaver></Themes>"),
        ),
        ("time-zone", Error, shell("specialize", "<TimeZone>Tokyo Standard Time</TimeZone>")),
        ("language-not-in-image", Error, international("fr-FR")),
        ("image-not-in-file", Error, chosen("/IMAGE/INDEX", "2")),
        ("image-not-in-file", Error, chosen("/IMAGE/NAME", "Windows 11 Home")),
        (
            "key-for-evaluation",
            Warning,
            shell("specialize", "<ProductKey>BBBBB-CCCCC-DDDDD-FFFFF-GGGGG</ProductKey>"),
        ),
    ]
}

/// An image of the image file.
fn image(index: u32, name: &str, edition: &str, build: u32) -> ImageName {
    let text = |text: &str| Some(text.to_owned());
    ImageName { index, name: text(name), description: None, edition: text(edition), build: Some(build) }
}

/// An image as far as the rules without files look.
fn evaluation() -> Target<'static> {
    let images = vec![image(1, "Windows 11 Enterprise", "EnterpriseEval", 26100)];
    let mut target = Target::default().with_images(Some("install.wim".to_owned()), images);
    target.architecture = Some("amd64");
    target.build = Some(26100);
    target.edition = Some("EnterpriseEval".to_owned());
    target.languages = vec!["en-US".to_owned(), "de-DE".to_owned()];
    target.time_zones = Some(["w. europe standard time".to_owned()].into());
    target
}

#[test]
fn each_rule_about_the_image_finds_the_fault_it_is_for() {
    let target = evaluation();
    for (rule, severity, text) in broken_for_image() {
        let found = check(text.as_bytes(), Some(&target)).expect("a finding, not an error");
        let hit = found.iter().find(|finding| finding.rule == rule);
        let hit = hit.unwrap_or_else(|| panic!("{rule} is not found in\n{text}\nfound: {found:#?}"));
        assert_eq!(hit.severity, severity, "{rule}\n{text}");
    }
    let mut old = evaluation();
    old.build = Some(7601);
    let text = shell("specialize", "<OEMInformation><SupportProvider>a</SupportProvider></OEMInformation>");
    let found = check(text.as_bytes(), Some(&old)).expect("findings");
    assert!(found.iter().any(|finding| finding.rule == "setting-too-new"), "{found:#?}");
    let text = shell("specialize", "<Colour>red</Colour>");
    let found = check(text.as_bytes(), Some(&old)).expect("findings");
    assert!(found
        .iter()
        .any(|finding| finding.rule == "unknown-setting" && finding.severity == Severity::Error));
}

/// An image of Windows 11 Pro in a file with that of Home.
fn professional() -> Target<'static> {
    let images =
        vec![image(1, "Windows 11 Home", "Core", 26100), image(2, "Windows 11 Pro", "Professional", 26100)];
    let mut target = Target::default().with_images(Some("install.wim".to_owned()), images);
    target.build = Some(26100);
    target.edition = Some("Professional".to_owned());
    target
}

#[test]
fn a_published_product_key_is_held_against_the_editions_of_the_image_file() {
    let key_in = |pass: &str, key: &str| match pass {
        "windowsPE" => setup(&format!("<UserData><ProductKey><Key>{key}</Key></ProductKey></UserData>")),
        pass => shell(pass, &format!("<ProductKey>{key}</ProductKey>")),
    };
    let found = |pass: &str, key: &str, target: &Target<'_>| {
        let found = check(key_in(pass, key).as_bytes(), Some(target)).expect("findings");
        found.into_iter().map(|finding| (finding.rule, finding.severity)).collect::<Vec<_>>()
    };
    let other = |severity| vec![("key-of-other-edition", severity)];
    let target = professional();
    // The KMS client key of Enterprise; there is no such image.
    let enterprise = "NPPR9-FWDCX-D2C8J-H872K-2YT43";
    assert_eq!(found("windowsPE", enterprise, &target), other(Severity::Error));
    assert_eq!(found("specialize", enterprise, &target), other(Severity::Warning));
    // The generic key of Home: Setup would install the other image.
    assert_eq!(found("windowsPE", "YTMG3-N6DKC-DKB77-7M9GH-8HVX7", &target), other(Severity::Warning));
    // Pro, but of Windows 8.1.
    assert_eq!(found("windowsPE", "GCRJD-8NW9H-F2CDX-CCM8D-9D6T9", &target), other(Severity::Error));
    // Pro: KMS, generic, in small letters; and keys that nobody has published.
    for key in
        ["W269N-WFGWX-YVC9B-4J6C9-T83GX", "vk7jg-nphtm-c97jm-9mpgt-3v66t", "BBBBB-CCCCC-DDDDD-FFFFF-GGGGG"]
    {
        for pass in ["windowsPE", "specialize"] {
            assert_eq!(found(pass, key, &target), [], "{pass} {key}");
        }
    }
    // Without an image, without its edition, and for Server Core, whose edition has two names.
    assert_eq!(check(key_in("specialize", enterprise).as_bytes(), None).expect("findings"), []);
    assert_eq!(found("specialize", enterprise, &Target::default()), []);
    let mut core = Target::default();
    core.edition = Some("ServerStandardCor".to_owned());
    core.build = Some(20348);
    assert_eq!(found("windowsPE", "VDYBN-27WPP-V4HQT-9VMD4-VMK7H", &core), []);
    assert_eq!(found("windowsPE", "N69G4-B89J2-4G8F4-WWYCC-J464C", &core), other(Severity::Error));
    core.edition = Some("ServerStandardEvalCor".to_owned());
    assert_eq!(
        found("windowsPE", "N69G4-B89J2-4G8F4-WWYCC-J464C", &core),
        [("key-for-evaluation", Severity::Warning)]
    );
}

/// A file with nothing to say about.
fn sound() -> String {
    let layout = create(&UEFI)
        + &modify(&[(1, "<Format>FAT32</Format>"), (3, "<Format>NTFS</Format><Letter>C</Letter>")]);
    let pe = format!(
        "<DiskConfiguration><Disk wcm:action=\"add\"><DiskID>0</DiskID><WillWipeDisk>true</WillWipeDisk>{layout}</Disk>\
         <WillShowUI>OnError</WillShowUI></DiskConfiguration><ImageInstall><OSImage><InstallFrom>\
         <MetaData wcm:action=\"add\"><Key>/IMAGE/INDEX</Key><Value>1</Value></MetaData></InstallFrom>\
         <InstallTo><DiskID>0</DiskID><PartitionID>3</PartitionID></InstallTo></OSImage></ImageInstall>\
         <UserData><AcceptEula>true</AcceptEula></UserData>"
    );
    let international = "<InputLocale>0407:00000407;en-US</InputLocale><SystemLocale>de-DE</SystemLocale>\
         <UILanguage>de-DE</UILanguage><UserLocale>de-DE</UserLocale>";
    let windows_pe = component(SETUP, &pe)
        + &component(
            "Microsoft-Windows-International-Core-WinPE",
            &format!("<SetupUILanguage><UILanguage>en-US</UILanguage></SetupUILanguage>{international}"),
        );
    let specialize =
        component(SHELL, "<ComputerName>*</ComputerName><TimeZone>W. Europe Standard Time</TimeZone>")
            + &component(
                "Microsoft-Windows-Deployment",
                &format!(
                    "<RunSynchronous>{}{}</RunSynchronous>",
                    command(1, "cmd.exe /c echo a &gt; c:\\a.txt"),
                    command(2, "powershell -Command &quot;a | b&quot;")
                ),
            );
    let oobe =
        component(SHELL, "<OOBE><HideEULAPage>true</HideEULAPage><ProtectYourPC>3</ProtectYourPC></OOBE>")
            + &component("Microsoft-Windows-International-Core", international);
    let pass = |name: &str, components: &str| format!("<settings pass=\"{name}\">{components}</settings>");
    whole(&(pass("windowsPE", &windows_pe) + &pass("specialize", &specialize) + &pass("oobeSystem", &oobe)))
}

#[test]
fn nothing_is_found_in_a_sound_file() {
    assert_eq!(check(sound().as_bytes(), None).expect("no error"), []);
    let mut target = evaluation();
    target.edition = Some("Enterprise".to_owned());
    assert_eq!(check(sound().as_bytes(), Some(&target)).expect("no error"), []);
}

#[test]
fn what_a_tool_fills_in_later_is_not_judged() {
    let fill_in = [
        "{{ Name }}",
        "{Name}",
        "${name}",
        "%{ if a }x%{ endif }",
        "{% name %}",
        "[ REPLACE THIS ]",
        "<%= name %>",
    ];
    for text in fill_in.map(|text| text.replace('<', "&lt;").replace('>', "&gt;")) {
        let settings = format!(
            "<ComputerName>{text}</ComputerName><TimeZone>{text}</TimeZone><ProductKey>{text}</ProductKey>\
             <CopyProfile>{text}</CopyProfile>"
        );
        let file = shell("specialize", &settings).replace("\"amd64\"", &format!("\"{text}\""));
        assert_eq!(check(file.as_bytes(), None).expect("no error"), [], "{text}");
    }
    // One of two is left when the file is made.
    let either =
        shell("specialize", "%{ if a }<TimeZone>UTC</TimeZone>%{ else }<TimeZone>UTC</TimeZone>%{ endif }");
    assert_eq!(check(either.as_bytes(), None).expect("no error"), []);
    let group =
        setup("<UserData><ProductKey>{% if key %}<Key>{{ key }}</Key>{% endif %}</ProductKey></UserData>");
    assert_eq!(check(group.as_bytes(), None).expect("no error"), []);
    // A GUID in braces is a value.
    let guid = shell("specialize", "<ComputerName>{7820AE76-23E3-4229-82C1-E41CB67D5B9C}</ComputerName>");
    assert_eq!(check(guid.as_bytes(), None).expect("findings").len(), 1);
}

#[test]
fn a_file_of_a_hundred_thousand_settings_is_refused_in_time() {
    let text = shell("specialize", &"<A/>".repeat(100_000));
    let error = check(text.as_bytes(), None).expect_err("no answer file is like that");
    assert!(matches!(error.root(), imgsvc::error::Error::LimitExceeded { .. }), "{error}");
    let most = disk(&create(&[("Primary", 1); 4000]));
    assert!(check(most.as_bytes(), None).expect("findings").len() > 1);
}

#[test]
fn findings_of_real_answer_files_are_few_and_told() {
    // Another folder of answer files may be named.
    let named = std::env::var_os("IMGSVC_ANSWER_FILES").map(std::path::PathBuf::from);
    let Some(folder) = named.or_else(|| hives::testdata("unattend")) else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut table: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    let mut with_errors = 0;
    for path in files.iter().filter(|path| path.extension().is_none_or(|end| end != "md")) {
        let bytes = std::fs::read(path).expect("readable");
        let found = check(&bytes, None).expect("findings");
        with_errors += usize::from(found.iter().any(|finding| finding.severity == Severity::Error));
        for finding in &found {
            *table.entry((finding.severity, finding.rule)).or_default() += 1;
            if std::env::var_os("IMGSVC_SHOW_FINDINGS").is_some() {
                println!("{}:{}:{finding:?}", path.display(), finding.line);
            }
        }
    }
    for ((severity, rule), count) in &table {
        println!("{count:5} {severity:?} {rule}");
    }
    println!("{} files, {with_errors} with errors", files.len());
}

#[test]
fn the_values_of_a_setting_are_known_by_its_path() {
    let values = |path: &str| known_values(path).expect("a path").values;
    assert!(values("specialize/Microsoft-Windows-Shell-Setup/TimeZone").contains(&"W. Europe Standard Time"));
    let languages = values("oobeSystem/Microsoft-Windows-International-Core[amd64]/UILanguage");
    let locales = values("oobeSystem/Microsoft-Windows-International-Core/UserLocale");
    assert!(languages.contains(&"de-DE") && !languages.contains(&"de-AT"));
    assert!(locales.contains(&"de-AT") && locales.len() > languages.len());
    assert_eq!(
        values("oobeSystem/Microsoft-Windows-Shell-Setup/OOBE/NetworkLocation"),
        ["Home", "Work", "Other"]
    );
    let list = "windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk[1]/WillWipeDisk";
    assert_eq!(values(list), ["true", "false"]);
    for path in
        ["specialize/Microsoft-Windows-Shell-Setup/ComputerName", "specialize/Contoso/A", "specialize", "*"]
    {
        assert_eq!(values(path), Vec::<&str>::new(), "{path}");
    }
    assert!(known_values("specialize/[").is_err());
}
