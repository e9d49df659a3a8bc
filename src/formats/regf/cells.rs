//! The bytes of a hive: bins, cells, and which pages were written.
//!
//! All offsets here are `u32`s relative to the hive bins data (file offset 4096), as records store
//! them; a cell is named by its offset. Every read checks that the cell is allocated and inside the
//! bins data, every write that it stays in its cell, so that no offset in a hostile hive leads out.
//!
//! Reference: `msuhanov/regf` "Hive bin" and "Cell".

use super::open::different_pages;
use super::pages::Pages;
use super::parts::{Parts, MOST_READ};
use super::record::Record;
use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::ReadAt;
use std::ops::Range;
use std::sync::Arc;

/// Size of the base block, and the granule in which bins grow and changes are tracked.
pub(super) const PAGE: u32 = 4096;
/// Bytes of a hive bin's header.
pub(super) const BIN_HEADER: u32 = 32;
/// An offset that points nowhere.
pub(super) const NOWHERE: u32 = 0xFFFF_FFFF;
/// Cell offsets have their top bit for volatile storage, which leaves 2 GiB for the bins.
pub(super) const MAX_BINS_SIZE: u32 = 0x7FFF_F000;
/// Sizes of cells are multiples of this.
pub(super) const CELL_ALIGNMENT: u32 = 8;

/// An offset or size of the hive as an index. `usize` has at least 32 bits where the engine runs.
pub(super) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// A size in memory as the format's 32-bit number.
pub(super) fn size_of(length: usize, what: &'static str) -> Result<u32> {
    u32::try_from(length).ok().filter(|&size| size <= MAX_BINS_SIZE).ok_or_else(|| Error::LimitExceeded {
        what,
        limit: u64::from(MAX_BINS_SIZE),
        found: u64::try_from(length).unwrap_or(u64::MAX),
    })
}

/// An error about the bytes at `offset` of the bins data; the message has the offset in the file.
pub(super) fn damaged(offset: u32, expected: impl Into<String>, found: impl Into<String>) -> Error {
    let place = format!("offset {:#x}", u64::from(offset) + u64::from(PAGE));
    Error::malformed(FORMAT, place, expected, found)
}

/// The bytes of the whole file, and what was written to them.
#[derive(Clone)]
pub(super) struct Cells {
    /// The whole file; of a hive that is not read whole, the base block or nothing.
    bytes: Vec<u8>,
    bins_size: u32,
    /// Size of the file.
    size: u64,
    /// In the place of the bytes behind the base block, for a hive that is read as it is needed.
    pages: Option<Pages>,
    /// In the place of the bytes behind the base block, for a hive that is read in parts.
    parts: Option<Parts>,
    /// Bytes of a cell's header.
    header: u32,
    /// One bit for each page of the file.
    written: Vec<u64>,
    /// Pages written for the first time since this list was last taken.
    newly_written: Vec<u32>,
}

impl Cells {
    /// Wraps a file whose base block says that `bins_size` bytes of bins follow it.
    pub fn new(bytes: Vec<u8>, bins_size: u32) -> Self {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self {
            bytes,
            bins_size,
            size,
            pages: None,
            parts: None,
            header: 4,
            written: Vec::new(),
            newly_written: Vec::new(),
        }
    }

    /// The same, with the cells of version 1.`minor`. In version 1.1 a cell has the offset of the one
    /// before it behind its size.
    pub fn of_version(mut self, minor: u32) -> Self {
        self.header = if minor == 1 { 8 } else { 4 };
        self
    }

    /// Bins of which nothing is there yet. Only for reading.
    pub fn in_parts(bins_size: u32) -> Self {
        Self { parts: Some(Parts::default()), ..Self::new(Vec::new(), bins_size) }
    }

    /// Bins that are read when they are needed, behind this base block of a file of `size` bytes.
    pub fn in_pages(block: Vec<u8>, bins_size: u32, source: Arc<dyn ReadAt>, size: u64) -> Self {
        Self { pages: Some(Pages::new(source, bins_size)), size, ..Self::new(block, bins_size) }
    }

    /// Bins that are read when they are needed, if that is how they are kept.
    pub fn pages(&self) -> Option<&Pages> {
        self.pages.as_ref()
    }

    /// Size of the file.
    pub fn file_size(&self) -> u64 {
        self.size
    }

