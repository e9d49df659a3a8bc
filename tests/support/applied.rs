//! Directories that an image was applied to, and how two of them differ.
#![allow(dead_code)] // each test binary uses a part of it

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is at one path: everything that applying decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub what: String,
    pub mode: u32,
    pub times: [i64; 4],
    /// The first path that names the same file.
    pub same_as: Option<PathBuf>,
}

/// All of a directory, by path; itself with an empty path. Targets of links below it are shown
/// relative to `{target}`.
pub fn describe(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let mut first: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let mut open = vec![PathBuf::new()];
    let real = fs::canonicalize(root).unwrap();
    while let Some(path) = open.pop() {
        let full = root.join(&path);
        let metadata = fs::symlink_metadata(&full).unwrap();
        let what = if metadata.is_dir() {
            let mut names: Vec<_> =
                fs::read_dir(&full).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            open.extend(names.iter().rev().map(|name| path.join(name)));
            "directory".to_owned()
        } else if metadata.is_symlink() {
            let target = fs::read_link(&full).unwrap().to_string_lossy().into_owned();
            format!("link to {}", target.replace(&*real.to_string_lossy(), "{target}"))
        } else {
            use sha1::{Digest, Sha1};
            format!("{} bytes, {:02x?}", metadata.len(), Sha1::digest(fs::read(&full).unwrap()))
        };
        let same_as = (!metadata.is_dir() && metadata.nlink() > 1)
            .then(|| first.entry(metadata.ino()).or_insert_with(|| path.clone()).clone());
        // Reading a link may change its access time, and its mode means nothing.
        let (mode, atime) = match metadata.is_symlink() {
            true => (0, 0),
            false => (metadata.mode(), 0),
        };
        let times = [atime, metadata.mtime(), metadata.mtime_nsec(), 0];
        found.insert(path, Entry { what, mode, times, same_as });
    }
    found
}

/// Fails with the paths at which two directories differ.
pub fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (describe(one), describe(other));
    let paths: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let different: Vec<_> = paths
        .into_iter()
        .filter(|path| one.get(*path) != other.get(*path))
        .map(|path| (path, one.get(path), other.get(path)))
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}

/// What wimlib-imagex makes of an image.
pub fn apply_with_wimlib(wim: &Path, index: u32, target: &Path, options: &[&str]) {
    let mut command = Command::new("wimlib-imagex");
    command.arg("apply").arg(wim).arg(index.to_string()).arg(target).args(options);
    super::images::succeed(command);
}

/// Everything in a directory, hidden files too, and itself; nothing when it is not there.
pub fn names(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(path) = open.pop() {
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push(path);
    }
    found.sort();
    found
}
