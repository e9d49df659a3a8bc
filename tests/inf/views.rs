//! What a driver package's INF says, through the typed views.

use imgsvc::formats::inf::{
    directory, driver_store_hash, label, safe_relative_path, Applicability, Architecture, Decoration, Dirid,
    FilterPosition, Guid, Inf, Model, RegistryOperation, RegistryRoot, Selection, Target,
};
use proptest::prelude::*;

const STORAGE: &str = r#"
[Version]
Signature = "$Windows NT$"
Class = SCSIAdapter
ClassGuid = {4D36E97B-E325-11CE-BFC1-08002BE10318}
Provider = %Acme%
DriverVer = 08/02/2019,1.3.15.0
CatalogFile = plain.cat
CatalogFile.NTamd64 = x64.cat
PnpLockdown = 1

[SourceDisksNames]
1 = %Disk%,,,\drivers
[SourceDisksNames.amd64]
1 = %Disk%,,,\x64
2 = %Disk%
[SourceDisksFiles]
acme.sys = 1
readme.txt = 1,docs
[SourceDisksFiles.amd64]
acme.sys = 1,bin,123
tool.exe = 2

[DestinationDirs]
DefaultDestDir = 11
Acme.Files = 12
Acme.Tools = 16422,Acme\Tools

[Manufacturer]
%Acme% = Acme, NTx86.5.1, NTamd64.6.1, NTamd64.10.0...16299, NT$ARCH$

[Acme.NTamd64.6.1]
%Dev% = Old, PCI\VEN_1
[Acme.NTamd64.10.0...16299]
%Dev% = Install, PCI\VEN_1&DEV_2, PCI\VEN_1, , PCI\CC_01
%Dev% = Install,, *ACME

[Install.NT]
Include = pci.inf
Needs = Common, Elsewhere
CopyFiles = Acme.Files, Acme.Tools, @loose.dll
FeatureScore = F9
[Common]
AddReg = Common.Reg
FeatureScore = 01 ; counts in the install section alone
ExcludeID = PCI\VEN_1
Needs = Install.NT ; a loop
[Install.NT.HW]
AddReg = Hw.Reg
[Install.NT.Services]
AddService = acme, 0x2, Acme.Service, Acme.Log
[Install.NT.Filters]
AddFilter = acmeflt,,Acme.Filter
[Acme.Filter]
FilterPosition = Upper

[Acme.Files]
acme.sys,,,2
[Acme.Tools]
renamed.exe, tool.exe

[Acme.Service]
DisplayName = %Svc%
ServiceType = %SERVICE_KERNEL_DRIVER%
StartType = 0x0
ErrorControl = 3
ServiceBinary = %12%\acme.sys
LoadOrderGroup = SCSI Miniport
Dependencies = a, +b
AddReg = Svc.Reg
[Acme.Log]
AddReg = Log.Reg
[Log.Reg]
HKR,,EventMessageFile,0x00020000,"%%SystemRoot%%\System32\IoLogMsg.dll"
[Svc.Reg]
HKR,Parameters,BusType,0x00010001,0x0000000A
[Hw.Reg]
HKR,"Interrupt Management",,0x10
[Common.Reg]
HKR,,Text,,"a"
HKR,,List,0x10000,"a","","b"
HKR,,Bytes,1,0,1F,0xff
HKR,,Number,0x10001,-1
HKR,,Wide,0xB0001,0x100000000
HKR,,Raw,0x00380001,1,2
HKR,,None,0x20001
HKR,,More,0x10008,"c"
HKLM,Software\Acme,Gone,4

[Strings]
Acme = "Acme, Inc."
Disk = "Disk"
Dev = "Acme Storage"
Svc = "Acme Service"
SERVICE_KERNEL_DRIVER = 1
"#;

fn storage() -> Inf {
    Inf::parse(STORAGE.as_bytes()).unwrap()
}

fn models(inf: &Inf, target: &Target) -> Vec<Model> {
    match inf.models(target).unwrap() {
        Applicability::Models(models) => models,
        other => panic!("{other:?}"),
    }
}

fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_version_block_equals_what_windows_wrote_for_pvscsi() {
    // Bytes 8 to 40 of `Version` in DriverPackages\pvscsi.inf_amd64_b0d59727d712523f of a real hive.
    let version = storage().version().unwrap();
    let driver_ver = version.driver_ver.unwrap();
    assert_eq!(
        version.class_guid.unwrap().0,
        [0x7B, 0xE9, 0x36, 0x4D, 0x25, 0xE3, 0xCE, 0x11, 0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18]
    );
    assert_eq!(driver_ver.date.to_le_bytes(), [0x00, 0x00, 0x3B, 0x3A, 0xC5, 0x48, 0xD5, 0x01]);
    assert_eq!(driver_ver.version.to_le_bytes(), [0x00, 0x00, 0x0F, 0x00, 0x03, 0x00, 0x01, 0x00]);
    assert_eq!(driver_ver.version_text(), "1.3.15.0");
    assert_eq!(version.class_guid.unwrap().to_string(), "{4d36e97b-e325-11ce-bfc1-08002be10318}");
    assert!(version.pnp_lockdown);
}

#[test]
fn the_catalogue_of_the_architecture_is_chosen() {
    let version = storage().version().unwrap();
    assert_eq!(version.catalog_file(Architecture::Amd64), Some("x64.cat"));
    assert_eq!(version.catalog_file(Architecture::Arm64), Some("plain.cat"));
}

#[test]
fn mistakes_in_version_are_refused_with_their_line() {
    let cases = [
        ("", "end of file"),
        ("[Version]\nClass=x", "line 1"),
        ("[Version]\nSignature=$CHICAGO$\nClassGuid={123}", "line 3"),
        ("[Version]\nSignature=$CHICAGO$\n\nDriverVer=13/01/2020", "line 4"),
        ("[Version]\nSignature=$CHICAGO$\nDriverVer=02/29/2019", "line 3"),
        ("[Version]\nSignature=$CHICAGO$\nDriverVer=01/01/2020,1.2.3.70000", "line 3"),
    ];
    for (text, place) in cases {
        let message = Inf::parse(text.as_bytes()).unwrap().version().unwrap_err().to_string();
        assert!(message.contains(place), "{message}");
    }
}

#[test]
fn decorations_are_read_in_every_form() {
    let target = |architecture, major, minor, build| Target::new(architecture, major, minor, build);
    let cases = [
        ("NTamd64", target(Architecture::Amd64, 6, 1, 7601), true),
        ("ntAMD64.10.0...16299", target(Architecture::Amd64, 10, 0, 16299), true),
        ("NTamd64.10.0...16299", target(Architecture::Amd64, 10, 0, 16298), false),
        ("NTamd64.6.0...16299", target(Architecture::Amd64, 10, 0, 10240), true),
        ("NTamd64.6.3", target(Architecture::Amd64, 6, 1, 7601), false),
        ("NTarm64", target(Architecture::Amd64, 10, 0, 26100), false),
        ("NT.5.1", target(Architecture::X86, 10, 0, 19045), true),
        ("NT.5.1", target(Architecture::Amd64, 10, 0, 19045), false),
        ("NT$ARCH$", target(Architecture::Amd64, 10, 0, 26100), false),
        ("NTamd64.10.0.1.2.3.4", target(Architecture::Amd64, 10, 0, 26100), false),
    ];
    for (text, target, matches) in cases {
        assert_eq!(Decoration::parse(text).matches(&target), matches, "{text} {target:?}");
    }
    let server = Target { product_type: Some(3), suite: Some(0x80), ..target(Architecture::X86, 10, 0, 1) };
    assert!(
        Decoration::parse("NTx86...3").matches(&server) && !Decoration::parse("NTx86...1").matches(&server)
    );
    assert!(Decoration::parse("NTx86....0x80").matches(&server));
    assert!(!Decoration::parse("NTx86....0x82").matches(&server));
}

#[test]
fn the_models_section_is_chosen_as_microsoft_documents_it() {
    // From "INF Manufacturer Section": on Windows XP, with or without the Data Center suite, NT.5.
    let inf = Inf::parse(b"[Manufacturer]\nFoo=FooMfg, NT, NT.5, NT.5.5, NT....0x80\n").unwrap();
    let manufacturer = inf.manufacturers().unwrap().remove(0);
    let choose = |target: &Target| inf.select_models(&manufacturer, target);
    let xp = Target::new(Architecture::X86, 5, 1, 2600);
    assert_eq!(choose(&xp), Selection::Section("FooMfg.NT.5".into()));
    assert_eq!(choose(&Target { suite: Some(0x80), ..xp }), Selection::Section("FooMfg.NT.5".into()));
    assert_eq!(
        choose(&Target { major: 4, minor: 0, suite: Some(0), ..xp }),
        Selection::Section("FooMfg.NT".into())
    );
    let Selection::NotApplicable(reason) = choose(&Target::new(Architecture::Amd64, 10, 0, 26100)) else {
        panic!("amd64 needs its decoration")
    };
    assert!(reason.contains("line 2") && reason.contains("amd64"), "{reason}");
}

