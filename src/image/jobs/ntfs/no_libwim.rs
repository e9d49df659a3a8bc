//! Hosts whose libwim has no NTFS-3G.

use super::capture::{Captured, Excludes, VolumeCapture};
use crate::error::{Error, Result};
use crate::progress::Observer;
use std::path::Path;

/// As in `libwim.rs`.
#[allow(dead_code)]
pub(super) struct Source<'a> {
    pub first: &'a Path,
    pub others: Vec<&'a Path>,
    pub index: u32,
    pub left_out: Vec<Vec<Vec<u16>>>,
    pub bytes: u64,
}

pub(super) fn apply(_: &Source<'_>, volume: &Path, _: Observer<'_>) -> Result<()> {
    Err(unsupported(volume))
}

pub(super) fn capture(
    volume: &Path,
    _: &Path,
    _: &VolumeCapture,
    _: Excludes<'_>,
    _: Observer<'_>,
) -> Result<Captured> {
    Err(unsupported(volume))
}

fn unsupported(volume: &Path) -> Error {
    Error::Unsupported {
        what: format!("'{}' as an NTFS volume", volume.display()),
        reason: "on this system a volume is used through its drive letter: give its directory".to_owned(),
    }
}
