//! What a preview of adding says: it changes nothing, and what it says is what adding does.
#![allow(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

#[path = "support/images.rs"]
mod images;
#[path = "support/packages.rs"]
mod packages;
#[path = "support/planned.rs"]
mod planned;
#[path = "support/windows.rs"]
mod windows;

use images::path;
use imgsvc::servicing::drivers::{AddOptions, DriverStatus};
use packages::Sample;
use planned::{assert_planned_is_done, plan};
use std::collections::BTreeMap;
use windows::{add_all, edit_hive, WindowsBench};

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
    assert_eq!(device.hardware_id.as_deref(), Some(r"PCI\VEN_FFFF&DEV_0001&SUBSYS_stor"));
    assert_eq!(device.compatible_ids, [r"PCI\VEN_FFFF&DEV_stor"]);
    assert_eq!(
        (device.description.as_str(), device.manufacturer.as_str()),
        ("Sample Device", "Sample Maker")
    );
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
