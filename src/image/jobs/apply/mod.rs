//! Applying an image: its files become files of the host.

mod options;

pub use options::{ApplyOptions, ApplyReport, NotApplied, NotAppliedCounts, TargetKind};

use crate::error::{Error, Result};
use crate::progress::Observer;
use std::path::Path;

/// Writes image `index` (from 1) of an image file into `target`.
pub fn apply(_: &Path, _: u32, target: &Path, _: &ApplyOptions, _: Observer<'_>) -> Result<ApplyReport> {
    Err(Error::Unsupported {
        what: format!("applying to '{}'", target.display()),
        reason: "this build cannot".to_owned(),
    })
}
