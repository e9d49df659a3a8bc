//! What the capture tests share: captures of a bench's tree, and the opinions of wimlib-imagex.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use super::images::{succeed, Bench};
use imgsvc::error::Result;
use imgsvc::image::jobs::{self, AppendOptions, CaptureOptions, CaptureReport};
use imgsvc::progress::unobserved;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub fn options() -> CaptureOptions {
    CaptureOptions { name: "First".to_owned(), ..CaptureOptions::default() }
}

pub fn append_options() -> AppendOptions {
    AppendOptions { name: "Second".to_owned(), ..AppendOptions::default() }
}

/// Captures the bench's tree into its image file.
pub fn capture(bench: &Bench, options: &CaptureOptions) -> Result<CaptureReport> {
    jobs::capture(&bench.path("tree"), &bench.wim(), options, &mut unobserved)
}

/// Appends the bench's tree to its image file.
pub fn append(bench: &Bench, options: &AppendOptions) -> Result<CaptureReport> {
    jobs::append(&bench.path("tree"), &bench.wim(), options, &mut unobserved)
}

/// wimlib-imagex's own capture of the bench's tree, in another bench.
pub fn captured_by_wimlib(bench: &Bench, options: &[&str]) -> Bench {
    let other = Bench::new();
    let mut command = Command::new("wimlib-imagex");
    command.arg("capture").arg(bench.path("tree")).arg(other.wim()).arg("First").args(options);
    succeed(command);
    other
}

/// What a tree on the host is, by path: kind, content or target, number of names, time of change.
pub fn picture(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut seen = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let time = |metadata: &fs::Metadata| (metadata.mtime(), metadata.mtime_nsec() / 100);
            let line = if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                format!("-> {}", target.display().to_string().replace(root.to_str().unwrap(), "{root}"))
            } else if metadata.is_dir() {
                open.push(path.clone());
                format!("directory {:?}", time(&metadata))
            } else {
                let content = fs::read(&path).unwrap();
                format!("{} {:?} {:?}", metadata.nlink(), time(&metadata), imgsvc_hash(&content))
            };
            seen.insert(path.strip_prefix(root).unwrap().to_path_buf(), line);
        }
    }
    seen
}

fn imgsvc_hash(content: &[u8]) -> (usize, [u8; 20]) {
    use sha1::{Digest, Sha1};
    (content.len(), Sha1::digest(content).into())
}

/// What wimlib-imagex says of each path, without what depends on where content lies or how it was
/// compressed, on who read a file last, and without numbers of hard link groups.
pub fn details(bench: &Bench, index: u32) -> BTreeMap<String, Vec<String>> {
    let differs = ["Compressed size", "Offset in WIM", "Part Number", "Flags", "Last Access", "Link Group"];
    let differs = |line: &&str| !differs.iter().any(|start| line.starts_with(start));
    let solid = |line: &&str| !line.contains("solid resource") && !line.starts_with("Solid");
    let security = |line: &&str| !line.contains("Security") && !line.trim().is_empty();
    bench
        .detailed(index)
        .into_iter()
        .map(|(path, text)| {
            let lines = text.lines().filter(differs).filter(solid).filter(security);
            (path, lines.map(str::to_owned).collect())
        })
        .collect()
}

/// Sets a time of change, in seconds and nanoseconds since 1970.
pub fn set_time(path: &Path, seconds: u64, nanoseconds: u32) {
    let time: SystemTime = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

/// What is in a directory, by name: nothing may stay behind in one.
pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Fails with what is different.
pub fn same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    found: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) {
    let keys: std::collections::BTreeSet<&K> = found.keys().chain(expected.keys()).collect();
    let differ = keys.into_iter().filter(|key| found.get(key) != expected.get(key));
    let lines: Vec<String> =
        differ.map(|key| format!("{key:?}:\n  {:?}\n  {:?}", found.get(key), expected.get(key))).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
