//! Every image file of the shared test data through the jobs: listed, tested, exported and applied with the
//! results of wimlib-imagex, or refused as it refuses.

use crate::support::wim::{run, tool_is_there};
use imgsvc::error::Result;
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::{self, ApplyOptions, ExportOptions, ListOptions, TestOptions};
use imgsvc::progress::unobserved;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The `.wim` and `.ppkg` files below `../shared/testdata`.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata");
    let mut found = Vec::new();
    let mut open = vec![root.join("wim"), root.join("ppkg")];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            eprintln!("SKIPPED: no test data in {}", directory.display());
            continue;
        };
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "wim" || extension == "ppkg") {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

/// What wimlib-imagex makes of it; `None` when it refuses.
fn imagex(verb: &str, words: &[&Path]) -> Option<String> {
    let output = Command::new("wimlib-imagex").arg(verb).args(words).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn paths(image: &Path) -> Option<BTreeSet<String>> {
    let text = imagex("dir", &[image, Path::new("1")])?;
    Some(text.lines().filter(|line| *line != "/").map(str::to_owned).collect())
}

fn listed(image: &Path) -> Result<BTreeSet<String>> {
    let options = ListOptions { recurse: true, ..ListOptions::default() };
    let mut found = BTreeSet::new();
    jobs::list(image, 1, "*", &options, &mut |items| {
        found.extend(items.iter().map(|item| item.path.replace('\\', "/")));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn every_file_is_listed_as_wimlib_lists_it() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    for file in files() {
        assert_eq!(listed(&file).ok(), paths(&file), "{}", file.display());
    }
}

#[test]
fn every_file_tests_well_exactly_when_wimlib_verifies_it() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    for file in files() {
        let ours = jobs::test(&file, &TestOptions::default(), &mut unobserved);
        let good = ours.as_ref().is_ok_and(|report| {
            report.findings.iter().all(|finding| finding.severity != jobs::Severity::Error)
        });
        assert_eq!(good, imagex("verify", &[&file]).is_some(), "{}: {ours:?}", file.display());
    }
}

#[test]
fn every_file_is_applied_and_exported_as_wimlib_does_it() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    for file in files() {
        let folder = tempfile::tempdir().unwrap();
        let [ours, theirs, new] = ["ours", "theirs", "new.wim"].map(|name| folder.path().join(name));
        let applied = jobs::apply(&file, 1, &ours, &ApplyOptions::default(), &mut unobserved);
        let by_wimlib = imagex("apply", &[&file, Path::new("1"), &theirs]).is_some();
        assert_eq!(applied.is_ok(), by_wimlib, "{}: {applied:?}", file.display());
        if by_wimlib {
            run(Command::new("diff").arg("-r").arg("--no-dereference").arg(&ours).arg(&theirs));
        }
        for compression in [CompressionType::None, CompressionType::Recovery] {
            let options = ExportOptions {
                compression: Some(compression),
                level: 20,
                overwrite: true,
                ..ExportOptions::default()
            };
            let exported = jobs::export(&file, &new, &options, &mut unobserved);
            // Content that needs no other form is copied as it is, damaged or not, as wimlib does.
            let is_sound = imagex("verify", &[&file]).is_some();
            let is_readable = paths(&file).is_some();
            assert!(exported.is_ok() || !is_sound, "{}: {exported:?}", file.display());
            assert!(exported.is_err() || is_readable, "{}: {exported:?}", file.display());
            if is_sound {
                assert!(imagex("verify", &[&new]).is_some(), "{}", file.display());
                assert_eq!(paths(&new), paths(&file), "{}", file.display());
            }
        }
    }
}
