//! What has been written so far: the file's end, its blobs, and how far the work has come.

use super::target::Target;
use crate::error::{Error, Result};
use crate::formats::bytes::to_hex;
use crate::formats::wim::{Blob, BlobLocation, BlobTable, EncodedResource, Hash, ResourceHeader};
use crate::progress::{report, Observer, Phase};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Contents that are there or on their way, shared with the threads that compress. A number says
/// which content of the present call it is, 0 one that was there before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<Hash, u64>>>);

impl Known {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Hash, u64>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn contains(&self, hash: &Hash) -> bool {
        self.with(|known| known.contains_key(hash))
    }

    /// Notes contents that are there.
    pub fn extend(&self, hashes: impl Iterator<Item = Hash>) {
        self.with(|known| known.extend(hashes.map(|hash| (hash, 0))));
    }

    /// Whether content number `number` is to be stored: no earlier one is the same. A later one
    /// may have been faster; it is dropped when its turn comes, so that the file does not depend
    /// on which thread was first.
    pub fn claim(&self, hash: &Hash, number: u64) -> bool {
        self.with(|known| match known.get(hash) {
            Some(earlier) if *earlier < number => false,
            _ => {
                known.insert(*hash, number);
                true
            }
        })
    }
}

/// The growing file and its blob table.
#[derive(Debug)]
pub(super) struct Output {
    pub target: Target,
    pub table: BlobTable,
    pub known: Known,
    /// The part of a split set that this is, from 1.
    pub part: u16,
    /// Bytes of content done in all calls, and to be done.
    pub done: u64,
    pub total: u64,
}

impl Output {
    /// Tells how far it has come.
    pub fn report(&self, observer: Observer<'_>) -> Result<()> {
        report(observer, Phase::WritingContent, self.done, self.total.max(self.done))
    }

    /// Tells that more content is done.
    pub fn advance(&mut self, bytes: u64, observer: Observer<'_>) -> Result<()> {
        self.done = self.done.saturating_add(bytes);
        self.report(observer)
    }

    /// Writes a content unless it is there.
    pub fn put_blob(&mut self, hash: &Hash, encoded: &EncodedResource) -> Result<()> {
        if self.table.get(hash).is_some() {
            return Ok(());
        }
        let offset = self.target.put(&encoded.bytes)?;
        self.add_blob(hash, encoded.size, BlobLocation::Resource(encoded.header(offset, 0)))
    }

    /// Notes a content that was written.
    pub fn add_blob(&mut self, hash: &Hash, size: u64, location: BlobLocation) -> Result<()> {
        let part = self.part;
        self.known.extend(std::iter::once(*hash));
        self.table.add(Blob { hash: *hash, size, references: 0, part, location })
    }

    /// As [`Output::add_blob`], for a resource of its own.
    pub fn add_resource(&mut self, hash: &Hash, header: ResourceHeader) -> Result<()> {
        self.add_blob(hash, header.size, BlobLocation::Resource(header))
    }
}

/// Refuses content that is not what was announced.
pub(super) fn check_announced(announced: Option<Hash>, found: &Hash) -> Result<()> {
    match announced {
        Some(hash) if hash != *found => {
            Err(Error::malformed("content", "SHA-1", to_hex(&hash), to_hex(found)))
        }
        _ => Ok(()),
    }
}
