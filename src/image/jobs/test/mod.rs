//! Testing an image file: everything in it is read and checked, and all that is wrong is told.

mod blob_table;
mod content;
mod files;
mod images;

use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use crate::image::info::host_path;
use crate::image::ImageFile;
use crate::progress::{Meter, Observer, Phase};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use images::wrong_counts;

/// What [`test()`] looks at.
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

    fn new(severity: Severity, item: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            item: item.into(),
            message: message.into(),
            dependents: Vec::new(),
            dependent_count: 0,
        }
    }

    fn add_dependent(&mut self, path: impl FnOnce() -> String) {
        self.dependent_count = self.dependent_count.saturating_add(1);
        if self.dependents.len() < Self::DEPENDENT_LIMIT {
            self.dependents.push(path());
        }
    }
}

/// What [`test()`] found.
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
/// For a file that is no image file at all, or cannot be read; what is damaged inside one is a
/// finding.
pub fn test(image: &Path, options: &TestOptions, observer: Observer<'_>) -> Result<TestReport> {
    let mut findings = Findings::default();
    let set = files::open(image, &options.reference_paths, &mut findings)?;
    let mut report =
        TestReport { image_path: set.path.clone(), findings: Vec::new(), bytes_verified: 0, blobs: 0 };
    let mut meter = Meter::new(observer, Phase::Verifying, 0);
    if let Some(image) = &set.image {
        let examined = examine(image, &options.indexes, &mut findings, &mut meter)?;
        report.bytes_verified = examined.bytes;
        report.blobs = examined.blobs;
    }
    files::check_integrity(&set, &mut findings, &mut meter)?;
    report.findings = findings.list;
    Ok(report)
}

/// What can be had of an image file.
pub(super) struct Examined {
    /// Images whose metadata is sound.
    pub sound_images: Vec<u32>,
    /// Content that is damaged or not there, and why.
    pub lost: HashMap<Hash, String>,
    bytes: u64,
    blobs: u64,
}

/// Reads and checks the images (all, if `indexes` is empty) and the content.
pub(super) fn examine(
    image: &Arc<ImageFile>,
    indexes: &[u32],
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<Examined> {
    let count = image.archive().header().image_count;
    if let Some(index) = indexes.iter().find(|index| **index == 0 || **index > count) {
        return Err(Error::IndexNotFound { index: *index, count });
    }
    blob_table::check(image, findings);
    let images = images::check(image, indexes, findings, meter)?;
    let content = content::check(image, &images, indexes.is_empty(), findings, meter)?;
    if indexes.is_empty() {
        blob_table::check_references(image, &images, findings);
    }
    Ok(Examined {
        sound_images: images.sound,
        lost: content.lost,
        bytes: content.bytes,
        blobs: content.blobs,
    })
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub list: Vec<Finding>,
}

impl Findings {
    fn error(&mut self, item: impl Into<String>, message: impl Into<String>) {
        self.list.push(Finding::new(Severity::Error, item, message));
    }

    fn warning(&mut self, item: impl Into<String>, message: impl Into<String>) {
        self.list.push(Finding::new(Severity::Warning, item, message));
    }
}
