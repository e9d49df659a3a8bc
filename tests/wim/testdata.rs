//! Every WIM file of the shared test data, compared with what wimlib-imagex says about it.

use imgsvc::error::Error;
use imgsvc::formats::security::SecurityDescriptor;
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

/// Reads every blob and every image's metadata, checking each SHA-1.
fn verify(archive: &Archive) -> Result<(), Error> {
    for index in 1..=archive.header().image_count {
        Tree::parse(&archive.read_metadata(index)?)?;
    }
    for blob in archive.blobs().iter() {
        archive.open_blob(&blob.hash)?.stream(&mut |_| Ok(()))?;
    }
    Ok(())
}

#[test]
fn every_file_verifies_or_fails_as_wimlib_says() {
    if !wimlib_is_there() {
        return;
    }
    for path in testdata("wim").iter().chain(&testdata("ppkg")) {
        let mut paths = vec![path.as_path()];
        let mut command = Command::new("wimlib-imagex");
        command.arg("verify").arg(path);
        let second = path.with_file_name("Split2.swm");
        if path.extension().unwrap() == "swm" {
            if path.file_name().unwrap() == "Split2.swm" {
                continue;
            }
            command.arg(format!("--ref={}", second.display()));
            paths.push(&second);
        }
        let ours = open(&paths).and_then(|archive| verify(&archive));
        let theirs = command.output().unwrap().status.success();
        assert_eq!(ours.is_ok(), theirs, "{}: {ours:?}", path.display());
    }
}

#[test]
fn an_untouched_document_is_written_as_it_was() {
    for path in testdata("wim").iter().chain(&testdata("ppkg")) {
        let Ok(archive) = open(&[path]) else { continue };
        let at = archive.header().xml;
        let file = std::fs::read(path).unwrap();
        let stored = &file[at.offset as usize..(at.offset + at.size) as usize];
        assert!(archive.xml().to_bytes() == stored, "{}", path.display());
    }
}

#[test]
fn a_file_has_the_facts_that_wimlib_tells_of_it() {
    if !wimlib_is_there() {
        return;
    }
    for path in testdata("wim").iter().chain(&testdata("ppkg")) {
        let Ok(archive) = open(&[path]) else { continue };
        let output = Command::new("wimlib-imagex").arg("info").arg(path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let image = &archive.images()[0];
        assert_eq!(said("Image Count"), archive.images().len().to_string(), "{}", path.display());
        assert_eq!(said("Compression"), archive.compression().name(), "{}", path.display());
        assert_eq!(said("Chunk Size"), format!("{} bytes", archive.header().chunk_size));
        assert_eq!(said("Name"), image.name.clone().unwrap_or_default(), "{}", path.display());
        assert_eq!(said("Description"), image.description.clone().unwrap_or_default());
        assert_eq!(said("Directory Count"), image.dir_count.to_string(), "{}", path.display());
        assert_eq!(said("File Count"), image.file_count.to_string(), "{}", path.display());
        assert_eq!(said("Total Bytes"), image.total_bytes.to_string(), "{}", path.display());
        assert_eq!(said("Hard Link Bytes"), image.hard_link_bytes.to_string(), "{}", path.display());
    }
}

#[test]
fn every_security_descriptor_is_read_and_written_again() {
    let mut count = 0;
    for path in testdata("wim").iter().chain(&testdata("ppkg")) {
        let Ok(tree) = open(&[path]).and_then(|archive| Tree::parse(&archive.read_metadata(1)?)) else {
            continue;
        };
        for descriptor in tree.inodes().filter_map(|(id, _)| tree.security_descriptor(id)) {
            let parsed = SecurityDescriptor::parse(descriptor).unwrap();
            let again = SecurityDescriptor::parse(&parsed.to_bytes().unwrap()).unwrap();
            assert_eq!(again, parsed, "{}", path.display());
            count += 1;
        }
    }
    eprintln!("{count} security descriptors");
}
