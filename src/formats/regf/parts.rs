//! Hive bins of which only parts are in memory.
//!
//! The parsers borrow from the bins, so parts that touch are joined: whatever lies inside parts that
//! were read is one slice. What somebody asks for and is not there is noted, to be read next. Looks are
//! counted, because whoever looks starts again after each missing part.

use super::cells::index;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The parts of the bins that were read, and the first one that was missed since.
#[derive(Clone, Default)]
pub(super) struct Parts {
    /// By offset in the bins; no two touch.
    parts: BTreeMap<u32, Vec<u8>>,
    missed: OnceLock<(u32, u32)>,
    looks: Arc<AtomicU64>,
}

/// Most of a hive that is read in parts, in bytes. What is looked up takes under 1 MiB of a real one.
pub(super) const MOST_READ: u32 = 64 << 20;
/// Most looks at parts. A real hive takes some ten thousand for all that is looked up.
pub(super) const MOST_LOOKS: u64 = 10_000_000;

impl Parts {
    /// `length` bytes from `offset`, if they were read. The caller has checked that they are inside
    /// the bins.
    pub fn get(&self, offset: u32, length: u32) -> Option<&[u8]> {
        if self.looks.fetch_add(1, Ordering::Relaxed) >= MOST_LOOKS {
            return None;
        }
        let found = self.parts.range(..=offset).next_back().and_then(|(&start, bytes)| {
            let from = index(offset.checked_sub(start)?);
            bytes.get(from..from.checked_add(index(length))?)
        });
        if found.is_none() {
            // A second one comes up again when the first is there.
            let _ = self.missed.set((offset, length));
        }
        found
    }

    /// How often parts were looked at; after [`MOST_LOOKS`] nothing is found any more.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Offset and length of what was asked for and is not there, once.
    pub fn take_missed(&mut self) -> Option<(u32, u32)> {
        self.missed.take()
    }

    /// What of a range is not there, in order.
    pub fn gaps(&self, range: Range<u32>) -> Vec<Range<u32>> {
        let mut gaps = Vec::new();
        let mut position = range.start;
        let before = self.parts.range(..=range.start).next_back();
        let inside =
            self.parts.range(range.start.saturating_add(1)..range.end.max(range.start.saturating_add(1)));
        for (&start, bytes) in before.into_iter().chain(inside) {
            if position < start {
                gaps.push(position..start.min(range.end));
            }
            position = position.max(end(start, bytes));
        }
        if position < range.end {
            gaps.push(position..range.end);
        }
        gaps
    }

    /// Adds a part that fills a gap.
    pub fn add(&mut self, start: u32, bytes: Vec<u8>) {
        let behind = self.parts.remove(&end(start, &bytes));
        let before = self.parts.range_mut(..start).next_back().filter(|(at, part)| end(**at, part) == start);
        let joined = match before {
            Some((_, part)) => {
                part.extend_from_slice(&bytes);
                part
            }
            None => self.parts.entry(start).or_insert(bytes),
        };
        joined.extend(behind.unwrap_or_default());
    }
}

fn end(start: u32, bytes: &[u8]) -> u32 {
    start.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
}
