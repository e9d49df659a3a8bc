//! Comparing two images, or a session with the image it was made of, item by item.

use crate::error::{Error, Result};
use crate::image::info::ItemType;
use crate::image::Session;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What [`compare`] looks at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompareOptions {
    /// Tell of items that are equal too.
    pub include_equal: bool,
    /// Files that hold what a delta file lacks, or further parts of a split set.
    pub reference_paths: Vec<PathBuf>,
    /// Only what is at this path and below, in both images.
    pub path: Option<String>,
    /// Times do not count at all.
    pub ignore_times: bool,
    /// The times of directories count too. They change with everything that is done inside.
    pub directory_times: bool,
    /// Last access times count too. They say who has read a file, not what is in it.
    pub last_access_times: bool,
}

/// How an item differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Change {
    /// Only the difference image has it.
    Added,
    /// Only the reference image has it.
    Removed,
    /// Both have it, and it is not the same.
    Changed,
    /// It is the same in both.
    Equal,
}

/// What about an item is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Aspect {
    /// The unnamed stream, or what kind of item it is.
    Content,
    /// FILE_ATTRIBUTE bits.
    Attributes,
    /// Creation and last write time, and what [`CompareOptions`] adds.
    Times,
    /// The security descriptor, byte by byte.
    SecurityDescriptor,
    /// The 8.3 name, or the case of the name.
    ShortName,
    /// Named data streams and tagged items (extended attributes, object id).
    Streams,
    /// Reparse tag and data.
    ReparsePoint,
    /// Which other names the file has.
    Links,
}

/// One item that [`compare`] tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// How it differs.
    pub change: Change,
    /// From the root, as the difference image spells it if it has it.
    pub path: String,
    /// What it is, in the difference image if it has it.
    pub item_type: ItemType,
    /// What is different, for [`Change::Changed`]; else empty.
    pub what: Vec<Aspect>,
    /// Bytes in the unnamed stream in the reference image.
    pub reference_length: Option<u64>,
    /// Bytes in the unnamed stream in the difference image.
    pub difference_length: Option<u64>,
}

/// Compares two images, of one file or of two, and hands out the differences sorted by path, in
/// batches.
pub fn compare(
    reference: &Path,
    reference_index: u32,
    difference: &Path,
    difference_index: u32,
    options: &CompareOptions,
    batch: &mut dyn FnMut(&[Difference]) -> Result<()>,
) -> Result<()> {
    let _ = (reference, reference_index, difference, difference_index, options, batch);
    Err(Error::Unsupported { what: "comparing".into(), reason: "not yet".into() })
}

/// Compares a session, with its pending changes, with the saved image.
pub fn compare_session(
    session: &mut Session,
    options: &CompareOptions,
    batch: &mut dyn FnMut(&[Difference]) -> Result<()>,
) -> Result<()> {
    let _ = (session, options, batch);
    Err(Error::Unsupported { what: "comparing".into(), reason: "not yet".into() })
}