#[test]
fn an_empty_models_section_excludes_a_system_with_a_reason() {
    let inf = Inf::parse(b"[Manufacturer]\nM=M,NTamd64.6.0,NTamd64\n[M.NTamd64]\nd=i,id\n[M.NTamd64.6.0]\n")
        .unwrap();
    let target = Target::new(Architecture::Amd64, 10, 0, 26100);
    let Applicability::NotApplicable(reason) = inf.models(&target).unwrap() else { panic!() };
    assert_eq!(reason, "line 2: section [M.NTamd64.6.0] is empty");
}

#[test]
fn an_undecorated_section_is_for_x86_only() {
    let inf = Inf::parse(b"[Manufacturer]\nM=M\n[M]\nd=i,id\n").unwrap();
    assert_eq!(models(&inf, &Target::new(Architecture::X86, 10, 0, 19045)).len(), 1);
    let amd64 = inf.models(&Target::new(Architecture::Amd64, 10, 0, 26100)).unwrap();
    assert!(matches!(amd64, Applicability::NotApplicable(_)));
}

#[test]
fn models_have_their_ids_in_place() {
    let inf = storage();
    let found = models(&inf, &Target::new(Architecture::Amd64, 10, 0, 26100));
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].manufacturer.text, "Acme, Inc.");
    assert_eq!(found[0].description.token(), Some("Dev"));
    assert_eq!(found[0].hardware_id.as_deref(), Some(r"PCI\VEN_1&DEV_2"));
    assert_eq!(found[0].compatible_ids, [r"PCI\VEN_1", "", r"PCI\CC_01"]);
    assert_eq!(
        (found[1].hardware_id.as_deref(), found[1].compatible_ids.as_slice()),
        (None, &["*ACME".to_owned()][..])
    );
    let old = models(&inf, &Target::new(Architecture::Amd64, 10, 0, 10240));
    assert_eq!(old[0].install_section, "Old");
}

#[test]
fn a_package_without_devices_is_primitive() {
    let inf = Inf::parse(b"[DefaultInstall.NTamd64]\nCopyFiles=x\n").unwrap();
    let target = Target::new(Architecture::Amd64, 10, 0, 26100);
    assert_eq!(inf.models(&target).unwrap(), Applicability::Primitive("DefaultInstall.NTamd64".into()));
}

#[test]
fn the_files_of_the_architecture_come_with_their_folders() {
    let paths = |architecture| -> Vec<_> {
        storage().package_files(architecture).unwrap().into_iter().map(|file| file.path).collect()
    };
    assert_eq!(paths(Architecture::Amd64), [r"x64\bin\acme.sys", "tool.exe", r"x64\docs\readme.txt"]);
    assert_eq!(paths(Architecture::X86), [r"drivers\acme.sys", r"drivers\docs\readme.txt"]);
}

#[test]
fn an_inf_without_a_file_list_has_the_files_it_copies() {
    let inf = Inf::parse(b"[I]\nCopyFiles=@a.sys,L\n[L]\nb.sys,c.sys\n").unwrap();
    let paths: Vec<_> =
        inf.package_files(Architecture::Amd64).unwrap().into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ["a.sys", "c.sys"]);
}