    /// A range of the file as it is now.
    pub fn copy_file(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let outside = || damaged(0, "a range of the hive's file", format!("{range:#x?}"));
        if range.end > self.size {
            return Err(outside());
        }
        let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
        let (Ok(start), Ok(end)) = (start, end) else { return Err(outside()) };
        let Some(pages) = &self.pages else {
            return self.bytes.get(start..end).map(<[u8]>::to_vec).ok_or_else(outside);
        };
        let mut copy = vec![0; end.checked_sub(start).ok_or_else(outside)?];
        let in_block = index(PAGE).saturating_sub(start).min(copy.len());
        let (block, bins) = copy.split_at_mut(in_block);
        let from = self.bytes.get(start.min(index(PAGE))..).and_then(|rest| rest.get(..in_block));
        block.copy_from_slice(from.ok_or_else(outside)?);
        let offset = u32::try_from(start.saturating_add(in_block).saturating_sub(index(PAGE)));
        if !bins.is_empty() && offset.ok().and_then(|offset| pages.copy(offset, bins)).is_none() {
            return Err(pages.failure().unwrap_or_else(outside));
        }
        Ok(copy)
    }

    /// The parts of the bins, if that is how they are kept.
    pub fn parts_mut(&mut self) -> Option<&mut Parts> {
        self.parts.as_mut()
    }

    /// The whole file.
    pub fn file(&self) -> &[u8] {
        &self.bytes
    }

    /// Size of the hive bins data.
    pub fn bins_size(&self) -> u32 {
        self.bins_size
    }

    /// How much of the bins data can be read at all.
    pub fn readable_size(&self) -> u32 {
        if self.parts.is_some() {
            self.bins_size.min(MOST_READ)
        } else {
            self.bins_size
        }
    }

    /// The bins data from `offset` on, not longer than `length` and not beyond the bins.
    pub fn raw(&self, offset: u32, length: u32) -> Option<&[u8]> {
        let end = offset.checked_add(length).filter(|&end| end <= self.bins_size)?;
        if let Some(pages) = &self.pages {
            return pages.get(offset, length);
        }
        if let Some(parts) = &self.parts {
            return parts.get(offset, length);
        }
        let base = index(PAGE);
        self.bytes.get(base.checked_add(index(offset))?..base.checked_add(index(end))?)
    }

    /// The size field of the cell at `offset`: negative when it is allocated.
    pub fn size_field(&self, offset: u32) -> Option<i32> {
        self.raw(offset, 4)?.first_chunk().map(|&bytes| i32::from_le_bytes(bytes))
    }

    /// The size of the allocated cell at `offset`, its size field included.
    pub fn cell_size(&self, offset: u32) -> Result<u32> {
        if !offset.is_multiple_of(CELL_ALIGNMENT) || offset < BIN_HEADER {
            return Err(damaged(
                offset,
                "a cell at a multiple of 8, behind a bin's header",
                "another offset",
            ));
        }
        let field = self.size_field(offset).ok_or_else(|| {
            self.unreadable().unwrap_or_else(|| {
                damaged(
                    offset,
                    format!("a cell inside {:#x} bytes of bins", self.bins_size),
                    "an offset behind them, or in no bin",
                )
            })
        })?;
        let size = field.unsigned_abs();
        if field >= 0 {
            return Err(damaged(offset, "an allocated cell", format!("a size field of {field}")));
        }
        if !size.is_multiple_of(CELL_ALIGNMENT)
            || offset.checked_add(size).is_none_or(|end| end > self.bins_size)
        {
            return Err(damaged(offset, "a cell that ends inside the bins", format!("a size of {size}")));
        }
        Ok(size)
    }

