//! Many kinds of images and packages: WinPE, every architecture, folders of INFs, extension INFs, compressed files.

use crate::support::images::{read, save};
use crate::support::packages::{Sample, SIGNER};
use crate::support::windows::{add_all, edit_hive, has_key, hive, WindowsBench};
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::formats::regf::{dword, sz, Hive, REG_DWORD, REG_SZ};
use imgsvc::image::Session;
use imgsvc::servicing::drivers::{list, AddOptions, DriverReport, DriverSignature, DriverStatus};
use std::path::{Path, PathBuf};

fn recurse() -> AddOptions {
    AddOptions { recurse: true, ..AddOptions::default() }
}

fn added(reports: &[DriverReport]) {
    for report in reports {
        assert_eq!(report.status, DriverStatus::Added, "{report:?}");
        assert_eq!(report.driver_signature, DriverSignature::Signed, "{report:?}");
    }
}

fn config(tree: &Path, name: &str) -> PathBuf {
    tree.join("Windows/System32/config").join(name)
}

/// The data of a value, by a key's path.
fn value(hive: &Hive, key: &str, name: &str) -> Vec<u8> {
    let key = hive.require(hive.root(), key).unwrap();
    hive.value(key, name).unwrap().unwrap_or_else(|| panic!("no value {name}")).data
}

/// The label of the package whose INF has that name.
fn label(session: &mut Session, inf: &str) -> String {
    let drivers = list(session, false).unwrap();
    let found =
        drivers.iter().find(|driver| driver.original_file_name.ends_with(&format!(r"\{inf}"))).unwrap();
    found.original_file_name.rsplit('\\').nth(1).unwrap().to_owned()
}

/// boot.wim: one control set, registry of X:, product WindowsPE.
fn make_windows_pe(tree: &Path, with_drivers: bool) {
    edit_hive(&config(tree, "SYSTEM"), |hive| {
        let second = hive.require(hive.root(), "ControlSet002").unwrap();
        hive.delete_key(second, true).unwrap();
    });
    edit_hive(&config(tree, "SOFTWARE"), |hive| {
        let key = hive.require(hive.root(), r"Microsoft\Windows NT\CurrentVersion").unwrap();
        for (name, text) in [
            ("EditionID", "WindowsPE"),
            ("InstallationType", "WindowsPE"),
            ("SystemRoot", r"X:\Windows"),
            ("PathName", r"X:\$windows.~bt\Windows"),
        ] {
            hive.set_value(key, name, REG_SZ, &sz(text)).unwrap();
        }
    });
    if !with_drivers {
        std::fs::remove_file(config(tree, "DRIVERS")).unwrap();
    }
}

#[test]
fn windows_pe_gets_network_and_storage_drivers_with_and_without_a_drivers_hive() {
    for with_drivers in [true, false] {
        let bench = WindowsBench::with(|tree| make_windows_pe(tree, with_drivers));
        Sample::network("net").write(&bench.drivers());
        Sample::storage("stor").write(&bench.drivers());
        let mut session = bench.mount();
        added(&add_all(&mut session, &[bench.drivers()], recurse()));
        let system = hive(&session, "SYSTEM");
        assert!(has_key(&system, r"ControlSet001\Services\stor"));
        assert!(!has_key(&system, "ControlSet002"), "no control set is made");
        assert!(
            has_key(&system, r"DriverDatabase\DriverInfFiles\oem1.inf"),
            "storage is for the boot loader"
        );
        let place = if with_drivers { hive(&session, "DRIVERS") } else { system };
        assert!(has_key(&place, r"DriverDatabase\DriverInfFiles\oem0.inf"));
        assert!(!has_key(&place, r"ControlSet001\Services\net"));
        save(&mut session).unwrap();
        bench.images.judge();
    }
}

/// Makes the bench's hives those of another architecture.
fn make_architecture(tree: &Path, number: u32, name: &str) {
    for file in ["SYSTEM", "DRIVERS"] {
        edit_hive(&config(tree, file), |hive| {
            let key = hive.require(hive.root(), "DriverDatabase").unwrap();
            hive.set_value(key, "Architecture", REG_DWORD, &dword(number)).unwrap();
        });
    }
    edit_hive(&config(tree, "SYSTEM"), |hive| {
        for set in ["ControlSet001", "ControlSet002"] {
            let key = format!(r"{set}\Control\Session Manager\Environment");
            let key = hive.require(hive.root(), &key).unwrap();
            hive.set_value(key, "PROCESSOR_ARCHITECTURE", REG_SZ, &sz(name)).unwrap();
        }
    });
}

