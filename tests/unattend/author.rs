//! Answer files made of options: what is written, where, and what is refused.

use crate::support::python::python;
use imgsvc::error::Error;
use imgsvc::formats::unattend::{decode_password, AnswerFile, PassName, SettingPath};
use imgsvc::servicing::unattend::author::{
    author, create, Architecture, Credential, DiskLayout, Join, Mode, OobePage, Options, SettingValue,
};
use imgsvc::servicing::unattend::check::{check, Severity};
use imgsvc::servicing::unattend::knowledge::Knowledge;
use std::collections::BTreeMap;

const SHELL: &str = "Microsoft-Windows-Shell-Setup";

pub fn account(name: &str, password: &str) -> Credential {
    Credential { name: name.into(), password: password.into() }
}

pub fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

pub fn made(options: &Options) -> AnswerFile {
    let file = author(options).unwrap().file;
    AnswerFile::parse(&file.to_bytes()).unwrap()
}

/// All settings, by path.
pub fn settings(file: &AnswerFile) -> BTreeMap<String, String> {
    let all = SettingPath::parse("**").unwrap();
    file.settings(&all).into_iter().map(|setting| (setting.path, setting.value)).collect()
}

/// The line of the issue.
fn issue() -> Options {
    Options {
        computer_name: text("PC-%RAND:5%"),
        locale: text("de-DE"),
        time_zone: text("W. Europe Standard Time"),
        disk_layout: Some(DiskLayout::UefiStandard),
        local_admins: vec![account("Admin", "Pa$$w0rd")],
        skip_oobe: OobePage::ALL.to_vec(),
        ..Options::default()
    }
}

/// Every option at once, but for those that exclude others.
fn everything() -> Options {
    Options {
        architectures: vec![Architecture::Amd64, Architecture::Arm64],
        ui_language: text("en-us"),
        setup_language: text("en-US"),
        system_locale: text("de-AT"),
        user_locale: text("de-CH"),
        input_locales: vec!["de-DE".into(), "0409:00000409".into()],
        disk_id: Some(1),
        image_name: text("Windows 11 Pro & more"),
        product_key: text("BBBBB-CCCCC-DDDDD-FFFFF-GGGGG"),
        accept_eula: true,
        owner: text("Somebody"),
        organization: text("Contoso"),
        local_admins: vec![account("Admin", "a"), account("administrator", "b")],
        users: vec![account("Jürgen", ""), account("O'Brien", "<&>")],
        auto_logon: Some(2),
        workgroup: text("LAB"),
        enable_remote_desktop: true,
        driver_paths: vec![r"D:\drivers".into(), r"\\server\share\drivers".into()],
        windows_pe_commands: vec![
            r#"reg.exe add "HKLM\SYSTEM\Setup\LabConfig" /v BypassTPMCheck /t REG_DWORD /d 1 /f"#.into(),
        ],
        specialize_commands: vec!["cmd.exe /c echo 1 & echo 2".into(), "cmd.exe /c ver".into()],
        first_logon_commands: vec!["cmd.exe /c ver".into()],
        mode: Some(Mode::Audit),
        persist_all_device_installs: true,
        copy_profile: true,
        ..issue()
    }
}

