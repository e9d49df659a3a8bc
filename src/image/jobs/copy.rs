//! Copying an image file, or all parts of a split set, and comparing the copy with the original.

use crate::error::{Error, Result};
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How an image file is copied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CopyOptions {
    /// Files that are there already may be replaced.
    pub overwrite: bool,
}

/// What a copy made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyReport {
    /// The original; of a split set, its first part.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The copy; of a split set, its first part.
    #[serde(serialize_with = "host_path")]
    pub destination_path: PathBuf,
    /// Bytes copied, of all parts.
    pub bytes: u64,
    /// SHA-1 of the copy (of part 1 of a split set), in hexadecimal.
    pub sha1: String,
    /// How many files were copied.
    pub parts: u16,
}

/// Copies an image file and verifies the copy.
pub fn copy(image: &Path, _: &Path, _: &CopyOptions, _: Observer<'_>) -> Result<CopyReport> {
    Err(Error::Unsupported {
        what: format!("copying '{}'", image.display()),
        reason: "this build cannot".to_owned(),
    })
}
