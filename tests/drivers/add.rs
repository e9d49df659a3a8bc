//! Adding driver packages to an image, end to end: what is reported, what is in the saved image, and
//! what other programs read there.

use crate::support::hives;
use crate::support::images::{path, read, save};
use crate::support::packages::{Sample, SIGNER};
use crate::support::windows;
use crate::support::windows::{add_all, has_key, hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::cat::SignatureVerdict;
use imgsvc::formats::regf::Hive;
use imgsvc::image::transfer::{self, TransferOptions};
use imgsvc::progress::{unobserved, Phase, Progress};
use imgsvc::servicing::drivers::{add, list, AddOptions, DriverReport, DriverSignature, DriverStatus};
use std::ops::ControlFlow;

fn force() -> AddOptions {
    AddOptions { recurse: true, force_unsigned: true, ..AddOptions::default() }
}
fn recurse() -> AddOptions {
    AddOptions { recurse: true, ..AddOptions::default() }
}

#[test]
fn a_signed_package_is_in_the_saved_image_for_every_reader() {
    let bench = WindowsBench::new();
    let inf = Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, std::slice::from_ref(&inf), AddOptions::default());
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!(report.status, DriverStatus::Added, "{report:?}");
    assert_eq!(report.path, inf.display().to_string());
    assert_eq!(report.driver.as_deref(), Some("oem0.inf"));
    assert_eq!(report.provider_name.as_deref(), Some("Sample Maker"));
    assert_eq!(report.class_name.as_deref(), Some("Net"));
    assert_eq!(report.class_guid.as_deref(), Some("{4d36e972-e325-11ce-bfc1-08002be10318}"));
    assert_eq!(report.version.as_deref(), Some("1.3.15.0"));
    assert_eq!(report.date, Some(132_091_776_000_000_000));
    assert_eq!(report.catalog_file.as_deref(), Some("net.cat"));
    assert_eq!(report.driver_signature, DriverSignature::Signed);
    assert!(!report.boot_critical);
    assert!(report.reason.as_ref().unwrap().contains("revocation was not checked"));
    let original = report.original_file_name.clone().unwrap();
    let folder = original.strip_suffix(r"\net.inf").unwrap().to_owned();
    assert!(folder.starts_with(r"\Windows\System32\DriverStore\FileRepository\net.inf_amd64_"), "{folder}");
    let catalogs = r"\Windows\System32\CatRoot\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";
    let mut expected = vec![
        format!(r"{folder}\net.inf"),
        format!(r"{folder}\net.cat"),
        format!(r"{folder}\net.sys"),
        r"\Windows\INF\oem0.inf".to_owned(),
        format!(r"{catalogs}\oem0.cat"),
    ];
    assert_eq!(report.files, expected);

    save(&mut session).unwrap();
    bench.images.judge();
    let entries = bench.images.detailed(1);
    for file in &expected {
        assert!(entries.keys().any(|path| path.replace('/', r"\").eq_ignore_ascii_case(file)), "{file}");
    }
    let applied = bench.images.apply(1);
    let on_disk =
        |file: &str| std::fs::read(applied.join(file.trim_start_matches('\\').replace('\\', "/"))).unwrap();
    let source = |name: &str| std::fs::read(inf.with_file_name(name)).unwrap();
    let published = expected.split_off(3);
    assert_eq!(on_disk(&published[0]), source("net.inf"));
    assert_eq!(on_disk(&published[1]), source("net.cat"));
    assert_eq!(on_disk(&expected[2]), source("net.sys"));

    // A network driver is recorded in DRIVERS; its number is taken in SYSTEM.
    let label = folder.rsplit('\\').next().unwrap();
    let package = format!(r"DriverDatabase\DriverPackages\{label}");
    let (system, drivers) =
        (on_disk(r"Windows\System32\config\SYSTEM"), on_disk(r"Windows\System32\config\DRIVERS"));
    hives::assert_hivexml_reads(&system);
    hives::assert_hivexml_reads(&drivers);
    if hives::has_hivex() {
        for bytes in [&system, &drivers] {
            let ours = hives::dump(&Hive::open(bytes.clone()).unwrap());
            assert_eq!(hives::hivex_dump(bytes).unwrap(), ours);
        }
    }
    let (system, drivers) = (Hive::open(system).unwrap(), Hive::open(drivers).unwrap());
    system.check().unwrap();
    drivers.check().unwrap();
    assert!(has_key(&drivers, &package) && !has_key(&system, &package));
    assert!(has_key(&drivers, r"DriverDatabase\DriverInfFiles\oem0.inf"));
    let key = system.require(system.root(), "DriverDatabase").unwrap();
    assert_eq!(system.value(key, "OemInfMap").unwrap().unwrap().data, [0x80]);
    // Transaction logs of rewritten hives hold nothing any more; those of others are untouched.
    assert!(on_disk(r"Windows\System32\config\SYSTEM.LOG1").is_empty());
    assert!(on_disk(r"Windows\System32\config\DRIVERS.LOG1").is_empty());
    assert_eq!(on_disk(r"Windows\System32\config\SOFTWARE.LOG1"), windows::OLD_LOG);
}

#[test]
fn a_boot_driver_is_in_system_with_its_service_file_and_lockdown() {
    let bench = WindowsBench::new();
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], recurse());
    let report = &reports[0];
    assert_eq!(report.status, DriverStatus::Added, "{report:?}");
    assert!(report.boot_critical);
    assert!(report.reason.as_ref().unwrap().contains("not proven by booting"), "{report:?}");
    assert!(report.files.contains(&r"\Windows\System32\drivers\stor.sys".to_owned()), "{report:?}");
    save(&mut session).unwrap();
    bench.images.judge();

    let system = hive(&session, "SYSTEM");
    for set in ["ControlSet001", "ControlSet002"] {
        let service = system.require(system.root(), &format!(r"{set}\Services\stor")).unwrap();
        let image_path = system.value(service, "ImagePath").unwrap().unwrap().as_text();
        assert_eq!(image_path.as_deref(), Some(r"System32\drivers\stor.sys"));
    }
    assert!(!has_key(&hive(&session, "DRIVERS"), r"DriverDatabase\DriverInfFiles\oem0.inf"));
    let software = hive(&session, "SOFTWARE");
    let files = r"Microsoft\Windows\CurrentVersion\Setup\PnpLockdownFiles";
    let key = software.require(software.root(), &format!(r"{files}\%SystemRoot%/System32/drivers/stor.sys"));
    let class = software.value(key.unwrap(), "Class").unwrap().unwrap();
    assert_eq!(class.as_number(), Some(4), "PnpLockdown=1");
}

#[test]
fn each_bad_package_is_one_report_and_the_good_ones_go_in() {
    let bench = WindowsBench::new();
    let drivers = bench.drivers();
    Sample::network("good").write(&drivers);
    Sample { catalog: false, ..Sample::network("unsigned") }.write(&drivers);
    let tampered = Sample::network("tampered").write(&drivers);
    std::fs::write(tampered.with_extension("sys"), "other").unwrap();
    let missing = Sample::network("missing").write(&drivers);
    std::fs::remove_file(missing.with_extension("sys")).unwrap();
    Sample { architecture: "arm64".into(), ..Sample::network("other") }.write(&drivers);
    let broken = Sample::network("broken").write(&drivers);
    std::fs::write(&broken, Sample::network("broken").inf().replace("[Manufacturer]", "[Manufacturer"))
        .unwrap();
    std::fs::write(drivers.join("autorun.inf"), "[AutoRun]\r\nopen=setup.exe\r\n").unwrap();
    Sample::network("zgood").write(&drivers);
    let gone = drivers.join("gone");

    let mut session = bench.mount();
    let reports = add_all(&mut session, &[gone, drivers], recurse());
    let find = |name: &str| -> &DriverReport {
        let found: Vec<_> = reports.iter().filter(|report| report.path.ends_with(name)).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    };
    assert_eq!(reports.len(), 9);
    assert_eq!(find("good/good.inf").driver.as_deref(), Some("oem0.inf"));
    assert_eq!(find("zgood.inf").driver.as_deref(), Some("oem1.inf"));
    for (name, signature) in
        [("unsigned.inf", DriverSignature::Unsigned), ("tampered.inf", DriverSignature::Tampered)]
    {
        let report = find(name);
        assert_eq!((report.status, report.driver_signature), (DriverStatus::Failed, signature));
        assert!(report.files.is_empty());
    }
    let is = |name: &str, expected: fn(&Error) -> bool| {
        let report = find(name);
        assert_eq!(report.status, DriverStatus::Failed, "{name}");
        let error = report.error.as_ref().unwrap();
        assert!(expected(error.root()), "{name}: {error}");
        assert!(error.to_string().contains(name), "the message names the file: {error}");
    };
    is("unsigned.inf", |error| matches!(error, Error::DriverUnsigned { .. }));
    is("tampered.inf", |error| matches!(error, Error::DriverTampered { .. }));
    is("missing.inf", |error| matches!(error, Error::DriverFileMissing { .. }));
    is("broken.inf", |error| matches!(error, Error::Malformed { .. }));
    is("gone", |error| matches!(error, Error::Io { .. }));
    let error = find("broken.inf").error.as_ref().unwrap().to_string();
    assert!(error.contains("line 10"), "{error}");
    let other = find("other.inf");
    assert_eq!(other.status, DriverStatus::NotApplicable);
    assert!(other.reason.as_ref().unwrap().contains("arm64"), "{other:?}");
    assert_eq!(find("autorun.inf").status, DriverStatus::NotApplicable);

    let names: Vec<_> =
        list(&mut session, false).unwrap().into_iter().map(|driver| driver.original_file_name).collect();
    assert_eq!(names.len(), 2);
    assert!(!session.view().unwrap().exists(&path(r"\Windows\INF\oem2.inf")).unwrap());
    save(&mut session).unwrap();
    bench.images.judge();
}

#[test]
fn what_a_registry_or_a_file_system_cannot_hold_is_the_packages_fault_alone() {
    let bench = WindowsBench::new();
    let drivers = bench.drivers();
    let deep = format!("[Parameters]\nHKR, \"{}\", Value, 0, x\n", "key\\".repeat(600));
    let long = format!("[Parameters]\nHKR, \"{}\", Value, 0, x\n", "k".repeat(300));
    Sample { more: deep, ..Sample::storage("deep") }.write(&drivers);
    Sample { more: long, ..Sample::storage("long") }.write(&drivers);
    // The target is a directory in the image.
    Sample::storage("taken").write(&drivers);
    Sample::storage("zgood").write(&drivers);
    let mut session = bench.mount();
    let mut transaction = session.transaction("take").unwrap();
    transaction.create_directories(&path(r"\Windows\System32\drivers\taken.sys")).unwrap();
    transaction.commit().unwrap();

    let reports = add_all(&mut session, &[drivers], recurse());
    let statuses: Vec<_> = reports.iter().map(|report| report.status).collect();
    use DriverStatus::{Added, Failed};
    assert_eq!(statuses, [Failed, Failed, Failed, Added], "{reports:?}");
    assert_eq!(reports[3].driver.as_deref(), Some("oem0.inf"));
    let listed = list(&mut session, false).unwrap();
    assert_eq!(listed.len(), 1);
    let store =
        session.view().unwrap().names(&path(r"\Windows\System32\DriverStore\FileRepository")).unwrap();
    assert_eq!(store.len(), 1, "nothing of the others is left behind");
    save(&mut session).unwrap();
    bench.images.judge();
}

#[test]
fn an_empty_file_of_a_package_is_put_too() {
    let bench = WindowsBench::new();
    let sample = Sample::network("net");
    let inf = sample.write(&bench.drivers());
    std::fs::write(inf.with_extension("sys"), "").unwrap();
    let catalog = imgsvc::formats::cat::CatalogBuilder::new().file("net.inf", sample.inf().as_bytes());
    let catalog = catalog.file("net.sys", b"").sample_signer(SIGNER).to_bytes();
    std::fs::write(inf.with_extension("cat"), catalog).unwrap();
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf], recurse());
    assert_eq!(reports[0].status, DriverStatus::Added, "{reports:?}");
    assert!(read(&session, &reports[0].files[2]).unwrap().is_empty());
}

