//! Files that come to be together: the parts of a split set, or a single file.
//!
//! Each is written under a hidden name; when all are whole they get their names, the first one
//! last, so that a set that can be opened is a set that is there.

use crate::error::{Error, Result};
use crate::image::host;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Files that have no names yet; dropped before they get them, they are removed.
#[derive(Debug)]
pub(super) struct FreshSet {
    /// Hidden and final path of each.
    files: Vec<(PathBuf, PathBuf)>,
}

impl FreshSet {
    /// A set that will have these names, the first part first.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` unless `overwrite`; a directory is never replaced.
    pub fn new(names: Vec<PathBuf>, overwrite: bool) -> Result<Self> {
        for name in &names {
            let in_the_way = match std::fs::symlink_metadata(name) {
                Ok(found) => found.is_dir() || !overwrite,
                Err(_) => false,
            };
            if in_the_way {
                return Err(Error::io("create", name, ErrorKind::AlreadyExists.into()));
            }
        }
        Ok(Self { files: names.into_iter().map(|name| (host::beside(&name), name)).collect() })
    }

    /// The hidden path of each file, with the one it will have.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.files.iter().map(|(hidden, name)| (hidden.as_path(), name.as_path()))
    }

    /// Gives all files their names.
    pub fn finish(mut self) -> Result<()> {
        while let Some((hidden, name)) = self.files.last() {
            host::rename(hidden, name)?;
            self.files.pop();
        }
        Ok(())
    }
}

impl Drop for FreshSet {
    fn drop(&mut self) {
        for (hidden, _) in &self.files {
            let _ = host::remove_file(hidden);
        }
    }
}

/// The name of a part of a split set, as DISM and wimlib choose it: `base.swm`, `base2.swm`…
pub(super) fn part_name(first: &Path, number: u16) -> PathBuf {
    if number <= 1 {
        return first.to_path_buf();
    }
    let mut name = first.file_stem().unwrap_or_default().to_os_string();
    name.push(number.to_string());
    if let Some(extension) = first.extension() {
        name.push(".");
        name.push(extension);
    }
    first.with_file_name(name)
}

/// Refuses to make files in the place of those that they are made of.
pub(super) fn refuse_own(sources: &[&Path], names: &[PathBuf]) -> Result<()> {
    let is_same = |one: &Path, other: &Path| match (host::canonical(one), host::canonical(other)) {
        (Ok(one), Ok(other)) => host::same_path(&one, &other),
        _ => false,
    };
    match sources.iter().find(|source| names.iter().any(|name| is_same(source, name))) {
        Some(source) => {
            let reason = format!("'{}' is read at the same time", source.display());
            Err(Error::InvalidArgument { parameter: "destination", reason })
        }
        None => Ok(()),
    }
}

/// Refuses to write more than there is room for where `name` is to be.
pub(super) fn check_room(name: &Path, needed: u64) -> Result<()> {
    match name.parent() {
        Some(directory) => host::require_room(directory, needed),
        None => Ok(()),
    }
}