#[test]
fn the_line_of_the_issue_gives_a_file_that_installs_windows() {
    let authored = author(&issue()).unwrap();
    let file = AnswerFile::parse(&authored.file.to_bytes()).unwrap();
    let expected = [
        ("windowsPE/Microsoft-Windows-International-Core-WinPE/SetupUILanguage/UILanguage", "de-DE"),
        ("windowsPE/Microsoft-Windows-International-Core-WinPE/InputLocale", "de-DE"),
        ("windowsPE/Microsoft-Windows-International-Core-WinPE/SystemLocale", "de-DE"),
        ("windowsPE/Microsoft-Windows-International-Core-WinPE/UILanguage", "de-DE"),
        ("windowsPE/Microsoft-Windows-International-Core-WinPE/UserLocale", "de-DE"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/DiskID", "0"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/WillWipeDisk", "true"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/CreatePartitions/CreatePartition[2]/Type", "EFI"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/CreatePartitions/CreatePartition[3]/Type", "MSR"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/CreatePartitions/CreatePartition[4]/Extend", "true"),
        ("windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/ModifyPartitions/ModifyPartition[4]/Letter", "C"),
        ("windowsPE/Microsoft-Windows-Setup/ImageInstall/OSImage/InstallTo/PartitionID", "4"),
        ("specialize/Microsoft-Windows-Shell-Setup/ComputerName", "PC-00000"),
        ("specialize/Microsoft-Windows-Shell-Setup/TimeZone", "W. Europe Standard Time"),
        ("oobeSystem/Microsoft-Windows-International-Core/UILanguage", "de-DE"),
        ("oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Name", "Admin"),
        ("oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Group", "Administrators"),
        ("oobeSystem/Microsoft-Windows-Shell-Setup/OOBE/HideEULAPage", "true"),
        ("oobeSystem/Microsoft-Windows-Shell-Setup/OOBE/ProtectYourPC", "3"),
    ];
    for (path, value) in expected {
        assert_eq!(file.get(path).unwrap().as_deref(), Some(value), "{path}");
    }
    let password =
        "oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Password";
    let value = file.get(&format!("{password}/Value")).unwrap().unwrap();
    assert_eq!(decode_password(&value, "Password").unwrap(), "Pa$$w0rd");
    assert_eq!(file.get(&format!("{password}/PlainText")).unwrap().as_deref(), Some("false"));
    let warnings = authored.warnings.join("\n");
    assert!(warnings.contains("licence terms") && warnings.contains("not encrypted"), "{warnings}");
}

#[test]
fn every_setting_is_where_windows_reads_it_and_nothing_is_an_error() {
    let bare = Options::default();
    let join = Options {
        join_domain: Some(Join {
            domain: "contoso.com".into(),
            credential: account(r"CONTOSO\joiner", "secret"),
            organizational_unit: text("OU=PCs,DC=contoso,DC=com"),
        }),
        mode: Some(Mode::Oobe),
        image_index: Some(6),
        disk_layout: Some(DiskLayout::BiosStandard),
        accept_eula: true,
        computer_name: text("*"),
        ..Options::default()
    };
    let layouts = [DiskLayout::UefiWithoutRecovery, DiskLayout::BiosWithoutRecovery].map(|layout| Options {
        disk_layout: Some(layout),
        accept_eula: true,
        ..Options::default()
    });
    for options in [bare, issue(), everything(), join].into_iter().chain(layouts) {
        let file = made(&options);
        for component in file.components() {
            let identity = component.identity();
            assert_eq!(identity.public_key_token, "31bf3856ad364e35");
            assert_eq!((identity.language.as_str(), identity.version_scope.as_str()), ("neutral", "nonSxS"));
        }
        for setting in file.settings(&SettingPath::parse("**").unwrap()) {
            let identity = setting.component.expect("a component").identity();
            let known =
                Knowledge::get().component(&identity.name).unwrap_or_else(|| panic!("{}", identity.name));
            let name: Vec<&str> =
                setting.name.split('/').map(|part| part.split('[').next().unwrap_or_default()).collect();
            let known = known.setting(&name.join("/")).unwrap_or_else(|| panic!("{}", setting.path));
            let pass = PassName::parse(&setting.pass).expect("a pass");
            assert!(known.passes.has(pass), "{} is read in {}", setting.path, known.passes);
            assert!(known.deprecated.is_none(), "{} is deprecated", setting.path);
        }
        let findings = check(&file.to_bytes(), None).unwrap();
        let errors: Vec<_> = findings.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}", file.text());
    }
}