#[test]
fn an_install_section_is_read_with_its_parts_and_needs() {
    let inf = storage();
    let install = inf.install("install", Architecture::Amd64, &[]).unwrap().unwrap();
    assert_eq!(install.section, "Install.NT");
    assert_eq!(install.includes, ["pci.inf"]);
    assert_eq!(install.unresolved_needs, ["Elsewhere"]);
    assert_eq!(install.feature_score, 0xF9);
    assert!(install.exclude_ids.is_empty());
    assert_eq!(install.parts, ["Services", "HW", "Filters"]);
    assert_eq!(install.filters[0].service, "acmeflt");
    assert_eq!(install.filters[0].position, Some(FilterPosition::Upper));
    let copies: Vec<_> = install
        .copy_files
        .iter()
        .map(|copy| {
            (copy.source.as_str(), copy.dirid, copy.subdirectory.as_str(), copy.name.as_str(), copy.flags)
        })
        .collect();
    assert_eq!(
        copies,
        [
            (r"x64\bin\acme.sys", Dirid::DRIVERS, "", "acme.sys", 2),
            ("tool.exe", Dirid::PROGRAM_FILES, r"Acme\Tools", "renamed.exe", 0),
            ("loose.dll", Dirid::SYSTEM, "", "loose.dll", 0),
        ]
    );
    assert_eq!(inf.install("nothing", Architecture::Amd64, &[]).unwrap(), None);
}

#[test]
fn needs_are_read_from_an_included_inf() {
    let included = Inf::parse(b"[Elsewhere]\nAddReg=R\n[R]\nHKR,,%N%,,x\n[Strings]\nN=FromPci\n").unwrap();
    let inf = storage();
    let install = inf.install("Install", Architecture::Amd64, &[&included]).unwrap().unwrap();
    assert!(install.unresolved_needs.is_empty());
    assert!(install.registry.iter().any(|change| change.value == "FromPci"));
}

#[test]
fn a_service_is_read_whole() {
    let install = storage().install("Install", Architecture::Amd64, &[]).unwrap().unwrap();
    let service = &install.services[0];
    assert!(service.is_associated() && service.is_boot_start());
    assert_eq!(
        (service.name.as_str(), service.service_type, service.error_control),
        ("acme", Some(1), Some(3))
    );
    assert_eq!(service.binary_path(), Some((Dirid::DRIVERS, "acme.sys")));
    assert_eq!(service.display_name.as_ref().unwrap().token(), Some("Svc"));
    assert_eq!(service.dependencies, ["a", "+b"]);
    let log = service.event_log.as_ref().unwrap();
    assert_eq!((log.log.as_str(), log.source.as_str()), ("System", "acme"));
    let RegistryOperation::Set(data) = &log.registry[0].operation else { panic!() };
    assert_eq!((data.kind, &data.bytes), (2, &utf16z(r"%SystemRoot%\System32\IoLogMsg.dll")));
    assert_eq!(service.registry[0].key, "Parameters");
}