#[test]
fn force_adds_unsigned_and_tampered_packages_and_says_so() {
    let bench = WindowsBench::new();
    Sample { catalog: false, ..Sample::network("unsigned") }.write(&bench.drivers());
    let tampered = Sample::network("tampered").write(&bench.drivers());
    std::fs::write(tampered.with_extension("sys"), "other").unwrap();
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[bench.drivers()], force());
    let statuses: Vec<_> = reports.iter().map(|report| (report.status, report.driver_signature)).collect();
    let expected =
        [(DriverStatus::Added, DriverSignature::Tampered), (DriverStatus::Added, DriverSignature::Unsigned)];
    assert_eq!(statuses, expected);
    assert!(reports[0].reason.as_ref().unwrap().contains("tampered.sys"), "{:?}", reports[0].reason);
    // Without a catalogue there is none to publish.
    assert!(reports[1].files.iter().all(|file| !file.ends_with(".cat")));
    let listed = list(&mut session, false).unwrap();
    assert!(listed.iter().all(|driver| driver.driver_signature == DriverSignature::Unsigned));
}

#[test]
fn a_package_is_never_added_twice() {
    let bench = WindowsBench::new();
    let drivers = bench.drivers();
    let first = Sample::network("net").write(&drivers);
    let copy = drivers.join("copy");
    std::fs::create_dir_all(&copy).unwrap();
    for extension in ["inf", "cat", "sys"] {
        let source = first.with_extension(extension);
        std::fs::copy(&source, copy.join(source.file_name().unwrap())).unwrap();
    }
    let statuses = |reports: Vec<DriverReport>| -> Vec<_> {
        reports.into_iter().map(|report| (report.status, report.driver.unwrap())).collect()
    };
    let present = (DriverStatus::AlreadyPresent, "oem0.inf".to_owned());
    let mut session = bench.mount();
    let reports = add_all(&mut session, std::slice::from_ref(&drivers), recurse());
    assert_eq!(statuses(reports), [(DriverStatus::Added, "oem0.inf".to_owned()), present.clone()]);
    let before = session.info().unwrap().pending_transactions;
    let reports = add_all(&mut session, std::slice::from_ref(&drivers), recurse());
    assert_eq!(statuses(reports), [present.clone(), present.clone()]);
    assert_eq!(session.info().unwrap().pending_transactions, before, "nothing was changed");

    save(&mut session).unwrap();
    session.discard().unwrap();
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[drivers], recurse());
    assert_eq!(statuses(reports), [present.clone(), present]);
}

