//! Patched content: the new bytes of each patch over what it was made of.
//!
//! A hive of 20 MB changes in five pages when a value is set. Such a version is staged as a patch:
//! the pages, and the hash of the version before, which may be a patch itself. Opening content
//! lays the patches over one another once, the newest on top, so that reading costs the same
//! however many there are.
//!
//! **Invariant:** a patch names content that was known before it, so that the way down from a patch
//! ends at whole content; and every byte that its base is too short for is in the patch.

use crate::error::{Error, Result};
use crate::image::content::ContentReader;
use crate::image::host::HostFile;
use crate::image::operation::{Patch, StagedBlob};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A patch pays when what changed is no more than one part in this many: content compresses to a
/// fourth or so, and must be compressed some time anyway.
const SHARE: u64 = 8;

/// Bytes of the ranges together.
fn length_of(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add)
}

/// Whether a version of `size` bytes that differs in `changed` is to be a patch.
pub(super) fn pays(changed: &[Range<u64>], size: u64) -> bool {
    !changed.is_empty() && length_of(changed).saturating_mul(SHARE) <= size
}

/// The ranges of content of `size` bytes as a patch has them: ascending, joined, and with all that a base of
/// `base_size` bytes does not have.
pub(super) fn ranges(changed: &[Range<u64>], size: u64, base_size: u64) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = changed.iter().map(|range| range.start..range.end.min(size)).collect();
    all.push(base_size..size);
    all.retain(|range| range.start < range.end);
    all.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(all.len());
    for range in all {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

impl Patch {
    /// Checks a blob's patch of a base of `base_size` bytes.
    ///
    /// # Errors
    /// [`Error::StateDamaged`].
    pub(super) fn check(&self, blob: &StagedBlob, base_size: u64) -> Result<()> {
        let damaged = |what: &str| {
            let hash = crate::image::encoding::to_hex(&blob.hash);
            Err(Error::StateDamaged { reason: format!("the patch of content {hash} {what}") })
        };
        if self.ranges.is_empty() {
            return damaged("is empty");
        }
        let mut end = 0;
        for range in &self.ranges {
            if range.start >= range.end || range.start < end || range.end > blob.size {
                return damaged("has ranges that are out of order, or outside the content");
            }
            end = range.end;
        }
        // The last ranges, if they touch, are what the base is too short for.
        let mut grown = blob.size;
        for range in self.ranges.iter().rev() {
            if range.end != grown {
                break;
            }
            grown = range.start;
        }
        if grown > base_size {
            return damaged("leaves out bytes that its base is too short for");
        }
        if blob.compressed || length_of(&self.ranges) != blob.size_in_file {
            return damaged("is not as long as its ranges");
        }
        Ok(())
    }
}

/// Bytes of the staged file that lie over other content.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    /// By where they start in the content.
    pieces: BTreeMap<u64, Piece>,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where it ends in the content.
    end: u64,
    /// Where it starts in the staged file.
    place: u64,
}

impl Overlay {
    /// Lays the bytes of a patch, which start at `offset` of the staged file, below what is there.
    pub fn lay_under(&mut self, patch: &Patch, offset: u64) {
        let mut place = offset;
        for range in &patch.ranges {
            self.lay_range_under(range, place);
            place = place.saturating_add(range.end.saturating_sub(range.start));
        }
    }

    fn lay_range_under(&mut self, range: &Range<u64>, place: u64) {
        let mut position = range.start;
        while position < range.end {
            let before = self.pieces.range(..=position).next_back();
            if let Some((_, covering)) = before.filter(|(_, piece)| piece.end > position) {
                position = covering.end;
                continue;
            }
            let next = self.pieces.range(position..).next();
            let end = next.map_or(range.end, |(next, _)| range.end.min(*next));
            let place = place.saturating_add(position.saturating_sub(range.start));
            self.pieces.insert(position, Piece { end, place });
            position = end;
        }
    }

    /// What it covers.
    pub fn ranges(&self) -> Vec<Range<u64>> {
        self.pieces.iter().map(|(start, piece)| *start..piece.end).collect()
    }

    /// The pieces that have bytes of `wanted`, and those that lie before it.
    fn within(&self, wanted: Range<u64>) -> impl Iterator<Item = (Range<u64>, u64)> + '_ {
        let first = self.pieces.range(..=wanted.start).next_back().map_or(wanted.start, |(start, _)| *start);
        let found = self.pieces.range(first..wanted.end);
        found.filter_map(move |(start, piece)| {
            let part = wanted.start.max(*start)..wanted.end.min(piece.end);
            let skipped = part.start.saturating_sub(*start);
            (part.start < part.end).then(|| (part, piece.place.saturating_add(skipped)))
        })
    }
}

/// Reads patched content.
pub(super) struct PatchedReader {
    base: Box<ContentReader>,
    overlay: Overlay,
    staged: Arc<HostFile>,
    size: u64,
}

impl PatchedReader {
    /// Content of `size` bytes: `base` with `overlay`, whose bytes are in `staged`, over it.
    pub fn new(base: ContentReader, overlay: Overlay, staged: Arc<HostFile>, size: u64) -> Self {
        Self { base: Box::new(base), overlay, staged, size }
    }

    /// Fills `buffer` from `offset`.
    pub fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        let Some(end) = offset.checked_add(length).filter(|end| *end <= self.size) else {
            let expected = format!("no more than {:#x} bytes", self.size);
            let found = format!("{length:#x} more bytes");
            return Err(Error::malformed("content", format!("offset {offset:#x}"), expected, found));
        };
        let place = |position: u64| usize::try_from(position.saturating_sub(offset)).unwrap_or(usize::MAX);
        let parts: Vec<(Range<u64>, u64)> = self.overlay.within(offset..end).collect();
        let covered = parts.iter().map(|(part, _)| part.end.saturating_sub(part.start));
        if covered.fold(0, u64::saturating_add) < length {
            // In one go, because chunks are decompressed for it.
            let there = end.min(self.base.size()).max(offset);
            self.base.read_range(offset, buffer.get_mut(..place(there)).unwrap_or_default())?;
        }
        for (part, from) in parts {
            let target = buffer.get_mut(place(part.start)..place(part.end)).unwrap_or_default();
            self.staged.read_at(target, from)?;
        }
        Ok(())
    }
}
