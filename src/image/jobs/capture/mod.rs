//! Capturing: a directory of the host, or an NTFS volume, becomes an image (New-Image, Add-Image).

mod options;

pub use options::{AppendOptions, CaptureCompression, CaptureOptions, CaptureReport, Skipped, SourceKind};

use crate::error::{Error, Result};
use crate::progress::Observer;
use std::path::Path;

/// Makes an image file with one image: what is in `source`.
pub fn capture(source: &Path, _: &Path, _: &CaptureOptions, _: Observer<'_>) -> Result<CaptureReport> {
    Err(not_yet(source))
}

/// Adds an image, what is in `source`, to an image file.
pub fn append(source: &Path, _: &Path, _: &AppendOptions, _: Observer<'_>) -> Result<CaptureReport> {
    Err(not_yet(source))
}

fn not_yet(source: &Path) -> Error {
    let what = format!("capturing '{}'", source.display());
    Error::Unsupported { what, reason: "it is being built".to_owned() }
}
