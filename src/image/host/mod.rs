//! The host's file system, behind the few operations the image layer needs.
//!
//! **Invariant:** everything below `src/image` changes host files through this module, so that a
//! test can stop the engine after any single step ([`faults`]), and so that the differences
//! between platforms stay in `unix.rs` and `windows.rs`.

pub mod faults;
mod fresh;
pub mod listing;
mod mounts;
pub mod tree;
mod turns;

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

use crate::error::{Error, Result};
use crate::formats::ReadAt;
use faults::Step;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;
use turns::Turn;

pub use fresh::FreshFile;
pub use mounts::user_of_volume;
pub use platform::{host_name, host_name_to_utf16, FileId};

/// Slice in which file content is copied: between two slices the caller can cancel.
const COPY_SLICE: u64 = 8 << 20;

/// An open host file that is read and written by position.
#[derive(Debug)]
pub struct HostFile {
    file: File,
    path: PathBuf,
    locked: AtomicBool,
    /// Set while the file is locked for writing.
    writing: OnceLock<FileId>,
}

impl HostFile {
    /// Opens an existing file for reading.
    pub fn open(path: &Path) -> Result<Self> {
        let file = platform::shared(OpenOptions::new().read(true)).open(path);
        Self::of(file, "open", path)
    }

    /// Opens an existing file for reading and writing.
    pub fn open_writable(path: &Path) -> Result<Self> {
        let file = platform::shared(OpenOptions::new().read(true).write(true)).open(path);
        Self::of(file, "open for writing", path)
    }

    /// Opens a block device for reading and writing that nothing else has mounted or opened this
    /// way; until it is closed nothing can (on Linux).
    pub fn open_device(path: &Path) -> Result<Self> {
        let file = platform::exclusive(OpenOptions::new().read(true).write(true)).open(path);
        Self::of(file, "open for writing", path)
    }

    /// Opens a file of the session's state, readable by its owner only, and makes it if need be.
    pub fn open_private(path: &Path) -> Result<Self> {
        faults::step(Step::Create).map_err(|source| Error::io("create", path, source))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        Self::of(platform::private(&mut options).open(path), "open", path)
    }

    /// Makes a new file, readable by its owner only; fails when it exists.
    pub fn create_private(path: &Path) -> Result<Self> {
        faults::step(Step::Create).map_err(|source| Error::io("create", path, source))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        Self::of(platform::private(&mut options).open(path), "create", path)
    }

    /// Makes a new file with the process's default permissions; fails when it exists.
    pub fn create(path: &Path) -> Result<Self> {
        faults::step(Step::Create).map_err(|source| Error::io("create", path, source))?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        Self::of(file, "create", path)
    }

    fn of(file: io::Result<File>, action: &'static str, path: &Path) -> Result<Self> {
        let file = file.map_err(|source| Error::io(action, path, source))?;
        Ok(Self { file, path: path.to_path_buf(), locked: AtomicBool::new(false), writing: OnceLock::new() })
    }

