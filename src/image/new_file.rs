//! A file of the host that gets its name when it is whole.

use crate::error::{Error, Result};
use crate::image::host::FreshFile;
use std::io::{self, Write};
use std::path::Path;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 256 << 10;

/// A file that is written from front to back under a hidden name beside its own. Dropped before
/// [`finish`](Self::finish) it is removed.
#[derive(Debug)]
pub struct NewFile {
    fresh: FreshFile,
    buffer: Vec<u8>,
    written: u64,
}

impl NewFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` unless `overwrite`; a directory is never replaced. The host's.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let fresh = FreshFile::create(path, overwrite, None)?;
        Ok(Self { fresh, buffer: Vec::new(), written: 0 })
    }

    /// Makes the content durable and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        self.flush_buffer()?;
        self.fresh.finish().map(drop)
    }

    fn flush_buffer(&mut self) -> Result<()> {
        self.fresh.file().write_at(&self.buffer, self.written)?;
        self.written = self.written.saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX));
        self.buffer.clear();
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer().map_err(|error| match error {
            Error::Io { source, .. } => source,
            error => io::Error::other(error.to_string()),
        })
    }
}