#[test]
fn each_option_is_the_settings_that_it_stands_for_and_no_other() {
    let cases: Vec<(Options, Vec<(&str, &str)>)> = vec![
        (
            Options { computer_name: text("PC1"), ..Options::default() },
            vec![("specialize/Microsoft-Windows-Shell-Setup/ComputerName", "PC1")],
        ),
        (
            Options { time_zone: text("w. europe standard time_dstoff"), ..Options::default() },
            vec![("specialize/Microsoft-Windows-Shell-Setup/TimeZone", "W. Europe Standard Time_dstoff")],
        ),
        (
            Options { setup_language: text("fr-FR"), ..Options::default() },
            vec![("windowsPE/Microsoft-Windows-International-Core-WinPE/SetupUILanguage/UILanguage", "fr-FR")],
        ),
        (
            Options { input_locales: vec!["de-DE".into(), "0409:00000409".into()], ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-International-Core-WinPE/InputLocale", "de-DE;0409:00000409"),
                ("oobeSystem/Microsoft-Windows-International-Core/InputLocale", "de-DE;0409:00000409"),
            ],
        ),
        (
            Options { image_index: Some(6), ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-Setup/ImageInstall/OSImage/InstallFrom/MetaData/Key", "/IMAGE/INDEX"),
                ("windowsPE/Microsoft-Windows-Setup/ImageInstall/OSImage/InstallFrom/MetaData/Value", "6"),
                ("windowsPE/Microsoft-Windows-Setup/ImageInstall/OSImage/WillShowUI", "OnError"),
            ],
        ),
        (
            Options { product_key: text("BBBBB-CCCCC-DDDDD-FFFFF-GGGGG"), ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-Setup/UserData/ProductKey/Key", "BBBBB-CCCCC-DDDDD-FFFFF-GGGGG"),
                ("windowsPE/Microsoft-Windows-Setup/UserData/ProductKey/WillShowUI", "OnError"),
                ("specialize/Microsoft-Windows-Shell-Setup/ProductKey", "BBBBB-CCCCC-DDDDD-FFFFF-GGGGG"),
            ],
        ),
        (
            Options { accept_eula: true, owner: text("Me"), organization: text("Us"), ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-Setup/UserData/AcceptEula", "true"),
                ("windowsPE/Microsoft-Windows-Setup/UserData/FullName", "Me"),
                ("windowsPE/Microsoft-Windows-Setup/UserData/Organization", "Us"),
                ("specialize/Microsoft-Windows-Shell-Setup/RegisteredOwner", "Me"),
                ("specialize/Microsoft-Windows-Shell-Setup/RegisteredOrganization", "Us"),
            ],
        ),
        (
            Options { workgroup: text("LAB"), ..Options::default() },
            vec![("specialize/Microsoft-Windows-UnattendedJoin/Identification/JoinWorkgroup", "LAB")],
        ),
        (
            Options {
                join_domain: Some(Join {
                    domain: "contoso.com".into(),
                    credential: account("joiner@corp.contoso.com", "secret"),
                    organizational_unit: None,
                }),
                ..Options::default()
            },
            vec![
                ("specialize/Microsoft-Windows-UnattendedJoin/Identification/Credentials/Domain", "corp.contoso.com"),
                ("specialize/Microsoft-Windows-UnattendedJoin/Identification/Credentials/Username", "joiner"),
                ("specialize/Microsoft-Windows-UnattendedJoin/Identification/Credentials/Password", "secret"),
                ("specialize/Microsoft-Windows-UnattendedJoin/Identification/JoinDomain", "contoso.com"),
            ],
        ),
        (
            Options { enable_remote_desktop: true, ..Options::default() },
            vec![
                ("specialize/Microsoft-Windows-TerminalServices-LocalSessionManager/fDenyTSConnections", "false"),
                ("specialize/Microsoft-Windows-TerminalServices-RDP-WinStationExtensions/UserAuthentication", "1"),
                ("specialize/Networking-MPSSVC-Svc/FirewallGroups/FirewallGroup/Active", "true"),
                ("specialize/Networking-MPSSVC-Svc/FirewallGroups/FirewallGroup/Group", "@FirewallAPI.dll,-28752"),
                ("specialize/Networking-MPSSVC-Svc/FirewallGroups/FirewallGroup/Profile", "all"),
            ],
        ),
        (
            Options { skip_oobe: vec![OobePage::Wireless], ..Options::default() },
            vec![("oobeSystem/Microsoft-Windows-Shell-Setup/OOBE/HideWirelessSetupInOOBE", "true")],
        ),
        (
            Options { driver_paths: vec![r"D:\x".into()], ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-PnpCustomizationsWinPE/DriverPaths/PathAndCredentials/Path", r"D:\x"),
                ("offlineServicing/Microsoft-Windows-PnpCustomizationsNonWinPE/DriverPaths/PathAndCredentials/Path", r"D:\x"),
            ],
        ),
        (
            Options { first_logon_commands: vec!["a".into(), "b".into()], ..Options::default() },
            vec![
                ("oobeSystem/Microsoft-Windows-Shell-Setup/FirstLogonCommands/SynchronousCommand[1]/Order", "1"),
                ("oobeSystem/Microsoft-Windows-Shell-Setup/FirstLogonCommands/SynchronousCommand[1]/CommandLine", "a"),
                ("oobeSystem/Microsoft-Windows-Shell-Setup/FirstLogonCommands/SynchronousCommand[2]/Order", "2"),
                ("oobeSystem/Microsoft-Windows-Shell-Setup/FirstLogonCommands/SynchronousCommand[2]/CommandLine", "b"),
            ],
        ),
        (
            Options { windows_pe_commands: vec!["a".into()], specialize_commands: vec!["b".into()], ..Options::default() },
            vec![
                ("windowsPE/Microsoft-Windows-Setup/RunSynchronous/RunSynchronousCommand/Order", "1"),
                ("windowsPE/Microsoft-Windows-Setup/RunSynchronous/RunSynchronousCommand/Path", "a"),
                ("specialize/Microsoft-Windows-Deployment/RunSynchronous/RunSynchronousCommand/Order", "1"),
                ("specialize/Microsoft-Windows-Deployment/RunSynchronous/RunSynchronousCommand/Path", "b"),
            ],
        ),
        (
            Options { mode: Some(Mode::Audit), ..Options::default() },
            vec![
                ("oobeSystem/Microsoft-Windows-Deployment/Reseal/Mode", "Audit"),
                ("oobeSystem/Microsoft-Windows-Deployment/Reseal/ForceShutdownNow", "false"),
            ],
        ),
        (
            Options { mode: Some(Mode::Oobe), persist_all_device_installs: true, copy_profile: true, ..Options::default() },
            vec![
                ("auditUser/Microsoft-Windows-Deployment/Reseal/Mode", "OOBE"),
                ("auditUser/Microsoft-Windows-Deployment/Reseal/ForceShutdownNow", "false"),
                ("generalize/Microsoft-Windows-PnpSysprep/PersistAllDeviceInstalls", "true"),
                ("specialize/Microsoft-Windows-Shell-Setup/CopyProfile", "true"),
            ],
        ),
    ];
    for (options, expected) in cases {
        let expected: BTreeMap<String, String> =
            expected.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect();
        assert_eq!(settings(&made(&options)), expected);
    }
    let file = made(&Options { driver_paths: vec!["a".into(), "b".into()], ..Options::default() });
    assert!(
        file.text().contains(r#"<PathAndCredentials wcm:action="add" wcm:keyValue="2">"#),
        "{}",
        file.text()
    );
}

#[test]
fn each_architecture_has_the_same_settings() {
    let file = made(&everything());
    let of = |architecture: &str| -> Vec<(String, String, String)> {
        let all = SettingPath::parse(&format!("*/*[{architecture}]/**")).unwrap();
        file.settings(&all).into_iter().map(|found| (found.pass, found.name, found.value)).collect()
    };
    assert!(of("amd64").len() > 80);
    assert_eq!(of("amd64"), of("arm64"));
    assert_eq!(settings(&file).len(), 2 * of("amd64").len());
}

#[test]
fn passwords_are_encoded_with_the_name_of_their_element() {
    let file = made(&everything());
    let accounts = format!("oobeSystem/{SHELL}[amd64]");
    for (path, element, password) in [
        ("UserAccounts/AdministratorPassword", "AdministratorPassword", "b"),
        ("UserAccounts/LocalAccounts/LocalAccount[Name=Jürgen]/Password", "Password", ""),
        ("UserAccounts/LocalAccounts/LocalAccount[Name='O''Brien']/Password", "Password", "<&>"),
        ("AutoLogon/Password", "Password", "a"),
    ] {
        let value = file.get(&format!("{accounts}/{path}/Value")).unwrap().expect(path);
        assert_eq!(decode_password(&value, element).unwrap(), password, "{path}");
    }
    assert_eq!(file.get(&format!("{accounts}/AutoLogon/Username")).unwrap().as_deref(), Some("Admin"));
    let group = |name: &str| {
        file.get(&format!("{accounts}/UserAccounts/LocalAccounts/LocalAccount[Name={name}]/Group"))
    };
    assert_eq!(group("Admin").unwrap().as_deref(), Some("Administrators"));
    assert_eq!(group("Jürgen").unwrap().as_deref(), Some("Users"));
    assert!(!format!("{:?}", account("Admin", "hidden")).contains("hidden"));
}

/// The script that the commands of a pattern write.
fn script(pattern: &str) -> Vec<String> {
    let file = made(&Options { computer_name: text(pattern), ..Options::default() });
    let path = SettingPath::parse("specialize/Microsoft-Windows-Deployment/RunSynchronous/*/Path").unwrap();
    let commands: Vec<String> = file.settings(&path).into_iter().map(|found| found.value).collect();
    assert!(commands.iter().all(|command| command.len() <= 259), "{commands:#?}");
    let (last, echoes) = commands.split_last().unwrap();
    assert!(last.contains(r"\Temp\ComputerName.ps1"), "{last}");
    let line = |(number, command): (usize, &String)| {
        let line = command.strip_prefix("cmd.exe /c echo ").unwrap();
        let (line, target) = line.split_once(if number == 0 { " >%" } else { " >>%" }).unwrap();
        assert_eq!(target, r"SystemRoot%\Temp\ComputerName.ps1");
        // What cmd.exe would read as its own.
        assert!(!line.contains(['%', '&', '|', '<', '>', '^', '"']), "{line}");
        line.to_owned()
    };
    echoes.iter().enumerate().map(line).collect()
}

#[test]
fn a_pattern_becomes_a_script_of_the_specialize_pass() {
    let lines = script("PC-%RAND:5%");
    assert_eq!(lines[0], "$n=('PC-')+('{0:D5}' -f (Get-Random -Maximum 100000))");
    assert!(lines.iter().any(|line| line.contains("NV Hostname")), "{lines:#?}");
    let open = lines.iter().flat_map(|line| line.chars()).filter(|c| *c == '{').count();
    assert_eq!(open, lines.iter().flat_map(|line| line.chars()).filter(|c| *c == '}').count());
    let lines = script("%serial%-%rand:2%");
    assert_eq!(
        lines[0],
        r"$n=((Get-WmiObject Win32_BIOS).SerialNumber -replace '[\W_]' -replace '(.{12}).+','$1')+('-')+('{0:D2}' -f (Get-Random -Maximum 100))"
    );
    assert_eq!(lines[1], "$n=$n.Trim('-')");
    let name = |pattern| {
        let file = made(&Options { computer_name: text(pattern), ..Options::default() });
        file.get("specialize/Microsoft-Windows-Shell-Setup/ComputerName").unwrap().unwrap()
    };
    assert_eq!(name("Store-%RAND:9%"), "Store-000000000");
    assert_eq!(name("Contoso-PC-%SERIAL%"), "Contoso-PC-SERI");
    assert_eq!(name("Lab-%SERIAL%-%RAND:5%"), "Lab-SERIA-00000");
    assert_eq!(name("%SERIAL%-ContosoBer"), "SERI-ContosoBer");
}

#[test]
fn what_setup_would_refuse_is_refused() {
    let name = |name: &str| Options { computer_name: text(name), ..Options::default() };
    let admin = |name: &str| Options { local_admins: vec![account(name, "x")], ..Options::default() };
    let long = "x".repeat(260);
    let join = |domain: &str, user: &str| {
        Some(Join { domain: domain.into(), credential: account(user, "x"), organizational_unit: None })
    };
    let cases = [
        (name(""), "computerName"),
        (name("a b"), "computerName"),
        (name("PC_1"), "computerName"),
        (name("1234"), "computerName"),
        (name("-PC"), "computerName"),
        (name("SixteenLettersXX"), "computerName"),
        (name("PC-%RAND%"), "computerName"),
        (name("PC-%RAND:10%"), "computerName"),
        (name("PC-%RAND:0%"), "computerName"),
        (name("PC-%ASSET%"), "computerName"),
        (name("PC-100%"), "computerName"),
        (name("%RAND:5%"), "computerName"),
        (name("PC-%RAND:9%-%RAND:9%"), "computerName"),
        (name("ContosoBerlin-%SERIAL%-%RAND:1%"), "computerName"),
        (name("Bür-%RAND:3%"), "computerName"),
        (Options { join_domain: join("a.com", "joe"), ..name("PC-%RAND:5%") }, "computerName"),
        (Options { time_zone: text("W. Europa Standard Time"), ..Options::default() }, "timeZone"),
        (Options { locale: text("german"), ..Options::default() }, "locale"),
        (Options { user_locale: text("de_DE"), ..Options::default() }, "userLocale"),
        (Options { input_locales: vec!["407:00000407".into()], ..Options::default() }, "inputLocale"),
        (Options { disk_id: Some(1), ..Options::default() }, "diskId"),
        (Options { image_index: Some(1), image_name: text("a"), ..Options::default() }, "imageName"),
        (Options { image_index: Some(0), ..Options::default() }, "imageIndex"),
        (Options { product_key: text("AAAAA-BBBBB"), ..Options::default() }, "productKey"),
        (Options { owner: text(&"x".repeat(64)), ..Options::default() }, "owner"),
        (admin(""), "localAdmin"),
        (admin("a/b"), "localAdmin"),
        (admin("end."), "localAdmin"),
        (admin(&"x".repeat(21)), "localAdmin"),
        (Options { local_admins: vec![account("a", &"x".repeat(128))], ..Options::default() }, "localAdmin"),
        (Options { users: vec![account("ADMIN", "x")], ..admin("admin") }, "user"),
        (Options { users: vec![account("administrator", "x")], ..Options::default() }, "user"),
        (Options { auto_logon: Some(1), ..Options::default() }, "autoLogon"),
        (Options { auto_logon: Some(0), ..admin("a") }, "autoLogon"),
        (
            Options { join_domain: join("a.com", "joe"), workgroup: text("w"), ..Options::default() },
            "workgroup",
        ),
        (Options { join_domain: join("", "joe"), ..Options::default() }, "joinDomain"),
        (Options { workgroup: text(" "), ..Options::default() }, "workgroup"),
        (Options { specialize_commands: vec![long.clone()], ..Options::default() }, "specializeCommand"),
        (Options { windows_pe_commands: vec![" ".into()], ..Options::default() }, "windowsPeCommand"),
        (Options { first_logon_commands: vec!["x".repeat(1025)], ..Options::default() }, "firstLogonCommand"),
        (Options { first_logon_commands: vec!["x".into(); 501], ..Options::default() }, "firstLogonCommand"),
        (Options { driver_paths: vec![long], ..Options::default() }, "driverPath"),
        (
            Options {
                settings: vec![SettingValue { path: "nowhere/a/b".into(), value: "x".into() }],
                ..Options::default()
            },
            "path",
        ),
    ];
    for (options, wanted) in cases {
        match author(&options) {
            Err(Error::InvalidArgument { parameter, reason }) => assert_eq!(parameter, wanted, "{reason}"),
            other => panic!("{wanted}: {other:?}"),
        }
    }
    let hint =
        author(&Options { time_zone: text("W Europe Standard Time"), ..Options::default() }).unwrap_err();
    assert!(hint.to_string().contains("'W. Europe Standard Time'"), "{hint}");
}

#[test]
fn a_setting_without_an_option_is_set_by_its_path() {
    let setting = |path: &str, value: &str| SettingValue { path: path.into(), value: value.into() };
    let file = made(&Options {
        architectures: vec![Architecture::X86, Architecture::Amd64],
        settings: vec![
            setting("offlineServicing/Microsoft-Windows-LUA-Settings/EnableLUA", "false"),
            setting("specialize/Microsoft-Windows-Shell-Setup[amd64]/BluetoothTaskbarIconEnabled", "false"),
        ],
        ..Options::default()
    });
    let expected = [
        ("offlineServicing/Microsoft-Windows-LUA-Settings[amd64]/EnableLUA", "false"),
        ("offlineServicing/Microsoft-Windows-LUA-Settings[x86]/EnableLUA", "false"),
        ("specialize/Microsoft-Windows-Shell-Setup/BluetoothTaskbarIconEnabled", "false"),
    ];
    assert_eq!(settings(&file), expected.map(|(path, value)| (path.to_owned(), value.to_owned())).into());
}

#[test]
fn the_file_appears_whole_and_never_replaces_another_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.xml");
    let report = create(&path, &issue(), false).unwrap();
    assert_eq!(report.passes, ["windowsPE", "specialize", "oobeSystem"]);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes, author(&issue()).unwrap().file.to_bytes());
    match create(&path, &everything(), false) {
        Err(Error::Io { source, .. }) => assert_eq!(source.kind(), std::io::ErrorKind::AlreadyExists),
        other => panic!("{other:?}"),
    }
    let bad = Options { locale: text("?"), ..Options::default() };
    assert!(create(&path, &bad, true).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    create(&path, &everything(), true).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), author(&everything()).unwrap().file.to_bytes());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn expat_reads_the_same_values() {
    const PROGRAM: &str = "import sys,xml.etree.ElementTree as E\n\
        for e in E.fromstring(sys.stdin.buffer.read()).iter():\n\
        \x20 if len(e)==0: sys.stdout.buffer.write((e.tag.split('}')[1]+'='+(e.text or '')+'\\0').encode())";
    let file = made(&everything());
    let Some(read) = python(PROGRAM, &file.to_bytes()) else { return };
    let ours: String = file
        .settings(&SettingPath::parse("**").unwrap())
        .into_iter()
        .map(|setting| format!("{}={}\0", setting.element.name(), setting.value))
        .collect();
    assert_eq!(read, ours);
}
