//! Logs of the new format: entries with hashes and sequence numbers.
//!
//! Reference: `msuhanov/regf` "Log entries" and its notes.

use super::super::cells::index;
use super::block::{is_size_of_bins, SECTOR};
use super::marvin32;
use super::{write_page, Applied};
use crate::formats::bytes::{u32_at, u64_at};

const HEADER: usize = 40;
const SIZE: usize = 4;
const FLAGS: usize = 8;
const SEQUENCE: usize = 12;
const BINS_SIZE: usize = 16;
const PAGES: usize = 20;
const HASH_1: usize = 24;
const HASH_2: usize = 32;

/// A log entry whose hashes are right and whose pages are inside it and the hive.
struct Entry<'a> {
    size: usize,
    flags: u32,
    sequence: u32,
    bins_size: u32,
    pages: Vec<(u32, &'a [u8])>,
}

/// What an entry leaves behind besides pages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct After {
    pub bins_size: u32,
    pub flags: u32,
}

impl<'a> Entry<'a> {
    /// The entry at `at`; nothing if there is none.
    fn parse(log: &'a [u8], at: usize) -> Result<Option<Self>, String> {
        let rest = log.get(at..).unwrap_or_default();
        if !rest.starts_with(b"HvLE") {
            return Ok(None);
        }
        let number = |field: usize| u32_at(rest, field).unwrap_or(0);
        let size = index(number(SIZE));
        let entry = rest.get(..size).filter(|_| size >= HEADER && size.is_multiple_of(SECTOR));
        let entry = entry.ok_or_else(|| format!("it has a size of {size} bytes"))?;
        let head = entry.get(..HASH_2).unwrap_or_default();
        if u64_at(entry, HASH_2) != Some(marvin32::hash(head)) {
            return Err("the hash of its header is wrong".to_owned());
        }
        if u64_at(entry, HASH_1) != Some(marvin32::hash(entry.get(HEADER..).unwrap_or_default())) {
            return Err("the hash of its pages is wrong".to_owned());
        }
        let bins_size = number(BINS_SIZE);
        if !is_size_of_bins(bins_size) {
            return Err(format!("it has {bins_size:#x} as the size of the bins"));
        }
        let references = index(number(PAGES)).checked_mul(8).and_then(|length| length.checked_add(HEADER));
        let start = references.filter(|&end| end <= size).ok_or("its list of pages is cut off")?;
        let mut at = start;
        let mut pages = Vec::new();
        for reference in entry.get(HEADER..start).unwrap_or_default().chunks_exact(8) {
            let (offset, length) = (u32_at(reference, 0).unwrap_or(0), u32_at(reference, 4).unwrap_or(0));
            if offset.checked_add(length).is_none_or(|end| end > bins_size) {
                return Err(format!("a page at {offset:#x} lies outside the bins"));
            }
            let end = at.saturating_add(index(length));
            pages.push((offset, entry.get(at..end).ok_or("its pages are cut off")?));
            at = end;
        }
        Ok(Some(Self { size, flags: number(FLAGS), sequence: number(SEQUENCE), bins_size, pages }))
    }
}

/// Applies the entries of a log as long as they follow each other from `expected` on. Nothing is
/// applied when the first one is not `expected`.
pub(super) fn apply(log: &[u8], expected: u32, primary: &mut Vec<u8>) -> Result<(Applied, After), String> {
    let (mut at, mut next) = (SECTOR, expected);
    let mut after = After::default();
    let mut applied: Option<Applied> = None;
    let stopped = loop {
        let place = format!("the entry at offset {at:#x}");
        let entry = match Entry::parse(log, at) {
            Ok(Some(entry)) => entry,
            Ok(None) => break format!("there is no entry at offset {at:#x}"),
            Err(reason) => break format!("{place} is damaged: {reason}"),
        };
        if entry.sequence != next {
            break format!("{place} has the sequence number {}, {next} was to follow", entry.sequence);
        }
        let bytes: usize = entry.pages.iter().map(|(_, page)| page.len()).sum();
        if let Err(reason) = super::resize(primary, entry.bins_size, bytes) {
            break format!("{place} is damaged: {reason}");
        }
        for &(offset, page) in &entry.pages {
            write_page(primary, offset, page);
        }
        after = After { bins_size: entry.bins_size, flags: entry.flags };
        let done = applied.get_or_insert(Applied { first: next, ..Applied::default() });
        done.entries = done.entries.saturating_add(1);
        done.last = next;
        done.pages = done.pages.saturating_add(u64::try_from(entry.pages.len()).unwrap_or(u64::MAX));
        done.bytes = done.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        next = next.wrapping_add(1);
        at = at.saturating_add(entry.size);
    };
    match applied {
        Some(applied) => Ok((Applied { stopped, ..applied }, after)),
        None => Err(stopped),
    }
}
