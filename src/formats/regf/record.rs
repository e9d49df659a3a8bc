//! The content of a cell, and reading fields of it.

use super::cells::damaged;
use crate::error::{Error, Result};
use crate::formats::bytes::{u16_at, u32_at, u64_at};

/// The content of one allocated cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// The cell's offset.
    pub offset: u32,
    /// The cell without its header, padding included.
    pub data: &'a [u8],
    /// Bytes of the cell's header: 4, or 8 in version 1.1.
    pub header: u32,
}

impl<'a> Record<'a> {
    /// An error about the byte `at` of this record.
    pub fn error(&self, at: usize, expected: impl Into<String>, found: impl Into<String>) -> Error {
        let at = u32::try_from(at).unwrap_or(0);
        damaged(self.offset.saturating_add(self.header).saturating_add(at), expected, found)
    }

    fn short(&self, at: usize, count: usize) -> Error {
        self.error(at, format!("{count} byte(s) in the cell"), format!("a cell of {}", self.data.len()))
    }

    /// The 16-bit number at `at`.
    pub fn u16(&self, at: usize) -> Result<u16> {
        u16_at(self.data, at).ok_or_else(|| self.short(at, 2))
    }

    /// The 32-bit number at `at`.
    pub fn u32(&self, at: usize) -> Result<u32> {
        u32_at(self.data, at).ok_or_else(|| self.short(at, 4))
    }

    /// The 64-bit number at `at`.
    pub fn u64(&self, at: usize) -> Result<u64> {
        u64_at(self.data, at).ok_or_else(|| self.short(at, 8))
    }

    /// `count` bytes from `at`.
    pub fn bytes(&self, at: usize, count: usize) -> Result<&'a [u8]> {
        at.checked_add(count).and_then(|end| self.data.get(at..end)).ok_or_else(|| self.short(at, count))
    }

    /// The two letters a record starts with, or zeros.
    pub fn signature(&self) -> [u8; 2] {
        self.data.first_chunk().copied().unwrap_or_default()
    }

    /// Refuses a record that is not of the kind `signature`.
    pub fn expect(&self, signature: &[u8; 2]) -> Result<()> {
        if self.signature() == *signature {
            return Ok(());
        }
        let name = String::from_utf8_lossy(signature).into_owned();
        Err(self.error(0, format!("a record of the kind '{name}'"), format!("{:02x?}", self.signature())))
    }
}