#[test]
fn registry_lines_have_the_types_microsoft_documents() {
    let install = storage().install("Install", Architecture::Amd64, &[]).unwrap().unwrap();
    let find = |name: &str| install.registry.iter().find(|change| change.value == name).unwrap();
    let set = |name: &str| match &find(name).operation {
        RegistryOperation::Set(data) => (data.kind, data.bytes.clone()),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(set("Text"), (1, utf16z("a")));
    assert_eq!(set("List"), (7, [utf16z("a"), utf16z("b"), vec![0, 0]].concat()));
    assert_eq!(set("Bytes"), (3, vec![0, 0x1F, 0xFF]));
    assert_eq!(set("Number"), (4, vec![0xFF; 4]));
    assert_eq!(set("Wide"), (11, 0x1_0000_0000_u64.to_le_bytes().to_vec()));
    assert_eq!(set("Raw"), (0x38, vec![1, 2]));
    assert_eq!(set("None"), (0, vec![]));
    assert_eq!(find("More").operation, RegistryOperation::Append(vec!["c".into()]));
    assert_eq!(
        (find("Gone").root, &find("Gone").operation),
        (RegistryRoot::LocalMachine, &RegistryOperation::DeleteValue)
    );
    assert_eq!(install.hardware_registry[0].operation, RegistryOperation::CreateKey);
}

#[test]
fn a_registry_line_without_a_root_is_refused_with_its_line() {
    let inf = Inf::parse(b"[I]\nAddReg=R\n[R]\nHKR,,a,,b\nHKXX,,a\n").unwrap();
    let message = inf.install("I", Architecture::Amd64, &[]).unwrap_err().to_string();
    assert!(message.contains("line 5, column 1"), "{message}");
}

#[test]
fn files_that_would_leave_the_package_are_refused_with_their_line() {
    for line in
        [r"..\evil.sys=1", "a.sys=1,..", "C:\\a.sys=1", "a.sys:x=1", "NUL=1", "com1.sys=1", "a.sys=1,\"x \""]
    {
        let inf = Inf::parse(format!("[SourceDisksFiles]\n{line}\n").as_bytes()).unwrap();
        let message = inf.source_files(Architecture::Amd64).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{line}: {message}");
    }
    let inf = Inf::parse(b"[I]\nCopyFiles=L\n[L]\na.sys\n[DestinationDirs]\nL=12,..\\..\n").unwrap();
    assert!(inf.install("I", Architecture::Amd64, &[]).unwrap_err().to_string().contains("line 6"));
    let inf = Inf::parse(b"[I]\nCopyFiles=L\n[L]\na.sys\n[DestinationDirs]\nL=-1,c:\\\n").unwrap();
    assert!(inf.install("I", Architecture::Amd64, &[]).is_err());
}

#[test]
fn safe_paths_are_normalised_and_others_refused() {
    assert_eq!(safe_relative_path(r"a/.\b\c.sys").unwrap(), r"a\b\c.sys");
    assert_eq!(safe_relative_path("console.sys").unwrap(), "console.sys");
    let refused = [
        "",
        ".",
        r"\a",
        "/a",
        "..",
        r"a\..\b",
        "C:a",
        "a:b",
        "CON",
        "con.txt",
        r"x\aux",
        "LPT¹.sys",
        "CONIN$",
        "a.",
        "a ",
        " a",
        "a\0b",
        "a?",
        "a*b",
        "a|b",
        "\"",
    ];
    for path in refused {
        assert!(safe_relative_path(path).is_err(), "{path:?}");
    }
    assert!(safe_relative_path(&"a".repeat(256)).is_err());
    assert!(safe_relative_path(&r"abcdef\".repeat(40)).is_err());
}

#[test]
fn directory_ids_lead_into_the_image() {
    let amd64 = |dirid| directory(dirid, Architecture::Amd64);
    assert_eq!(amd64(Dirid::DRIVERS).as_deref(), Some(r"Windows\System32\drivers"));
    assert_eq!(amd64(Dirid::SYSTEM_X86).as_deref(), Some(r"Windows\SysWOW64"));
    assert_eq!(directory(Dirid::SYSTEM_X86, Architecture::X86).as_deref(), Some(r"Windows\System32"));
    assert_eq!(amd64(Dirid::PRINTER_DRIVERS).as_deref(), Some(r"Windows\System32\spool\drivers\x64\3"));
    assert_eq!(
        (amd64(Dirid::DRIVER_STORE), amd64(Dirid::USER_PROFILE), amd64(Dirid(4711))),
        (None, None, None)
    );
}

#[test]
fn the_store_hash_is_the_polynomial_in_little_endian() {
    // 97 * 39 + 98 = 3881 = 0x0F29.
    assert_eq!(driver_store_hash(b""), "0000000000000000");
    assert_eq!(driver_store_hash(b"a"), "6100000000000000");
    assert_eq!(driver_store_hash(b"ab"), "290f000000000000");
    assert_eq!(label("Acme.INF", Architecture::Amd64, b"a"), "acme.inf_amd64_6100000000000000");
}

#[test]
fn guids_are_read_strictly() {
    assert!(Guid::parse("4D36E97B-E325-11CE-BFC1-08002BE10318").is_some());
    for text in [
        "",
        "{}",
        "{4D36E97B-E325-11CE-BFC1-08002BE1031}",
        "{4D36E97B-E325-11CE-BFC1-08002BE10318",
        "{+D36E97B-E325-11CE-BFC1-08002BE10318}",
    ] {
        assert!(Guid::parse(text).is_none(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The sample with bytes changed: an answer or an error from every view, never a panic.
    #[test]
    fn a_damaged_inf_gives_answers_or_errors(changes in proptest::collection::vec((0..STORAGE.len(), any::<u8>()), 1..20)) {
        let mut bytes = STORAGE.as_bytes().to_vec();
        for (position, byte) in changes {
            bytes[position] = byte;
        }
        if let Ok(inf) = Inf::parse(&bytes) {
            let _ = inf.version();
            for architecture in Architecture::ALL {
                let _ = inf.package_files(architecture);
                if let Ok(Applicability::Models(models)) = inf.models(&Target::new(architecture, 10, 0, 26100)) {
                    for model in models {
                        let _ = inf.install(&model.install_section, architecture, &[]);
                    }
                }
            }
        }
    }
}
