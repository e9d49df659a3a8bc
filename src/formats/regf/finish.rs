//! Making an edited hive ready to be stored.
//!
//! Reference: `msuhanov/regf` "Base block" and note 3 of "Hive bin".

use super::base_block as base;
use super::cells::{index, PAGE};
use super::{key, FinishedHive, Hive};
use crate::error::Result;
use crate::formats::bytes::u32_at;
use std::ops::Range;

/// Where the first bin keeps a copy of the base block's time.
const BIN_TIMESTAMP: u32 = 20;

impl Hive {
    /// Makes the hive ready to be stored and copies it; it stays open for more edits.
    ///
    /// Keys that were edited get the time `now` (FILETIME), and so does the hive; its sequence numbers
    /// go on by one and are equal. A hive that was not edited stays as it is, byte for byte.
    pub fn finish(&mut self, now: u64) -> Result<FinishedHive> {
        let changed = self.seal(now)?;
        Ok(FinishedHive { bytes: self.read_range(0..self.size())?, changed })
    }

    /// Like [`finish`](Self::finish) without the copy: the bytes are [`bytes`](Self::bytes).
    pub fn seal(&mut self, now: u64) -> Result<Vec<Range<u64>>> {
        self.check_whole()?;
        if !self.cells.is_written() {
            return Ok(Vec::new());
        }
        let time = now.to_le_bytes();
        for key in std::mem::take(&mut self.written_keys) {
            self.cells.write(key, key::LAST_WRITTEN, &time)?;
        }
        self.cells.write_raw(BIN_TIMESTAMP, &time)?;
        let sequence = u32_at(self.cells.file(), base::PRIMARY_SEQUENCE).unwrap_or(0).wrapping_add(1);
        self.cells.write_file(base::PRIMARY_SEQUENCE, &sequence.to_le_bytes())?;
        self.cells.write_file(base::SECONDARY_SEQUENCE, &sequence.to_le_bytes())?;
        self.cells.write_file(base::LAST_WRITTEN, &time)?;
        self.cells.write_file(base::ROOT, &self.root.to_le_bytes())?;
        let size = self.cells.bins_size();
        self.cells.write_file(base::BINS_SIZE, &size.to_le_bytes())?;
        let checksum = base::checksum(self.cells.file().get(..index(PAGE)).unwrap_or_default());
        self.cells.write_file(base::CHECKSUM, &checksum.to_le_bytes())?;
        let changed = self.changed();
        self.cells.forget_writes();
        self.free.forget_writes();
        Ok(changed)
    }

    /// Whether the hive is not as it was opened, or last finished.
    pub fn is_edited(&self) -> bool {
        self.half_edited || self.cells.is_written()
    }

    fn changed(&self) -> Vec<Range<u64>> {
        let page = u64::from(PAGE);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for number in self.cells.written_pages() {
            let start = number.saturating_mul(page);
            let end = start.saturating_add(page).min(self.size());
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => ranges.push(start..end),
            }
        }
        ranges
    }
}

/// The first 512 bytes of a hive file while its pages are written: those of the new file, with sequence
/// numbers that say that the write is not at its end.
pub fn unfinished_sector(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut sector = new.to_vec();
    let secondary = u32_at(old, base::SECONDARY_SEQUENCE).unwrap_or(0);
    // The old hive may have been dirty itself, with this number as its first one.
    let same = u32_at(new, base::PRIMARY_SEQUENCE) == Some(secondary);
    let secondary = if same { secondary.wrapping_sub(1) } else { secondary };
    let mut put = |at: usize, bytes: [u8; 4]| {
        if let Some(field) = sector.get_mut(at..at.saturating_add(4)) {
            field.copy_from_slice(&bytes);
        }
    };
    put(base::SECONDARY_SEQUENCE, secondary.to_le_bytes());
    let sum = base::checksum(&sector);
    if let Some(field) = sector.get_mut(base::CHECKSUM..base::CHECKSUM + 4) {
        field.copy_from_slice(&sum.to_le_bytes());
    }
    sector
}
