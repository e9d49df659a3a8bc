//! What a preview of adding says: it changes nothing, and what it says is what adding does.

use crate::support::images::path;
use crate::support::packages;
use crate::support::packages::Sample;
use crate::support::planned::{assert_planned_is_done, plan};
use crate::support::windows::{add_all, edit_hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{
    test, AddOptions, DriverSignature, DriverStatus, DriverTest, NominalTarget, TestOptions,
};
use imgsvc::servicing::source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn bench() -> WindowsBench {
    WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        edit_hive(&config.join("SYSTEM"), |system| {
            for set in ["ControlSet001", "ControlSet002"] {
                let path = format!(r"{set}\Control\CriticalDeviceDatabase");
                system.create_key(system.root(), &path).unwrap();
            }
        });
    })
}

#[test]
fn the_plan_is_what_adding_does_with_packages_that_build_on_each_other() {
    let bench = bench();
    Sample::network("net").write(&bench.drivers());
    let stor = Sample::storage("stor").write(&bench.drivers());
    // The same package once more, an unsigned one, one that is not for the image, and a broken one.
    Sample::storage("stor").write(&bench.drivers().join("twin"));
    Sample { catalog: false, ..Sample::storage("unsigned") }.write(&bench.drivers());
    Sample { architecture: "arm64".into(), ..Sample::network("other") }.write(&bench.drivers());
    let broken = Sample::network("broken").write(&bench.drivers());
    std::fs::write(&broken, Sample::network("broken").inf().replace("[Manufacturer]", "[Manufacturer"))
        .unwrap();
    let mut session = bench.mount();
    let [planned, _] = assert_planned_is_done(&mut session, &[bench.drivers()]);
    let of = |name: &str| planned.iter().find(|report| report.path.ends_with(name)).unwrap();
    assert_eq!(of("drivers/stor/stor.inf").driver.as_deref(), Some("oem1.inf"));
    let twin = of("twin/stor/stor.inf");
    assert_eq!((twin.status, twin.driver.as_deref()), (DriverStatus::AlreadyPresent, Some("oem1.inf")));
    assert!(of("broken.inf").plan.is_none());
    assert_eq!(of("broken.inf").status, DriverStatus::Failed);
    // What is not for the image has no files and keys, but says what it is for.
    let other = plan(of("other.inf"));
    assert!(other.files.is_empty() && other.registry.is_empty() && other.devices.is_empty());

    let stor_plan = plan(of("drivers/stor/stor.inf"));
    let values: BTreeMap<_, _> = stor_plan
        .registry
        .iter()
        .map(|change| ((change.key.as_str(), change.name.as_deref()), change.value.as_ref()))
        .collect();
    let start = values[&(r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet002\Services\stor", Some("Start"))].unwrap();
    let start = serde_json::to_value(start).unwrap();
    assert_eq!((start["kind"].as_str(), start["value"].as_i64()), (Some("DWord"), Some(0)));
    let [device] = stor_plan.devices.as_slice() else { panic!("{:?}", stor_plan.devices) };
    assert_eq!(device.architecture, "amd64");
    assert_eq!(device.hardware_id.as_deref(), Some(r"PCI\VEN_FFFF&DEV_0001&SUBSYS_stor"));
    assert_eq!(device.compatible_ids, [r"PCI\VEN_FFFF&DEV_stor"]);
    assert_eq!(device.description, "Sample Device");
    assert_eq!(device.manufacturer, "Sample Maker");
    assert_eq!((device.section.as_str(), device.feature_score), ("Install.NT", 0xFF));
    let [service] = stor_plan.services.as_slice() else { panic!("{:?}", stor_plan.services) };
    assert_eq!((service.name.as_str(), service.start, service.service_type), ("stor", Some(0), Some(1)));
    assert_eq!(service.binary.as_deref(), Some(r"\Windows\System32\drivers\stor.sys"));
    let signature = stor_plan.signature.as_ref().unwrap();
    let names: Vec<_> = signature.files.iter().map(|check| check.file.as_str()).collect();
    assert_eq!(names, ["stor.inf", "stor.sys"]);
    assert_eq!(signature.chain, [packages::SIGNER]);
    let document = serde_json::to_value(signature).unwrap();
    assert_eq!(document["files"][0]["coverage"], "Covered");
    drop(stor);
}

#[test]
fn a_preview_refuses_what_adding_refuses_and_still_says_what_it_knows() {
    let bench = bench();
    let inf = Sample { catalog: false, ..Sample::storage("unsigned") }.write(&bench.drivers());
    let taken = Sample::storage("taken").write(&bench.drivers());
    let mut session = bench.mount();
    let mut transaction = session.transaction("take").unwrap();
    transaction.create_directories(&path(r"\Windows\System32\drivers\taken.sys")).unwrap();
    transaction.commit().unwrap();
    let preview = AddOptions { preview: true, ..AddOptions::default() };
    let reports = add_all(&mut session, &[inf.clone(), taken.clone()], preview);
    let real = add_all(&mut session, &[inf, taken], AddOptions::default());
    for (planned, real) in reports.iter().zip(&real) {
        assert_eq!((planned.status, &planned.reason), (DriverStatus::Failed, &real.reason));
        assert!(planned.error.is_some());
        let plan = plan(planned);
        assert!(plan.files.is_empty() && plan.registry.is_empty());
        assert_eq!(plan.devices.len(), 1);
        assert!(plan.signature.is_some());
    }
    assert!(reports[1].reason.as_ref().unwrap().contains("taken.sys"), "{reports:?}");
}

fn test_all(paths: &[PathBuf], place: Option<Source<'_>>, options: &TestOptions) -> Vec<DriverTest> {
    test(paths, place, &TestOptions { recurse: true, ..options.clone() }, &mut unobserved).unwrap()
}

/// The samples' signer as a file of roots.
fn roots(folder: &Path) -> Option<PathBuf> {
    let file = folder.join("roots.cer");
    std::fs::write(&file, CatalogBuilder::sample_certificate(packages::SIGNER)).unwrap();
    Some(file)
}

#[test]
fn packages_are_tested_without_an_image_each_on_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let drivers = folder.path().join("drivers");
    // An undefined token and a section named twice, behind all else.
    let more = "[Extra]\n   Key = %Nope%, 1\n[extra]\n".to_owned();
    let odd = Sample { more, ..Sample::storage("odd") };
    odd.write(&drivers);
    Sample { catalog: false, ..Sample::network("unsigned") }.write(&drivers);
    let tampered = Sample::network("tampered").write(&drivers);
    std::fs::write(tampered.with_extension("sys"), "other").unwrap();
    let broken = Sample::network("broken").write(&drivers);
    std::fs::write(&broken, Sample::network("broken").inf().replace("[Manufacturer]", "[Manufacturer"))
        .unwrap();
    let missing = Sample::network("missing").write(&drivers);
    std::fs::remove_file(missing.with_extension("sys")).unwrap();
    Sample { architecture: "ia64".into(), ..Sample::network("old") }.write(&drivers);
    std::fs::write(drivers.join("autorun.inf"), "[AutoRun]\r\nopen=setup.exe\r\n").unwrap();

    let options = TestOptions { trusted_roots: roots(folder.path()), ..TestOptions::default() };
    let tests = test_all(&[drivers.clone(), folder.path().join("gone")], None, &options);
    assert_eq!(tests.len(), 8);
    let of = |name: &str| tests.iter().find(|test| test.report.path.ends_with(name)).unwrap();
    let signature = |name: &str| of(name).report.driver_signature;
    let is_failed = |name: &str| {
        let report = &of(name).report;
        assert!(!of(name).applicable && report.status == DriverStatus::Failed, "{report:?}");
        report.error.as_ref().unwrap().root()
    };
    assert!(matches!(is_failed("broken.inf"), Error::Malformed { place, .. } if place.contains("line 10")));
    assert!(matches!(is_failed("missing.inf"), Error::DriverFileMissing { .. }));
    assert!(matches!(is_failed("gone"), Error::Io { .. }));
    for name in ["old.inf", "autorun.inf"] {
        let test = of(name);
        assert!(!test.applicable && test.report.status == DriverStatus::NotApplicable, "{test:?}");
        assert!(test.report.reason.is_some());
    }
    assert_eq!(signature("/tampered.inf"), DriverSignature::Tampered);
    assert_eq!(signature("/unsigned.inf"), DriverSignature::Unsigned);
    let unsigned = of("/unsigned.inf");
    assert!(unsigned.applicable && unsigned.report.reason.as_ref().unwrap().contains("no catalogue"));
    // What Select-Object shows of a package that is in order is no reason.
    let good = of("odd.inf");
    assert_eq!((signature("odd.inf"), &good.report.reason), (DriverSignature::Signed, &None));
    assert_eq!(good.architectures, ["amd64"]);
    assert!(good.applicable && good.report.boot_critical);
    let plan = good.report.plan.as_ref().unwrap();
    let names: Vec<_> = plan.files.iter().map(|file| file.source.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["odd.inf", "odd.cat", "odd.sys"]);
    assert!(plan.files.iter().all(|file| file.target.is_none()) && plan.registry.is_empty());
    let inf = odd.inf();
    let line_of = |text: &str| (1..).zip(inf.lines()).find(|(_, line)| line.contains(text)).unwrap().0;
    let found: Vec<_> = plan.findings.iter().map(|found| (found.code, found.line, found.column)).collect();
    assert_eq!(
        found,
        [("UndefinedToken", line_of("%Nope%"), 10), ("DuplicateSection", line_of("[extra]"), 1)]
    );
    assert!(plan.findings.iter().all(|found| found.file == "odd.inf"));

    let nominal = NominalTarget::parse(Some("ia64"), Some("6.1.7601")).unwrap();
    let tests = test_all(&[drivers.join("old")], None, &TestOptions { nominal, ..options });
    assert!(tests[0].applicable && tests[0].architectures == ["ia64"], "{tests:?}");
}

#[test]
fn an_inf_for_two_architectures_is_one_row_and_says_which_of_them_lacks_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut sample = Sample::network("two");
    sample.architecture = "amd64, NTarm64".into();
    let inf = sample.inf().replace("[Models.NTamd64, NTarm64]", "[Models.NTamd64]");
    let inf =
        inf.replace("[SourceDisksFiles]", "[SourceDisksFiles.arm64]\r\nother.sys = 1\r\n[SourceDisksFiles]");
    let arm = "[Models.NTarm64]\r\n%Device% = Install, ACPI\\TWO0001\r\n";
    let path = folder.path().join("two.inf");
    std::fs::write(&path, inf + arm).unwrap();
    std::fs::write(folder.path().join("two.sys"), sample.driver()).unwrap();
    let tests = test_all(&[path], None, &TestOptions::default());
    let [test] = tests.as_slice() else { panic!("{tests:?}") };
    assert!(test.applicable, "{test:?}");
    assert_eq!(test.architectures, ["amd64", "arm64"]);
    let reason = test.report.reason.as_ref().unwrap();
    assert!(reason.contains("for arm64: ") && reason.contains("other.sys"), "{reason}");
    let devices = &test.report.plan.as_ref().unwrap().devices;
    let found: Vec<_> =
        devices.iter().map(|found| (found.architecture, found.hardware_id.as_deref().unwrap())).collect();
    assert_eq!(found, [("amd64", r"PCI\VEN_FFFF&DEV_0001&SUBSYS_two"), ("arm64", r"ACPI\TWO0001")]);
}