    /// The path the file was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, for times and permissions.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Size in bytes.
    pub fn length(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(|source| Error::io("read", &self.path, source))?.len())
    }

    /// What the host knows the file by, whatever its path.
    pub fn identity(&self) -> Result<FileId> {
        FileId::of(&self.file).map_err(|source| Error::io("read", &self.path, source))
    }

    /// Reads `buffer.len()` bytes from `offset`.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        self.read_exact_at(buffer, offset).map_err(|source| Error::io("read", &self.path, source))
    }

    /// Writes all of `bytes` at `offset`.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let written = faults::write(bytes, |bytes| platform::write_all_at(&self.file, bytes, offset));
        written.map_err(|source| Error::io("write", &self.path, source))
    }

    /// Cuts the file off, or fills it up with zeros.
    pub fn set_length(&self, length: u64) -> Result<()> {
        faults::step(Step::Truncate)
            .and_then(|()| self.file.set_len(length))
            .map_err(|source| Error::io("resize", &self.path, source))
    }

    /// Returns when content and size are on the medium.
    pub fn sync(&self) -> Result<()> {
        faults::step(Step::Sync)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| Error::io("write", &self.path, source))
    }

    /// Lets the system forget what it has of the file in memory, so that reading it reads the
    /// medium; what is not synced yet stays.
    pub fn forget_cached(&self) {
        platform::forget_cached(&self.file);
    }

    /// Copies `length` bytes from `source`, by the kernel where it can; `advance` is told the
    /// bytes of each slice and may stop the copy with an error.
    pub fn copy_from(
        &self,
        source: &HostFile,
        source_offset: u64,
        offset: u64,
        length: u64,
        advance: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        while done < length {
            let slice = COPY_SLICE.min(length.saturating_sub(done));
            let from = source_offset.saturating_add(done);
            let to = offset.saturating_add(done);
            faults::step(Step::Write)
                .and_then(|()| platform::copy(&source.file, from, &self.file, to, slice))
                .map_err(|error| Error::io("write", &self.path, error))?;
            if slice == COPY_SLICE {
                // The medium need not wait until everything is copied.
                platform::begin_writing(&self.file, to, slice);
            }
            done = done.saturating_add(slice);
            advance(slice)?;
        }
        Ok(())
    }

    /// Waits for the advisory lock and takes it.
    pub fn wait_for_lock(&self) -> Result<()> {
        self.file.lock().map_err(|source| Error::io("lock", &self.path, source))?;
        self.locked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Takes the advisory lock for itself alone, or says [`Error::Busy`].
    pub fn lock(&self, what: &Path) -> Result<()> {
        self.locked(self.file.try_lock(), what)
    }

    /// Takes the advisory lock on an image file together with others that share it, or says
    /// [`Error::Busy`]: programs that want the file for themselves before they change it, as
    /// wimlib does, are kept away while it is open.
    pub fn lock_image(&self, what: &Path) -> Result<()> {
        self.locked(platform::try_lock_image(&self.file), what)
    }

    /// Keeps every other writer of this engine out until the file is closed, whatever advisory
    /// locks are shared meanwhile, or says [`Error::Busy`].
    pub fn lock_for_writing(&self) -> Result<()> {
        match self.try_for_writing()? {
            Turn::Taken => Ok(()),
            Turn::Ours | Turn::Others => Err(Error::Busy { what: self.path.display().to_string() }),
        }
    }

    /// As [`HostFile::lock_for_writing`], but waits for a writer that is another thread of this
    /// process; `wait` is called every 50 ms meanwhile and can stop the waiting.
    pub fn wait_for_writing(&self, wait: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        while self.try_for_writing()? == Turn::Ours {
            turns::wait(self.identity()?);
            wait()?;
        }
        self.lock_for_writing()
    }

    fn try_for_writing(&self) -> Result<Turn> {
        if self.writing.get().is_some() {
            return Ok(Turn::Taken);
        }
        let file = self.identity()?;
        let lock = || match platform::try_lock_for_writing(&self.file) {
            // Some network file systems have no locks.
            Err(error) if platform::cannot_lock(&error) => Ok(true),
            answer => answer,
        };
        let turn = turns::begin(file, lock).map_err(|error| Error::io("lock", &self.path, error))?;
        if turn == Turn::Taken {
            self.locked.store(true, Ordering::Relaxed);
            self.writing.get_or_init(|| file);
        }
        Ok(turn)
    }

    fn locked(&self, answer: Result<(), TryLockError>, what: &Path) -> Result<()> {
        match answer {
            Ok(()) => {
                self.locked.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(Error::Busy { what: what.display().to_string() }),
            // Some network file systems have no locks; wimlib goes on there too.
            Err(TryLockError::Error(error)) if platform::cannot_lock(&error) => Ok(()),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &self.path, error)),
        }
    }
}

impl Drop for HostFile {
    /// Closing is not enough: a child process that another thread is just starting has a copy of
    /// the descriptor, and with it the locks, until it executes its program.
    fn drop(&mut self) {
        match self.writing.get() {
            Some(file) => turns::end(*file, || platform::unlock(&self.file)),
            None if self.locked.load(Ordering::Relaxed) => platform::unlock(&self.file),
            None => {}
        }
    }
}

