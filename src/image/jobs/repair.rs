//! Making a sound image file of what a damaged one still holds.

use crate::error::{Error, Result};
use crate::image::info::host_path;
use crate::image::jobs::Finding;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How [`repair`] writes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RepairOptions {
    /// Replace a file that is at the destination.
    pub overwrite: bool,
    /// Files that hold what the file lacks, or further parts of a split set. Content that is
    /// damaged in the file is taken from them too.
    pub reference_paths: Vec<PathBuf>,
}

/// An item that could not be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LostItem {
    /// The path inside the image; `\` for a whole image.
    pub path: String,
    /// The image's index in the damaged file.
    pub image_index: u32,
    /// Why it is lost.
    pub reason: String,
}

/// An image that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairedImage {
    /// The index in the damaged file.
    pub source_index: u32,
    /// The index in the new file.
    pub index: u32,
    /// From the XML.
    pub name: Option<String>,
}

/// What [`repair`] did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairReport {
    /// The new file, absolute.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// What is wrong with the damaged file.
    pub findings: Vec<Finding>,
    /// What is not in the new file.
    pub lost: Vec<LostItem>,
    /// The images of the new file.
    pub images: Vec<RepairedImage>,
}

/// Writes a new file with everything that can be read from a damaged one.
pub fn repair(
    image: &Path,
    destination: &Path,
    options: &RepairOptions,
    observer: Observer<'_>,
) -> Result<RepairReport> {
    let _ = (image, destination, options, observer);
    Err(Error::Unsupported { what: "repairing".into(), reason: "not yet".into() })
}
