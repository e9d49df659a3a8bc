//! Splitting an image file into parts of limited size.

use crate::error::{Error, Result};
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How a file is split.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SplitOptions {
    /// Give every part a table of SHA-1 sums over itself.
    pub integrity_table: bool,
    /// Parts that are there already may be replaced.
    pub overwrite: bool,
}

/// What a split made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitReport {
    /// The file that was split.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The parts, part 1 first.
    pub parts: Vec<Part>,
}

/// One part of a split set.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The file.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// From 1.
    pub part_number: u16,
    /// Bytes.
    pub file_size: u64,
    /// It is larger than asked for, because one resource in it is.
    pub oversized: bool,
}

/// Splits an image file into parts of at most `part_size` bytes.
pub fn split(image: &Path, _: &Path, _: u64, _: &SplitOptions, _: Observer<'_>) -> Result<SplitReport> {
    Err(Error::Unsupported {
        what: format!("splitting '{}'", image.display()),
        reason: "this build cannot".to_owned(),
    })
}
