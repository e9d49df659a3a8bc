//! The check of a whole hive: every broken invariant, with its offset.
//!
//! [`check_file`] looks at a file whatever state it is in, also at its base block;
//! [`Hive::findings`] at a hive that is open, with its edits. Time and memory are linear in the size of
//! the file whatever its bytes are.

mod bins;
mod survey;

use super::base_block::{self as base, checksum, BaseBlock};
use super::cells::{index, Cells, PAGE};
use super::{Hive, FORMAT};
use crate::error::{Error, Result};
use crate::formats::bytes::u32_at;
use crate::progress::{unobserved, Observer};

pub(super) use bins::{walk, walk_bin, CellSet};
pub(super) use survey::survey;

/// Findings kept in words; more are only counted.
pub const MAX_DEFECTS: usize = 1000;

/// What a check of a whole hive found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What is wrong, in the order in which it was found; the first [`MAX_DEFECTS`].
    pub defects: Vec<Defect>,
    /// How many defects there are.
    pub defect_count: u64,
    /// How many of them are damage to the structure.
    pub damage_count: u64,
    /// Allocated cells that nothing points to. They waste space and do no other harm.
    pub leaked_cells: u64,
    /// Their size in bytes.
    pub leaked_bytes: u64,
    /// Keys that were found, the root included.
    pub keys: u64,
    /// Values that were found.
    pub values: u64,
}

/// How bad a defect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Readers tolerate it, and the engine edits the hive.
    Tolerated,
    /// Part of the hive cannot be read, or an edit could write over something: the hive is not edited.
    Damage,
}

/// One defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Offset in the file.
    pub offset: u64,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub text: String,
}

impl Findings {
    /// Adds a defect.
    pub(super) fn add(&mut self, offset: u64, severity: Severity, text: impl FnOnce() -> String) {
        self.defect_count = self.defect_count.saturating_add(1);
        if severity == Severity::Damage {
            self.damage_count = self.damage_count.saturating_add(1);
        }
        if self.defects.len() < MAX_DEFECTS {
            self.defects.push(Defect { offset, severity, text: text() });
        }
    }

    /// Whether nothing is wrong; leaked cells are not.
    pub fn is_clean(&self) -> bool {
        self.defect_count == 0
    }
}

impl Hive {
    /// Checks the whole hive and lists all that is wrong with it.
    ///
    /// # Errors
    /// [`Error::Cancelled`] only.
    pub fn findings(&self, observer: Observer<'_>) -> Result<Findings> {
        Ok(survey(&self.cells, self.root, self.minor, observer)?.findings)
    }

    /// Checks the whole hive and lists what readers tolerate.
    ///
    /// # Errors
    /// The first damage to the structure: bins, cells, references, lists, the circle of security
    /// records. Such a hive is not edited either. [`Error::Cancelled`].
    pub fn inspect(&self, observer: Observer<'_>) -> Result<Findings> {
        survey(&self.cells, self.root, self.minor, observer)?.sound().map(|survey| survey.findings)
    }

    /// Checks the whole hive; the first defect of any kind is the error, unused space is none.
    pub fn check(&self) -> Result<()> {
        match self.inspect(&mut unobserved)?.defects.into_iter().next() {
            None => Ok(()),
            Some(Defect { offset, text, .. }) => {
                Err(Error::malformed(FORMAT, format!("offset {offset:#x}"), "a hive without defects", text))
            }
        }
    }
}

/// Checks a primary file: its base block, and the hive as far as that leads to one. Logs are not looked
/// at; a dirty file has a defect that says so. Progress is told in bytes of the bins
/// ([`Phase::Verifying`](crate::progress::Phase::Verifying)).
///
/// # Errors
/// [`Error::Cancelled`] only.
pub fn check_file(file: &[u8], observer: Observer<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let Some((cells, block)) = readable(file, &mut findings) else { return Ok(findings) };
    let mut inside = survey(&cells, block.root, block.minor, observer)?.findings;
    for defect in std::mem::take(&mut inside.defects) {
        // The counts are added below.
        if findings.defects.len() < MAX_DEFECTS {
            findings.defects.push(defect);
        }
    }
    Ok(Findings {
        defects: findings.defects,
        defect_count: findings.defect_count.saturating_add(inside.defect_count),
        damage_count: findings.damage_count.saturating_add(inside.damage_count),
        ..inside
    })
}

/// What can be read of a file, with what is wrong in its base block; nothing if that leads nowhere.
pub(super) fn readable(file: &[u8], findings: &mut Findings) -> Option<(Cells, BaseBlock)> {
    let number = |at: usize| u32_at(file, at).unwrap_or(0);
    let mut damage = |offset: usize, text: String| {
        findings.add(u64::try_from(offset).unwrap_or(u64::MAX), Severity::Damage, || text);
    };
    let page = index(PAGE);
    if file.len() < page.saturating_mul(2) {
        damage(0, format!("a hive has at least 8192 bytes, the file has {}", file.len()));
        return None;
    }
    if !file.starts_with(b"regf") {
        damage(0, "the file does not start with 'regf'".to_owned());
    }
    let (stored, computed) = (number(base::CHECKSUM), checksum(file));
    if stored != computed {
        damage(base::CHECKSUM, format!("the checksum is {stored:#010x}, it should be {computed:#010x}"));
    }
    let (first, second) = (number(base::PRIMARY_SEQUENCE), number(base::SECONDARY_SEQUENCE));
    if first != second {
        let text = format!("the sequence numbers are {first} and {second}: the logs hold newer data");
        damage(base::PRIMARY_SEQUENCE, text);
    }
    let (major, minor) = (number(base::MAJOR), number(base::MINOR));
    let version_known = major == 1 && (1..=6).contains(&minor);
    if !version_known {
        damage(base::MAJOR, format!("the version is {major}.{minor}, not one from 1.1 to 1.6"));
    }
    if (number(base::FILE_TYPE), number(base::FILE_FORMAT)) != (0, 1) {
        damage(base::FILE_TYPE, "the file is not of the type of a primary file (0, 1)".to_owned());
    }
    let held = file.len().saturating_sub(page) / page * page;
    let held = u32::try_from(held).unwrap_or(super::cells::MAX_BINS_SIZE);
    let bins_size = number(base::BINS_SIZE);
    let size_known = bins_size != 0 && bins_size.is_multiple_of(PAGE) && bins_size <= held;
    if !size_known {
        damage(
            base::BINS_SIZE,
            format!("the bins have {bins_size:#x} bytes, the file has room for {held:#x}"),
        );
    }
    let minor = if version_known { minor } else { FALLBACK_MINOR };
    let bins_size = if size_known { bins_size } else { held };
    let cells = Cells::new(file.to_vec(), bins_size).of_version(minor);
    Some((cells, BaseBlock { minor, root: number(base::ROOT), bins_size }))
}

/// The version of most hives of Windows 7 and later, for a base block that names none.
const FALLBACK_MINOR: u32 = 5;
