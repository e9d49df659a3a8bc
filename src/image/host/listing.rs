//! Listing directories with all that a capture wants to know, one after the other.

use super::{platform, FileId};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What an entry of a directory is; links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File {
        /// Bytes of content.
        size: u64,
        /// A part of it was never written and takes no room.
        sparse: bool,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Link {
        /// What it says.
        target: PathBuf,
        /// It leads to a directory.
        to_directory: bool,
    },
    /// Neither: `a socket`, `a pipe`, `a device`.
    Other(&'static str),
}

/// An entry of a host directory. Times are FILETIME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: OsString,
    /// What it is.
    pub kind: NodeKind,
    /// What the host knows the file by: names of one file share it.
    pub id: FileId,
    /// It has further names, here or elsewhere.
    pub linked: bool,
    /// When its content was changed last.
    pub last_write_time: u64,
    /// When it was read last.
    pub last_access_time: u64,
}

/// Hands out the entries of a directory, in the host's order. The path may be longer than the host
/// allows for one call. A link in place of the directory is not followed.
///
/// # Errors
/// [`Error::Io`] naming the directory or the entry.
pub fn list_directory(path: &Path, visit: &mut dyn FnMut(Node) -> Result<()>) -> Result<()> {
    platform::list_directory(path, visit)
}

/// What is at a path; a link is not followed.
pub fn node(path: &Path) -> Result<Node> {
    platform::node(path).map_err(|source| Error::io("read", path, source))
}

/// Whether that file, reached by whatever path and links, is the one; `false` if there is none.
pub fn is_file(path: &Path, id: FileId) -> bool {
    platform::followed_id(path).is_some_and(|found| found == id)
}

/// What tells whether a file has changed: its identity, size and time of last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// See [`Node::id`].
    pub id: FileId,
    /// Bytes of content.
    pub size: u64,
    /// FILETIME.
    pub last_write_time: u64,
}

/// Opens a listed file for reading, whatever the length of its path; a link is not followed and a pipe
/// not waited for.
pub fn open_file(path: &Path) -> Result<(File, FileState)> {
    let refused = |source| Error::io("open", path, source);
    let file = platform::open_listed(path).map_err(refused)?;
    let state = platform::file_state(&file).map_err(refused)?;
    Ok((file, state))
}

/// The state of an open file.
pub fn file_state(file: &File, path: &Path) -> Result<FileState> {
    platform::file_state(file).map_err(|source| Error::io("read", path, source))
}
