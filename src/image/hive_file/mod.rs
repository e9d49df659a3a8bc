//! A registry hive that is a file of the host.
//!
//! It is read as it is needed; a dirty one is read whole, with its logs. [`HiveFile::save`] writes the
//! changed pages in place, guarded by a rollback journal beside the file; [`HiveFile::save_compacted`]
//! writes a new file and renames it. **Invariant:** whenever the process or the machine stops, the file
//! that the next opening finds is the old one or the new one. While pages are written, the file itself
//! says that it is not whole, so that readers that know nothing of the journal do not take it for sound.

mod journal;
mod logs;
mod whole;

use crate::error::{Error, InFile, Result};
use crate::formats::regf::logs::Recovery;
use crate::formats::regf::{unfinished_sector, Hive};
use crate::image::host::{self, HostFile};
use crate::progress::{report, unobserved, Observer, Phase};
use journal::{Sectors, SECTOR};
use logs::Logs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use whole::{read_recovered, CreateOptions};

/// Bytes written between two calls of the observer.
const STEP: u64 = 4 << 20;

/// What the file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiveAccess {
    /// Reading. Nothing on the host changes.
    Read,
    /// Reading and writing; other writers are kept away until the file is closed.
    Write,
}

/// What a save wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HiveSaved {
    /// Bytes written to the hive; 0 if nothing had changed.
    pub written: u64,
    /// Logs that were emptied.
    pub logs_emptied: usize,
}

/// An open hive file.
#[derive(Debug)]
pub struct HiveFile {
    path: PathBuf,
    access: HiveAccess,
    file: Arc<HostFile>,
    hive: Hive,
    recovery: Option<Recovery>,
    /// A save failed: what is in memory is not in the file, and not known to be savable.
    failed: bool,
}

impl HiveFile {
    /// Opens a hive file. A save that was broken off is rolled back before. A dirty hive is brought up to
    /// date by its logs, in memory; if they cannot, it is only read until
    /// [`Hive::accept_dirty`].
    ///
    /// # Errors
    /// Those of [`Hive::open_with_logs`] and of the host; [`Error::Busy`] when another process writes to
    /// the file.
    pub fn open(path: &Path, access: HiveAccess) -> Result<Self> {
        let path = host::canonical(path)?;
        let file = match access {
            HiveAccess::Read => HostFile::open(&path)?,
            HiveAccess::Write => HostFile::open_writable(&path)?,
        };
        let opened = if access == HiveAccess::Write {
            file.lock_for_writing()?;
            match journal::read(&path, &file)? {
                Some(journal) => journal.roll_back(&path, &file)?,
                // What is left of one that was not written to its end, or of another file.
                None => host::remove_file(&journal::path_of(&path))?,
            }
            None
        } else {
            // The writer may be at work: the journal has all that it changes.
            journal::read(&path, &file)?
        };
        let name = path.display().to_string();
        let file = Arc::new(file);
        let (hive, recovery) = read(&path, &file, opened).in_file(name)?;
        Ok(Self { path, access, file, hive, recovery, failed: false })
    }

    /// The hive, to be read.
    pub fn hive(&self) -> &Hive {
        &self.hive
    }

    /// The hive, to be edited; [`save`](Self::save) puts the edits into the file.
    pub fn hive_mut(&mut self) -> &mut Hive {
        &mut self.hive
    }

    /// What the logs did to a hive that was dirty; nothing if it was clean.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// The file's canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what changed into the file, in place, and empties the logs. Edited keys and the hive get
    /// the time `now` (FILETIME). What behind the hive's bins is not overwritten stays.
    ///
    /// # Errors
    /// The host's; [`Error::Cancelled`]. The file is then as it was, here or at the next opening, and must
    /// be opened again.
    pub fn save(&mut self, now: u64, observer: Observer<'_>) -> Result<HiveSaved> {
        self.check_writable()?;
        let ranges = self.hive.seal(now).in_file(self.path.display().to_string())?;
        if ranges.is_empty() {
            return Ok(HiveSaved::default());
        }
        self.failed = true;
        let written = self.write_in_place(&ranges, observer)?;
        self.failed = false;
        Ok(HiveSaved { written, logs_emptied: logs::empty(&self.path)? })
    }

