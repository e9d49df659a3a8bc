//! The host file that is being written: a fresh one under a hidden name, or an existing one behind
//! its end.

use crate::error::{Error, Result};
use crate::formats::wim::header::HEADER_SIZE;
use crate::image::file::read_header_bytes;
use crate::image::host::{self, HostFile};
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
    /// Declared before `undo`, so that it is closed before a temporary file is removed.
    file: Arc<HostFile>,
    undo: Undo,
    buffer: Vec<u8>,
    /// Where the buffer belongs.
    flushed: u64,
    start: u64,
}

/// What has to be undone as long as it is `armed`.
#[derive(Debug)]
struct Undo {
    armed: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A new file: removed unless it got its name.
    Fresh { temporary: PathBuf, path: PathBuf, overwrite: bool },
    /// An existing file: cut off where it ended.
    Grown { file: Arc<HostFile>, length: u64, old: HeaderBytes, state: StateDirectory },
}

impl Drop for Undo {
    fn drop(&mut self) {
        if self.armed {
            // There is an error already, or nobody to tell. What stays behind is in nobody's way.
            let _ = match &self.kind {
                Kind::Fresh { temporary, .. } => host::remove_file(temporary),
                Kind::Grown { file, length, .. } => file.set_length(*length),
            };
        }
    }
}

impl Target {
    /// A fresh file that will get the name `path`. Space for the header is left.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        if path.symlink_metadata().is_ok() {
            refuse_unless(overwrite, &path)?;
        }
        let temporary = host::beside(&path);
        let file = Arc::new(HostFile::create(&temporary)?);
        let undo = Undo { armed: true, kind: Kind::Fresh { temporary, path, overwrite } };
        let start = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
        let target = Self { file, undo, buffer: Vec::new(), flushed: start, start: 0 };
        target.file.write_at(&[0; HEADER_SIZE], 0)?;
        Ok(target)
    }

    /// An existing file that is locked for writing; `old` is its header now.
    pub fn grow(file: HostFile, old: HeaderBytes, state: StateDirectory) -> Result<Self> {
        let file = Arc::new(file);
        let length = file.length()?;
        let undo = Undo { armed: true, kind: Kind::Grown { file: Arc::clone(&file), length, old, state } };
        Ok(Self { file, undo, buffer: Vec::new(), flushed: length, start: length })
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
        let Self { file, mut undo, .. } = self;
        match &undo.kind {
            Kind::Fresh { temporary, path, overwrite } => {
                file.write_at(header, 0)?;
                if let Ok(old) = HostFile::open(path) {
                    refuse_unless(*overwrite, path)?;
                    host::copy_permissions(&old, &file)?;
                }
                file.sync()?;
                drop(file);
                host::rename(temporary, path)?;
                undo.armed = false;
                Ok(path.clone())
            }
            Kind::Grown { length, old, state, .. } => {
                file.sync()?;
                // Where no lock can be made, no session can be made either.
                let guard = state.lock().ok();
                state.foresee(file.path(), file.identity()?, header, None)?;
                // From here on, only the header tells which file it is.
                undo.armed = false;
                commit_header(&file, old, header, *length)?;
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

fn refuse_unless(overwrite: bool, path: &Path) -> Result<()> {
    match overwrite {
        true => Ok(()),
        false => Err(Error::io("create", path, std::io::ErrorKind::AlreadyExists.into())),
    }
}
