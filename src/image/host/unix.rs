//! What only Unix-like hosts have.

use super::listing::{FileState, Node, NodeKind};
use crate::error::{Error, Result};
use crate::image::clock;
use nix::dir::Dir;
use nix::fcntl::{readlinkat, AtFlags, OFlag};
use nix::sys::stat::{fstatat, FileStat, Mode};
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Device and inode number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// How image files are opened: other processes may open, write and replace them.
pub(super) fn shared(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// How a block device is opened that nobody else may have mounted meanwhile: on Linux `O_EXCL`
/// refuses one that is, and keeps it from being mounted.
#[cfg(target_os = "linux")]
pub(super) fn exclusive(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_EXCL)
}

/// Elsewhere there is no such thing.
#[cfg(not(target_os = "linux"))]
pub(super) fn exclusive(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn is_block_device(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_block_device()
}

/// How files to be imported are opened.
pub(super) fn not_following(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// How state files are made: readable and writable by their owner only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some file systems cannot sync a directory and do not need it.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        answer => answer,
    }
}

pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    FileExt::read_exact_at(file, buffer, offset)
}

pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    FileExt::write_all_at(file, bytes, offset)
}

/// Copies within the kernel where it can: [`io::copy`] between files uses `copy_file_range`.
pub(super) fn copy(mut from: &File, at: u64, mut to: &File, offset: u64, length: u64) -> io::Result<()> {
    from.seek(SeekFrom::Start(at))?;
    to.seek(SeekFrom::Start(offset))?;
    match io::copy(&mut from.take(length), &mut to)? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Only a hint: a system that does not take it reads from memory.
pub(super) fn forget_cached(file: &File) {
    #[cfg(target_os = "linux")]
    {
        use nix::fcntl::{posix_fadvise, PosixFadviseAdvice::POSIX_FADV_DONTNEED};
        use std::os::fd::AsRawFd;
        let _ = posix_fadvise(file.as_raw_fd(), 0, 0, POSIX_FADV_DONTNEED);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Only a hint: Linux begins to write what is not on the medium yet, and forgets nothing that is
/// not there. What goes wrong is told by the next sync, as ever.
///
/// Reference: posix_fadvise(2); Linux `mm/fadvise.c`.
pub(super) fn begin_writing(file: &File, offset: u64, length: u64) {
    #[cfg(target_os = "linux")]
    {
        use nix::fcntl::{posix_fadvise, PosixFadviseAdvice::POSIX_FADV_DONTNEED};
        if let (Ok(offset), Ok(length)) = (i64::try_from(offset), i64::try_from(length)) {
            let _ = posix_fadvise(file.as_raw_fd(), offset, length, POSIX_FADV_DONTNEED);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, length);
}

/// An exclusive lock of the open file description on byte 0. It is another kind of lock than
/// `flock`, which wimlib takes: the latter can stay shared by all handles of a session, and keeps
/// wimlib out, while the former lets one writer in at a time.
#[cfg(target_os = "linux")]
pub(super) fn try_lock_for_writing(file: &File) -> io::Result<bool> {
    match set_description_lock(file, libc::F_WRLCK) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        answer => answer.map(|()| true),
    }
}

#[cfg(target_os = "linux")]
fn set_description_lock(file: &File, kind: libc::c_int) -> io::Result<()> {
    use nix::fcntl::{fcntl, FcntlArg};
    let small = |number: libc::c_int| libc::c_short::try_from(number).unwrap_or_default();
    let lock =
        libc::flock { l_type: small(kind), l_whence: small(libc::SEEK_SET), l_start: 0, l_len: 1, l_pid: 0 };
    fcntl(file.as_raw_fd(), FcntlArg::F_OFD_SETLK(&lock))?;
    Ok(())
}

/// Gives up all locks of the open file.
pub(super) fn unlock(file: &File) {
    // What cannot be given up now is given up when the file is closed.
    let _ = file.unlock();
    #[cfg(target_os = "linux")]
    let _ = set_description_lock(file, libc::F_UNLCK);
}

/// Elsewhere the lock of the session and the check of the base must do.
#[cfg(not(target_os = "linux"))]
pub(super) fn try_lock_for_writing(_: &File) -> io::Result<bool> {
    Ok(true)
}

pub(super) fn try_lock_image(file: &File) -> std::result::Result<(), TryLockError> {
    file.try_lock_shared()
}

pub(super) fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// The file system has no locks at all.
pub(super) fn cannot_lock(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::ENOLCK | libc::EOPNOTSUPP | libc::EINVAL))
}

pub(super) fn copy_permissions(from: &File, to: &File) -> io::Result<()> {
    let metadata = from.metadata()?;
    let same_owner = to.metadata()?.uid() == metadata.uid() && to.metadata()?.gid() == metadata.gid();
    if !same_owner {
        // Only root may; anyone else replaces the file by one of their own, as an editor does.
        let _ = std::os::unix::fs::fchown(to, Some(metadata.uid()), Some(metadata.gid()));
    }
    to.set_permissions(metadata.permissions())
}

pub(super) fn same_path(one: &Path, other: &Path) -> bool {
    one.components().eq(other.components())
}

/// Reference: proc(5), `MemAvailable`.
pub(super) fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// XDG base directory specification: `$XDG_STATE_HOME`, else `~/.local/state`.
pub(super) fn state_home() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
}

