//! What is in an image: listing by pattern, and the content of one file, without reading more of
//! the metadata than the question needs.

use crate::error::{Error, Result};
use crate::image::info::Item;
use crate::progress::Observer;
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How [`list`] looks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListOptions {
    /// Look in every directory below the pattern's, as `Get-ChildItem -Recurse` does.
    pub recurse: bool,
    /// Files that hold what a delta file lacks, or further parts of a split set.
    pub reference_paths: Vec<PathBuf>,
}

/// Hands out the items of an image that `pattern` names, in batches.
pub fn list(
    image: &Path,
    index: u32,
    pattern: &str,
    options: &ListOptions,
    batch: &mut dyn FnMut(&[Item]) -> Result<()>,
) -> Result<()> {
    let _ = (image, index, pattern, options, batch);
    Err(Error::Unsupported { what: "listing".into(), reason: "not yet".into() })
}

/// Writes the content of one file of an image to `output`; returns its length in bytes.
pub fn extract(
    image: &Path,
    index: u32,
    path: &str,
    options: &ListOptions,
    output: &mut dyn Write,
    observer: Observer<'_>,
) -> Result<u64> {
    let _ = (image, index, path, options, output, observer);
    Err(Error::Unsupported { what: "extracting".into(), reason: "not yet".into() })
}
