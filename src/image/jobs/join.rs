//! Joining the parts of a split set into one image file.

use crate::error::{Error, Result};
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How parts are joined.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JoinOptions {
    /// Give the file a table of SHA-1 sums over itself.
    pub integrity_table: bool,
    /// A file that is there already may be replaced.
    pub overwrite: bool,
}

/// What a join made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinReport {
    /// The new file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// How many parts it was made of.
    pub parts: u16,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes.
    pub file_size: u64,
}

/// Joins the parts of a split set; given one part, the others are looked for beside it.
pub fn join(_: &[PathBuf], destination: &Path, _: &JoinOptions, _: Observer<'_>) -> Result<JoinReport> {
    Err(Error::Unsupported {
        what: format!("joining into '{}'", destination.display()),
        reason: "this build cannot".to_owned(),
    })
}