    /// The content of the allocated cell at `offset`.
    pub fn record(&self, offset: u32) -> Result<Record<'_>> {
        let size = self.cell_size(offset)?;
        let cell = self.raw(offset, size);
        if cell.is_none() && self.pages.is_some() {
            let beyond = || damaged(offset, "a cell that ends inside its bin", format!("a size of {size}"));
            return Err(self.unreadable().unwrap_or_else(beyond));
        }
        let data = cell.and_then(|cell| cell.get(index(self.header)..)).unwrap_or_default();
        Ok(Record { offset, data, header: self.header })
    }

    /// Why the hive's source cannot be read.
    fn unreadable(&self) -> Option<Error> {
        self.pages.as_ref().and_then(Pages::failure)
    }

    /// The record at `offset`, which must be of the kind `signature`.
    pub fn record_of(&self, offset: u32, signature: &[u8; 2]) -> Result<Record<'_>> {
        let record = self.record(offset)?;
        record.expect(signature)?;
        Ok(record)
    }

    /// Writes into the content of the allocated cell at `offset`.
    pub fn write(&mut self, offset: u32, at: usize, bytes: &[u8]) -> Result<()> {
        let record = self.record(offset)?;
        record.bytes(at, bytes.len())?;
        let start = index(PAGE).saturating_add(index(offset)).saturating_add(4).saturating_add(at);
        self.write_file(start, bytes)
    }

    /// Writes a 32-bit number into the content of a cell.
    pub fn write_u32(&mut self, offset: u32, at: usize, value: u32) -> Result<()> {
        self.write(offset, at, &value.to_le_bytes())
    }

    /// Writes at `offset` of the bins data, cells or not: size fields and bin headers.
    pub fn write_raw(&mut self, offset: u32, bytes: &[u8]) -> Result<()> {
        self.write_file(index(PAGE).saturating_add(index(offset)), bytes)
    }

    /// Fills part of the bins data with zeros.
    pub fn zero_raw(&mut self, offset: u32, length: u32) -> Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut done = 0;
        while done < length {
            let step = length.saturating_sub(done).min(PAGE);
            self.write_raw(offset.saturating_add(done), ZEROS.get(..index(step)).unwrap_or_default())?;
            done = done.saturating_add(step);
        }
        Ok(())
    }

    /// Writes at a file offset. Bytes that are there already leave their page unwritten.
    pub fn write_file(&mut self, start: usize, bytes: &[u8]) -> Result<()> {
        let end = start.checked_add(bytes.len());
        let target = match &mut self.pages {
            Some(pages) if start >= index(PAGE) => {
                let offset = u32::try_from(start.saturating_sub(index(PAGE)));
                let length = u32::try_from(bytes.len());
                offset.ok().zip(length.ok()).and_then(|(offset, length)| pages.get_mut(offset, length))
            }
            _ => end.and_then(|end| self.bytes.get_mut(start..end)),
        };
        let Some(target) = target else {
            return Err(damaged(0, "a write inside the hive", format!("one at {start:#x}")));
        };
        if target == bytes {
            return Ok(());
        }
        let page = index(PAGE);
        // A long write marks only the pages in which it changes something.
        let mut position = start;
        let mut left = bytes;
        let mut rest = target;
        while !left.is_empty() {
            let step = page.saturating_sub(position % page).min(left.len());
            let (now, later) = left.split_at(step);
            let (place, places) = rest.split_at_mut(step);
            if place != now {
                place.copy_from_slice(now);
                mark(&mut self.written, &mut self.newly_written, position / page);
            }
            position = position.saturating_add(step);
            left = later;
            rest = places;
        }
        Ok(())
    }

    /// Adds `size` bytes of zeroed bins data (a multiple of [`PAGE`]), over what the file holds behind
    /// the bins, and returns their offset.
    pub fn grow(&mut self, size: u32) -> Result<u32> {
        let offset = self.bins_size;
        let end =
            offset.checked_add(size).filter(|&end| end <= MAX_BINS_SIZE).ok_or(Error::LimitExceeded {
                what: "the size of the hive's bins",
                limit: u64::from(MAX_BINS_SIZE),
                found: u64::from(offset) + u64::from(size),
            })?;
        let file_end = index(PAGE).saturating_add(index(end));
        match &mut self.pages {
            Some(pages) => pages.grow(size),
            None if self.bytes.len() < file_end => self.bytes.resize(file_end, 0),
            None => {}
        }
        self.size = self.size.max(u64::from(PAGE) + u64::from(end));
        self.bins_size = end;
        for page in 0..size / PAGE {
            let number = (offset / PAGE).saturating_add(page).saturating_add(1);
            mark(&mut self.written, &mut self.newly_written, index(number));
        }
        self.zero_raw(offset, size)?;
        Ok(offset)
    }

    /// Marks the pages in which the file is not what it was `before` as written.
    pub fn note_differences(&mut self, before: &[u8]) {
        for page in different_pages(before, &self.bytes) {
            mark(&mut self.written, &mut self.newly_written, page);
        }
    }

    /// Whether anything was written since [`forget_writes`](Self::forget_writes).
    pub fn is_written(&self) -> bool {
        self.written.iter().any(|&word| word != 0)
    }

    /// The numbers of the written pages of the file, ascending.
    pub fn written_pages(&self) -> impl Iterator<Item = u64> + '_ {
        self.written.iter().zip(0_u64..).flat_map(|(&word, number)| {
            (0..64_u64).filter(move |bit| word >> bit & 1 != 0).map(move |bit| number * 64 + bit)
        })
    }

    /// Pages of the file that were written since the last call of this function.
    pub fn take_newly_written(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.newly_written)
    }

    /// Starts a new account of written pages.
    pub fn forget_writes(&mut self) {
        self.written.clear();
        self.newly_written.clear();
    }
}

fn mark(written: &mut Vec<u64>, newly: &mut Vec<u32>, page: usize) {
    let word = page / 64;
    if written.len() <= word {
        written.resize(word.saturating_add(1), 0);
    }
    if let Some(bits) = written.get_mut(word) {
        let bit = 1_u64 << (page % 64);
        if *bits & bit == 0 {
            *bits |= bit;
            newly.push(u32::try_from(page).unwrap_or(u32::MAX));
        }
    }
}
