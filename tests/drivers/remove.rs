//! Removing driver packages, and taking them out: what stays is what was there before they were added.

use crate::support::hives;
use crate::support::images::{path, read, save};
use crate::support::packages::Sample;
use crate::support::planned::assert_planned_is_done;
use crate::support::windows::{add_all, edit_hive, has_key, hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::{multi_sz, Hive, REG_MULTI_SZ};
use imgsvc::image::jobs::{self, CompareOptions};
use imgsvc::image::transfer::{self, TransferOptions};
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{
    export, list, remove, AddOptions, DriverStatus, ExportOptions, ExportStatus, RemoveOptions, RemoveReport,
    RemoveStatus,
};
use imgsvc::servicing::registry;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

fn everything() -> AddOptions {
    AddOptions { recurse: true, force_unsigned: true, ..AddOptions::default() }
}
const FORCE: RemoveOptions = RemoveOptions { force: true };
const CONFIG: &str = "Windows/System32/config";

/// An image with the folders and keys that every Windows has.
fn bench() -> WindowsBench {
    WindowsBench::with(|tree| {
        let catalogs = "Windows/System32/CatRoot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";
        std::fs::create_dir_all(tree.join(catalogs)).unwrap();
        let config = tree.join(CONFIG);
        edit_hive(&config.join("SYSTEM"), |system| {
            for set in ["ControlSet001", "ControlSet002"] {
                system.create_key(system.root(), &format!(r"{set}\Services\EventLog\System")).unwrap();
            }
        });
        edit_hive(&config.join("SOFTWARE"), |software| {
            let files = r"Microsoft\Windows\CurrentVersion\Setup\PnpLockdownFiles";
            software.create_key(software.root(), files).unwrap();
        });
    })
}

fn removed(session: &mut Session, names: &[&str], options: RemoveOptions) -> Vec<RemoveReport> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    remove(session, &names, options, &mut unobserved).unwrap()
}

/// What a session changes in its image: items, and keys and values of the registry.
fn changes(session: &mut Session) -> Vec<String> {
    let mut found = Vec::new();
    let note = &mut |differences: &[jobs::Difference]| {
        for difference in differences {
            found.push(format!("{:?} {} {:?}", difference.change, difference.path, difference.what));
        }
        Ok(())
    };
    jobs::compare_session(session, &CompareOptions::default(), note).unwrap();
    // The bytes of hives and the emptied logs are not what is compared: what the hives say is.
    found.retain(|line| !line.contains(r"\System32\config\"));
    let note = &mut |change: registry::Change| {
        found.push(format!("{:?} {} {:?}", change.change, change.key, change.name));
        Ok(())
    };
    registry::compare_session(session, None, &registry::Access::default(), note, &mut unobserved).unwrap();
    found
}

#[test]
fn an_image_is_as_before_when_what_was_added_is_removed() {
    let bench = bench();
    Sample::network("net").write(&bench.drivers());
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], everything());
    assert!(reports.iter().all(|report| report.status == DriverStatus::Added), "{reports:?}");
    assert!(!changes(&mut session).is_empty());

    let reports = removed(&mut session, &["oem*.inf"], FORCE);
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(reports.iter().all(|report| report.status == RemoveStatus::Removed), "{reports:?}");
    let stor =
        reports.iter().find(|report| report.provider_name.is_some() && report.files.len() > 3).unwrap();
    assert!(stor.files.contains(&r"\Windows\System32\drivers\stor.sys".to_owned()), "{stor:?}");
    assert_eq!(changes(&mut session), Vec::<String>::new());
    assert!(list(&mut session, false).unwrap().is_empty());

    save(&mut session).unwrap();
    bench.images.judge();
    for name in ["SYSTEM", "SOFTWARE", "DRIVERS"] {
        hive(&session, name).check().unwrap();
        hives::assert_hivexml_reads(&read(&session, &format!(r"\Windows\System32\config\{name}")).unwrap());
    }
}