/// The host's spelling of an image name: UTF-8 in WTF-8's form where surrogates are unpaired.
pub fn host_name(name: &[u16]) -> OsString {
    let mut bytes = Vec::with_capacity(name.len());
    for unit in char::decode_utf16(name.iter().copied()) {
        match unit {
            Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(error) => {
                let [high, low] = error.unpaired_surrogate().to_be_bytes();
                let middle = 0x80 | (high & 0x0f) << 2 | low >> 6;
                bytes.extend_from_slice(&[0xe0 | high >> 4, middle, 0x80 | low & 0x3f]);
            }
        }
    }
    OsString::from_vec(bytes)
}

/// An image name for a host name, the reverse of [`host_name`]; `None` when the bytes are not the
/// host's spelling of any.
pub fn host_name_to_utf16(name: &OsStr) -> Option<Vec<u16>> {
    let mut rest = name.as_bytes();
    let mut units = Vec::with_capacity(rest.len());
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(text) => {
                units.extend(text.encode_utf16());
                break;
            }
            Err(error) => error,
        };
        let (valid, invalid) = rest.split_at_checked(error.valid_up_to())?;
        units.extend(std::str::from_utf8(valid).ok()?.encode_utf16());
        // An unpaired surrogate in the form of UTF-8.
        let (&[0xed, middle @ 0xa0..=0xbf, low @ 0x80..=0xbf], after) = invalid.split_first_chunk()? else {
            return None;
        };
        units.push(0xd000 | u16::from(middle & 0x3f) << 6 | u16::from(low & 0x3f));
        rest = after;
    }
    // Of two spellings of a pair of surrogates, only UTF-8's counts.
    (host_name(&units) == name).then_some(units)
}

/// Bytes of a path that one call takes, with its NUL.
const PATH_LIMIT: usize = 4096;

/// Opens a directory step by step if its path is too long for one.
fn open_directory(path: &Path) -> io::Result<Dir> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let mode = Mode::empty();
    if path.as_os_str().len() < PATH_LIMIT {
        return Ok(Dir::open(path, flags, mode)?);
    }
    let mut above: Option<Dir> = None;
    let mut part = PathBuf::new();
    let mut components = path.components().peekable();
    while let Some(component) = components.next() {
        part.push(component);
        let next = components.peek().map_or(PATH_LIMIT, |next| next.as_os_str().len());
        if part.as_os_str().len().saturating_add(next).saturating_add(2) > PATH_LIMIT {
            above = Some(match &above {
                None => Dir::open(&part, flags, mode)?,
                Some(above) => Dir::openat(above.as_raw_fd(), &part, flags, mode)?,
            });
            part = PathBuf::new();
        }
    }
    above.ok_or_else(|| io::ErrorKind::NotFound.into())
}

