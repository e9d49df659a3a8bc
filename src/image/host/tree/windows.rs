//! Windows has no calls relative to a directory that the standard library reaches; paths are
//! joined, and directories on the way are looked at before they are used.

use super::{EntryKind, EntryTimes, Room};
use crate::image::clock;
use crate::image::host::faults::{self, Step};
use std::ffi::OsStr;
use std::fs::{File, FileTimes, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::windows::fs::{symlink_dir, symlink_file, FileTimesExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT: directories and links themselves.
const OPEN_ANYTHING: u32 = 0x0220_0000;
/// FILE_WRITE_ATTRIBUTES.
const WRITE_ATTRIBUTES: u32 = 0x0100;

/// A directory of the host.
#[derive(Debug)]
pub struct HostTree {
    root: PathBuf,
    own: bool,
}

impl HostTree {
    /// Opens a directory; `own`: everything in it is made through this handle.
    pub fn open(path: &Path, own: bool) -> io::Result<Self> {
        match std::fs::metadata(path)?.is_dir() {
            true => Ok(Self { root: std::path::absolute(path)?, own }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The room on its file system; `None` where the host does not say.
    pub fn room(&self) -> io::Result<Option<Room>> {
        Ok(None)
    }

    fn at(&self, path: &Path) -> io::Result<PathBuf> {
        if !self.own {
            for parent in path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
                if !std::fs::symlink_metadata(self.root.join(parent))?.is_dir() {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
            }
        }
        Ok(self.root.join(path))
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &Path) -> io::Result<()> {
        faults::step(Step::Create)?;
        std::fs::create_dir(self.at(path)?)
    }

    /// Makes a file that must not be there yet.
    pub fn create_file(&self, path: &Path) -> io::Result<HostTreeFile> {
        faults::step(Step::Create)?;
        let file = OpenOptions::new().write(true).create_new(true).open(self.at(path)?)?;
        Ok(HostTreeFile(file))
    }

    /// Opens a file to read it again.
    pub fn open_file(&self, path: &Path) -> io::Result<HostTreeFile> {
        Ok(HostTreeFile(File::open(self.at(path)?)?))
    }

    /// Gives the file at `from` the further name `to`.
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        faults::step(Step::Create)?;
        std::fs::hard_link(self.at(from)?, self.at(to)?)
    }

    /// Makes a symbolic link to a file or a directory.
    pub fn symlink(&self, target: &OsStr, path: &Path, directory: bool) -> io::Result<()> {
        faults::step(Step::Create)?;
        match directory {
            true => symlink_dir(target, self.at(path)?),
            false => symlink_file(target, self.at(path)?),
        }
    }

    /// Sets the times of what is at `path`, of a link itself.
    pub fn set_times(&self, path: &Path, times: EntryTimes) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.access_mode(WRITE_ATTRIBUTES).custom_flags(OPEN_ANYTHING);
        options.open(self.at(path)?)?.set_times(file_times(times)?)
    }

    /// Puts what is at `from` in the place of `to`, both in the same directory or not.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        faults::step(Step::Rename)?;
        std::fs::rename(self.at(from)?, self.at(to)?)
    }

    /// Removes a file or a link.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        faults::step(Step::Remove)?;
        std::fs::remove_file(self.at(path)?)
    }

    /// What is at `path`; `None` when there is nothing.
    pub fn kind(&self, path: &Path) -> io::Result<Option<EntryKind>> {
        match std::fs::symlink_metadata(self.at(path)?) {
            Ok(found) if found.is_dir() => Ok(Some(EntryKind::Directory)),
            Ok(found) if found.is_file() => Ok(Some(EntryKind::File(found.len()))),
            Ok(_) => Ok(Some(EntryKind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A file that is being written from front to back.
#[derive(Debug)]
pub struct HostTreeFile(File);

impl HostTreeFile {
    /// Reads the next bytes; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    /// Appends bytes.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Goes on behind `count` bytes of zeros.
    pub fn skip(&mut self, count: u64) -> io::Result<()> {
        let count = i64::try_from(count).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.0.seek(SeekFrom::Current(count))?;
        Ok(())
    }

    /// Ends the file at `length`.
    pub fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    /// Sets the file's times; writing changes them again.
    pub fn set_times(&mut self, times: EntryTimes) -> io::Result<()> {
        self.0.set_times(file_times(times)?)
    }

    /// Closes the file.
    pub fn close(self) -> io::Result<()> {
        Ok(())
    }
}

fn file_times(times: EntryTimes) -> io::Result<FileTimes> {
    let time = |time| clock::to_system_time(time).ok_or(io::ErrorKind::InvalidInput);
    let basic = FileTimes::new().set_accessed(time(times.access)?).set_modified(time(times.write)?);
    Ok(basic.set_created(time(times.creation)?))
}
