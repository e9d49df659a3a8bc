//! Registry hives: reading, checking and editing them in place.
//!
//! A [`Hive`] owns the bytes of a primary file. Reading checks what it touches and nothing else;
//! the first edit checks the structure of the whole hive, so that editing cannot make a damaged hive
//! worse. Edits happen in the bytes: freed cells are zeroed (values can be secrets) and used again,
//! preferring places near other edits, and [`Hive::finish`] says which pages changed. Names are
//! UTF-16 and compared in upper case; the `&str` forms are for the usual case.
//!
//! Volatile keys do not exist in files, transaction logs are not read: a hive whose logs hold newer
//! data is refused as [`HiveDirty`](crate::error::Error::HiveDirty).
//!
//! Reference: `msuhanov/regf`; what real hives have: `docs/formats/regf.md`.

#![allow(dead_code)] // Editing follows.

mod base_block;
mod cells;
pub mod data;
mod edit;
mod key;
mod list;
mod name;
mod read;
mod security;
mod value;

use crate::error::Result;
use base_block::BaseBlock;
use cells::Cells;
use key::KeyNode;
use std::ops::Range;

pub use data::*;
pub use edit::Findings;
pub use read::class_bytes;
pub use value::Values;

/// The format's name in errors.
const FORMAT: &str = "registry hive";

/// How deep keys may be nested; a limit of Windows (Win32 "Registry Element Size Limits").
pub const MAX_DEPTH: usize = 512;
/// Longest name of a key in UTF-16 units; a limit of Windows.
pub const MAX_KEY_NAME: usize = 255;
/// Longest name of a value in UTF-16 units; a limit of Windows.
pub const MAX_VALUE_NAME: usize = 16383;

/// A key of one hive. Valid until that key is deleted or the hive is compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(u32);

/// A value with its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The name; empty for the default value.
    pub name: Vec<u16>,
    /// The type: one of the `REG_*` numbers, or any other.
    pub kind: u32,
    /// The data as stored.
    pub data: Vec<u8>,
}

/// A hive made ready to be stored.
#[derive(Debug, Clone)]
pub struct FinishedHive {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Byte ranges that may differ from the file that was opened, or last finished; ascending, whole
    /// pages of 4096 bytes, adjacent ones joined. Empty: nothing changed.
    pub changed: Vec<Range<u64>>,
}

/// A registry hive in memory.
#[derive(Debug, Clone)]
pub struct Hive {
    cells: Cells,
    minor: u32,
    root: u32,
}

impl Hive {
    /// Opens a primary file. Bytes behind the hive's bins are kept.
    ///
    /// # Errors
    /// [`HiveDirty`](crate::error::Error::HiveDirty), a version other than 1.3 to 1.6, a wrong checksum,
    /// a file shorter than its bins, a root that is not a key.
    pub fn open(bytes: Vec<u8>) -> Result<Self> {
        let block = BaseBlock::parse(&bytes)?;
        let cells = Cells::new(bytes, block.bins_size);
        KeyNode::read(&cells, block.root)?.name()?;
        Ok(Self { cells, minor: block.minor, root: block.root })
    }

    /// The minor version: 3 to 6.
    pub fn minor_version(&self) -> u32 {
        self.minor
    }

    fn is_known_sorted(&self, _key: u32) -> bool {
        false
    }
}
