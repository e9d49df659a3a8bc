//! A file of the host that gets its name when it is whole.

use crate::error::{Error, Result};
use crate::image::host::{self, HostFile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 256 << 10;

/// A file that is written from front to back under a hidden name beside its own. Dropped before
/// [`finish`](Self::finish) it is removed.
#[derive(Debug)]
pub struct NewFile {
    file: HostFile,
    hidden: PathBuf,
    path: PathBuf,
    buffer: Vec<u8>,
    written: u64,
    finished: bool,
}

impl NewFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` unless `overwrite`; a directory is never replaced. The host's.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        if path.symlink_metadata().is_ok_and(|found| found.is_dir() || !overwrite) {
            return Err(Error::io("create", &path, io::ErrorKind::AlreadyExists.into()));
        }
        let hidden = host::beside(&path);
        let file = HostFile::create(&hidden)?;
        Ok(Self { file, hidden, path, buffer: Vec::new(), written: 0, finished: false })
    }

    /// Makes the content durable and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        self.flush_buffer()?;
        self.file.sync()?;
        host::rename(&self.hidden, &self.path)?;
        self.finished = true;
        Ok(())
    }

    fn flush_buffer(&mut self) -> Result<()> {
        self.file.write_at(&self.buffer, self.written)?;
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

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // There is an error already, or nobody to tell.
            let _ = host::remove_file(&self.hidden);
        }
    }
}
