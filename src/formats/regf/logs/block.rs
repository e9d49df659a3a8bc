//! The first sector of a log: a copy of the hive's base block, with another type.
//!
//! Reference: `msuhanov/regf` "Format of transaction log files", "Base block".

use super::super::base_block::{self as base, checksum};
use super::super::cells::{index, MAX_BINS_SIZE, PAGE};
use crate::formats::bytes::{u32_at, u64_at};

/// The unit of the logs; the clustering factor counts it.
pub(super) const SECTOR: usize = 512;

/// How a log holds its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Nothing, or no log at all.
    None,
    /// One set of dirty pages under a bitmap (`DIRT`), up to Windows 8.
    DirtyPages,
    /// Entries with hashes and sequence numbers (`HvLE`), from Windows 8.1 on.
    Entries,
}

/// What a log says about the hive.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogBlock {
    pub format: LogFormat,
    /// Both sequence numbers.
    pub sequence: u32,
    /// FILETIME.
    pub last_written: u64,
    pub bins_size: u32,
    /// Bytes of the copy of the base block, and the alignment of what follows in a `DIRT` log.
    pub sector: usize,
}

impl LogBlock {
    /// Reads the first sector of a log.
    ///
    /// # Errors
    /// What makes the log unusable, as words.
    pub fn parse(log: &[u8]) -> Result<Self, String> {
        let number = |at: usize| u32_at(log, at).unwrap_or(0);
        if log.len() < SECTOR {
            return Err("it is empty or shorter than a sector".to_owned());
        }
        if !log.starts_with(b"regf") {
            return Err("it does not start with 'regf'".to_owned());
        }
        if number(base::CHECKSUM) != checksum(log) {
            return Err("the checksum of its base block is wrong".to_owned());
        }
        let (sequence, second) = (number(base::PRIMARY_SEQUENCE), number(base::SECONDARY_SEQUENCE));
        if sequence != second {
            return Err(format!("it was not written to its end (sequence numbers {sequence} and {second})"));
        }
        let format = match number(base::FILE_TYPE) {
            1 | 2 => LogFormat::DirtyPages,
            6 => LogFormat::Entries,
            other => return Err(format!("its base block has the file type {other}")),
        };
        let bins_size = number(base::BINS_SIZE);
        if !is_size_of_bins(bins_size) {
            return Err(format!("its base block has {bins_size:#x} as the size of the bins"));
        }
        // Sectors of 512 to 4096 bytes.
        let sector = match number(base::CLUSTERING) {
            factor @ 1..=8 => SECTOR.saturating_mul(index(factor)),
            factor => return Err(format!("its base block has the clustering factor {factor}")),
        };
        let last_written = u64_at(log, base::LAST_WRITTEN).unwrap_or(0);
        Ok(Self { format, sequence, last_written, bins_size, sector })
    }
}

/// Whether a hive can have so many bytes of bins.
pub(super) fn is_size_of_bins(size: u32) -> bool {
    size != 0 && size.is_multiple_of(PAGE) && size <= MAX_BINS_SIZE
}

/// Makes the copy of a base block in a log that of a primary file again.
pub(super) fn restore(primary: &mut [u8], log: &[u8], block: &LogBlock) {
    let size = block.sector.min(log.len()).min(index(PAGE));
    if let (Some(target), Some(copy)) = (primary.get_mut(..size), log.get(..size)) {
        target.copy_from_slice(copy);
    }
    put(primary, base::FILE_TYPE, 0);
}

/// Writes a field of a base block.
pub(super) fn put(primary: &mut [u8], at: usize, value: u32) {
    if let Some(field) = primary.get_mut(at..at.saturating_add(4)) {
        field.copy_from_slice(&value.to_le_bytes());
    }
}
