//! Capturing a volume: into a new WIM file that holds what no other file has yet.

use super::{engine, volume};
use crate::error::Result;
use crate::formats::wim::Compression;
use crate::progress::Observer;
use std::path::{Path, PathBuf};

/// How [`capture_volume`] stores a volume.
#[derive(Debug, Clone)]
pub struct VolumeCapture {
    /// How contents are compressed.
    pub compression: Compression,
    /// Bytes per chunk; 0 for the usual size. Ignored without compression.
    pub chunk_size: u32,
    /// libwim's compression level: 20 quick, 50 medium, 100 slow; 0 for medium.
    pub level: u32,
    /// Image files whose contents are not stored again; every part of split sets.
    pub references: Vec<PathBuf>,
    /// An earlier image of the same volume: files that have their times and sizes there are not
    /// read. Its file must be one of the references, or contents are missing.
    pub template: Option<(PathBuf, u32)>,
}

impl Default for VolumeCapture {
    /// XPRESS in its usual chunks.
    fn default() -> Self {
        Self {
            compression: Compression::Xpress,
            chunk_size: 0,
            level: 0,
            references: Vec::new(),
            template: None,
        }
    }
}

/// Says what is left out; see [`capture_volume`].
pub type Excludes<'a> = &'a dyn Fn(&[Vec<u16>]) -> bool;

/// What was captured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// Names of directories, the root among them.
    pub directories: u64,
    /// Names of files.
    pub files: u64,
    /// Bytes of content, each file once.
    pub bytes: u64,
    /// Paths in the image of encrypted files and directories, which libntfs-3g cannot read: they
    /// were left out, the directories with all they hold.
    pub unsupported: Vec<String>,
}

/// Captures the NTFS volume `source` into the new WIM file `destination`, as its image 1, without
/// a name. The volume is only read. A file at `destination` is replaced; when the capture fails or
/// is stopped, none is there.
///
/// `excludes` is asked about each name, given as the names from the root down, and not about what is
/// in a directory that it left out. The metadata of what is captured is whole; of the contents those
/// are stored that no reference has.
///
/// # Errors
/// [`Error::ElevationRequired`](crate::error::Error::ElevationRequired),
/// [`Error::Malformed`](crate::error::Error::Malformed) for what is no volume,
/// [`Error::Busy`](crate::error::Error::Busy) for one that is mounted.
pub fn capture_volume(
    source: &Path,
    destination: &Path,
    options: &VolumeCapture,
    excludes: Excludes<'_>,
    observer: Observer<'_>,
) -> Result<Captured> {
    volume::check_source(source)?;
    engine::capture(source, destination, options, excludes, observer)
}
