//! Free cells: finding one to use, giving one back, and growth.
//!
//! A saver stores only the changed parts of a hive, so a cell in a place that is written anyway costs
//! nothing, and one elsewhere costs a page (a chunk, in a WIM). Cells are therefore taken, best fit
//! first, from places already written; then from holes with room for more; then from a few small holes
//! anywhere; and when those are used up the hive grows.
//!
//! Freed cells are zeroed, and merged with free neighbours.
//!
//! Reference: `msuhanov/regf` "Cell", "Unallocated cell".

use super::cells::{size_of, BIN_HEADER, CELL_ALIGNMENT, PAGE};
use super::Hive;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Places closer than this share their cost: the usual compressed chunk of a WIM.
const NEIGHBOURHOOD: u32 = 32 * 1024;
/// A hole of this size is worth going to: it takes many of the usual small cells.
const ROOM: u32 = 1024;
/// How many small holes far from other edits are used between two calls of `finish`.
const MAX_SCATTERED: u32 = 16;

/// The unallocated cells of a hive.
#[derive(Debug, Clone, Default)]
pub(super) struct FreeCells {
    /// Size of each by offset, to find neighbours.
    by_offset: BTreeMap<u32, u32>,
    /// Size and offset of those in written neighbourhoods.
    near: BTreeSet<(u32, u32)>,
    /// Size and offset of the others.
    far: BTreeSet<(u32, u32)>,
    written: HashSet<u32>,
    scattered: u32,
}

/// The neighbourhood of an offset in the bins data, counted from the start of the file.
fn neighbourhood(offset: u32) -> u32 {
    offset.saturating_add(PAGE) / NEIGHBOURHOOD
}

impl FreeCells {
    /// Adds a free cell.
    pub fn insert(&mut self, offset: u32, size: u32) {
        self.by_offset.insert(offset, size);
        self.set_of(offset).insert((size, offset));
    }

    fn set_of(&mut self, offset: u32) -> &mut BTreeSet<(u32, u32)> {
        if self.written.contains(&neighbourhood(offset)) {
            &mut self.near
        } else {
            &mut self.far
        }
    }

    fn remove(&mut self, offset: u32) -> Option<u32> {
        let size = self.by_offset.remove(&offset)?;
        self.set_of(offset).remove(&(size, offset));
        Some(size)
    }

    /// Removes the free cell that ends where `offset` is.
    fn remove_before(&mut self, offset: u32) -> Option<(u32, u32)> {
        let (&before, &size) = self.by_offset.range(..offset).next_back()?;
        if before.checked_add(size) != Some(offset) {
            return None;
        }
        self.remove(before).map(|size| (before, size))
    }

    /// Removes and returns a cell of at least `size` bytes.
    fn take(&mut self, size: u32) -> Option<(u32, u32)> {
        let fit = |set: &BTreeSet<(u32, u32)>, least: u32| set.range((least, 0)..).next().copied();
        let mut found = fit(&self.near, size).or_else(|| fit(&self.far, size.max(ROOM)));
        if found.is_none() && self.scattered < MAX_SCATTERED {
            found = fit(&self.far, size);
            self.scattered = self.scattered.saturating_add(1);
        }
        let (size, offset) = found?;
        self.remove(offset)?;
        Some((offset, size))
    }

    /// Notes that a page of the file was written.
    pub fn note_written(&mut self, page: u32) {
        let number = page / (NEIGHBOURHOOD / PAGE);
        if !self.written.insert(number) {
            return;
        }
        let start = number.saturating_mul(NEIGHBOURHOOD);
        let offsets = start.saturating_sub(PAGE)..start.saturating_add(NEIGHBOURHOOD - PAGE);
        for (&offset, &size) in self.by_offset.range(offsets) {
            self.far.remove(&(size, offset));
            self.near.insert((size, offset));
        }
    }

    /// Forgets the cells, not the places.
    pub fn clear(&mut self) {
        *self =
            Self { written: std::mem::take(&mut self.written), scattered: self.scattered, ..Self::default() };
    }

    /// Starts a new account of written places.
    pub fn forget_writes(&mut self) {
        self.far.append(&mut self.near);
        self.written.clear();
        self.scattered = 0;
    }
}