#[test]
fn a_test_against_an_image_is_the_whole_plan_and_touches_nothing() {
    let bench = bench();
    let inf = Sample::storage("stor").write(&bench.drivers());
    Sample { catalog: false, ..Sample::network("unsigned") }.write(&bench.drivers());
    let before = std::fs::read(bench.images.wim()).unwrap();
    let options = TestOptions::default();
    let place = || Some(Source::File { path: bench.images.wim(), index: 1 });
    let tests = test_all(&[bench.drivers()], place(), &options);
    assert_eq!(std::fs::read(bench.images.wim()).unwrap(), before);
    let statuses: Vec<_> = tests.iter().map(|test| (test.report.status, test.applicable)).collect();
    assert_eq!(statuses, [(DriverStatus::Planned, true); 2], "unsigned ones are planned, too");
    assert_eq!(tests[0].report.reason, None);
    assert!(tests[1].report.reason.as_ref().unwrap().contains("no catalogue"));

    let mut session = bench.mount();
    let in_session = test_all(&[bench.drivers()], Some(Source::Session(&mut session)), &options);
    let preview = AddOptions { preview: true, recurse: true, force_unsigned: true, ..AddOptions::default() };
    let planned = add_all(&mut session, &[bench.drivers()], preview);
    for ((test, in_session), planned) in tests.iter().zip(&in_session).zip(&planned) {
        assert_eq!((&test.report.driver, &test.report.files), (&planned.driver, &planned.files));
        let [of_image, of_session, of_preview] = [&test.report, &in_session.report, planned].map(plan);
        assert_eq!((&of_image.files, &of_image.findings), (&of_preview.files, &of_preview.findings));
        assert_eq!(of_image.registry.len(), of_preview.registry.len());
        assert_eq!(of_session.registry.len(), of_preview.registry.len());
    }
    let inf = &[inf];
    add_all(&mut session, inf, AddOptions::default());
    let tests = test_all(inf, Some(Source::Session(&mut session)), &options);
    assert_eq!((tests[0].report.status, tests[0].applicable), (DriverStatus::AlreadyPresent, true));

    let nominal = NominalTarget::parse(Some("arm64"), None).unwrap();
    let both = test(inf, place(), &TestOptions { nominal, ..options }, &mut unobserved).unwrap_err();
    assert!(matches!(both, Error::InvalidArgument { .. }), "{both}");
}
