//! A look at what was written: every content of the new image, read back from the disk.

use crate::error::{InFile, Result};
use crate::formats::wim::Hash;
use crate::image::decode::stream_blobs;
use crate::image::file::ImageFile;
use crate::image::metadata::read_tree;
use crate::progress::{report, Observer, Phase};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads all contents of an image and compares their SHA-1; those that are in `references` too.
///
/// # Errors
/// Damage, and what cannot be found.
pub(super) fn verify(path: &Path, index: u32, references: &[PathBuf], observer: Observer<'_>) -> Result<()> {
    let name = path.display().to_string();
    let file = Arc::new(ImageFile::open_with(path, references)?);
    let tree = read_tree(file.archive(), index, observer).in_file(&name)?;
    let mut hashes: Vec<Hash> = tree.blob_references().into_keys().collect();
    hashes.sort_unstable();
    let total = tree.totals(|hash| Some(file.archive().blobs().get(hash)?.size)).total_bytes;
    let state = RefCell::new((0u64, observer));
    let advance = |bytes: usize| {
        let (done, observer) = &mut *state.borrow_mut();
        *done = done.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        report(*observer, Phase::Verifying, *done, total)
    };
    let read = stream_blobs(&file, &hashes, &mut |_, bytes| advance(bytes.len()), &mut || advance(0));
    read.in_file(name)
}
