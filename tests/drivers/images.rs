//! Which images take drivers: odd ones, refused ones, and real hives.

use crate::support::hives;
use crate::support::images::{read, root, save};
use crate::support::packages;
use crate::support::packages::Sample;
use crate::support::windows;
use crate::support::windows::{add_all, has_key, hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::{sz, Hive, REG_SZ};
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{add, database, list, AddOptions, DriverStatus};
use std::path::Path;
use std::process::Command;

fn recurse() -> AddOptions {
    AddOptions { recurse: true, ..AddOptions::default() }
}

/// For images that have no roots of their own: the samples' signer in a folder of roots.
fn trusting(roots: &Path) -> AddOptions {
    let certificate = imgsvc::formats::cat::CatalogBuilder::sample_certificate(packages::SIGNER);
    std::fs::write(roots.join("samples.cer"), certificate).unwrap();
    AddOptions { trusted_roots: Some(roots.to_path_buf()), ..recurse() }
}

#[test]
fn without_a_drivers_hive_everything_is_recorded_in_system() {
    let bench = WindowsBench::with(|tree| {
        std::fs::remove_file(tree.join("Windows/System32/config/DRIVERS")).unwrap();
        std::fs::remove_file(tree.join("Windows/System32/config/SOFTWARE")).unwrap();
    });
    let inf = Sample::network("net").write(&bench.drivers());
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    let roots = tempfile::tempdir().unwrap();
    let reports = add_all(&mut session, &[inf, bench.drivers()], trusting(roots.path()));
    assert!(reports.iter().all(|report| report.status == DriverStatus::Added), "{reports:?}");
    assert!(has_key(&hive(&session, "SYSTEM"), r"DriverDatabase\DriverInfFiles\oem0.inf"));
}

#[test]
fn an_image_whose_build_nothing_tells_takes_drivers_of_every_build() {
    let bench = WindowsBench::with(|tree| {
        std::fs::remove_file(tree.join("Windows/System32/config/SOFTWARE")).unwrap();
    });
    let architecture = "amd64.10.0...29999".into();
    Sample { architecture, ..Sample::network("newest") }.write(&bench.drivers());
    Sample { architecture: "arm64".into(), ..Sample::network("other") }.write(&bench.drivers());
    let roots = tempfile::tempdir().unwrap();
    let reports = add_all(&mut bench.mount(), &[bench.drivers()], trusting(roots.path()));
    assert_eq!(reports[0].status, DriverStatus::Added, "{reports:?}");
    assert_eq!(reports[1].status, DriverStatus::NotApplicable);
    let reason = reports[1].reason.as_ref().unwrap();
    assert!(reason.contains("not for amd64 10.0 (its build is not known)"), "{reason}");
}

#[test]
fn images_that_cannot_take_drivers_are_refused_with_the_reason() {
    let config = "Windows/System32/config";
    let refusal = |change: &dyn Fn(&Path)| {
        let bench = WindowsBench::with(|tree| change(tree));
        let inf = Sample::network("net").write(&bench.drivers());
        let mut session = bench.mount();
        let error = add(&mut session, &[inf], recurse(), &mut unobserved).unwrap_err();
        assert_eq!(session.info().unwrap().pending_transactions, 0);
        assert_eq!(list(&mut session, true).unwrap_err().to_string(), error.to_string());
        error
    };
    let error = refusal(&|tree| std::fs::remove_file(tree.join(config).join("SYSTEM")).unwrap());
    assert!(error.to_string().contains(r"no '\Windows\System32\config\SYSTEM'"), "{error}");
    assert!(matches!(root(error), Error::NotServiceable { .. }));

    let error = refusal(&|tree| {
        let system = tree.join(config).join("SYSTEM");
        let mut bytes = std::fs::read(&system).unwrap();
        bytes[4] = bytes[4].wrapping_add(1); // the primary sequence number
        hives::fix_checksum(&mut bytes);
        std::fs::write(system, bytes).unwrap();
    });
    assert!(error.to_string().contains(r"\Windows\System32\config\SYSTEM"), "{error}");
    assert!(matches!(root(error), Error::HiveDirty { .. }));
}

#[test]
fn windows_before_8_is_refused_and_a_missing_database_of_a_newer_one_is_made() {
    let without_database = |tree: &Path| {
        windows::edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            let key = hive.require(hive.root(), "DriverDatabase").unwrap();
            hive.delete_key(key, true).unwrap();
        });
    };
    let bench = WindowsBench::with(|tree| {
        without_database(tree);
        windows::edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), windows::make_windows_7);
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let error = add(&mut bench.mount(), &[inf], recurse(), &mut unobserved).unwrap_err();
    assert!(error.to_string().contains("Windows 8 or newer is needed"), "{error}");

    let bench = WindowsBench::with(without_database);
    let inf = Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    assert_eq!(add_all(&mut session, &[inf], recurse())[0].status, DriverStatus::Added);
    let system = hive(&session, "SYSTEM");
    let key = system.require(system.root(), "DriverDatabase").unwrap();
    assert_eq!(system.value(key, "Architecture").unwrap().unwrap().as_number(), Some(9));
    assert_eq!(system.value(key, "Version").unwrap().unwrap().as_number(), Some(0x0A00_0000));
}

