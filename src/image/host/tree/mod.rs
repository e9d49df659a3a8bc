//! A directory of the host and what an applied image makes below it.
//!
//! Everything is named by its path relative to the directory. In a tree that is being made (`own`)
//! all links were made by its maker, none where a directory is expected. In one that was there
//! before, no link on the way to anything is followed.

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

pub use platform::{HostTree, HostTreeFile};

/// What a name on the host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file, with the bytes it takes on the disk.
    File(u64),
    /// A link, a device, or something else.
    Other,
}

/// Times of a file or directory, as FILETIME.
#[derive(Debug, Clone, Copy)]
pub struct EntryTimes {
    /// Creation, which not every host can set.
    pub creation: u64,
    /// Last access.
    pub access: u64,
    /// Last write.
    pub write: u64,
}

/// Room on a file system.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Bytes that may be written.
    pub available: u64,
    /// Bytes in which room is given out.
    pub block: u64,
}
