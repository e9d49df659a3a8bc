//! Registry hives: reading, checking and editing them in place.
//!
//! A [`Hive`] owns the bytes of a primary file. Reading checks what it touches and nothing else;
//! the first edit checks the structure of the whole hive, so that editing cannot make a damaged hive
//! worse. Edits happen in the bytes: freed cells are zeroed (values can be secrets) and used again,
//! preferring places near other edits, and [`Hive::finish`] says which pages changed. Names are
//! UTF-16 and compared in upper case; the `&str` forms are for the usual case.
//!
//! Volatile keys do not exist in files. A hive whose logs hold newer data is refused as
//! [`HiveDirty`](crate::error::Error::HiveDirty), unless it is opened with them: see [`logs`].
//!
//! Reference: `msuhanov/regf`; what real hives have: `docs/formats/regf.md`.

mod base_block;
mod build;
mod cells;
mod check;
pub mod data;
mod edit;
mod edits;
mod finish;
mod free;
mod key;
mod list;
mod list_edit;
mod local;
pub mod logs;
mod meter;
mod name;
mod open;
mod pages;
mod parts;
mod peek;
mod read;
mod record;
mod rename;
mod repair;
mod security;
mod value;
mod value_edit;

use cells::Cells;
use free::FreeCells;
use local::Local;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

pub use check::{check_file, Defect, Findings, Severity, MAX_DEFECTS};
pub use data::*;
pub use edits::{Edit, EditKind};
pub use finish::unfinished_sector;
pub use peek::Peek;
pub use read::class_bytes;
pub use repair::{repair, Loss, Salvage, MAX_LOSSES};
pub use security::default_descriptor;
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
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The name; empty for the default value.
    pub name: Vec<u16>,
    /// The type: one of the `REG_*` numbers, or any other.
    pub kind: u32,
    /// The data as stored.
    pub data: Vec<u8>,
}

/// Without the data, which may be secrets.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, size) = (self.name_text(), self.data.len());
        write!(formatter, "Value {{ name: {name:?}, kind: {}, {size} byte(s) }}", self.kind)
    }
}

/// A hive made ready to be stored.
#[derive(Clone)]
pub struct FinishedHive {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Byte ranges that may differ from the file that was opened, or last finished; ascending, whole
    /// pages of 4096 bytes, adjacent ones joined. Empty: nothing changed.
    pub changed: Vec<Range<u64>>,
}

/// A registry hive in memory.
#[derive(Clone)]
pub struct Hive {
    cells: Cells,
    minor: u32,
    root: u32,
    /// Free cells; known once `prepared`, like the fields below.
    free: FreeCells,
    /// The security record of each descriptor.
    descriptors: HashMap<Vec<u8>, u32>,
    /// Keys whose lists of subkeys are not sorted.
    unsorted: HashSet<u32>,
    /// Keys that get a new time when the hive is finished.
    written_keys: HashSet<u32>,
    /// Whether the structure was found sound and the fields above are filled.
    prepared: bool,
    /// Whether an edit failed between two writes.
    half_edited: bool,
    /// The sequence numbers of a dirty hive, which is only read.
    dirty: Option<(u32, u32)>,
    /// What edits know of a hive that was not surveyed.
    local: Local,
    /// What was edited, if that is noted.
    edits: Option<Box<edits::Edits>>,
}

/// Without what the hive holds.
impl fmt::Debug for Hive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minor, size) = (self.minor, self.size());
        write!(formatter, "Hive {{ version 1.{minor}, {size} bytes }}")
    }
}

/// Without the bytes.
impl fmt::Debug for FinishedHive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, changed) = (self.bytes.len(), &self.changed);
        write!(formatter, "FinishedHive {{ {size} bytes, changed: {changed:x?} }}")
    }
}

impl Hive {
    /// The minor version: 1 to 6.
    pub fn minor_version(&self) -> u32 {
        self.minor
    }
}