pub(super) fn list_directory(path: &Path, visit: &mut dyn FnMut(Node) -> Result<()>) -> Result<()> {
    let refused = |source| Error::io("read", path, source);
    let mut directory = open_directory(path).map_err(refused)?;
    let descriptor = directory.as_raw_fd();
    for entry in directory.iter() {
        let entry = entry.map_err(|errno| refused(errno.into()))?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let host_name = OsStr::from_bytes(name.to_bytes());
        let inside = |errno: nix::errno::Errno| Error::io("read", path.join(host_name), errno.into());
        let stat = fstatat(descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(inside)?;
        let mut node = node_of(&stat, host_name);
        match &mut node.kind {
            NodeKind::Link { target, to_directory } => {
                *target = PathBuf::from(readlinkat(descriptor, name).map_err(inside)?);
                let followed = fstatat(descriptor, name, AtFlags::empty());
                *to_directory = followed.is_ok_and(|stat| file_type(&stat) == libc::S_IFDIR);
            }
            // File systems that compress take less room without holes.
            NodeKind::File { sparse, .. } if *sparse => *sparse = has_hole(&path.join(host_name)),
            _ => {}
        }
        visit(node)?;
    }
    Ok(())
}

pub(super) fn node(path: &Path) -> io::Result<Node> {
    let stat = nix::sys::stat::lstat(path)?;
    Ok(node_of(&stat, path.file_name().unwrap_or_default()))
}

pub(super) fn followed_id(path: &Path) -> Option<FileId> {
    let stat = nix::sys::stat::stat(path).ok()?;
    Some(FileId { device: stat.st_dev, inode: stat.st_ino })
}

fn file_type(stat: &FileStat) -> libc::mode_t {
    stat.st_mode & libc::S_IFMT
}

/// A node without what takes further calls: the target of a link; a file that takes less room than
/// its size counts as sparse.
fn node_of(stat: &FileStat, name: &OsStr) -> Node {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    let time = |seconds, nanoseconds| clock::from_unix(seconds, u32::try_from(nanoseconds).unwrap_or(0));
    let size = unsigned(stat.st_size);
    let kind = match file_type(stat) {
        libc::S_IFREG => NodeKind::File { size, sparse: unsigned(stat.st_blocks) < size.div_ceil(512) },
        libc::S_IFDIR => NodeKind::Directory,
        libc::S_IFLNK => NodeKind::Link { target: PathBuf::new(), to_directory: false },
        libc::S_IFIFO => NodeKind::Other("a pipe"),
        libc::S_IFSOCK => NodeKind::Other("a socket"),
        _ => NodeKind::Other("a device"),
    };
    Node {
        name: name.to_os_string(),
        kind,
        id: FileId { device: stat.st_dev, inode: stat.st_ino },
        linked: stat.st_nlink > 1,
        last_write_time: time(stat.st_mtime, stat.st_mtime_nsec),
        last_access_time: time(stat.st_atime, stat.st_atime_nsec),
    }
}

#[cfg(target_os = "linux")]
fn has_hole(path: &Path) -> bool {
    use nix::unistd::{lseek, Whence};
    let Ok(file) = open_listed(path) else { return false };
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let hole = lseek(file.as_raw_fd(), 0, Whence::SeekHole);
    hole.is_ok_and(|hole| u64::try_from(hole).is_ok_and(|hole| hole < size))
}

#[cfg(not(target_os = "linux"))]
fn has_hole(_: &Path) -> bool {
    false
}

pub(super) fn open_listed(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    not_following(options.read(true));
    if path.as_os_str().len() < PATH_LIMIT {
        return options.open(path);
    }
    // Only the process's own descriptors give a short path to a file that deep.
    let directory = open_directory(path.parent().unwrap_or(path))?;
    let place = PathBuf::from(format!("/dev/fd/{}", directory.as_raw_fd()));
    options.open(place.join(path.file_name().unwrap_or_default()))
}

pub(super) fn file_state(file: &File) -> io::Result<FileState> {
    let node = node_of(&nix::sys::stat::fstat(file.as_raw_fd())?, OsStr::new(""));
    match node.kind {
        NodeKind::File { size, .. } => {
            Ok(FileState { id: node.id, size, last_write_time: node.last_write_time })
        }
        _ => Err(io::Error::other("it is no longer a file")),
    }
}
