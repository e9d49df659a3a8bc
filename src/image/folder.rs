//! Host folders and files as a source of content, read only.
//!
//! Names are given as the host has them; links are followed, and said to be links, so that a caller
//! that walks or that trusts nobody can leave them out.

use super::host;
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a host path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else, or a link that leads nowhere.
    Other,
}

/// An entry of a host folder.
#[derive(Debug, Clone)]
pub struct HostEntry {
    /// Its name.
    pub name: OsString,
    /// The folder's path and the name.
    pub path: PathBuf,
    /// What it is; for a link, what it leads to.
    pub kind: HostKind,
    /// It is a symbolic link, or on Windows another reparse point that acts like one.
    pub is_link: bool,
}

/// What is at a path; `None` if there is nothing.
pub fn kind(path: &Path) -> Result<Option<HostKind>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(kind_of(&metadata))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

fn kind_of(metadata: &std::fs::Metadata) -> HostKind {
    if metadata.is_file() {
        HostKind::File
    } else if metadata.is_dir() {
        HostKind::Directory
    } else {
        HostKind::Other
    }
}

/// What is in a folder, sorted by name.
pub fn entries(folder: &Path) -> Result<Vec<HostEntry>> {
    let refused = |error| Error::io("read", folder, error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let path = entry.path();
        let is_link = entry.file_type().map_err(refused)?.is_symlink();
        let kind = std::fs::metadata(&path).map_or(HostKind::Other, |metadata| kind_of(&metadata));
        entries.push(HostEntry { name: entry.file_name(), path, kind, is_link });
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

/// The path without links and `..`.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|error| Error::io("open", path, error))
}

/// Opens a file for reading, with its size in bytes. Links are followed; a pipe or a device is refused, not
/// waited for.
pub fn open(path: &Path) -> Result<(File, u64)> {
    match host::open_source(&canonical(path)?) {
        Ok((file, metadata)) => Ok((file, metadata.len())),
        Err(Error::Io { action, source, .. }) => Err(Error::io(action, path, source)),
        Err(error) => Err(error),
    }
}

/// Reads a whole file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, size) = open(path)?;
    let too_large = |found| Error::LimitExceeded { what: "the size of the file in bytes", limit, found };
    if size > limit {
        return Err(too_large(size).in_file(path.display().to_string()));
    }
    let mut content = Vec::new();
    // One byte more than allowed shows a file that grew meanwhile.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| Error::io("read", path, error))?;
    let found = u64::try_from(content.len()).unwrap_or(u64::MAX);
    if found > limit {
        return Err(too_large(found).in_file(path.display().to_string()));
    }
    Ok(content)
}
