//! Transaction logs: what a hive's `.LOG`, `.LOG1` and `.LOG2` add to a dirty primary file.
//!
//! [`recover`] is a pure function from the bytes of a primary file and its logs to the bytes of the
//! hive as Windows would load it, and a [`Recovery`] that says what was done and what was not. A hive
//! that is clean is not changed, whatever its logs hold.
//!
//! Which log is used follows Windows 8 and later: of the old format the first one that fits, of the new
//! format both, the earlier one first.
//!
//! Reference: `msuhanov/regf` "Format of transaction log files", "Dirty state of a hive", "Multiple
//! transaction log files".

mod block;
mod dirty_pages;
mod entries;
mod marvin32;

use super::base_block::{self as base, checksum};
use super::cells::{index, PAGE};
use crate::formats::bytes::{u32_at, u64_at};
use block::LogBlock;
use dirty_pages::DirtyPages;
use entries::After;
use std::fmt;

pub use block::LogFormat;

/// Where the first bin keeps a copy of the base block's time.
const BIN_TIMESTAMP: usize = 4096 + 20;
/// The hive's flags in the base block; a log entry has the lowest bit of them.
const FLAGS: usize = 144;

/// The bytes of the logs beside a hive. An empty one is as good as none.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFiles<'a> {
    /// The `.LOG` file, of hives with one log.
    pub log: &'a [u8],
    /// The `.LOG1` file.
    pub log1: &'a [u8],
    /// The `.LOG2` file.
    pub log2: &'a [u8],
}

/// One of a hive's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogName {
    /// The `.LOG` file.
    Log,
    /// The `.LOG1` file.
    Log1,
    /// The `.LOG2` file.
    Log2,
}

/// The end of the log's file name.
impl fmt::Display for LogName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Log => "LOG",
            Self::Log1 => "LOG1",
            Self::Log2 => "LOG2",
        })
    }
}

/// What a look at the logs came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryState {
    /// The primary file is whole; logs are not needed.
    Clean,
    /// The hive has the logs' data now.
    Recovered,
    /// The hive is dirty and no log can be used.
    Dirty,
}

/// What was done with one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// Which one.
    pub name: LogName,
    /// How it holds pages.
    pub format: LogFormat,
    /// What of it went into the hive; nothing if it was not used.
    pub applied: Option<Applied>,
    /// Why it was not used.
    pub unused: Option<String>,
}

/// What of a log went into the hive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Log entries; 1 for a log of the old format.
    pub entries: u32,
    /// The sequence number of the first of them.
    pub first: u32,
    /// The sequence number of the last of them.
    pub last: u32,
    /// Pages written.
    pub pages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Why it ended there.
    pub stopped: String,
}

/// What was found and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// How the hive is now.
    pub state: RecoveryState,
    /// The sequence numbers the primary file had; they differ in a dirty hive whose base block is whole.
    pub sequences: (u32, u32),
    /// The log whose copy replaced a damaged base block.
    pub base_block_from: Option<LogName>,
    /// The logs that are there, in the order of their names.
    pub logs: Vec<LogReport>,
}

/// A log that is there.
struct Log<'a> {
    bytes: &'a [u8],
    block: Option<LogBlock>,
    report: LogReport,
}

/// The state of the base block of a primary file.
struct Primary {
    /// Signature and checksum are right.
    valid: bool,
    sequences: (u32, u32),
    last_written: u64,
}

impl Primary {
    fn read(bytes: &[u8]) -> Self {
        let number = |at: usize| u32_at(bytes, at).unwrap_or(0);
        let valid = bytes.len() >= index(PAGE)
            && bytes.starts_with(b"regf")
            && number(base::CHECKSUM) == checksum(bytes);
        // The first bin has a copy of the time.
        let time_at = if valid { base::LAST_WRITTEN } else { BIN_TIMESTAMP };
        Self {
            valid,
            sequences: (number(base::PRIMARY_SEQUENCE), number(base::SECONDARY_SEQUENCE)),
            last_written: u64_at(bytes, time_at).unwrap_or(0),
        }
    }

    fn is_dirty(&self) -> bool {
        !self.valid || self.sequences.0 != self.sequences.1
    }
}

/// Brings the bytes of a primary file up to date with its logs, as Windows does when it loads it.
///
/// Without a usable log the bytes stay as they are and the state is [`RecoveryState::Dirty`]. A
/// recovered hive has equal sequence numbers, one after the last that was applied.
pub fn recover(mut primary: Vec<u8>, files: &LogFiles<'_>) -> (Vec<u8>, Recovery) {
    let state = Primary::read(&primary);
    let mut logs: Vec<Log<'_>> =
        [(LogName::Log, files.log), (LogName::Log1, files.log1), (LogName::Log2, files.log2)]
            .into_iter()
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(name, bytes)| read_log(name, bytes))
            .collect();
    let mut recovery = Recovery {
        state: RecoveryState::Clean,
        sequences: state.sequences,
        base_block_from: None,
        logs: Vec::new(),
    };
    if state.is_dirty() {
        // With two logs, a file of the name `.LOG` is left from the installation.
        if logs.iter().any(|log| log.report.name != LogName::Log && log.block.is_some()) {
            set_aside(&mut logs, |log| log.report.name == LogName::Log, "the hive has two newer logs");
        }
        let used = apply_entries(&mut primary, &state, &mut logs)
            .or_else(|| apply_dirty_pages(&mut primary, &state, &mut logs));
        recovery.state = if used.is_some() { RecoveryState::Recovered } else { RecoveryState::Dirty };
        recovery.base_block_from = used.filter(|_| !state.valid);
    } else {
        set_aside(&mut logs, |_| true, "the hive is clean");
    }
    recovery.logs = logs.into_iter().map(|log| log.report).collect();
    (primary, recovery)
}

