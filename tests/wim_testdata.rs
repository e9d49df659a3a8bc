//! Every WIM file of the shared test data, compared with what wimlib-imagex says about it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use imgsvc::error::Error;
use imgsvc::formats::wim::{tree::Tree, Archive};
use imgsvc::formats::ReadAt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn testdata(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(folder);
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            eprintln!("SKIPPED: no test data in {}", root.display());
            return Vec::new();
        };
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if matches!(entry.extension().and_then(|e| e.to_str()), Some("wim" | "ppkg" | "swm")) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

fn wimlib_is_there() -> bool {
    let there = Command::new("wimlib-imagex").arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: wimlib-imagex is not installed");
    }
    there
}

fn open(paths: &[&Path]) -> Result<Archive, Error> {
    let read = |path: &&Path| -> Arc<dyn ReadAt> { Arc::new(std::fs::read(path).unwrap()) };
    Archive::open(paths.iter().map(read).collect())
}

/// Our paths as wimdir prints them.
fn paths(tree: &Tree) -> Vec<String> {
    let mut paths: Vec<String> =
        tree.walk(tree.root()).map(|id| tree.display_path(id).replace('\\', "/")).collect();
    paths.sort();
    paths
}

fn wimdir(path: &Path) -> Option<Vec<String>> {
    let output = Command::new("wimlib-imagex").arg("dir").arg(path).arg("1").output().unwrap();
    if !output.status.success() {
        return None;
    }
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    Some(lines)
}

#[test]
fn every_file_has_the_paths_that_wimlib_lists_or_is_refused_as_wimlib_does() {
    if !wimlib_is_there() {
        return;
    }
    for path in testdata("wim").iter().chain(&testdata("ppkg")) {
        if path.extension().unwrap() == "swm" {
            continue;
        }
        let ours = open(&[path]).and_then(|archive| Tree::parse(&archive.read_metadata(1)?));
        let theirs = wimdir(path);
        match (&ours, theirs) {
            (Ok(tree), Some(theirs)) => assert_eq!(paths(tree), theirs, "{}", path.display()),
            (Err(_), None) => {}
            (ours, theirs) => panic!("{}: {ours:?} against {theirs:?}", path.display()),
        }
    }
}