    fn write_in_place(&self, ranges: &[Range<u64>], observer: Observer<'_>) -> Result<u64> {
        let sector = u64::try_from(SECTOR).unwrap_or(u64::MAX);
        let mut old = vec![0; SECTOR];
        self.file.read_at(&mut old, 0)?;
        let new = self.hive.read_range(0..sector)?;
        let sectors = Sectors { unfinished: unfinished_sector(&old, &new), old, new };
        if let Err(error) = journal::write(&self.path, &self.file, ranges, &sectors) {
            let _ = host::remove_file(&journal::path_of(&self.path));
            return Err(error);
        }
        let written = self.write_pages(ranges, &sectors, observer);
        match written {
            Ok(written) => {
                journal::remove(&self.path)?;
                Ok(written)
            }
            Err(error) => {
                // At once if the host lets us; otherwise whoever opens the file next does it.
                if let Ok(Some(journal)) = journal::read(&self.path, &self.file) {
                    let _ = journal.roll_back(&self.path, &self.file);
                }
                Err(error)
            }
        }
    }

    fn write_pages(&self, ranges: &[Range<u64>], sectors: &Sectors, observer: Observer<'_>) -> Result<u64> {
        let total = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        let sector = u64::try_from(SECTOR).unwrap_or(u64::MAX);
        self.file.write_at(&sectors.unfinished, 0)?;
        self.file.sync()?;
        let mut written = sector;
        for range in ranges {
            let mut start = range.start.max(sector);
            while start < range.end {
                report(observer, Phase::WritingContent, written, total)?;
                let end = range.end.min(start.saturating_add(STEP));
                self.file.write_at(&self.hive.read_range(start..end)?, start)?;
                written = written.saturating_add(end.saturating_sub(start));
                start = end;
            }
        }
        self.file.sync()?;
        self.file.write_at(&sectors.new, 0)?;
        self.file.sync()?;
        Ok(written)
    }

    /// Rebuilds the hive without unused space, writes it to a new file, and lets that take the place of
    /// the old one. All [`KeyId`](crate::formats::regf::KeyId)s become invalid.
    ///
    /// # Errors
    /// Those of [`Hive::compact`] and of the host. The file is as it was, and must be opened again.
    pub fn save_compacted(&mut self, now: u64, observer: Observer<'_>) -> Result<HiveSaved> {
        self.check_writable()?;
        self.failed = true;
        let name = self.path.display().to_string();
        self.hive.compact(observer).in_file(name.clone())?;
        self.hive.seal(now).in_file(name)?;
        let temporary = host::beside(&self.path);
        // A rebuilt hive is whole in memory.
        let written = self.replace(&temporary, self.hive.bytes(), observer);
        if written.is_err() {
            let _ = host::remove_file(&temporary);
        }
        self.file = Arc::new(written?);
        self.failed = false;
        let written = self.hive.size();
        Ok(HiveSaved { written, logs_emptied: logs::empty(&self.path)? })
    }

    fn replace(&self, temporary: &Path, bytes: &[u8], observer: Observer<'_>) -> Result<HostFile> {
        let file = HostFile::create_private(temporary)?;
        host::copy_permissions(&self.file, &file)?;
        file.lock_for_writing()?;
        write_whole(&file, bytes, observer)?;
        host::rename(temporary, &self.path)?;
        Ok(file)
    }

    fn check_writable(&self) -> Result<()> {
        let refuse = |reason: &str| {
            let reason = format!("'{}': {reason}", self.path.display());
            Err(Error::NotServiceable { reason })
        };
        if self.failed {
            return refuse("a save of this hive failed; it must be opened again");
        }
        if self.access == HiveAccess::Read {
            return refuse("the hive was opened for reading");
        }
        Ok(())
    }
}

/// Writes and syncs a new file.
fn write_whole(file: &HostFile, bytes: &[u8], observer: Observer<'_>) -> Result<()> {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut done = 0_u64;
    for step in bytes.chunks(usize::try_from(STEP).unwrap_or(usize::MAX)) {
        report(observer, Phase::WritingContent, done, length(bytes))?;
        file.write_at(step, done)?;
        done = done.saturating_add(length(step));
    }
    file.sync()
}

/// Opens the hive in a file, lazily if it is clean.
fn read(
    path: &Path,
    file: &Arc<HostFile>,
    journal: Option<journal::Journal>,
) -> Result<(Hive, Option<Recovery>)> {
    if journal.is_none() {
        match Hive::open_lazily(file.clone()) {
            Ok(hive) => return Ok((hive, None)),
            // Dirty, or a wrong checksum: the logs may help, and if not, the same error comes up again.
            Err(Error::HiveDirty { .. } | Error::Malformed { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut bytes = whole::read_bytes(file, &mut unobserved)?;
    if let Some(journal) = journal {
        journal.roll_back_copy(&mut bytes);
    }
    let (hive, recovery) = Hive::open_with_logs(bytes, &Logs::read(path)?.files())?;
    Ok((hive, Some(recovery)))
}