impl ReadAt for HostFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        platform::read_exact_at(&self.file, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

/// Makes a directory for the owner only, and its parents; durable when it returns.
pub fn create_private_directory(path: &Path) -> Result<()> {
    faults::step(Step::Create)
        .and_then(|()| platform::create_private_directory(path))
        .map_err(|source| Error::io("create", path, source))?;
    match path.parent() {
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

/// Returns when the names in a directory are on the medium.
pub fn sync_directory(path: &Path) -> Result<()> {
    faults::step(Step::Sync)
        .and_then(|()| platform::sync_directory(path))
        .map_err(|source| Error::io("write", path, source))
}

/// Replaces `to` by `from` in one step, durable when it returns.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    faults::step(Step::Rename)
        .and_then(|()| std::fs::rename(from, to))
        .map_err(|source| Error::io("replace", to, source))?;
    match to.parent() {
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

/// Removes a file; one that is not there is no error.
pub fn remove_file(path: &Path) -> Result<()> {
    match faults::step(Step::Remove).and_then(|()| std::fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Removes a directory of the session's state with all its files.
pub fn remove_directory(path: &Path) -> Result<()> {
    match faults::step(Step::Remove).and_then(|()| std::fs::remove_dir_all(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Replaces a small file whole, so that a reader or a crash sees the old or the new content.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = path.with_file_name(name);
    remove_file(&fresh)?;
    let file = HostFile::create_private(&fresh)?;
    file.write_at(content, 0)?;
    file.sync()?;
    drop(file);
    rename(&fresh, path)
}

/// A hidden name beside `path`, for what is to take its place when it is whole.
pub fn beside(path: &Path) -> PathBuf {
    beside_for(path, &uuid::Uuid::new_v4().simple().to_string())
}

/// As [`beside`], always the same name for `unique`, so that a later process finds what is there.
pub fn beside_for(path: &Path, unique: &str) -> PathBuf {
    // Part of the name is enough, and stays below the host's limit.
    let part: String = path.file_name().unwrap_or_default().to_string_lossy().chars().take(32).collect();
    path.with_file_name(format!(".{part}.imgsvc-{unique}.tmp"))
}

/// Gives `to` the permissions, and where allowed the owner, of `from`.
pub fn copy_permissions(from: &HostFile, to: &HostFile) -> Result<()> {
    platform::copy_permissions(&from.file, &to.file).map_err(|source| Error::io("write", &to.path, source))
}

/// Opens a file to be imported, with its metadata. What was a file when it was listed may be a
/// link or a pipe by now: neither is followed or waited for.
pub fn open_source(path: &Path) -> Result<(File, std::fs::Metadata)> {
    let refused = |source| Error::io("open", path, source);
    let file = platform::not_following(OpenOptions::new().read(true)).open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(refused(io::Error::other("it is not a file"))),
    }
}

/// Whether it is a block device: a disk or a partition.
pub fn is_block_device(metadata: &std::fs::Metadata) -> bool {
    platform::is_block_device(metadata)
}

/// The path of an existing file, absolute and without symbolic links.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    platform::canonical(path).map_err(|source| Error::io("open", path, source))
}

/// Two host paths name the same place: compared as the host compares names, without looking.
pub fn same_path(one: &Path, other: &Path) -> bool {
    platform::same_path(one, other)
}

/// Refuses to begin writing `needed` bytes into a directory whose file system has less room, as far
/// as the host says.
pub fn require_room(directory: &Path, needed: u64) -> Result<()> {
    let room = tree::HostTree::open(directory, false).and_then(|tree| tree.room());
    match room.map_err(|source| Error::io("open", directory, source))? {
        Some(room) if needed > room.available => {
            let (path, available) = (directory.to_path_buf(), room.available);
            Err(Error::NoSpace { path, needed, available })
        }
        _ => Ok(()),
    }
}

/// Bytes of memory that can be used without making others swap, where the platform says so.
pub fn available_memory() -> Option<u64> {
    platform::available_memory()
}

/// Where this platform keeps the state of programs, for this user; `None` when it does not say.
pub fn state_home() -> Option<PathBuf> {
    platform::state_home()
}
