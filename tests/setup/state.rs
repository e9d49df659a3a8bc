//! How far Setup has come: real hives, hives made here, and what hivex reads in them.

use crate::support::hives::{files, testdata};
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::logs::LogFiles;
use imgsvc::formats::regf::{dword, sz, Hive, REG_DWORD, REG_SZ};
use imgsvc::image::identity::{FactValue, SetupFacts, SetupState};
use imgsvc::image::jobs::capture::{capture, CaptureOptions};
use imgsvc::progress::unobserved;
use imgsvc::servicing::setup_state::{setup_state, SetupReport};
use imgsvc::servicing::source::Source;
use std::path::Path;
use std::process::Command;

const STATE: &str = r"Microsoft\Windows\CurrentVersion\Setup\State";

/// Sets `Setup` values of a tree's SYSTEM hive, and ImageState.
fn set_state(tree: &Path, image_state: Option<&str>, setup: &[(&str, &str, u32)]) {
    let config = tree.join("Windows/System32/config");
    edit_hive(&config.join("SYSTEM"), |hive| {
        for (key, name, number) in setup {
            let key = hive.create_key(hive.root(), key).unwrap();
            hive.set_value(key, name, REG_DWORD, &dword(*number)).unwrap();
        }
    });
    if let Some(image_state) = image_state {
        edit_hive(&config.join("SOFTWARE"), |hive| {
            let key = hive.create_key(hive.root(), STATE).unwrap();
            hive.set_value(key, "ImageState", REG_SZ, &sz(image_state)).unwrap();
        });
    }
}

fn state_of_file(bench: &WindowsBench) -> SetupReport {
    setup_state(Source::File { path: bench.images.wim(), index: 1 }, &mut unobserved).unwrap()
}

/// What hivexget says of a value: the number, or the text.
fn hivex(hive: &Path, key: &str, name: &str) -> Option<String> {
    let output = Command::new("hivexget").arg(hive).arg(key).arg(name).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{key} {name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

#[test]
fn installed_systems_are_complete_and_hivex_reads_the_same_facts() {
    let Some(folder) = testdata("hives/regipy") else { return };
    let all = files(&folder);
    for name in ["SYSTEM.xz", "SYSTEM_2.xz", "SYSTEM_B.xz"] {
        let (_, bytes) = all.iter().find(|(path, _)| path.ends_with(&format!("/{name}"))).unwrap();
        let empty = LogFiles { log: &[], log1: &[], log2: &[] };
        let hive = Hive::open_with_logs(bytes.clone(), &empty).unwrap().0;
        let mut facts = SetupFacts::default();
        assert!(facts.add_system(&hive).is_none());
        let found = facts.finding();
        assert_eq!(found.state, SetupState::Complete, "{name}: {}", found.reason);
        assert!(facts.facts().len() > 8, "{name}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        for fact in facts.facts() {
            let key = fact.key.strip_prefix(r"HKEY_LOCAL_MACHINE\SYSTEM").unwrap();
            let Some(said) = hivex(file.path(), key, &fact.name) else {
                eprintln!("SKIPPED: hivexget is not installed");
                return;
            };
            let ours = match &fact.value {
                FactValue::Number(number) => number.to_string(),
                FactValue::Text(text) => text.clone(),
            };
            assert_eq!(said, ours, "{name}: {key} {}", fact.name);
        }
    }
}

#[test]
fn the_recorded_state_and_the_registry_decide_in_an_image() {
    let setup = "Setup";
    let status = r"Setup\Status";
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str, u32)], SetupState);
    let cases: [Case<'_>; 6] = [
        (Some("IMAGE_STATE_COMPLETE"), &[(setup, "SetupType", 0)], SetupState::Complete),
        (
            Some("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"),
            &[(setup, "SetupType", 2), (setup, "SystemSetupInProgress", 1)],
            SetupState::Generalized,
        ),
        (Some("IMAGE_STATE_UNDEPLOYABLE"), &[(status, "AuditBoot", 1)], SetupState::Audit),
        (None, &[(setup, "SystemSetupInProgress", 1)], SetupState::Installing),
        (None, &[(setup, "SystemSetupInProgress", 0)], SetupState::Unknown),
        (None, &[(r"ControlSet001\Control\MiniNT", "x", 0)], SetupState::WindowsPE),
    ];
    for (image_state, values, expected) in cases {
        let bench = WindowsBench::with(|tree| set_state(tree, image_state, values));
        let report = state_of_file(&bench);
        assert_eq!(report.state, expected, "{image_state:?} {values:?}: {}", report.reason);
        assert_eq!(report.is_generalized, expected.is_generalized());
        // The session's image says the same.
        let mut session = bench.mount();
        assert_eq!(setup_state(Source::Session(&mut session), &mut unobserved).unwrap(), report);
    }
}

#[test]
fn a_state_file_that_differs_and_damage_are_told() {
    let bench = WindowsBench::with(|tree| {
        set_state(tree, Some("IMAGE_STATE_COMPLETE"), &[]);
        std::fs::create_dir_all(tree.join("Windows/Setup/State")).unwrap();
        let text = "[State]\r\nImageState=IMAGE_STATE_UNDEPLOYABLE\r\n";
        std::fs::write(tree.join("Windows/Setup/State/State.ini"), text).unwrap();
        std::fs::write(tree.join("Windows/System32/config/SYSTEM"), "no hive").unwrap();
    });
    let report = state_of_file(&bench);
    assert_eq!(report.state, SetupState::Complete);
    assert!(report.notes.iter().any(|note| note.contains("State.ini")), "{:?}", report.notes);
    assert!(report.notes.iter().any(|note| note.contains(r"config\SYSTEM")), "{:?}", report.notes);
}

#[test]
fn an_image_without_windows_has_no_setup_state() {
    let bench = WindowsBench::with(|tree| std::fs::remove_dir_all(tree.join("Windows")).unwrap());
    let refused = setup_state(Source::File { path: bench.images.wim(), index: 1 }, &mut unobserved);
    assert!(matches!(refused, Err(Error::NotServiceable { .. })), "{refused:?}");
}

#[test]
fn capturing_a_windows_that_is_not_generalised_is_remarked_and_done() {
    for (image_state, remarked) in [
        ("IMAGE_STATE_COMPLETE", true),
        ("IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT", true),
        ("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE", false),
    ] {
        let bench = WindowsBench::with(|tree| set_state(tree, Some(image_state), &[]));
        let target = bench.images.path("captured.wim");
        let tree = bench.images.path("tree");
        let report = capture(&tree, &target, &CaptureOptions::default(), &mut unobserved).unwrap();
        let remarks = report.notes.iter().filter(|note| note.contains("not generalised")).count();
        assert_eq!(remarks, usize::from(remarked), "{image_state}: {:?}", report.notes);
        assert!(report.setup_state.is_some());
    }
    let bench = WindowsBench::with(|tree| std::fs::remove_dir_all(tree.join("Windows")).unwrap());
    let (tree, target) = (bench.images.path("tree"), bench.images.path("captured.wim"));
    let report = capture(&tree, &target, &CaptureOptions::default(), &mut unobserved).unwrap();
    assert_eq!(report.setup_state, None);
}
