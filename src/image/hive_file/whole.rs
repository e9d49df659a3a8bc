//! Hive files as a whole: read with their logs whatever state they are in, and written anew.

use super::journal::{self, path_of};
use super::logs::{self, Logs};
use super::{write_whole, HiveFile, STEP};
use crate::error::{Error, InFile, Result};
use crate::formats::regf::logs::{recover, Recovery};
use crate::formats::regf::Hive;
use crate::image::host::{self, listing, FreshFile, HostFile};
use crate::progress::{report, Observer, Phase};
use std::path::{Path, PathBuf};

/// Largest file that is read whole: Windows itself stops at 2 GiB.
const LIMIT: u64 = 0x8000_0000;

/// Reads the whole file.
pub(super) fn read_bytes(file: &HostFile, observer: Observer<'_>) -> Result<Vec<u8>> {
    let length = file.length()?;
    if length > LIMIT {
        return Err(Error::LimitExceeded { what: "the size of a hive file", limit: LIMIT, found: length });
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    let mut done = 0;
    for step in bytes.chunks_mut(usize::try_from(STEP).unwrap_or(usize::MAX)) {
        report(observer, Phase::Extracting, done, length)?;
        file.read_at(step, done)?;
        done = done.saturating_add(u64::try_from(step.len()).unwrap_or(u64::MAX));
    }
    Ok(bytes)
}

/// The bytes of a file that is or was a hive, as its logs and the journal of a save that was broken off
/// make them. Nothing on the host changes, and nothing in the file is checked.
///
/// # Errors
/// The host's; [`Error::LimitExceeded`] above 2 GiB; [`Error::Cancelled`].
pub fn read_recovered(path: &Path, observer: Observer<'_>) -> Result<(Vec<u8>, Recovery)> {
    let path = host::canonical(path)?;
    let file = HostFile::open(&path)?;
    let journal = journal::read(&path, &file)?;
    let mut bytes = read_bytes(&file, observer).in_file(path.display().to_string())?;
    if let Some(journal) = journal {
        journal.roll_back_copy(&mut bytes);
    }
    Ok(recover(bytes, &Logs::read(&path)?.files()))
}

/// How [`HiveFile::create`] makes a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct CreateOptions<'a> {
    /// A file of that name is replaced, with its permissions, and its logs are emptied.
    pub overwrite: bool,
    /// The file whose permissions a new one gets; without it, those of new files.
    pub like: Option<&'a Path>,
}

impl HiveFile {
    /// Writes a hive to a new file, which has its name when it is whole.
    ///
    /// # Errors
    /// [`Error::Io`] when there is a file of that name that is not to be replaced, or something else than
    /// a file; [`Error::Busy`] when another process writes to it; [`Error::Cancelled`].
    pub fn create(
        path: &Path,
        hive: &mut Hive,
        now: u64,
        options: &CreateOptions<'_>,
        observer: Observer<'_>,
    ) -> Result<()> {
        let path = named(path)?;
        // Kept open, and with that locked, until the new file is there.
        let replaced = match listing::node(&path) {
            Err(_) => None,
            Ok(node) if options.overwrite && matches!(node.kind, listing::NodeKind::File { .. }) => {
                let file = HostFile::open_writable(&path)?;
                file.lock_for_writing()?;
                Some(file)
            }
            Ok(_) => return Err(Error::io("create", &path, std::io::ErrorKind::AlreadyExists.into())),
        };
        let finished = hive.finish(now)?;
        let like = options.like.map(HostFile::open).transpose()?;
        let fresh = FreshFile::create(&path, options.overwrite, like.as_ref())?;
        write_whole(fresh.file(), &finished.bytes, observer)?;
        fresh.finish()?;
        if replaced.is_some() {
            host::remove_file(&path_of(&path))?;
            logs::empty(&path)?;
        }
        Ok(())
    }
}

/// The path with its directory canonical; what it names need not be there.
fn named(path: &Path) -> Result<PathBuf> {
    if let Ok(path) = host::canonical(path) {
        return Ok(path);
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = host::canonical(folder.unwrap_or(Path::new(".")))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}
