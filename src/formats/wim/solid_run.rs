//! A run of blob table entries with the solid flag: some resources, and blobs whose offsets count as
//! if the resources were one behind the other.
//!
//! Reference: `docs/formats/wim.md` "Blob table"; `ebiggers/wimlib` `src/blob_table.c`.

use super::blob_table::FORMAT;
use crate::error::{Error, Result};

/// The solid resources of one run of entries.
pub(super) struct SolidRun {
    /// Index in the table, offset in the run and decompressed size.
    pub resources: Vec<(u32, u64, u64)>,
    /// Resource, offset, size and entry of each blob.
    pub extents: Vec<(u32, u64, u64, usize)>,
}

impl SolidRun {
    /// The resource that holds the blob, and its offset there.
    pub fn locate(&self, offset: u64, size: u64) -> Option<(u32, u64)> {
        let behind = self.resources.partition_point(|(_, start, _)| *start <= offset);
        let (resource, start, resource_size) = self.resources.get(behind.checked_sub(1)?)?;
        let offset = offset.checked_sub(*start)?;
        (offset.checked_add(size)? <= *resource_size).then_some((*resource, offset))
    }

    /// Blobs of one resource must not overlap.
    pub fn finish(mut self) -> Result<()> {
        self.extents.sort_unstable();
        let mut pairs = self.extents.iter().zip(self.extents.iter().skip(1));
        let overlap = pairs.find(|((resource, offset, size, _), (next, next_offset, ..))| {
            resource == next && offset.saturating_add(*size) > *next_offset
        });
        match overlap {
            Some((_, (.., entry))) => {
                let place = format!("entry {entry}");
                Err(Error::malformed(FORMAT, place, "blobs that do not overlap", "overlapping ones"))
            }
            None => Ok(()),
        }
    }
}
