//! What callers choose when an image is captured, and what they are told.

use crate::image::container::CompressionType;
use crate::image::identity::SetupState;
use crate::image::info::host_path;
use crate::image::jobs::PlaceKind;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How [`capture`](super::capture) makes an image file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CaptureOptions {
    /// The image's name; empty: the name of the source.
    pub name: String,
    /// `DESCRIPTION`; empty for none.
    pub description: String,
    /// `DISPLAYNAME`; empty for none.
    pub display_name: String,
    /// `DISPLAYDESCRIPTION`; empty for none.
    pub display_description: String,
    /// `FLAGS`; `None`: the edition of the Windows that is captured, if there is one.
    pub flags: Option<String>,
    /// How content is stored.
    pub compression: CompressionType,
    /// libwim's compression level (20 quick, 50 medium, 100 slow); 0 for the engine's default.
    pub level: u32,
    /// Bytes per chunk, with `Recovery` of the solid resources; 0 for what is usual.
    pub chunk_size: u32,
    /// A capture configuration file (WimScript.ini) that says what is left out.
    pub exclude: Option<PathBuf>,
    /// Leave nothing out, not even what DISM leaves out by default.
    pub no_exclusions: bool,
    /// The image is the one that setup boots.
    pub bootable: bool,
    /// Give the file an integrity table.
    pub integrity_table: bool,
    /// Image files that stay available: content they have is not written.
    pub delta_from: Vec<PathBuf>,
    /// Replace an existing file.
    pub overwrite: bool,
    /// Seconds since 1970-01-01 UTC. The result is made from the tree alone, the same bytes
    /// whenever and wherever it is captured: later times become this one, the clock is not read.
    pub timestamp: Option<u64>,
    /// Read the new image back and check every content.
    pub verify: bool,
    /// What the source is.
    pub source: PlaceKind,
    /// Keep the targets of absolute links as they are. Otherwise those into the captured tree
    /// are stored relative to its root, so that they follow the image to where it is applied.
    pub no_link_fix: bool,
}

/// How [`append`](super::append) adds an image to an image file. See [`CaptureOptions`] for what is
/// not explained.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct AppendOptions {
    /// Must not be the name of another image of the file; empty: the name of the source, with a
    /// number if that is taken.
    pub name: String,
    pub description: String,
    pub display_name: String,
    pub display_description: String,
    pub flags: Option<String>,
    pub level: u32,
    pub exclude: Option<PathBuf>,
    pub no_exclusions: bool,
    pub bootable: bool,
    pub integrity_table: bool,
    pub delta_from: Vec<PathBuf>,
    pub timestamp: Option<u64>,
    pub verify: bool,
    pub source: PlaceKind,
    /// The fixing of links also needs a file whose other images have theirs fixed.
    pub no_link_fix: bool,
    /// An earlier image of the same source in this file, 1-based. Files that have the path, size
    /// and time of last change they have there are not read; what a directory of this host cannot
    /// tell (descriptors, short names, attributes) is taken from there too.
    pub update_of: Option<u32>,
}

impl From<&AppendOptions> for CaptureOptions {
    /// What both have; what only a new file has is left as it is by default.
    fn from(options: &AppendOptions) -> Self {
        let options = options.clone();
        Self {
            name: options.name,
            description: options.description,
            display_name: options.display_name,
            display_description: options.display_description,
            flags: options.flags,
            level: options.level,
            exclude: options.exclude,
            no_exclusions: options.no_exclusions,
            bootable: options.bootable,
            integrity_table: options.integrity_table,
            delta_from: options.delta_from,
            timestamp: options.timestamp,
            verify: options.verify,
            source: options.source,
            no_link_fix: options.no_link_fix,
            ..Self::default()
        }
    }
}

/// Something that was found and not captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The path in the image it would have had.
    pub path: String,
    /// Why it was not captured.
    pub reason: String,
}

/// What a capture did.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureReport {
    /// The image file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The new image's index, 1-based.
    pub index: u32,
    /// The new image's name.
    pub name: String,
    /// Names of files, links among them.
    pub files: u64,
    /// Directories, the root among them.
    pub directories: u64,
    /// Paths in the image that the exclusion list left out, up to [`CaptureReport::ITEM_LIMIT`];
    /// what is below an excluded directory is not listed.
    pub excluded: Vec<String>,
    /// How many paths were left out.
    pub excluded_count: u64,
    /// What an image cannot hold (sockets, pipes, devices), up to [`CaptureReport::ITEM_LIMIT`].
    pub skipped: Vec<Skipped>,
    /// How many things were skipped.
    pub skipped_count: u64,
    /// What the user should know: names that Windows does not allow, parts of the exclusion list
    /// that have no effect.
    pub notes: Vec<String>,
    /// How far Windows Setup has come with the Windows that was captured; nothing without Windows.
    pub setup_state: Option<SetupState>,
    /// Bytes of all files, once per name.
    pub bytes: u64,
    /// Bytes of all different contents, wherever they are.
    pub unique_bytes: u64,
    /// Bytes written to the image file.
    pub bytes_written: u64,
    /// Bytes of the image file.
    pub file_size: u64,
}

impl CaptureReport {
    /// Paths that one list of the report has at most; its count goes on.
    pub const ITEM_LIMIT: usize = 10_000;

    pub(super) fn exclude(&mut self, path: impl FnOnce() -> String) {
        self.excluded_count = self.excluded_count.saturating_add(1);
        if self.excluded.len() < Self::ITEM_LIMIT {
            self.excluded.push(path());
        }
    }

    pub(super) fn skip(&mut self, path: impl FnOnce() -> String, reason: &str) {
        self.skipped_count = self.skipped_count.saturating_add(1);
        if self.skipped.len() < Self::ITEM_LIMIT {
            self.skipped.push(Skipped { path: path(), reason: reason.to_owned() });
        }
    }
}
