//! Bytes to values and back: one folder per format.
//!
//! **Invariant:** nothing here knows paths, clocks, threads, the host's file system or the layers
//! above. Input is a slice or a [`ReadAt`]; output is a value or bytes. All input is hostile.
#![forbid(unsafe_code)]

pub mod bytes;
pub mod cat;
pub mod inf;
pub mod ntfs;
pub mod pe;
pub mod reg;
pub mod regf;
pub mod security;
pub mod unattend;
pub mod upcase;
pub mod wim;
pub mod wimscript;
pub mod xml;

use crate::error::{Error, Result};

/// Positioned reading, so that one source can be read from several threads.
pub trait ReadAt: Send + Sync {
    /// Fills `buffer` from `offset`, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()>;
    /// Size in bytes.
    fn size(&self) -> std::io::Result<u64>;
}

impl ReadAt for Vec<u8> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let end_of_file = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let start = usize::try_from(offset).map_err(|_| end_of_file())?;
        let end = start.checked_add(buffer.len()).ok_or_else(end_of_file)?;
        buffer.copy_from_slice(self.get(start..end).ok_or_else(end_of_file)?);
        Ok(())
    }

    fn size(&self) -> std::io::Result<u64> {
        Ok(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}

/// Reading parts of one content, which may have to be decompressed for it.
pub trait ReadRange {
    /// Bytes of content.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the range is not inside the content or its data is damaged.
    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()>;
}

/// A file is its own content; one whose size is not known counts as empty.
impl<T: ReadAt + ?Sized> ReadRange for std::sync::Arc<T> {
    fn size(&self) -> u64 {
        ReadAt::size(&**self).unwrap_or(0)
    }

    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.read_exact_at(buffer, offset).map_err(Error::Stream)
    }
}
