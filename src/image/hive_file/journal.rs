//! The rollback journal of a hive file that is written in place.
//!
//! Before the first byte of the file changes, the old bytes of all that will change are on the medium in
//! a file beside it. Whoever finds a whole journal puts them back; one that is not whole says that
//! nothing was written. The journal also has the first sector of the file in its three states, so that
//! it is never played into another file of that name.
//!
//! Layout, little-endian: magic (8 bytes), version (4), number of ranges (4), old length of the file (8),
//! SHA-1 (20, padded to 24) of the first 24 bytes and all that follows it; at 48 three sectors of 512
//! bytes; the ranges (offset and length, 8 bytes each); their old bytes.

use crate::error::{Error, Result};
use crate::formats::bytes::{u32_at, u64_at};
use crate::image::host::{self, HostFile};
use sha1::{Digest, Sha1};
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"IMGSVCHJ";
const VERSION: u32 = 1;
const HASHED: usize = 24;
const SECTORS: usize = 48;
/// The part of the base block that has its fields: written whole or not at all.
pub(super) const SECTOR: usize = 512;
const RANGES: usize = SECTORS + 3 * SECTOR;
/// What a journal has besides the old bytes, generously: a range for each page, and the sectors.
const OVERHEAD: u64 = 1 << 16;

/// The first sector of the file: before, while it is written, and after.
pub(super) struct Sectors {
    pub old: Vec<u8>,
    pub unfinished: Vec<u8>,
    pub new: Vec<u8>,
}

/// What puts the file back.
pub(super) struct Journal {
    length: u64,
    sectors: Vec<u8>,
    /// Where, and the old bytes.
    pages: Vec<(u64, Vec<u8>)>,
}

/// Where the journal of a hive file is.
pub(super) fn path_of(hive: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(hive.file_name().unwrap_or_default());
    name.push(".imgsvc-journal");
    hive.with_file_name(name)
}

/// Puts the old bytes of `ranges` on the medium, before `file` is written.
pub(super) fn write(hive: &Path, file: &HostFile, ranges: &[Range<u64>], sectors: &Sectors) -> Result<()> {
    let length = file.length()?;
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&VERSION.to_le_bytes());
    let kept: Vec<(u64, u64)> = ranges
        .iter()
        .map(|range| (range.start, range.end.min(length).saturating_sub(range.start)))
        .filter(|&(_, length)| length > 0)
        .collect();
    head.extend_from_slice(&u32::try_from(kept.len()).unwrap_or(u32::MAX).to_le_bytes());
    head.extend_from_slice(&length.to_le_bytes());
    let mut body = [sectors.old.as_slice(), &sectors.unfinished, &sectors.new].concat();
    for (start, length) in &kept {
        body.extend_from_slice(&start.to_le_bytes());
        body.extend_from_slice(&length.to_le_bytes());
    }
    for (start, length) in kept {
        let mut old = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_at(&mut old, start)?;
        body.append(&mut old);
    }
    let mut hash = Sha1::digest([head.as_slice(), &body].concat()).to_vec();
    hash.resize(SECTORS - HASHED, 0);
    let path = path_of(hive);
    host::remove_file(&path)?;
    let journal = HostFile::create_private(&path)?;
    journal.write_at(&[head, hash, body].concat(), 0)?;
    journal.sync()?;
    sync_parent(&path)
}

/// Removes the journal: what is in the file stays.
pub(super) fn remove(hive: &Path) -> Result<()> {
    let path = path_of(hive);
    host::remove_file(&path)?;
    sync_parent(&path)
}

fn sync_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => host::sync_directory(parent),
        _ => Ok(()),
    }
}

/// The journal beside a hive file, if there is one that is whole and of that file.
pub(super) fn read(hive: &Path, file: &HostFile) -> Result<Option<Journal>> {
    let journal = match HostFile::open(&path_of(hive)) {
        Ok(journal) => journal,
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (size, length) = (journal.length()?, file.length()?);
    if size > length.saturating_add(length / 128).saturating_add(OVERHEAD) {
        // Not even all of the file's bytes would make it that large.
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    journal.read_at(&mut bytes, 0)?;
    let Some(journal) = Journal::parse(&bytes) else { return Ok(None) };
    let mut now = vec![0; SECTOR];
    // A save never makes a file shorter.
    if length < u64::try_from(SECTOR).unwrap_or(u64::MAX) || journal.length > length {
        return Ok(None);
    }
    file.read_at(&mut now, 0)?;
    let is_of_file = journal.sectors.chunks_exact(SECTOR).any(|sector| sector == now);
    Ok(is_of_file.then_some(journal))
}

impl Journal {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HASHED)?;
        let hash = bytes.get(HASHED..HASHED + 20)?;
        let body = bytes.get(SECTORS..)?;
        let whole = Sha1::new().chain_update(head).chain_update(body).finalize();
        if !head.starts_with(MAGIC) || u32_at(head, 8)? != VERSION || whole.as_slice() != hash {
            return None;
        }
        debug_assert!(rest.len() >= body.len());
        let length = u64_at(head, 16)?;
        let count = usize::try_from(u32_at(head, 12)?).ok()?;
        let ranges = bytes.get(RANGES..RANGES.checked_add(count.checked_mul(16)?)?)?;
        let mut data = bytes.get(RANGES.checked_add(ranges.len())?..)?;
        let mut pages = Vec::new();
        for range in ranges.chunks_exact(16) {
            let (old, later) = data.split_at_checked(usize::try_from(u64_at(range, 8)?).ok()?)?;
            let (start, end) = (u64_at(range, 0)?, u64_at(range, 0)?.checked_add(u64_at(range, 8)?)?);
            if end > length {
                return None;
            }
            pages.push((start, old.to_vec()));
            data = later;
        }
        let sectors = bytes.get(SECTORS..RANGES)?.to_vec();
        Some(Self { length, sectors, pages })
    }

    /// Puts the old bytes back and removes the journal.
    pub fn roll_back(&self, hive: &Path, file: &HostFile) -> Result<()> {
        for (offset, old) in &self.pages {
            file.write_at(old, *offset)?;
        }
        if file.length()? != self.length {
            file.set_length(self.length)?;
        }
        file.sync()?;
        remove(hive)
    }

    /// Makes bytes of the file what they were.
    pub fn roll_back_copy(&self, bytes: &mut Vec<u8>) {
        for (offset, old) in &self.pages {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            if let Some(target) = bytes.get_mut(start..start.saturating_add(old.len())) {
                target.copy_from_slice(old);
            }
        }
        bytes.resize(usize::try_from(self.length).unwrap_or(usize::MAX).min(bytes.len()), 0);
    }
}