#[test]
fn a_package_whose_files_were_lost_is_put_back_under_its_own_name() {
    let bench = WindowsBench::new();
    let inf = Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    Sample::network("other").write(&bench.drivers());
    let reports = add_all(&mut session, std::slice::from_ref(&inf), recurse());
    let folder = path(&reports[0].original_file_name.clone().unwrap()).parent().unwrap();
    let mut transaction = session.transaction("lose").unwrap();
    transaction.remove(&folder, true).unwrap();
    transaction.commit().unwrap();
    let reports = add_all(&mut session, &[inf], recurse());
    assert_eq!((reports[0].status, reports[0].driver.as_deref()), (DriverStatus::Added, Some("oem0.inf")));
    assert_eq!(list(&mut session, false).unwrap().len(), 1);
}

#[test]
fn a_published_name_in_use_is_never_given_again() {
    let bench = WindowsBench::with(|tree| {
        std::fs::write(tree.join("Windows/INF/OEM0.INF"), "an INF that nobody recorded").unwrap();
        windows::edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            let key = hive.require(hive.root(), "DriverDatabase").unwrap();
            hive.set_value(key, "OemInfMap", 3, &[0x20]).unwrap();
        });
        windows::edit_hive(&tree.join("Windows/System32/config/DRIVERS"), |hive| {
            hive.create_key(hive.root(), r"DriverDatabase\DriverInfFiles\oem1.inf").unwrap();
        });
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf], recurse());
    assert_eq!(reports[0].driver.as_deref(), Some("oem3.inf"));
    let system = hive(&session, "SYSTEM");
    let key = system.require(system.root(), "DriverDatabase").unwrap();
    assert_eq!(system.value(key, "OemInfMap").unwrap().unwrap().data, [0x30]);
    assert_eq!(read(&session, r"\Windows\INF\oem0.inf").unwrap(), b"an INF that nobody recorded");
}

