//! Opening a hive: clean, brought up to date by its logs, or dirty.
//!
//! Reference: `msuhanov/regf` "Dirty state of a hive".

use super::base_block::BaseBlock;
use super::cells::{index, Cells, PAGE};
use super::free::FreeCells;
use super::key::KeyNode;
use super::local::Local;
use super::logs::{recover, LogFiles, Recovery, RecoveryState};
use super::Hive;
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

impl Hive {
    /// Opens a clean primary file. Bytes behind the hive's bins are kept.
    ///
    /// # Errors
    /// [`Error::HiveDirty`], a version other than 1.1 to 1.6, a wrong checksum, a file shorter than its
    /// bins, a root that is not a key.
    pub fn open(bytes: Vec<u8>) -> Result<Self> {
        let block = BaseBlock::parse(&bytes, u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        Self::of(bytes, block)
    }

    /// Opens a primary file with its logs. A dirty hive that the logs do not bring up to date is open
    /// for reading only, as its file is: see [`is_dirty`](Self::is_dirty).
    ///
    /// What the logs changed counts as an edit: [`finish`](Self::finish) gives the pages.
    ///
    /// # Errors
    /// Those of [`open`](Self::open) but for a dirty hive; a wrong checksum only makes a hive dirty.
    pub fn open_with_logs(bytes: Vec<u8>, files: &LogFiles<'_>) -> Result<(Self, Recovery)> {
        let size = bytes.len();
        let before = bytes.clone();
        let (bytes, recovery) = recover(bytes, files);
        let file_size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (block, dirty) = BaseBlock::peek(&bytes, file_size)?;
        let mut hive = Self::of(bytes, block)?;
        match recovery.state {
            RecoveryState::Recovered => hive.cells.note_differences(&before),
            RecoveryState::Dirty => hive.dirty = Some(recovery.sequences),
            RecoveryState::Clean => {}
        }
        debug_assert!(dirty == hive.dirty.is_some() && hive.cells.file().len() >= size);
        Ok((hive, recovery))
    }

    /// Whether the hive's logs hold newer data that are not in it. Such a hive is only read, until
    /// [`accept_dirty`](Self::accept_dirty).
    pub fn is_dirty(&self) -> bool {
        self.dirty.is_some()
    }

    /// Lets a dirty hive be edited as its primary file is. What only its logs hold is lost when it is
    /// stored.
    pub fn accept_dirty(&mut self) {
        self.dirty = None;
    }

    fn of(bytes: Vec<u8>, block: BaseBlock) -> Result<Self> {
        let cells = Cells::new(bytes, block.bins_size).of_version(block.minor);
        KeyNode::read(&cells, block.root)?.name()?;
        Ok(Self::unprepared(cells, block))
    }

    /// A hive to be read; the first edit prepares it for more.
    pub(super) fn unprepared(cells: Cells, block: BaseBlock) -> Self {
        Self {
            cells,
            minor: block.minor,
            root: block.root,
            free: FreeCells::default(),
            descriptors: HashMap::new(),
            unsorted: HashSet::new(),
            written_keys: HashSet::new(),
            prepared: false,
            half_edited: false,
            dirty: None,
            local: Local::default(),
            edits: None,
        }
    }

    /// Refuses what cannot be edited: a dirty hive, a version with other cells, a half-done edit.
    pub(super) fn check_editable(&self) -> Result<()> {
        if let Some((primary, secondary)) = self.dirty {
            return Err(Error::HiveDirty { primary, secondary });
        }
        if self.minor < FIRST_EDITABLE_MINOR {
            return Err(Error::Unsupported {
                what: format!("changing a registry hive of version 1.{}", self.minor),
                reason: "its cells have another form; it can only be read".to_owned(),
            });
        }
        self.check_whole()
    }
}

/// Version 1.1 (Windows NT 3.1) has larger cells and other values.
const FIRST_EDITABLE_MINOR: u32 = 2;

/// The pages that are not the same in two files.
pub(super) fn different_pages<'a>(old: &'a [u8], new: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let page = index(PAGE);
    let pages = new.chunks(page).enumerate();
    pages.filter_map(move |(number, content)| {
        let start = number.saturating_mul(page);
        let same = old.get(start..start.saturating_add(content.len())) == Some(content);
        (!same).then_some(number)
    })
}
