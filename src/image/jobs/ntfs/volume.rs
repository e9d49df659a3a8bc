//! Whether something is an NTFS volume, may be written, and has room.

use crate::error::{Error, InFile, Result};
use crate::formats::ntfs::{is_boot_sector, Volume};
use crate::formats::ReadAt;
use crate::image::host::{self, HostFile};
use std::io::ErrorKind;
use std::path::Path;

/// Names that Windows makes in the root of a volume by itself; an image may not bring them along.
const MADE_BY_WINDOWS: [&str; 2] = ["System Volume Information", "$RECYCLE.BIN"];

/// Whether `path` is an NTFS volume: a block device or a file that starts with an NTFS boot sector.
/// What does not exist is none.
///
/// # Errors
/// [`Error::ElevationRequired`] for a block device that this user may not read.
pub fn is_volume(path: &Path) -> Result<bool> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() || host::is_block_device(&metadata) => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("open", path, error)),
    }
    let file = HostFile::open(path).map_err(|error| refused(error, path))?;
    let mut start = [0; 11];
    match file.read_exact_at(&mut start, 0) {
        Ok(()) => Ok(is_boot_sector(&start)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// A volume to be read: checked that it is one.
pub(super) fn check_source(path: &Path) -> Result<()> {
    let file = HostFile::open(path).map_err(|error| refused(error, path))?;
    let volume = Volume::open(&file).in_file(path.display().to_string())?;
    check_size(&volume, &file, path)?;
    check_unused(path)
}

/// A volume that something else reads and writes meanwhile is neither whole nor safe.
fn check_unused(path: &Path) -> Result<()> {
    match host::user_of_volume(path) {
        Some(user) => Err(Error::Busy { what: format!("{} ({})", path.display(), user.display()) }),
        None => Ok(()),
    }
}

/// What is known of a volume that an image is about to be applied to.
pub(super) struct Target {
    /// Free bytes, if that could be told.
    pub free: Option<u64>,
    /// Bytes per cluster.
    pub cluster_size: u64,
    /// Bytes per record of the master file table.
    pub record_size: u64,
    /// Bytes of the master file table: at most that many are in records that are free.
    pub mft_size: u64,
    /// What is in the root already, but for what Windows makes there by itself.
    pub names: Vec<Vec<u16>>,
    /// Keeps a block device from being mounted while it is written. A file must not be kept open:
    /// closing it would give up the lock that libntfs-3g has on it.
    _device: Option<HostFile>,
}

impl Target {
    /// Looks at a volume; `advance` is called now and then and may stop with an error.
    ///
    /// # Errors
    /// [`Error::ElevationRequired`], [`Error::Busy`] for a block device that is mounted,
    /// [`Error::Malformed`] for what is no volume.
    pub fn open(path: &Path, advance: &mut dyn FnMut() -> Result<()>) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| Error::io("open", path, error))?;
        let is_device = host::is_block_device(&metadata);
        if !metadata.is_file() && !is_device {
            let reason = format!("'{}' is neither a file nor a block device", path.display());
            return Err(Error::InvalidArgument { parameter: "target", reason });
        }
        check_unused(path)?;
        let file = match is_device {
            true => HostFile::open_device(path),
            false => HostFile::open_writable(path),
        };
        let file = file.map_err(|error| refused(error, path))?;
        let name = path.display().to_string();
        let volume = Volume::open(&file).in_file(&name)?;
        check_size(&volume, &file, path)?;
        let free = volume.free_space(advance).in_file(&name)?;
        let mut names = volume.root_names().in_file(&name)?;
        let by_windows = MADE_BY_WINDOWS.map(|name| name.encode_utf16().collect::<Vec<_>>());
        names.retain(|name| !by_windows.contains(name));
        names.sort();
        let boot = volume.boot_sector();
        let (cluster_size, record_size) = (boot.cluster_size, boot.record_size);
        let mft_size = volume.mft_size();
        Ok(Self { free, cluster_size, record_size, mft_size, names, _device: is_device.then_some(file) })
    }
}

/// A file that is shorter than its volume was cut off: libntfs-3g would refuse it less clearly.
fn check_size(volume: &Volume<'_>, file: &HostFile, path: &Path) -> Result<()> {
    let size = volume.boot_sector().size();
    let sector = volume.boot_sector().sector_size;
    let mut last = vec![0; usize::try_from(sector).unwrap_or_default()];
    match file.read_exact_at(&mut last, size.saturating_sub(sector)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            let expected = format!("{size} bytes");
            Err(Error::malformed("NTFS volume", "its end", expected, "less")
                .in_file(path.display().to_string()))
        }
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// Why the host does not let a volume be opened.
fn refused(error: Error, path: &Path) -> Error {
    let kind = match &error {
        Error::Io { source, .. } => source.kind(),
        _ => return error,
    };
    let is_device = std::fs::metadata(path).is_ok_and(|metadata| host::is_block_device(&metadata));
    match kind {
        ErrorKind::PermissionDenied if is_device => Error::ElevationRequired { path: path.to_path_buf() },
        ErrorKind::ResourceBusy => Error::Busy { what: path.display().to_string() },
        _ => error,
    }
}
