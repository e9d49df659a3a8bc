//! What callers choose when an image is applied, and what they are told.

use crate::image::info::host_path;
use crate::image::jobs::PlaceKind;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How an image is applied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApplyOptions {
    /// Paths in the image, with `*` and `?` inside a name; a directory includes what is below it.
    /// Empty: everything.
    pub include: Vec<String>,
    /// Image files that hold what this one, a delta, lacks.
    pub reference_paths: Vec<PathBuf>,
    /// What the target is.
    pub target: PlaceKind,
    /// Check the whole file against its integrity table first, if it has one.
    pub check_integrity: bool,
    /// Apply into a directory that is not empty: files there are replaced one by one, what the
    /// image does not have stays.
    pub overwrite: bool,
}

/// What applying an image did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyReport {
    /// The image file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// 1-based.
    pub index: u32,
    /// Where to.
    #[serde(serialize_with = "host_path")]
    pub target: PathBuf,
    /// What the target was: `Directory` or `Ntfs`.
    pub target_kind: PlaceKind,
    /// Files written; the names of one file count once.
    pub files: u64,
    /// Directories, the root of the image among them.
    pub directories: u64,
    /// Second and further names of files.
    pub links: u64,
    /// Bytes of content written.
    pub bytes: u64,
    /// What the target could not hold, item by item, up to [`ApplyReport::ITEM_LIMIT`] lines.
    /// Attributes and security descriptors, which nearly every item has, are only counted.
    pub not_applied: Vec<NotApplied>,
    /// How much the target could not hold.
    pub not_applied_counts: NotAppliedCounts,
}

impl ApplyReport {
    /// More lines than this are counted but not listed.
    pub const ITEM_LIMIT: usize = 10_000;
}

/// Something of one item that the target could not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotApplied {
    /// The path inside the image.
    pub path: String,
    /// `NamedStreams`, `ShortName`, `ReparsePoint`, `EncryptedData` or `Times`.
    pub what: &'static str,
}

/// Items of which something could not be held by the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotAppliedCounts {
    /// Security descriptors.
    pub security_descriptors: u64,
    /// Files and directories with named streams.
    pub named_streams: u64,
    /// Names with a short name.
    pub short_names: u64,
    /// Files and directories with attributes that a directory does not express.
    pub attributes: u64,
    /// Reparse points that are neither symbolic links nor junctions, or that are damaged.
    pub reparse_points: u64,
    /// Encrypted (EFS) files: they are there, but empty.
    pub encrypted_files: u64,
    /// Files and directories whose times the host refused.
    pub times: u64,
}