#[test]
fn every_real_package_leaves_nothing_behind_and_comes_out_as_it_went_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/drivers");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let bench = bench();
    let mut session = bench.mount();
    let [_, reports] = assert_planned_is_done(&mut session, &[folder]);
    let added: Vec<_> = reports.iter().filter(|report| report.status == DriverStatus::Added).collect();
    assert!(added.len() > 60, "{}", added.len());
    let again = add_all(&mut session, &[added[0].path.clone().into()], everything());
    assert_eq!(again[0].status, DriverStatus::AlreadyPresent);

    let out = bench.images.path("out");
    let exported = export(&mut session, &[], &out, ExportOptions::default(), &mut unobserved).unwrap();
    assert_eq!(exported.len(), added.len());
    for report in &exported {
        assert_eq!((report.status, report.intact), (ExportStatus::Exported, Some(true)), "{report:?}");
        let source = added.iter().find(|added| added.driver.as_deref() == Some(&report.driver)).unwrap();
        let host = Path::new(report.host_path.as_ref().unwrap());
        let inf = report.original_file_name.as_ref().unwrap().rsplit('\\').next().unwrap();
        assert_eq!(std::fs::read(host.join(inf)).unwrap(), std::fs::read(&source.path).unwrap());
        same_as_the_package(host, Path::new(&source.path).parent().unwrap());
    }

    // One after the other, the last first and the first last, with all others still there.
    let names: Vec<String> = added.iter().rev().map(|report| report.driver.clone().unwrap()).collect();
    let (half, rest) = names.split_at(names.len() / 2);
    for name in half {
        let reports = removed(&mut session, &[name], FORCE);
        assert_eq!(reports[0].status, RemoveStatus::Removed, "{reports:?}");
        assert_eq!(reports[0].reason, None, "{reports:?}");
    }
    assert_eq!(list(&mut session, false).unwrap().len(), rest.len());
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let reports = removed(&mut session, &rest, FORCE);
    assert!(reports.iter().all(|report| report.status == RemoveStatus::Removed), "{reports:?}");
    assert_eq!(changes(&mut session), Vec::<String>::new());
}

/// Every file of an exported folder is the one of the package it came from.
fn same_as_the_package(exported: &Path, package: &Path) {
    let mut of_package = BTreeMap::new();
    let mut open = vec![package.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true => open.push(entry),
                false => {
                    let name = entry.strip_prefix(package).unwrap().to_string_lossy().to_lowercase();
                    of_package.insert(name, entry);
                }
            }
        }
    }
    let mut open = vec![exported.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
                continue;
            }
            let name = entry.strip_prefix(exported).unwrap().to_string_lossy().to_lowercase();
            let source = of_package.get(&name).unwrap_or_else(|| panic!("{name} is not in the package"));
            assert_eq!(std::fs::read(&entry).unwrap(), std::fs::read(source).unwrap(), "{name}");
        }
    }
}

#[test]
fn what_may_be_needed_to_boot_and_what_is_not_there_is_told() {
    let bench = bench();
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], everything());
    save(&mut session).unwrap();
    let reports = removed(&mut session, &["stor.inf", "oem7.inf", "none*.inf"], RemoveOptions::default());
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(matches!(&reports[0].error, Some(Error::DriverNotFound { name }) if name == "oem7.inf"));
    assert!(matches!(&reports[1].error, Some(Error::DriverProtected { driver, .. }) if driver == "oem0.inf"));
    assert_eq!(session.info().unwrap().pending_transactions, 0);
    assert_eq!(list(&mut session, false).unwrap().len(), 1);
    let reports = removed(&mut session, &["STOR.inf"], FORCE);
    assert_eq!(reports[0].status, RemoveStatus::Removed, "{reports:?}");
    assert!(remove(&mut session, &["a:b".to_owned()], FORCE, &mut unobserved).is_err());
}

#[test]
fn drivers_of_windows_stay() {
    let bench = WindowsBench::with(|tree| {
        edit_hive(&tree.join(CONFIG).join("DRIVERS"), |drivers| {
            let root = drivers.root();
            let label = "usb.inf_amd64_0123456789abcdef";
            let package =
                drivers.create_key(root, &format!(r"DriverDatabase\DriverPackages\{label}")).unwrap();
            // The `Version` value of a package of Windows; see docs/formats/driver-database.md.
            let mut version = vec![0_u8; 40];
            version[0..4].copy_from_slice(&[0x00, 0xFF, 0x09, 0x00]);
            drivers.set_value(package, "Version", 3, &version).unwrap();
            drivers.set_value(package, "", 1, &imgsvc::formats::regf::sz("usb.inf")).unwrap();
        });
    });
    let mut session = bench.mount();
    let all = list(&mut session, true).unwrap();
    assert!(all.iter().any(|driver| driver.driver == "usb.inf" && driver.inbox), "{all:?}");
    let reports = removed(&mut session, &["usb.inf"], FORCE);
    assert!(matches!(reports[0].error, Some(Error::DriverProtected { .. })), "{reports:?}");
    assert!(removed(&mut session, &["*"], FORCE).is_empty());
    assert_eq!(session.info().unwrap().pending_transactions, 0);
}