#[test]
fn real_hives_of_windows_8_1_and_10_get_the_next_names_and_keep_everything_else() {
    for (name, build, first) in [("SYSTEM_2", "9600", 3), ("SYSTEM_B", "16299", 14)] {
        let Some(system) = hives::real_hive(name) else { return };
        let bench = WindowsBench::with(|tree| {
            std::fs::write(tree.join("Windows/System32/config/SYSTEM"), &system).unwrap();
            windows::edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
                let key = hive.require(hive.root(), r"Microsoft\Windows NT\CurrentVersion").unwrap();
                hive.set_value(key, "CurrentBuild", 1, &imgsvc::formats::regf::sz(build)).unwrap();
            });
        });
        Sample::network("net").write(&bench.drivers());
        Sample::storage("stor").write(&bench.drivers());
        let mut session = bench.mount();
        let known = list(&mut session, false).unwrap().len();
        let reports = add_all(&mut session, &[bench.drivers()], recurse());
        let names: Vec<_> = reports.iter().map(|report| report.driver.clone().unwrap()).collect();
        assert_eq!(names, [format!("oem{first}.inf"), format!("oem{}.inf", first + 1)], "{reports:?}");
        assert_eq!(list(&mut session, false).unwrap().len(), known + 2);
        save(&mut session).unwrap();
        bench.images.judge();

        let changed = hive(&session, "SYSTEM");
        changed.check().unwrap();
        hives::assert_hivexml_reads(changed.bytes());
        let before = hives::dump_without_times(&Hive::open(system).unwrap());
        let after: std::collections::HashSet<_> = hives::dump_without_times(&changed).into_iter().collect();
        let lost: Vec<_> = before.iter().filter(|line| !after.contains(*line)).collect();
        assert_eq!(lost.len(), 1, "only OemInfMap is another: {lost:?}");
        assert!(has_key(&changed, r"ControlSet001\Services\stor"));
    }
}

#[test]
fn the_language_and_the_code_page_of_the_image_decide_what_an_inf_says() {
    let bench = WindowsBench::with(|tree| {
        windows::edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            for (key, name, text) in [
                ("Language", "InstallLanguage", "0415"),
                ("Language", "Default", "0407"),
                ("CodePage", "ACP", "1250"),
            ] {
                let key = hive.create_key(hive.root(), &format!(r"ControlSet001\Control\Nls\{key}")).unwrap();
                hive.set_value(key, name, REG_SZ, &sz(text)).unwrap();
            }
        });
    });
    let inf = Sample { catalog: false, ..Sample::network("net") }.write(&bench.drivers());
    let mut bytes = std::fs::read(&inf).unwrap();
    bytes.extend(
        b"[Strings.0407]\r\nMaker = \"Hersteller\"\r\n[Strings.0415]\r\nMaker = \"\xA3\xF3d\x9F\"\r\n",
    );
    std::fs::write(&inf, bytes).unwrap();
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf], AddOptions { force_unsigned: true, ..recurse() });
    assert_eq!(reports[0].provider_name.as_deref(), Some("\u{141}\u{f3}d\u{17a}"), "{reports:?}");
    let known = database::packages(&hive(&session, "DRIVERS")).unwrap();
    assert_eq!(known[0].provider, reports[0].provider_name);
}

