//! Copying an image file, or all parts of a split set, and comparing the copy with the original.

use super::fresh_set::{check_room, part_name, refuse_own, FreshSet};
use crate::error::{Error, Result};
use crate::image::encoding::to_hex;
use crate::image::file::ImageFile;
use crate::image::host::{self, HostFile};
use crate::image::info::host_path;
use crate::progress::{report, Observer, Phase};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes hashed at a time.
const SLICE: usize = 1 << 20;

/// How an image file is copied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CopyOptions {
    /// Files that are there already may be replaced.
    pub overwrite: bool,
}

/// What a copy made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyReport {
    /// The original; of a split set, its first part.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The copy; of a split set, its first part.
    #[serde(serialize_with = "host_path")]
    pub destination_path: PathBuf,
    /// Bytes copied, of all parts.
    pub bytes: u64,
    /// SHA-1 of the copy (of part 1 of a split set), in hexadecimal.
    pub sha1: String,
    /// How many files were copied.
    pub parts: u16,
}

/// Copies an image file, or all parts of a split set given any of them; then reads original and
/// copy from the disk and compares them. The copies have their names only when all are verified,
/// part 1 last.
///
/// `destination` is the name of the copy (of part 1: the others are numbered after it), or a
/// directory, where the copies have the names of the originals. The system copies where it can, so
/// that a file system that shares blocks between files does.
///
/// # Errors
/// [`Error::NoSpace`] before anything is written; [`Error::PartMissing`]; [`Error::Busy`] while another
/// program changes the file; [`Error::Io`] with
/// `AlreadyExists` unless `options.overwrite`; [`Error::Malformed`] for a file that is no image file,
/// and for a copy that is not like the original.
pub fn copy(
    image: &Path,
    destination: &Path,
    options: &CopyOptions,
    observer: Observer<'_>,
) -> Result<CopyReport> {
    let image = ImageFile::open(image)?;
    if let Some(part) = image.archive().missing_parts().next() {
        return Err(Error::PartMissing { part, total: image.archive().header().total_parts });
    }
    let destination =
        std::path::absolute(destination).map_err(|source| Error::io("find", destination, source))?;
    let sources = image.part_paths()?;
    let names = names(&sources, &destination);
    refuse_own(&sources, &names)?;
    let sources = sources.iter().map(|path| HostFile::open(path)).collect::<Result<Vec<_>>>()?;
    let mut bytes = 0u64;
    for source in &sources {
        source.lock_image(source.path())?;
        bytes = bytes.saturating_add(source.length()?);
    }
    check_room(names.first().unwrap_or(&destination), bytes)?;

    let set = FreshSet::new(names, options.overwrite)?;
    let mut copied = Progress { observer, phase: Phase::WritingContent, done: 0, total: bytes };
    copied.advance(0)?;
    for (source, (hidden, _)) in sources.iter().zip(set.paths()) {
        copy_file(source, hidden, &mut copied)?;
    }
    let mut verified = Progress { phase: Phase::Verifying, done: 0, ..copied };
    let mut sums = Vec::new();
    for (source, (hidden, name)) in sources.iter().zip(set.paths()) {
        sums.push(verify(source, hidden, name, &mut verified)?);
    }
    let report = CopyReport {
        image_path: sources.first().map_or(image.path(), HostFile::path).to_path_buf(),
        destination_path: set.paths().next().map_or(destination.clone(), |(_, name)| name.to_path_buf()),
        bytes,
        sha1: sums.first().map(|sum| to_hex(sum)).unwrap_or_default(),
        parts: u16::try_from(sources.len()).unwrap_or(u16::MAX),
    };
    set.finish()?;
    Ok(report)
}

/// The names of the copies, in the order of the parts.
fn names(sources: &[&Path], destination: &Path) -> Vec<PathBuf> {
    if destination.is_dir() {
        let own = |source: &&Path| destination.join(source.file_name().unwrap_or_default());
        return sources.iter().map(own).collect();
    }
    (1..).zip(sources).map(|(number, _)| part_name(destination, number)).collect()
}

fn copy_file(source: &HostFile, hidden: &Path, progress: &mut Progress<'_>) -> Result<()> {
    let file = HostFile::create(hidden)?;
    file.copy_from(source, 0, 0, source.length()?, &mut |bytes| progress.advance(bytes))?;
    host::copy_permissions(source, &file)?;
    if let Ok(time) = source.file().metadata().and_then(|metadata| metadata.modified()) {
        // A time that the host cannot store is not worth failing for.
        let _ = file.file().set_modified(time);
    }
    file.sync()
}

/// Reads both files and compares their SHA-1s; returns it.
fn verify(source: &HostFile, hidden: &Path, name: &Path, progress: &mut Progress<'_>) -> Result<[u8; 20]> {
    let copy = HostFile::open(hidden)?;
    let length = source.length()?;
    let stop = AtomicBool::new(false);
    let (expected, found) = std::thread::scope(|scope| {
        let original = scope.spawn(|| {
            sha1(source, length, &mut |_| match stop.load(Ordering::Relaxed) {
                true => Err(Error::Cancelled),
                false => Ok(()),
            })
        });
        // What is still in memory would say nothing about the disk.
        copy.forget_cached();
        let found = sha1(&copy, length, &mut |bytes| progress.advance(bytes));
        stop.store(found.is_err(), Ordering::Relaxed);
        match original.join() {
            Ok(expected) => (expected, found),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let found = found?;
    let expected = expected?;
    if expected != found || copy.length()? != length {
        let error = Error::malformed("copy", "SHA-1", to_hex(&expected), to_hex(&found));
        return Err(error.in_file(name.display().to_string()));
    }
    Ok(found)
}

fn sha1(file: &HostFile, length: u64, advance: &mut dyn FnMut(u64) -> Result<()>) -> Result<[u8; 20]> {
    let mut digest = Sha1::new();
    let mut buffer = vec![0; SLICE];
    let mut offset = 0u64;
    while offset < length {
        let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let slice = buffer.get_mut(..left.min(SLICE)).unwrap_or_default();
        file.read_at(slice, offset)?;
        digest.update(&*slice);
        let count = u64::try_from(slice.len()).unwrap_or(u64::MAX);
        offset = offset.saturating_add(count);
        advance(count)?;
    }
    Ok(digest.finalize().into())
}

/// Bytes done of all parts.
struct Progress<'a> {
    observer: Observer<'a>,
    phase: Phase,
    done: u64,
    total: u64,
}

impl Progress<'_> {
    fn advance(&mut self, bytes: u64) -> Result<()> {
        self.done = self.done.saturating_add(bytes);
        report(self.observer, self.phase, self.done, self.total)
    }
}
