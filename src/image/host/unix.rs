//! What only Unix-like hosts have.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Device and inode number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
    use std::os::fd::AsRawFd;
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

pub(super) fn try_lock_image(file: &File) -> Result<(), TryLockError> {
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

/// An image name for a host name; `None` when the bytes are not Unicode.
pub fn host_name_to_utf16(name: &OsStr) -> Option<Vec<u16>> {
    Some(std::str::from_utf8(name.as_bytes()).ok()?.encode_utf16().collect())
}