#[test]
fn one_package_for_three_architectures_gives_each_image_its_own_files_and_sections() {
    let sample = Sample::storage("multi");
    let mut inf = sample.inf().replace("= Models, NTamd64", "= Models, NTx86, NTamd64, NTarm64");
    for architecture in ["x86", "arm64"] {
        let models = r"%Device% = Install, PCI\VEN_FFFF&DEV_";
        inf = inf.replace(
            "[Install.NT]",
            &format!("[Models.NT{architecture}]\r\n{models}{architecture}\r\n\r\n[Install.NT]"),
        );
    }
    inf = inf.replace(
        "[SourceDisksFiles]\r\nmulti.sys = 1",
        "[SourceDisksFiles.x86]\r\nmulti.sys = 1,x86\r\n[SourceDisksFiles.amd64]\r\nmulti.sys = 1,x64\r\n\
         [SourceDisksFiles.arm64]\r\nmulti.sys = 1,arm64",
    );
    let folders = ["x86", "x64", "arm64"];
    for (number, name, folder, suffix) in
        [(0_u32, "x86", "x86", "x86"), (9, "AMD64", "x64", "amd64"), (12, "ARM64", "arm64", "arm64")]
    {
        let bench = WindowsBench::with(|tree| make_architecture(tree, number, name));
        let package = bench.drivers().join("multi");
        let mut catalog = CatalogBuilder::new().file("multi.inf", inf.as_bytes());
        for folder in folders {
            std::fs::create_dir_all(package.join(folder)).unwrap();
            std::fs::write(package.join(folder).join("multi.sys"), folder).unwrap();
            catalog = catalog.file("multi.sys", folder.as_bytes());
        }
        std::fs::write(package.join("multi.inf"), &inf).unwrap();
        std::fs::write(package.join("multi.cat"), catalog.sample_signer(SIGNER).to_bytes()).unwrap();
        let mut session = bench.mount();
        added(&add_all(&mut session, &[package], recurse()));
        let label = label(&mut session, "multi.inf");
        assert!(label.starts_with(&format!("multi.inf_{suffix}_")), "{label}");
        let driver = read(&session, r"\Windows\System32\drivers\multi.sys").unwrap();
        assert_eq!(driver, folder.as_bytes(), "the boot loader's copy");
        let store = format!(r"\Windows\System32\DriverStore\FileRepository\{label}");
        for other in folders {
            let there = read(&session, &format!(r"{store}\{other}\multi.sys")).is_ok();
            assert_eq!(there, other == folder, "{other} in an image of {suffix}");
        }
        let system = hive(&session, "SYSTEM");
        let version = value(&system, &format!(r"DriverDatabase\DriverPackages\{label}"), "Version");
        assert_eq!(version[2..4], u16::try_from(number).unwrap().to_le_bytes());
        let id = if suffix == "amd64" {
            r"PCI\VEN_FFFF&DEV_multi"
        } else {
            &format!(r"PCI\VEN_FFFF&DEV_{suffix}")
        };
        assert!(has_key(&system, &format!(r"DriverDatabase\DeviceIds\{id}")), "{id}");
    }
}

/// Two INFs in one folder that share a driver file and a catalogue.
fn write_pair(folder: &Path, copy_inf: &str) -> (PathBuf, PathBuf) {
    std::fs::create_dir_all(folder).unwrap();
    let sample = Sample::network("root");
    let root =
        sample.inf().replace("CopyFiles = Files", &format!("CopyFiles = Files\r\nCopyINF = {copy_inf}"));
    let child =
        Sample::network("root").inf().replace("DEV_root", "DEV_child").replace("SUBSYS_root", "SUBSYS_child");
    let catalog = CatalogBuilder::new().file("root.inf", root.as_bytes()).file("child.inf", child.as_bytes());
    let catalog = catalog.file("root.sys", &sample.driver());
    std::fs::write(folder.join("root.inf"), root).unwrap();
    std::fs::write(folder.join("child.inf"), child).unwrap();
    std::fs::write(folder.join("root.sys"), sample.driver()).unwrap();
    std::fs::write(folder.join("root.cat"), catalog.sample_signer(SIGNER).to_bytes()).unwrap();
    (folder.join("root.inf"), folder.join("child.inf"))
}

#[test]
fn inf_files_of_one_folder_share_files_and_catalogue() {
    let bench = WindowsBench::new();
    write_pair(&bench.drivers(), "child.inf");
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], recurse());
    assert_eq!(reports.len(), 2);
    added(&reports);
    for (number, name) in ["child", "root"].iter().enumerate() {
        let folder = format!(
            r"\Windows\System32\DriverStore\FileRepository\{}",
            label(&mut session, &format!("{name}.inf"))
        );
        for file in ["root.sys", "root.cat", &format!("{name}.inf")] {
            assert!(read(&session, &format!(r"{folder}\{file}")).is_ok(), "{name}: {file}");
        }
        let catalog =
            format!(r"\Windows\System32\CatRoot\{{F750E6C3-38EE-11D1-85E5-00C04FC295EE}}\oem{number}.cat");
        assert!(read(&session, &catalog).is_ok());
    }
}

