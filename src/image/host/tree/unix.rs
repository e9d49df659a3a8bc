//! The directory's descriptor stays open. In a tree of its own the kernel resolves a relative path
//! in one call; elsewhere each directory on the way is opened by itself and must not be a link.

use super::{EntryKind, EntryTimes, Room};
use crate::image::host::faults::{self, Step};
use nix::errno::Errno;
use nix::fcntl::{openat, renameat, AtFlags, OFlag};
use nix::sys::stat::{fstatat, futimens, mkdirat, utimensat, Mode, UtimensatFlags};
use nix::sys::statvfs::fstatvfs;
use nix::sys::time::TimeSpec;
use nix::unistd::{close, ftruncate, linkat, lseek, read, symlinkat, unlinkat, write, UnlinkatFlags, Whence};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Component, Path};

/// Longer paths are resolved directory by directory; the kernel's limit is 4096 with the NUL.
const PATH_LIMIT: usize = 4000;
/// Seconds from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_SECONDS: i64 = 11_644_473_600;

/// An open file or directory, closed when dropped.
#[derive(Debug)]
struct Descriptor(RawFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        let _ = close(self.0);
    }
}

/// A directory of the host.
#[derive(Debug)]
pub struct HostTree {
    root: Descriptor,
    own: bool,
}

impl HostTree {
    /// Opens a directory; `own`: everything in it is made through this handle.
    pub fn open(path: &Path, own: bool) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self { root: Descriptor(nix::fcntl::open(path, flags, Mode::empty())?), own })
    }

    /// The room on its file system; `None` where the host does not say.
    pub fn room(&self) -> io::Result<Option<Room>> {
        let found = fstatvfs(&self.root)?;
        let block = found.fragment_size().max(1);
        Ok(Some(Room { available: found.blocks_available().saturating_mul(block), block }))
    }

    /// Calls `action` with a directory's descriptor and the path of `path` from there.
    fn at<T>(&self, path: &Path, action: impl FnOnce(RawFd, &Path) -> nix::Result<T>) -> io::Result<T> {
        if path.as_os_str().is_empty() {
            return Ok(action(self.root.0, Path::new("."))?);
        }
        if self.own && path.as_os_str().len() < PATH_LIMIT {
            return Ok(action(self.root.0, path)?);
        }
        let mut directory: Option<Descriptor> = None;
        let current = |directory: &Option<Descriptor>| directory.as_ref().map_or(self.root.0, |open| open.0);
        for component in path.parent().into_iter().flat_map(Path::components) {
            let Component::Normal(name) = component else { return Err(Errno::EINVAL.into()) };
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            directory = Some(Descriptor(openat(current(&directory), name, flags, Mode::empty())?));
        }
        let name = path.file_name().ok_or(Errno::EINVAL)?;
        Ok(action(current(&directory), Path::new(name))?)
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &Path) -> io::Result<()> {
        faults::step(Step::Create)?;
        self.at(path, |at, name| mkdirat(at, name, Mode::from_bits_truncate(0o777)))
    }

    /// Makes a file that must not be there yet.
    pub fn create_file(&self, path: &Path) -> io::Result<HostTreeFile> {
        faults::step(Step::Create)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o666);
        let file = self.at(path, |at, name| openat(at, name, flags, mode))?;
        Ok(HostTreeFile(Descriptor(file)))
    }

    /// Opens a file to read it again.
    pub fn open_file(&self, path: &Path) -> io::Result<HostTreeFile> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = self.at(path, |at, name| openat(at, name, flags, Mode::empty()))?;
        Ok(HostTreeFile(Descriptor(file)))
    }

    /// Gives the file at `from` the further name `to`.
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        faults::step(Step::Create)?;
        self.at(from, |old, old_name| {
            let linked = self.at(to, |new, new_name| {
                linkat(Some(old), old_name, Some(new), new_name, nix::unistd::LinkatFlags::NoSymlinkFollow)
            });
            linked.map_err(|error| Errno::from_i32(error.raw_os_error().unwrap_or(libc::EIO)))
        })
    }

    /// Makes a symbolic link; whether it leads to a directory makes no difference here.
    pub fn symlink(&self, target: &OsStr, path: &Path, _directory: bool) -> io::Result<()> {
        faults::step(Step::Create)?;
        self.at(path, |at, name| symlinkat(target, Some(at), name))
    }

    /// Sets the times of what is at `path`, of a link itself.
    pub fn set_times(&self, path: &Path, times: EntryTimes) -> io::Result<()> {
        let (access, write) = (timespec(times.access), timespec(times.write));
        self.at(path, |at, name| utimensat(Some(at), name, &access, &write, UtimensatFlags::NoFollowSymlink))
    }

    /// Puts what is at `from` in the place of `to`, both in the same directory or not.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        faults::step(Step::Rename)?;
        self.at(from, |old, old_name| {
            let renamed = self.at(to, |new, new_name| renameat(Some(old), old_name, Some(new), new_name));
            renamed.map_err(|error| Errno::from_i32(error.raw_os_error().unwrap_or(libc::EIO)))
        })
    }

    /// Removes a file or a link.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        faults::step(Step::Remove)?;
        self.at(path, |at, name| unlinkat(Some(at), name, UnlinkatFlags::NoRemoveDir))
    }

    /// What is at `path`; `None` when there is nothing.
    pub fn kind(&self, path: &Path) -> io::Result<Option<EntryKind>> {
        let found = self.at(path, |at, name| fstatat(at, name, AtFlags::AT_SYMLINK_NOFOLLOW));
        let found = match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        Ok(Some(match found.st_mode & libc::S_IFMT {
            libc::S_IFDIR => EntryKind::Directory,
            // The unit of `st_blocks` is 512 bytes whatever the file system's blocks are.
            libc::S_IFREG => EntryKind::File(u64::try_from(found.st_blocks).unwrap_or(0).saturating_mul(512)),
            _ => EntryKind::Other,
        }))
    }
}