impl Hive {
    /// Allocates a zeroed cell for `length` bytes of content.
    pub(super) fn allocate(&mut self, length: usize) -> Result<u32> {
        self.note_written_pages()?;
        let cell = size_of(length.saturating_add(4), "the size of a registry cell")?;
        let size = cell.next_multiple_of(CELL_ALIGNMENT);
        let mut free = self.free.take(size);
        if free.is_none() && self.is_local() && self.cells.bins_size() > 0 {
            // What an earlier edit left free in its new bin.
            self.near(self.cells.bins_size().saturating_sub(PAGE))?;
            free = self.free.take(size);
        }
        let (offset, found) = match free {
            Some(free) => free,
            None => self.add_bin(size)?,
        };
        let rest = found.saturating_sub(size);
        if rest > 0 {
            let offset = offset.saturating_add(size);
            self.cells.write_raw(offset, &rest.to_le_bytes())?;
            self.free.insert(offset, rest);
        }
        self.cells.write_raw(offset, &size.wrapping_neg().to_le_bytes())?;
        self.cells.zero_raw(offset.saturating_add(4), size.saturating_sub(4))?;
        Ok(offset)
    }

    /// Allocates a cell that starts with `content`.
    pub(super) fn allocate_with(&mut self, content: &[u8]) -> Result<u32> {
        let offset = self.allocate(content.len())?;
        self.cells.write(offset, 0, content)?;
        Ok(offset)
    }

    /// Adds a bin for a cell of `size` bytes and returns offset and size of the space in it.
    fn add_bin(&mut self, size: u32) -> Result<(u32, u32)> {
        let size = size.saturating_add(BIN_HEADER).next_multiple_of(PAGE);
        let offset = self.cells.grow(size)?;
        self.cells.write_raw(offset, b"hbin")?;
        self.cells.write_raw(offset.saturating_add(4), &offset.to_le_bytes())?;
        self.cells.write_raw(offset.saturating_add(8), &size.to_le_bytes())?;
        self.note_entered(offset);
        self.note_written_pages()?;
        Ok((offset.saturating_add(BIN_HEADER), size.saturating_sub(BIN_HEADER)))
    }

    /// Frees a cell: zeroes it and joins it with its free neighbours, which are in the same bin because
    /// a bin's header stands between cells of two bins.
    pub(super) fn release(&mut self, offset: u32) -> Result<()> {
        self.enter_bin(offset)?;
        let size = self.cells.cell_size(offset)?;
        self.cells.zero_raw(offset, size)?;
        let (mut start, mut total) = (offset, size);
        if let Some(size) = self.free.remove(offset.saturating_add(size)) {
            self.cells.zero_raw(offset.saturating_add(total), 4)?;
            total = total.saturating_add(size);
        }
        if let Some((before, size)) = self.free.remove_before(offset) {
            start = before;
            total = total.saturating_add(size);
        }
        self.cells.write_raw(start, &total.to_le_bytes())?;
        self.free.insert(start, total);
        Ok(())
    }

    /// Inserts `element` as number `at` of the `count` elements that follow `header` bytes of a cell.
    /// Returns the cell, which is another one if there was no room.
    pub(super) fn insert_element(
        &mut self,
        cell: u32,
        header: usize,
        count: usize,
        at: usize,
        element: &[u8],
    ) -> Result<u32> {
        let width = element.len();
        let used = header.saturating_add(count.saturating_mul(width));
        let split = header.saturating_add(at.saturating_mul(width));
        let record = self.cells.record(cell)?;
        let mut tail = element.to_vec();
        tail.extend_from_slice(record.bytes(split, used.saturating_sub(split))?);
        if record.data.len() >= used.saturating_add(width) {
            self.cells.write(cell, split, &tail)?;
            return Ok(cell);
        }
        let mut content = record.bytes(0, split)?.to_vec();
        content.append(&mut tail);
        // A list that grows once often grows again.
        let spare = (count / 8).min(32).saturating_mul(width);
        let grown = self.allocate(content.len().saturating_add(spare))?;
        self.cells.write(grown, 0, &content)?;
        self.release(cell)?;
        Ok(grown)
    }

    /// Removes element `at` of `count` elements of `width` bytes that follow `header` bytes of a cell.
    pub(super) fn remove_element(
        &mut self,
        cell: u32,
        header: usize,
        count: usize,
        at: usize,
        width: usize,
    ) -> Result<()> {
        let used = header.saturating_add(count.saturating_mul(width));
        let start = header.saturating_add(at.saturating_mul(width));
        let next = start.saturating_add(width);
        let mut tail = self.cells.record(cell)?.bytes(next, used.saturating_sub(next))?.to_vec();
        tail.resize(tail.len().saturating_add(width), 0);
        self.cells.write(cell, start, &tail)
    }
}