#[test]
fn a_driver_file_that_the_component_store_shares_is_replaced_without_changing_the_component_store() {
    let bench = WindowsBench::with(|tree| {
        let component = tree.join("Windows/WinSxS/amd64_stor");
        std::fs::create_dir_all(&component).unwrap();
        std::fs::write(component.join("stor.sys"), "inbox driver").unwrap();
        std::fs::hard_link(component.join("stor.sys"), tree.join("Windows/System32/drivers/stor.sys"))
            .unwrap();
    });
    let sample = Sample::storage("stor");
    let inf = sample.write(&bench.drivers());
    let mut session = bench.mount();
    assert_eq!(add_all(&mut session, &[inf], recurse())[0].status, DriverStatus::Added);
    save(&mut session).unwrap();
    bench.images.judge();
    assert_eq!(read(&session, r"\Windows\System32\drivers\stor.sys").unwrap(), sample.driver());
    assert_eq!(read(&session, r"\Windows\WinSxS\amd64_stor\stor.sys").unwrap(), b"inbox driver");
}

#[test]
fn cancelling_changes_nothing() {
    let bench = WindowsBench::new();
    for number in 0..5 {
        Sample::network(&format!("net{number}")).write(&bench.drivers());
    }
    let mut session = bench.mount();
    for stop_at in 0..=5_u64 {
        let mut observer = |progress: Progress| {
            if progress.phase == Phase::Drivers && progress.done == stop_at {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let error = add(&mut session, &[bench.drivers()], recurse(), &mut observer).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error}");
        assert_eq!(session.info().unwrap().pending_transactions, 0);
        assert!(list(&mut session, false).unwrap().is_empty());
    }
    assert_eq!(add_all(&mut session, &[bench.drivers()], recurse()).len(), 5);
    assert_eq!(session.info().unwrap().pending_transactions, 1, "one transaction for all packages");
}

#[test]
fn the_list_shows_what_the_image_records() {
    let bench = WindowsBench::new();
    Sample::network("net").write(&bench.drivers());
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    assert!(list(&mut session, false).unwrap().is_empty());
    add_all(&mut session, &[bench.drivers()], recurse());
    let drivers = list(&mut session, false).unwrap();
    let names: Vec<_> = drivers.iter().map(|driver| driver.driver.as_str()).collect();
    assert_eq!(names, ["oem0.inf", "oem1.inf"]);
    let document = serde_json::to_value(&drivers[0]).unwrap();
    assert_eq!(document["className"], "Net");
    assert_eq!(document["inbox"], false);
    assert_eq!(document["bootCritical"], false);
    assert_eq!(document["driverSignature"], "Signed");
    assert_eq!(document["signerName"], SIGNER);
    assert_eq!(document["version"], "1.3.15.0");
    assert_eq!(document["majorVersion"], 1);
    assert_eq!(document["revision"], 0);
    assert_eq!(document["hive"], "DRIVERS");
    assert_eq!(document["catalogFile"], "net.cat");
    assert_eq!(document["date"], 132_091_776_000_000_000_u64);
    assert!(document["originalFileName"].as_str().unwrap().ends_with(r"\net.inf"));
    assert!(drivers[1].boot_critical);

    // The bench's SYSTEM hive has one inbox package.
    let all = list(&mut session, true).unwrap();
    let inbox: Vec<_> = all.iter().filter(|driver| driver.inbox).collect();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].driver, "disk.inf");
    assert_eq!(inbox[0].class_name.as_deref(), Some("DiskDrive"));
    assert!(inbox[0].original_file_name.ends_with(r"\disk.inf_amd64_0123456789abcdef\disk.inf"));
}

