//! Testing an image file: everything in it is read and checked, and all that is wrong is told.

use crate::error::{Error, Result};
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What [`test`] looks at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TestOptions {
    /// The images to look at, from 1, with the content they need; empty for everything in the file.
    pub indexes: Vec<u32>,
    /// Files that hold what a delta file lacks, or further parts of a split set.
    pub reference_paths: Vec<PathBuf>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Severity {
    /// Something is lost, or programs will refuse the file.
    Error,
    /// The file can be used; a number in it is wrong.
    Warning,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: `Header`, `BlobTable`, `Xml`, `IntegrityTable`, `SplitSet`, `Image 2`, or the
    /// SHA-1 of a content.
    pub item: String,
    /// What about it, with the place.
    pub message: String,
    /// What cannot be read because of it, as `<index>:<path>`, up to [`Finding::DEPENDENT_LIMIT`].
    pub dependents: Vec<String>,
    /// How many there are in all.
    pub dependent_count: u64,
}

impl Finding {
    /// More dependents than this are counted but not listed.
    pub const DEPENDENT_LIMIT: usize = 1000;
}

/// What [`test`] found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// The file, absolute.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// All that is wrong; empty when all is well.
    pub findings: Vec<Finding>,
    /// Bytes of content that were decompressed and had their SHA-1.
    pub bytes_verified: u64,
    /// Contents that had their SHA-1.
    pub blobs: u64,
}

/// Reads and checks everything in an image file, on all cores.
///
/// # Errors
/// For a file that is no image file at all; what is damaged inside one is a finding.
pub fn test(image: &Path, options: &TestOptions, observer: Observer<'_>) -> Result<TestReport> {
    let _ = (image, options, observer);
    Err(Error::Unsupported { what: "testing".into(), reason: "not yet".into() })
}
