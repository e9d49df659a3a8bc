//! Editing a hive of which only parts are read.
//!
//! What an edit needs is found where it happens: free cells are those of the bins that are written
//! anyway, whose cells are checked before they are used, or a new bin's; a new key shares its parent's
//! security record. The whole hive is read and checked in two cases only: before a security record that
//! this hive did not get in this session loses the last reference it counts, because a wrong count would
//! free one in use; and to compact.

use super::base_block::BaseBlock;
use super::cells::{damaged, index, Cells, PAGE};
use super::check::{walk_bin, CellSet};
use super::key::{self, KeyNode};
use super::security::{self, FLINK, REFERENCES};
use super::Hive;
use crate::error::{Error, Result};
use crate::formats::ReadAt;
use crate::progress::unobserved;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What editing a hive that was not surveyed must remember.
#[derive(Debug, Clone, Default)]
pub(super) struct Local {
    /// First bytes of the bins whose free cells are known.
    entered: HashSet<u32>,
    /// Keys made here: their lists are sorted.
    pub created: HashSet<u32>,
    /// Security records made here: their counts are right.
    pub records: HashSet<u32>,
    /// Whether the table of descriptors is complete.
    descriptors_known: bool,
}

impl Hive {
    /// Opens a clean primary file that is read as it is needed: a bin when something in it is looked at.
    ///
    /// Edits check what they touch, not the whole hive: that is what [`check`](Self::check) is for.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and the source's.
    pub fn open_lazily(source: Arc<dyn ReadAt>) -> Result<Self> {
        let size = source.size().map_err(Error::Stream)?;
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(index(PAGE));
        let mut bytes = vec![0; length];
        source.read_exact_at(&mut bytes, 0).map_err(Error::Stream)?;
        let block = BaseBlock::parse(&bytes, size)?;
        let cells = Cells::in_pages(bytes, block.bins_size, source, size).of_version(block.minor);
        KeyNode::read(&cells, block.root)?.name()?;
        Ok(Self::unprepared(cells, block))
    }

    /// Whether the hive is edited without having been surveyed.
    pub(super) fn is_local(&self) -> bool {
        !self.prepared && self.cells.pages().is_some()
    }

    /// Makes the free cells around `offset` known, where something will be written; those of a damaged
    /// bin are not used.
    pub(super) fn near(&mut self, offset: u32) -> Result<()> {
        if self.is_local() {
            match self.enter_bin(offset) {
                Ok(()) => self.free.note_written((offset / PAGE).saturating_add(1)),
                Err(Error::Malformed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Notes the pages that were written, which are good places for more.
    pub(super) fn note_written_pages(&mut self) -> Result<()> {
        for page in self.cells.take_newly_written() {
            self.free.note_written(page);
            if let Some(page) = page.checked_sub(1) {
                self.near(page.saturating_mul(PAGE))?;
            }
        }
        Ok(())
    }

    /// Checks the cells of a bin and takes up its free ones, once.
    ///
    /// # Errors
    /// A bin whose cells do not fill it.
    pub(super) fn enter_bin(&mut self, offset: u32) -> Result<()> {
        if !self.is_local() {
            return Ok(());
        }
        let Some(bin) = self.cells.pages().and_then(|pages| pages.bin(offset)) else {
            return Err(damaged(offset, "an offset inside a bin", "one outside"));
        };
        if self.local.entered.contains(&bin.start) {
            return Ok(());
        }
        for (offset, size) in walk_bin(&self.cells, bin.clone())? {
            self.free.insert(offset, size);
        }
        self.local.entered.insert(bin.start);
        Ok(())
    }

    /// A bin whose space is accounted for by who made it.
    pub(super) fn note_entered(&mut self, bin: u32) {
        self.local.entered.insert(bin);
    }

    /// Before keys stop using their security records: surveys the hive if one of these may be freed whose
    /// count was not made here.
    pub(super) fn before_unsharing(&mut self, keys: &[u32]) -> Result<()> {
        if !self.is_local() {
            return Ok(());
        }
        let mut uses: HashMap<u32, u32> = HashMap::new();
        for &key in keys {
            let count = uses.entry(KeyNode::read(&self.cells, key)?.field(key::SECURITY)?).or_default();
            *count = count.saturating_add(1);
        }
        for (record, uses) in uses {
            let counted = self.cells.record_of(record, b"sk")?.u32(REFERENCES)?;
            if counted <= uses && !self.local.records.contains(&record) {
                return self.survey_whole(&mut unobserved);
            }
        }
        Ok(())
    }

    /// Fills the table of descriptors by a walk over the circle of security records.
    pub(super) fn know_descriptors(&mut self) -> Result<()> {
        if !self.is_local() || self.local.descriptors_known {
            return Ok(());
        }
        let first = KeyNode::read(&self.cells, self.root)?.field(key::SECURITY)?;
        let mut seen = CellSet::new(self.cells.bins_size());
        let mut offset = first;
        loop {
            if !seen.insert(offset) {
                return Err(damaged(offset, "a circle of security records", "one that leads into itself"));
            }
            let descriptor = security::descriptor(&self.cells, offset)?.to_vec();
            self.descriptors.entry(descriptor).or_insert(offset);
            offset = self.cells.record_of(offset, b"sk")?.u32(FLINK)?;
            if offset == first {
                break;
            }
        }
        self.local.descriptors_known = true;
        Ok(())
    }
}