#[test]
fn a_real_image_of_windows_7_is_refused() {
    let Some(system) = hives::real_hive("SYSTEM") else { return };
    let bench = WindowsBench::with(|tree| {
        std::fs::write(tree.join("Windows/System32/config/SYSTEM"), &system).unwrap();
        windows::edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), windows::make_windows_7);
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let error = add(&mut bench.mount(), &[inf], recurse(), &mut unobserved).unwrap_err();
    assert!(matches!(root(error), Error::NotServiceable { .. }));
}

#[test]
fn a_real_dirty_hive_is_refused_by_name() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let packed = Command::new("xz").arg("-dc").arg(folder.join("SYSTEM_B.xz")).output().unwrap();
    let bench = WindowsBench::with(|tree| {
        std::fs::write(tree.join("Windows/System32/config/SYSTEM"), &packed.stdout).unwrap();
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let error = add(&mut bench.mount(), &[inf], recurse(), &mut unobserved).unwrap_err();
    assert!(error.to_string().contains(r"\Windows\System32\config\SYSTEM"), "{error}");
    assert!(matches!(root(error), Error::HiveDirty { primary: 1622, secondary: 1621 }));
}

#[test]
fn a_real_dirty_hive_is_brought_up_to_date_by_its_logs() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let unpacked = |name: &str| Command::new("xz").arg("-dc").arg(folder.join(name)).output().unwrap().stdout;
    let bench = WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        std::fs::write(config.join("SYSTEM"), unpacked("SYSTEM_B.xz")).unwrap();
        std::fs::write(config.join("SYSTEM.LOG1"), unpacked("SYSTEM_B.LOG1.xz")).unwrap();
        std::fs::write(config.join("SYSTEM.LOG2"), unpacked("SYSTEM_B.LOG2.xz")).unwrap();
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add(&mut session, &[inf], recurse(), &mut unobserved).unwrap();
    assert_eq!(reports[0].status, DriverStatus::Added, "{reports:?}");
    save(&mut session).unwrap();
    bench.images.judge();
    let system = hive(&session, "SYSTEM");
    system.check().unwrap();
    // What only the logs had: the last sequence number they lead to, and then ours.
    let sequence = u32::from_le_bytes(system.bytes()[4..8].try_into().unwrap());
    assert!(sequence > 2111, "{sequence}");
    for log in ["LOG1", "LOG2"] {
        assert_eq!(read(&session, &format!(r"\Windows\System32\config\SYSTEM.{log}")).unwrap(), b"");
    }
}

#[test]
fn every_real_package_gives_one_report_and_the_image_stays_sound() {
    let Some(corpus) = hives::testdata("drivers") else { return };
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let reports = add_all(&mut session, std::slice::from_ref(&corpus), recurse());
    assert_eq!(reports.len(), 190);
    let count = |status| reports.iter().filter(|report| report.status == status).count();
    let (added, present) = (count(DriverStatus::Added), count(DriverStatus::AlreadyPresent));
    eprintln!(
        "{added} added, {present} present, {} not applicable, {} failed",
        count(DriverStatus::NotApplicable),
        count(DriverStatus::Failed)
    );
    assert!(added > 50, "{added}");
    for report in &reports {
        assert_eq!(report.status == DriverStatus::Failed, report.error.is_some(), "{report:?}");
        assert!(report.reason.is_some(), "{report:?}");
    }
    save(&mut session).unwrap();
    bench.images.judge();
    for name in ["SYSTEM", "DRIVERS", "SOFTWARE"] {
        let hive = hive(&session, name);
        hive.check().unwrap();
        hives::assert_hivexml_reads(hive.bytes());
    }
    let entries = bench.images.detailed(1);
    let paths: std::collections::HashSet<_> =
        entries.keys().map(|path| path.replace('/', r"\").to_lowercase()).collect();
    for file in reports.iter().flat_map(|report| &report.files) {
        assert!(paths.contains(&file.to_lowercase()), "{file}");
    }
    assert_eq!(list(&mut session, false).unwrap().len(), added);

    let again = add_all(&mut session, &[corpus], recurse());
    for (first, second) in reports.iter().zip(&again) {
        let expected = match first.status {
            DriverStatus::Added => DriverStatus::AlreadyPresent,
            other => other,
        };
        assert_eq!((expected, &first.driver), (second.status, &second.driver), "{}", first.path);
    }
}
