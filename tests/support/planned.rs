//! Whether adding does what its preview said.
#![allow(dead_code)] // Each test binary uses a part.

use super::images::read;
use super::windows::add_all;
use imgsvc::image::jobs::{self, CompareOptions};
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{AddOptions, DriverReport, DriverStatus, PackagePlan, RegistryAction};
use imgsvc::servicing::registry::{self, ChangeKind, ValueContent};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn options(preview: bool) -> AddOptions {
    AddOptions { recurse: true, force_unsigned: true, preview, ..AddOptions::default() }
}

pub fn plan(report: &DriverReport) -> &PackagePlan {
    report.plan.as_deref().unwrap_or_else(|| panic!("{report:?}"))
}

/// What of a registry differs: keys with whether they were made, values with what they are now.
type RegistryState = BTreeMap<(String, Option<String>), (bool, Option<ValueContent>)>;

/// What the plans make of the registry, later ones on top of earlier ones.
fn planned_registry(reports: &[DriverReport]) -> RegistryState {
    let mut state = RegistryState::new();
    for change in reports.iter().filter_map(|report| report.plan.as_ref()).flat_map(|plan| &plan.registry) {
        let place = (change.key.clone(), change.name.clone());
        let there = matches!(change.action, RegistryAction::CreateKey | RegistryAction::SetValue);
        assert!(there, "no sample deletes anything: {change:?}");
        assert_eq!(change.value.is_some(), change.action == RegistryAction::SetValue);
        state.insert(place, (there, change.value.clone()));
    }
    state
}

/// What the session changed in the registry.
fn changed_registry(session: &mut Session) -> RegistryState {
    let mut state = RegistryState::new();
    let note = &mut |change: registry::Change| {
        let there = change.change != ChangeKind::Removed;
        state.insert((change.key, change.name), (there, change.after));
        Ok(())
    };
    registry::compare_session(session, None, &registry::Access::default(), note, &mut unobserved).unwrap();
    state
}

/// Without the time of the call.
fn comparable(mut state: RegistryState) -> RegistryState {
    for ((_, name), (_, value)) in &mut state {
        if name.as_deref() == Some("ImportDate") {
            *value = None;
        }
    }
    state
}

/// Files and directories that the session added or changed.
fn changed_items(session: &mut Session) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let note = &mut |differences: &[jobs::Difference]| {
        found.extend(differences.iter().map(|difference| difference.path.clone()));
        Ok(())
    };
    jobs::compare_session(session, &CompareOptions::default(), note).unwrap();
    found
}

/// Previews, then adds, compares what was said with what was done, and gives both reports.
pub fn assert_planned_is_done(session: &mut Session, paths: &[PathBuf]) -> [Vec<DriverReport>; 2] {
    let planned = add_all(session, paths, options(true));
    assert_eq!(changed_items(session), BTreeSet::new(), "a preview changes nothing");
    assert_eq!(session.info().unwrap().pending_transactions, 0);
    let added = add_all(session, paths, options(false));
    assert_eq!(planned.len(), added.len());
    let mut targets = BTreeMap::new();
    for (planned, added) in planned.iter().zip(&added) {
        let expected = match added.status {
            DriverStatus::Added => DriverStatus::Planned,
            other => other,
        };
        assert_eq!((&planned.path, planned.status), (&added.path, expected), "{planned:?}\n{added:?}");
        assert_eq!(planned.driver, added.driver);
        assert_eq!(planned.files, added.files);
        assert_eq!(without_times(planned), without_times(added));
        assert!(added.plan.is_none());
        if added.status == DriverStatus::Added {
            let files = &plan(planned).files;
            let names: Vec<_> = files.iter().map(|file| file.target.clone().unwrap()).collect();
            assert_eq!(names, added.files);
            targets.extend(files.iter().map(|file| (file.target.clone().unwrap(), file.clone())));
        }
    }
    for (target, file) in &targets {
        let content = read(session, target).unwrap();
        assert_eq!(content, std::fs::read(&file.source).unwrap(), "{target}");
        assert_eq!(content.len() as u64, file.size, "{target}");
    }
    // Nothing else changed: besides the files their directories, and the hives with their logs.
    for item in changed_items(session) {
        let below = format!(r"{item}\").to_lowercase();
        let known = |target: &String| *target == item || target.to_lowercase().starts_with(&below);
        let expected = item.starts_with(r"\Windows\System32\config\") || targets.keys().any(known);
        assert!(expected, "{item} was not planned");
    }
    assert_eq!(comparable(planned_registry(&planned)), comparable(changed_registry(session)));
    [planned, added]
}

/// The reason without digits: it says what time it is.
fn without_times(report: &DriverReport) -> String {
    report.reason.iter().flat_map(|reason| reason.chars()).filter(|digit| !digit.is_ascii_digit()).collect()
}
