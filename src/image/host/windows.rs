//! What only Windows hosts have.

use super::listing::{FileState, Node, NodeKind};
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// `FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE`.
const SHARE_ALL: u32 = 7;

/// What stable Rust can see of a file's identity. Creation time and first size tell most files
/// apart; paths are compared beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let mut hasher = DefaultHasher::new();
        metadata.creation_time().hash(&mut hasher);
        Ok(Self { device: 0, inode: hasher.finish() })
    }
}

/// How image files are opened: other processes may open, write and replace them.
pub(super) fn shared(options: &mut OpenOptions) -> &mut OpenOptions {
    options.share_mode(SHARE_ALL)
}

/// Volumes are not opened on Windows.
pub(super) fn exclusive(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Volumes have names of their own on Windows, and are no files.
pub(super) fn is_block_device(_: &std::fs::Metadata) -> bool {
    false
}

/// How files to be imported are opened: `FILE_FLAG_OPEN_REPARSE_POINT`.
pub(super) fn not_following(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(0x0020_0000).share_mode(1)
}

/// State lies under the user's own profile, whose descriptor it inherits.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.share_mode(SHARE_ALL)
}

pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// NTFS journals names by itself, and Windows has no call for it.
pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = buffer.get_mut(count..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = bytes.get(count..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn copy(mut from: &File, at: u64, mut to: &File, offset: u64, length: u64) -> io::Result<()> {
    from.seek(SeekFrom::Start(at))?;
    to.seek(SeekFrom::Start(offset))?;
    match io::copy(&mut from.take(length), &mut to)? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Windows has no such call for an open file.
pub(super) fn forget_cached(_: &File) {}

/// The cache manager writes behind by itself.
pub(super) fn begin_writing(_: &File, _: u64, _: u64) {}

pub(super) fn try_lock_for_writing(_: &File) -> io::Result<bool> {
    // Locks of a range are mandatory here, and would stop the writer's own reads through another
    // handle; the lock of the session and the check of the base keep writers apart.
    Ok(true)
}

/// Gives up all locks of the open file.
pub(super) fn unlock(file: &File) {
    let _ = file.unlock();
}

/// A lock would be mandatory here and stop the session's own save through another handle.
pub(super) fn try_lock_image(_: &File) -> std::result::Result<(), TryLockError> {
    Ok(())
}

/// Not `canonicalize`, whose `\\\\?\\` paths few programs understand.
pub(super) fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::metadata(path)?;
    std::path::absolute(path)
}

/// The file system has no locks at all: `ERROR_INVALID_FUNCTION`, `ERROR_NOT_SUPPORTED`.
pub(super) fn cannot_lock(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(1 | 50))
}

pub(super) fn copy_permissions(from: &File, to: &File) -> io::Result<()> {
    to.set_permissions(from.metadata()?.permissions())
}

pub(super) fn same_path(one: &Path, other: &Path) -> bool {
    let folded = |path: &Path| {
        let parts: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().to_uppercase()).collect();
        parts
    };
    folded(one) == folded(other)
}

/// Only `GlobalMemoryStatusEx` tells, which std does not call.
pub(super) fn available_memory() -> Option<u64> {
    None
}

pub(super) fn state_home() -> Option<PathBuf> {
    std::env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The host's spelling of an image name.
pub fn host_name(name: &[u16]) -> OsString {
    OsString::from_wide(name)
}

/// An image name for a host name.
pub fn host_name_to_utf16(name: &OsStr) -> Option<Vec<u16>> {
    Some(name.encode_wide().collect())
}

/// FILE_ATTRIBUTE_SPARSE_FILE.
const SPARSE_FILE: u32 = 0x200;

/// Second names of a file are not recognised here: each is captured as a file of its own, whose
/// content is stored once.
pub(super) fn list_directory(path: &Path, visit: &mut dyn FnMut(Node) -> Result<()>) -> Result<()> {
    let refused = |source| Error::io("read", path, source);
    for entry in std::fs::read_dir(path).map_err(refused)? {
        let entry = entry.map_err(refused)?.path();
        visit(node(&entry).map_err(|source| Error::io("read", &entry, source))?)?;
    }
    Ok(())
}

pub(super) fn node(path: &Path) -> io::Result<Node> {
    let metadata = std::fs::symlink_metadata(path)?;
    let kind = match metadata.file_type() {
        kind if kind.is_symlink() => NodeKind::Link {
            target: std::fs::read_link(path)?,
            to_directory: std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()),
        },
        kind if kind.is_dir() => NodeKind::Directory,
        kind if kind.is_file() => {
            let sparse = metadata.file_attributes() & SPARSE_FILE != 0;
            NodeKind::File { size: metadata.len(), sparse }
        }
        _ => NodeKind::Other("a device"),
    };
    Ok(Node {
        name: path.file_name().unwrap_or_default().to_os_string(),
        kind,
        id: FileId::default(),
        linked: false,
        last_write_time: metadata.last_write_time(),
        last_access_time: metadata.last_access_time(),
    })
}

pub(super) fn followed_id(path: &Path) -> Option<FileId> {
    FileId::of(&File::open(path).ok()?).ok()
}

pub(super) fn open_listed(path: &Path) -> io::Result<File> {
    not_following(OpenOptions::new().read(true)).open(path)
}

pub(super) fn file_state(file: &File) -> io::Result<FileState> {
    let metadata = file.metadata()?;
    let last_write_time = metadata.last_write_time();
    Ok(FileState { id: FileId::default(), size: metadata.len(), last_write_time })
}