fn read_log(name: LogName, bytes: &[u8]) -> Log<'_> {
    let (block, format, unused) = match LogBlock::parse(bytes) {
        Ok(block) => (Some(block), block.format, None),
        Err(reason) => (None, LogFormat::None, Some(reason)),
    };
    Log { bytes, block, report: LogReport { name, format, applied: None, unused } }
}

/// Takes logs out of the choice.
fn set_aside(logs: &mut [Log<'_>], which: impl Fn(&Log<'_>) -> bool, reason: &str) {
    for log in logs.iter_mut().filter(|log| log.block.is_some() && which(log)) {
        log.block = None;
        log.report.unused = Some(reason.to_owned());
    }
}

/// Applies logs of the new format; returns the first one used.
fn apply_entries(primary: &mut Vec<u8>, state: &Primary, logs: &mut [Log<'_>]) -> Option<LogName> {
    let mut chain: Vec<(&mut Log<'_>, LogBlock)> = logs
        .iter_mut()
        .filter_map(|log| {
            log.block.filter(|block| block.format == LogFormat::Entries).map(|block| (log, block))
        })
        .collect();
    chain.sort_by_key(|(_, block)| block.sequence);
    if !state.valid {
        // Nothing says where the primary file stands: only the latest log is complete for sure.
        let older = chain.len().saturating_sub(1);
        for (log, _) in chain.drain(..older) {
            log.report.unused = Some("the other log is newer and the base block is damaged".to_owned());
        }
    }
    let mut first = None;
    let mut expected = None;
    let mut after = After::default();
    for (log, block) in chain {
        let wanted = expected.unwrap_or(block.sequence);
        let refused = if state.valid && expected.is_none() && block.sequence < state.sequences.1 {
            Some(format!("its first entry is {}, the hive is at {}", block.sequence, state.sequences.1))
        } else if block.sequence != wanted {
            Some(format!("its first entry is {}, {wanted} was to follow", block.sequence))
        } else {
            None
        };
        let applied = match refused {
            Some(reason) => Err(reason),
            None => {
                let mut recovered = primary.clone();
                if !state.valid {
                    block::restore(&mut recovered, log.bytes, &block);
                }
                entries::apply(log.bytes, wanted, &mut recovered).map(|done| (recovered, done))
            }
        };
        match applied {
            Ok((recovered, (applied, left))) => {
                *primary = recovered;
                first = first.or(Some(log.report.name));
                expected = Some(applied.last.wrapping_add(1));
                after = left;
                log.report.applied = Some(applied);
            }
            Err(reason) => log.report.unused = Some(reason),
        }
    }
    let sequence = expected?;
    let flags = u32_at(primary, FLAGS).unwrap_or(0);
    block::put(primary, FLAGS, flags & !1 | after.flags & 1);
    seal(primary, sequence, after.bins_size);
    first
}

/// Applies a log of the old format; returns the one used.
fn apply_dirty_pages(primary: &mut Vec<u8>, state: &Primary, logs: &mut [Log<'_>]) -> Option<LogName> {
    let mut newest: Option<u64> = None;
    for log in logs.iter_mut() {
        let Some(block) = log.block.filter(|block| block.format == LogFormat::DirtyPages) else { continue };
        // A later log holds all that was not written, also if the primary file's time was not written.
        // The first bin has the time of its own last write, so a log that fits may be later than that.
        let fits = block.last_written == state.last_written
            || (!state.valid && block.last_written > state.last_written)
            || (log.report.name == LogName::Log2
                && block.last_written > newest.unwrap_or(0).max(state.last_written));
        newest = newest.max(Some(block.last_written));
        if !fits {
            log.report.unused = Some("its time is not that of the hive".to_owned());
            continue;
        }
        let mut recovered = primary.clone();
        if !state.valid {
            block::restore(&mut recovered, log.bytes, &block);
        }
        let applied =
            DirtyPages::parse(log.bytes, &block).and_then(|pages| pages.apply(&mut recovered, &block));
        match applied {
            Ok(applied) => {
                *primary = recovered;
                let sequence =
                    if state.valid { state.sequences.0.max(block.sequence) } else { block.sequence };
                seal(primary, sequence.wrapping_add(1), block.bins_size);
                log.report.applied = Some(applied);
                let name = log.report.name;
                set_aside(
                    logs,
                    |other| other.report.applied.is_none() && other.report.unused.is_none(),
                    "another log was used",
                );
                return Some(name);
            }
            Err(reason) => log.report.unused = Some(reason),
        }
    }
    None
}

/// Makes the base block that of a clean hive.
fn seal(primary: &mut [u8], sequence: u32, bins_size: u32) {
    block::put(primary, base::PRIMARY_SEQUENCE, sequence);
    block::put(primary, base::SECONDARY_SEQUENCE, sequence);
    block::put(primary, base::BINS_SIZE, bins_size);
    let sum = checksum(primary);
    block::put(primary, base::CHECKSUM, sum);
}

/// Makes room for bins of `size` bytes. A hive cannot grow by more than what is written to it.
fn resize(primary: &mut Vec<u8>, size: u32, written: usize) -> Result<(), String> {
    let wanted = index(size).saturating_add(index(PAGE));
    if wanted > primary.len().saturating_add(written) {
        return Err(format!("the bins would be {size:#x} bytes, of which most are missing"));
    }
    if primary.len() < wanted {
        primary.resize(wanted, 0);
    }
    Ok(())
}

/// Writes at `offset` of the bins data.
fn write_page(primary: &mut [u8], offset: u32, page: &[u8]) {
    let start = index(offset).saturating_add(index(PAGE));
    if let Some(target) = primary.get_mut(start..start.saturating_add(page.len())) {
        target.copy_from_slice(page);
    }
}
