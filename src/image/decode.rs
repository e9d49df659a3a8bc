//! Reading many blobs of an image file on all cores.

use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use crate::image::file::ImageFile;
use std::sync::Arc;

/// What [`read_blobs`] tells about a blob.
#[derive(Debug)]
pub enum BlobPart<'a> {
    /// The next bytes of its content.
    Bytes(&'a [u8]),
    /// All of it was handed out, and has the right SHA-1.
    End,
    /// It cannot be read, or does not have its SHA-1; nothing more comes of it.
    Damaged(Error),
}

/// In which order blobs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they are in the file: fastest, and each chunk of a solid resource is decoded once.
    OnDisk,
    /// As asked for, but solid resources are read from front to back.
    AsGiven,
}

/// Reads blobs and hands them out one after the other, each from front to back, on the caller's
/// thread; chunks are read, decoded and (for small blobs) hashed on all cores. `part` gets the
/// position in `hashes`. `wait` is called at least every 50 ms and can stop the work. Memory is
/// bounded by what a few chunks per core take.
///
/// # Errors
/// Those of `part` and `wait`; damage goes to `part`.
pub fn read_blobs(
    _file: &Arc<ImageFile>,
    _hashes: &[Hash],
    _order: Order,
    _part: &mut dyn FnMut(usize, BlobPart<'_>) -> Result<()>,
    _wait: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    Err(Error::Unsupported { what: "reading blobs on all cores".into(), reason: "not yet".into() })
}

/// As [`read_blobs`] in the order on disk, where the first damage is an error. `consume` gets the
/// pieces of each blob in order, and an empty one at its end.
pub fn stream_blobs(
    file: &Arc<ImageFile>,
    hashes: &[Hash],
    consume: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    wait: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let mut part = |which: usize, part: BlobPart<'_>| match part {
        BlobPart::Bytes(bytes) => consume(which, bytes),
        BlobPart::End => consume(which, &[]),
        BlobPart::Damaged(error) => Err(error),
    };
    read_blobs(file, hashes, Order::OnDisk, &mut part, wait)
}