/// A file that is being written from front to back.
#[derive(Debug)]
pub struct HostTreeFile(Descriptor);

impl HostTreeFile {
    /// Reads the next bytes; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read(self.0 .0, buffer) {
                Err(Errno::EINTR) => {}
                answer => return Ok(answer?),
            }
        }
    }

    /// Appends bytes.
    pub fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match write(self.0 .0, bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Goes on behind `count` bytes of zeros, which take no room where the file system has holes.
    pub fn skip(&mut self, count: u64) -> io::Result<()> {
        lseek(self.0 .0, offset(count)?, Whence::SeekCur)?;
        Ok(())
    }

    /// Ends the file at `length`.
    pub fn set_length(&mut self, length: u64) -> io::Result<()> {
        Ok(ftruncate(self.0 .0, offset(length)?)?)
    }

    /// Sets the file's times; writing changes them again.
    pub fn set_times(&mut self, times: EntryTimes) -> io::Result<()> {
        Ok(futimens(self.0 .0, &timespec(times.access), &timespec(times.write))?)
    }

    /// Closes the file; some file systems tell of a full disk only now.
    pub fn close(self) -> io::Result<()> {
        let raw = self.0 .0;
        std::mem::forget(self.0);
        Ok(close(raw)?)
    }
}

fn offset(number: u64) -> io::Result<i64> {
    i64::try_from(number).map_err(|_| Errno::EFBIG.into())
}

fn timespec(time: u64) -> TimeSpec {
    let seconds = i64::try_from(time / 10_000_000).unwrap_or(i64::MAX).saturating_sub(UNIX_EPOCH_SECONDS);
    let nanoseconds = i64::try_from(time % 10_000_000).unwrap_or(0).saturating_mul(100);
    TimeSpec::new(seconds, nanoseconds)
}
