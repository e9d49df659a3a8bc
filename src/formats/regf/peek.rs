//! Looking a few things up in a hive without reading all of it.
//!
//! The hive's parsers run over the parts that are in memory. When they miss one, it is read and they
//! run again, until they have all they need: a key and its values take some ten parts of an 80 MB
//! hive. The logs are not looked at; a dirty hive is read as its primary file is.

use super::base_block::BaseBlock;
use super::cells::{index, Cells, PAGE};
use super::parts::{MOST_LOOKS, MOST_READ};
use super::Hive;
use crate::error::{Error, Result};
use crate::formats::ReadRange;

/// Bytes read at a time at first: a chunk of a usual WIM. Parts start at its multiples in the file.
const FIRST_STEP: u32 = 32 << 10;
/// After so many parts the step doubles, so that no hive is read in countless small ones.
const PARTS_PER_STEP: u32 = 16;

/// A hive that is read in parts, as they are needed.
pub struct Peek<'a> {
    source: Box<dyn ReadRange + 'a>,
    hive: Hive,
    dirty: bool,
    step: u32,
    parts: u32,
    bytes: u64,
}

impl<'a> Peek<'a> {
    /// Opens a primary file, dirty or not. Only its base block is read.
    ///
    /// # Errors
    /// A version other than 1.1 to 1.6, and a file that is no hive or is shorter than its bins.
    pub fn open(mut source: Box<dyn ReadRange + 'a>) -> Result<Self> {
        let size = source.size();
        let mut block = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(index(PAGE))];
        source.read_range(0, &mut block)?;
        let (block, dirty) = BaseBlock::peek(&block, size)?;
        let hive = Hive::unprepared(Cells::in_parts(block.bins_size).of_version(block.minor), block);
        Ok(Self { source, hive, dirty, step: FIRST_STEP, parts: 0, bytes: 0 })
    }

    /// Whether the logs may hold newer data.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// How many bytes of the bins were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Runs `look` until it finds everything it looks at, and gives what it answers then. It must do
    /// the same every time, and must not use [`Hive::bytes`] and [`Hive::size`], which are of whole
    /// hives.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] when it looks at more than 64 MiB, or ten million times; the source's
    /// errors. Damage is what `look` makes of it.
    pub fn look<T>(&mut self, mut look: impl FnMut(&Hive) -> T) -> Result<T> {
        loop {
            let answer = look(&self.hive);
            let Some(parts) = self.hive.cells.parts_mut() else { return Ok(answer) };
            if parts.looks() >= MOST_LOOKS {
                let what = "how often a look into the hive turns to it";
                return Err(Error::LimitExceeded { what, limit: MOST_LOOKS, found: parts.looks() });
            }
            match parts.take_missed() {
                Some((offset, length)) => self.fetch(offset, length)?,
                None => return Ok(answer),
            }
        }
    }

    /// Reads the parts around a range of the bins that was missed.
    fn fetch(&mut self, offset: u32, length: u32) -> Result<()> {
        let bins_size = self.hive.cells.bins_size();
        // Below 2 GiB and a page: no overflow. The first page is the base block.
        let start = offset.saturating_add(PAGE) / self.step * self.step;
        let end = offset.saturating_add(length).saturating_add(PAGE).next_multiple_of(self.step);
        let range = start.saturating_sub(PAGE)..end.saturating_sub(PAGE).min(bins_size);
        let Some(parts) = self.hive.cells.parts_mut() else { return Ok(()) };
        for gap in parts.gaps(range) {
            let size = gap.end.saturating_sub(gap.start);
            self.bytes = self.bytes.saturating_add(u64::from(size));
            let limit = u64::from(MOST_READ);
            if self.bytes > limit {
                let what = "what a look into the hive takes, in bytes";
                return Err(Error::LimitExceeded { what, limit, found: self.bytes });
            }
            let mut bytes = vec![0; index(size)];
            self.source.read_range(u64::from(gap.start) + u64::from(PAGE), &mut bytes)?;
            parts.add(gap.start, bytes);
        }
        self.parts = self.parts.saturating_add(1);
        if self.parts.is_multiple_of(PARTS_PER_STEP) {
            self.step = self.step.saturating_mul(2).min(1 << 24);
        }
        Ok(())
    }
}

/// Without what the hive holds.
impl std::fmt::Debug for Peek<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Peek").field("bytes_read", &self.bytes).finish_non_exhaustive()
    }
}
