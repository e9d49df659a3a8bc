//! One entry of a blob table as it is on disk, and the entries of a table one after the other.
//!
//! Reference: `docs/formats/wim.md` "Blob table"; `ebiggers/wimlib` `src/blob_table.c`.

use super::blob_table::{IgnoredReason, FORMAT};
use super::header::{Header, ResourceHeader};
use super::Hash;
use crate::error::{Error, Result};
use crate::formats::ReadRange;

/// Bytes of an entry on disk.
pub const ENTRY_SIZE: usize = 50;
/// Entries read at a time: a table has megabytes, which need not all be in memory at once.
const WINDOW: usize = 2048;

/// An entry as it is on disk.
pub(super) struct DiskEntry {
    pub index: usize,
    pub header: ResourceHeader,
    pub part: u16,
    pub references: u32,
    pub hash: Hash,
}

impl DiskEntry {
    /// There are tens of thousands, so all lengths are known when this is compiled.
    #[inline]
    fn parse(bytes: &[u8; ENTRY_SIZE], index: usize) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_first_chunk()?;
        let (references, hash) = rest.split_first_chunk()?;
        Some(Self {
            index,
            header: ResourceHeader::from_bytes(header),
            part: u16::from_le_bytes(*part),
            references: u32::from_le_bytes(*references),
            hash: *hash.first_chunk()?,
        })
    }

    /// Why it says nothing, if so.
    pub fn problem(&self, size: u64, header: &Header) -> Option<IgnoredReason> {
        match () {
            () if self.hash == [0; 20] => Some(IgnoredReason::NoHash),
            () if size == 0 => Some(IgnoredReason::NoSize),
            () if self.part != header.part_number => Some(IgnoredReason::OtherPart),
            () => None,
        }
    }

    pub fn error(&self, expected: &str, found: impl Into<String>) -> Error {
        Error::malformed(FORMAT, format!("entry {}", self.index), expected, found)
    }
}

/// The entries of a table, of which a window is in memory.
pub(super) struct Entries<'a> {
    table: &'a mut dyn ReadRange,
    count: usize,
    window: Vec<[u8; ENTRY_SIZE]>,
    /// The number of the window's first entry.
    start: usize,
}

impl<'a> Entries<'a> {
    /// The entries of a table; bytes behind the last whole one are left out.
    pub fn new(table: &'a mut dyn ReadRange) -> Self {
        let count = usize::try_from(table.size()).unwrap_or(usize::MAX) / ENTRY_SIZE;
        Self { table, count, window: Vec::new(), start: 0 }
    }

    /// How many there are, if the table is as large as it says.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Entry `index`, from 0; `None` behind the last.
    #[inline]
    pub fn get(&mut self, index: usize) -> Result<Option<DiskEntry>> {
        let place = index.checked_sub(self.start).filter(|place| *place < self.window.len());
        let place = match place {
            Some(place) => place,
            None if index < self.count => self.move_to(index)?,
            None => return Ok(None),
        };
        Ok(self.window.get(place).and_then(|bytes| DiskEntry::parse(bytes, index)))
    }

    /// Reads the window that begins with entry `index`, and returns where in it that is.
    #[cold]
    fn move_to(&mut self, index: usize) -> Result<usize> {
        self.window.resize(self.count.saturating_sub(index).min(WINDOW), [0; ENTRY_SIZE]);
        self.start = index;
        let offset = u64::try_from(index.saturating_mul(ENTRY_SIZE)).unwrap_or(u64::MAX);
        self.table.read_range(offset, self.window.as_flattened_mut())?;
        Ok(0)
    }
}
