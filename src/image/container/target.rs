//! The host file that is being written: a fresh one under a hidden name, or an existing one behind
//! its end.

use crate::error::Result;
use crate::formats::wim::header::HEADER_SIZE;
use crate::image::file::read_header_bytes;
use crate::image::host::{FreshFile, HostFile};
use crate::image::state::StateDirectory;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 20;

/// The bytes of a header.
type HeaderBytes = [u8; HEADER_SIZE];

/// A file that grows at its end, with what it takes to finish it or to undo everything.
#[derive(Debug)]
pub(super) struct Target {
    file: Arc<HostFile>,
    kind: Kind,
    buffer: Vec<u8>,
    /// Where the buffer belongs.
    flushed: u64,
    start: u64,
}

#[derive(Debug)]
enum Kind {
    /// A new file.
    Fresh(FreshFile),
    /// An existing file.
    Grown(Box<Growth>),
}

/// What is behind the old end of a file: cut off as long as it is `armed`.
#[derive(Debug)]
struct Growth {
    armed: bool,
    file: Arc<HostFile>,
    length: u64,
    old: HeaderBytes,
    state: StateDirectory,
}

impl Drop for Growth {
    fn drop(&mut self) {
        if self.armed {
            // There is an error already, or nobody to tell. What stays behind is in nobody's way.
            let _ = self.file.set_length(self.length);
        }
    }
}

impl Target {
    /// A fresh file that will get the name `path`. Space for the header is left.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let fresh = FreshFile::create(path, overwrite, None)?;
        let file = Arc::clone(fresh.file());
        file.write_at(&[0; HEADER_SIZE], 0)?;
        let start = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
        Ok(Self { file, kind: Kind::Fresh(fresh), buffer: Vec::new(), flushed: start, start: 0 })
    }

    /// An existing file that is locked for writing; `old` is its header now.
    pub fn grow(file: HostFile, old: HeaderBytes, state: StateDirectory) -> Result<Self> {
        let file = Arc::new(file);
        let length = file.length()?;
        let growth = Growth { armed: true, file: Arc::clone(&file), length, old, state };
        Ok(Self {
            file,
            kind: Kind::Grown(Box::new(growth)),
            buffer: Vec::new(),
            flushed: length,
            start: length,
        })
    }

    /// The file, without what is gathered.
    pub fn file(&self) -> &Arc<HostFile> {
        &self.file
    }

    /// Where the next byte goes.
    pub fn position(&self) -> u64 {
        self.flushed.saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX))
    }

    /// Bytes written.
    pub fn written(&self) -> u64 {
        self.position().saturating_sub(self.start)
    }

    /// Appends bytes and says where.
    pub fn put(&mut self, bytes: &[u8]) -> Result<u64> {
        let offset = self.position();
        if self.buffer.is_empty() && bytes.len() >= BUFFER {
            self.file.write_at(bytes, offset)?;
            self.flushed = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            return Ok(offset);
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(offset)
    }

    /// Writes what is gathered.
    pub fn flush(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.file.write_at(&self.buffer, self.flushed)?;
            self.flushed = self.position();
            self.buffer.clear();
        }
        Ok(())
    }

    /// Goes on at `position`, in front of which everything is written: behind what was written in
    /// other ways, or over what is not wanted after all.
    pub fn move_to(&mut self, position: u64) -> Result<()> {
        self.flush()?;
        self.flushed = position;
        Ok(())
    }

    /// Makes it the file that `header` describes; returns its path.
    pub fn finish(mut self, header: &HeaderBytes) -> Result<PathBuf> {
        self.flush()?;
        if self.file.length()? > self.flushed {
            self.file.set_length(self.flushed)?;
        }
        match self.kind {
            Kind::Fresh(fresh) => {
                self.file.write_at(header, 0)?;
                fresh.finish()
            }
            Kind::Grown(mut growth) => {
                let file = self.file;
                file.sync()?;
                // Where no lock can be made, no session can be made either.
                let guard = growth.state.lock().ok();
                growth.state.foresee(file.path(), file.identity()?, header, None)?;
                // From here on, only the header tells which file it is.
                growth.armed = false;
                commit_header(&file, &growth.old, header, growth.length)?;
                drop(guard);
                Ok(file.path().to_path_buf())
            }
        }
    }
}

/// Puts a new header in the place of the old one, the last step of every change in place. The file
/// behind the old `length` is durable already.
pub(crate) fn commit_header(file: &HostFile, old: &[u8], header: &HeaderBytes, length: u64) -> Result<()> {
    if let Err(error) = file.write_at(header, 0) {
        // Even a few bytes in place can be refused, by a full disk that copies on write. What the
        // header is tells what happened.
        if read_header_bytes(file).is_ok_and(|found| found[..] == *old) {
            let _ = file.set_length(length);
        }
        return Err(error);
    }
    file.sync()
}