#[test]
fn a_service_of_windows_stays_and_keeps_its_file() {
    let service = r"ControlSet001\Services\stor";
    let bench = WindowsBench::with(|tree| {
        std::fs::write(tree.join("Windows/System32/drivers/stor.sys"), b"that of Windows").unwrap();
        edit_hive(&tree.join(CONFIG).join("SYSTEM"), |system| {
            let root = system.root();
            let key = system.create_key(root, service).unwrap();
            let image = imgsvc::formats::regf::sz(r"System32\drivers\stor.sys");
            system.set_value(key, "ImagePath", 2, &image).unwrap();
        });
    });
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], everything());
    let reports = removed(&mut session, &["oem0.inf"], FORCE);
    assert_eq!(reports[0].status, RemoveStatus::Removed, "{reports:?}");
    let reason = reports[0].reason.as_ref().unwrap();
    assert!(reason.contains(r"\Windows\System32\drivers\stor.sys"), "{reason}");
    assert!(has_key(&hive(&session, "SYSTEM"), service));
    assert!(!has_key(&hive(&session, "SYSTEM"), r"ControlSet002\Services\stor"));
    assert!(read(&session, r"\Windows\System32\drivers\stor.sys").is_ok());
}

#[test]
fn a_service_that_two_packages_own_stays_until_both_are_gone() {
    let bench = bench();
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], everything());
    let service = r"ControlSet001\Services\stor";
    let target = registry::Target::Session(&mut session);
    let share = |registry: &mut registry::Registry<'_>| {
        let key = format!(r"HKLM\SYSTEM\{service}");
        registry.set_value(&key, "Owners", REG_MULTI_SZ, &multi_sz(["oem0.inf", "oem5.inf"]), false)
    };
    target.edit("share", &registry::Access::default(), &mut unobserved, share).unwrap();
    let reports = removed(&mut session, &["oem0.inf"], FORCE);
    assert_eq!(reports[0].status, RemoveStatus::Removed, "{reports:?}");
    let system: Hive = hive(&session, "SYSTEM");
    let key = system.require(system.root(), service).unwrap();
    let owners = system.value(key, "Owners").unwrap().unwrap().as_texts().unwrap();
    assert_eq!(owners, ["oem5.inf"]);
}

#[test]
fn a_package_whose_inf_is_lost_can_be_removed() {
    let bench = bench();
    Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], everything());
    let inf = reports[0].original_file_name.clone().unwrap();
    transfer::remove(&mut session, &path(&inf), false).unwrap();
    let reports = removed(&mut session, &["oem0.inf"], RemoveOptions::default());
    assert_eq!(reports[0].status, RemoveStatus::Removed, "{reports:?}");
    assert!(reports[0].reason.as_ref().unwrap().contains("could not be read"), "{reports:?}");
    assert!(list(&mut session, false).unwrap().is_empty());
}

#[test]
fn cancelling_changes_nothing() {
    let bench = bench();
    Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], everything());
    let before = session.info().unwrap().pending_transactions;
    let mut cancel = |_| ControlFlow::Break(());
    let names = ["*".to_owned()];
    assert!(matches!(remove(&mut session, &names, FORCE, &mut cancel), Err(Error::Cancelled)));
    assert_eq!(session.info().unwrap().pending_transactions, before);
    assert_eq!(list(&mut session, false).unwrap().len(), 1);
}

#[test]
fn an_export_says_when_an_inf_was_changed_and_replaces_nothing() {
    let bench = bench();
    Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], everything());
    let out = bench.images.path("out");
    let names = ["net.inf".to_owned(), "lost.inf".to_owned()];
    let first = export(&mut session, &names, &out, ExportOptions::default(), &mut unobserved).unwrap();
    assert!(matches!(first[0].error, Some(Error::DriverNotFound { .. })), "{first:?}");
    assert_eq!((first[1].status, first[1].intact), (ExportStatus::Exported, Some(true)), "{first:?}");
    let again = export(&mut session, &[], &out, ExportOptions::default(), &mut unobserved).unwrap();
    assert_eq!(again[0].status, ExportStatus::Failed, "{again:?}");

    let changed = bench.images.path("changed.inf");
    std::fs::write(&changed, b"[Version]\r\nSignature=\"$WINDOWS NT$\"\r\n").unwrap();
    let inf = path(reports[0].original_file_name.as_ref().unwrap());
    let replace = TransferOptions { recurse: false, overwrite: true };
    transfer::import(&mut session, &changed, &inf, &replace, &mut unobserved).unwrap();
    let options = ExportOptions { overwrite: true };
    let reports = export(&mut session, &[], &out, options, &mut unobserved).unwrap();
    assert_eq!((reports[0].status, reports[0].intact), (ExportStatus::Exported, Some(false)), "{reports:?}");
    assert!(reports[0].reason.as_ref().unwrap().contains("hash"), "{reports:?}");
}