#[test]
fn an_extension_inf_is_recorded_as_one_whether_its_base_driver_is_there_or_not() {
    let bench = WindowsBench::new();
    let sample = Sample {
        class: "Extension".into(),
        class_guid: "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}".into(),
        ..Sample::network("ext")
    };
    let id = "{11111111-2222-3333-4444-555555555555}";
    let inf = sample.inf().replace("PnpLockdown = 1", &format!("PnpLockdown = 1\r\nExtensionId = {id}"));
    let inf = inf.replace("AddService = ext, 2, Service, Log", "AddService = ext, 0, Service, Log");
    let path = sample.write(&bench.drivers());
    let catalog = CatalogBuilder::new().file("ext.inf", inf.as_bytes()).file("ext.sys", &sample.driver());
    std::fs::write(&path, &inf).unwrap();
    std::fs::write(path.with_extension("cat"), catalog.sample_signer(SIGNER).to_bytes()).unwrap();
    let mut session = bench.mount();
    added(&add_all(&mut session, &[path], recurse()));
    let label = label(&mut session, "ext.inf");
    let system = hive(&session, "SYSTEM");
    let recorded = value(&system, &format!(r"DriverDatabase\DriverPackages\{label}"), "ExtensionId");
    assert_eq!(
        recorded,
        [0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55]
    );
    let device = r"DriverDatabase\DeviceIds\PCI\VEN_FFFF&DEV_ext";
    assert_eq!(value(&system, device, "oem0.inf")[0], 3, "an extension, not a driver of its own");
}

#[test]
fn an_inf_whose_files_are_on_windows_media_brings_none() {
    let bench = WindowsBench::new();
    let sample = Sample::network("inbox");
    let inf = sample.inf().replace("PnpLockdown = 1", "LayoutFile = layout.inf");
    let (head, tail) = inf.split_once("[SourceDisksNames]").unwrap();
    let inf = format!("{head}{}", &tail[tail.find("[Strings]").unwrap()..]);
    let path = sample.write(&bench.drivers());
    let catalog = CatalogBuilder::new().file("inbox.inf", inf.as_bytes());
    std::fs::write(&path, &inf).unwrap();
    std::fs::write(path.with_extension("cat"), catalog.sample_signer(SIGNER).to_bytes()).unwrap();
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[path], recurse());
    added(&reports);
    assert!(reports[0].files.iter().all(|file| !file.ends_with("inbox.sys")), "{:?}", reports[0].files);
}

#[test]
fn a_compressed_file_is_named_with_what_to_do() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    for (file, compressed) in [("net.sys", "net.sy_"), ("net.dl", "net.dl_"), ("net", "net._")] {
        let sample = Sample::network("net");
        let inf = sample.write(&bench.drivers());
        std::fs::write(&inf, sample.inf().replace("net.sys = 1", &format!("{file} = 1"))).unwrap();
        let _there = std::fs::remove_file(inf.with_extension("sys"));
        std::fs::write(inf.with_file_name(compressed.to_uppercase()), "SZDD").unwrap();
        let reports = add_all(&mut session, std::slice::from_ref(&inf), AddOptions::default());
        let reason = reports[0].reason.clone().unwrap();
        assert!(reason.contains(compressed) && reason.contains("expand it"), "{reason}");
        std::fs::remove_file(inf.with_file_name(compressed.to_uppercase())).unwrap();
    }
}

#[test]
fn what_the_flags_of_a_service_protect_stays_as_it_is() {
    let service = r"ControlSet001\Services\stor";
    let bench = WindowsBench::with(|tree| {
        edit_hive(&config(tree, "SYSTEM"), |system| {
            let key = system.create_key(system.root(), service).unwrap();
            system.set_value(key, "Start", REG_DWORD, &dword(3)).unwrap();
            system.set_value(key, "ErrorControl", REG_DWORD, &dword(2)).unwrap();
            system.set_value(key, "Type", REG_DWORD, &dword(2)).unwrap();
            system.set_value(key, "DisplayName", REG_SZ, &sz("Before")).unwrap();
            system.set_value(key, "Group", REG_SZ, &sz("Before")).unwrap();
        });
    });
    let sample = Sample::storage("stor");
    let inf = sample.inf().replace("AddService = stor, 2, Service", "AddService = stor, 0x72, Service");
    let path = sample.write(&bench.drivers());
    std::fs::write(&path, &inf).unwrap();
    let catalog = CatalogBuilder::new().file("stor.inf", inf.as_bytes()).file("stor.sys", &sample.driver());
    std::fs::write(path.with_extension("cat"), catalog.sample_signer(SIGNER).to_bytes()).unwrap();

    let mut session = bench.mount();
    added(&add_all(&mut session, &[path], AddOptions::default()));
    let system = hive(&session, "SYSTEM");
    assert_eq!(value(&system, service, "Start"), dword(3));
    assert_eq!(value(&system, service, "ErrorControl"), dword(2));
    assert_eq!(value(&system, service, "Group"), sz("Before"));
    // Not protected: 0x8 is not among the flags.
    assert_ne!(value(&system, service, "DisplayName"), sz("Before"));
    assert_eq!(value(&system, service, "Type"), dword(1));
    // Where there was none, all is written.
    let other = r"ControlSet002\Services\stor";
    assert_eq!(value(&system, other, "Start"), dword(0));
}
