//! Registration files (`.reg`): what regedit exports and imports, read and written as a stream.
//!
//! A file is a list of [`Operation`]s in order. [`Parser`] reads versions 4 and 5 in every encoding in
//! use; a line that regedit would skip without a word is an [`Item::Malformed`] with its place, and the
//! parser goes on behind it. [`Writer`] writes what regedit reads back to the same bytes.
//!
//! Reference: docs/formats/reg.md.

mod code_page;
mod cursor;
mod data;
mod lines;
mod parse;
mod root;
mod write;

use crate::error::Error;

pub use code_page::CodePage;
pub use parse::Parser;
pub use root::{split_root, Root};
pub use write::Writer;

/// The format's name in errors.
const FORMAT: &str = "registration file (.reg)";
/// The first line of a version 4 file.
const HEADER_4: &str = "REGEDIT4";
/// The first line of a version 5 file.
const HEADER_5: &str = "Windows Registry Editor Version 5.00";

/// Longest line in UTF-16 units. regedit wraps data at 80 columns, but texts stand on one line, and
/// other programs write data unwrapped: this is three columns for each byte of [`MAX_DATA`].
pub const MAX_LINE: usize = 3 * MAX_DATA;
/// Most data of one value in bytes. Windows advises against more than 1 MiB; nothing real comes near.
pub const MAX_DATA: usize = 32 << 20;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// `REGEDIT4`: text, and the data of text values, in a code page.
    V4,
    /// `Windows Registry Editor Version 5.00`: the data of text values in UTF-16.
    #[default]
    V5,
}

/// One thing that a file asks for. Names are UTF-16 units, which need not be well-formed text.
#[derive(Clone, PartialEq, Eq)]
pub enum Operation {
    /// `[name]`: the key is created if it is missing, with all above it, and the values that follow are its.
    CreateKey(Vec<u16>),
    /// `[-name]`: the key is deleted with all below it. No values follow.
    DeleteKey(Vec<u16>),
    /// A value of the key is set; the empty name is the default value.
    SetValue {
        /// The value's name.
        name: Vec<u16>,
        /// The type: a `REG_*` number, or any other.
        kind: u32,
        /// The data as they are stored: text is UTF-16LE, whatever the file's version.
        data: Vec<u8>,
    },
    /// A value of the key is deleted.
    DeleteValue(Vec<u16>),
}

/// Without the data, which may be secrets.
impl std::fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf16_lossy;
        match self {
            Self::CreateKey(key) => write!(formatter, "CreateKey({:?})", text(key)),
            Self::DeleteKey(key) => write!(formatter, "DeleteKey({:?})", text(key)),
            Self::SetValue { name, kind, data } => {
                write!(formatter, "SetValue({:?}, kind {kind}, {} byte(s))", text(name), data.len())
            }
            Self::DeleteValue(name) => write!(formatter, "DeleteValue({:?})", text(name)),
        }
    }
}

/// What the parser found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An operation, and the line it starts on, from 1.
    Operation {
        /// The line.
        line: u64,
        /// The operation.
        operation: Operation,
    },
    /// Something that is no operation.
    Malformed(Complaint),
}

/// A line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in UTF-16 units.
    pub column: u64,
    /// What should be there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

impl Complaint {
    /// The complaint as an error.
    pub fn into_error(self) -> Error {
        let Self { line, column, expected, found } = self;
        Error::malformed(FORMAT, format!("line {line}, column {column}"), expected, found)
    }
}