#[test]
fn every_read_sees_what_another_handle_committed_saved_or_ended() {
    let bench = WindowsBench::new();
    let packages = ["net", "wifi"].map(|name| Sample::network(name).write(&bench.drivers()));
    let mut writer = bench.mount();
    let mut reader = bench.images.reopen(&writer.info().unwrap().id);
    // The reader has loaded the image before each change.
    assert!(list(&mut reader, false).unwrap().is_empty());
    for (number, package) in packages.iter().enumerate() {
        add_all(&mut writer, std::slice::from_ref(package), AddOptions::default());
        assert_eq!(list(&mut reader, false).unwrap().len(), number + 1);
        assert_eq!(reader.info().unwrap().pending_transactions, 1);
        let published = path(&format!(r"\Windows\INF\oem{number}.inf"));
        assert_eq!(transfer::get(&mut reader, &published).unwrap().name, format!("oem{number}.inf"));
        let mut names = Vec::new();
        transfer::list(&mut reader, &path(r"\Windows\INF"), false, &mut |batch| {
            names.extend(batch.iter().map(|item| item.name.clone()));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        assert!(names.contains(&format!("oem{number}.inf")), "{names:?}");
        let exported = bench.images.path(&format!("exported{number}.inf"));
        let options = TransferOptions::default();
        transfer::export(&mut reader, &published, &exported, &options, &mut unobserved).unwrap();
        assert_eq!(std::fs::read(exported).unwrap(), std::fs::read(package).unwrap());

        save(&mut writer).unwrap();
        assert_eq!(reader.info().unwrap().pending_transactions, 0);
        assert_eq!(list(&mut reader, false).unwrap().len(), number + 1);
    }
    writer.discard().unwrap();
    assert!(matches!(list(&mut reader, false).unwrap_err().root(), Error::SessionNotFound { .. }));
    assert!(matches!(reader.info().unwrap_err().root(), Error::SessionNotFound { .. }));
    let gone = transfer::get(&mut reader, &path(r"\Windows")).unwrap_err();
    assert!(matches!(gone.root(), Error::SessionNotFound { .. }), "{gone}");
}

#[test]
fn a_report_is_the_document_of_the_c_abi() {
    let bench = WindowsBench::new();
    let inf = Sample { catalog: false, ..Sample::network("net") }.write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf], recurse());
    let document = serde_json::to_value(&reports[0]).unwrap();
    let mut keys: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut expected = [
        "path",
        "status",
        "driver",
        "originalFileName",
        "providerName",
        "className",
        "classGuid",
        "version",
        "date",
        "catalogFile",
        "driverSignature",
        "signatureVerdict",
        "signerName",
        "bootCritical",
        "reason",
        "files",
        "plan",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected, "the error is added by the C ABI");
    assert_eq!(document["status"], "Failed");
    assert_eq!(document["driverSignature"], "Unsigned");
    assert_eq!(document["signatureVerdict"], "Unsigned");
    assert_eq!(document["driver"], serde_json::Value::Null);
}

#[test]
fn only_what_microsoft_signed_goes_in_when_that_is_asked_for_whatever_else_is() {
    let bench = WindowsBench::new();
    let inf = Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let options = AddOptions { require_whql: true, force_unsigned: true, ..AddOptions::default() };
    let reports = add_all(&mut session, &[inf], options);
    let report = &reports[0];
    assert_eq!((report.status, report.driver_signature), (DriverStatus::Failed, DriverSignature::Signed));
    assert_eq!(report.signature_verdict, Some(SignatureVerdict::SelfSigned));
    assert_eq!(report.signer_name.as_deref(), Some(SIGNER));
    let error = report.error.as_ref().unwrap();
    assert!(matches!(error.root(), Error::DriverUnsigned { .. }), "{error}");
    assert_eq!(session.info().unwrap().pending_transactions, 0);
}
