//! Capture configuration files (`WimScript.ini`): what a capture leaves out.
//!
//! Lines in sections; `;` and `#` at the start make a comment, quotes around a line do not count.
//! - `[ExclusionList]`: a match is left out, and a directory with all it holds.
//! - `[ExclusionException]`: a match is captured although the list above matches it. One from the
//!   root also brings the directories on its way.
//! - `[CompressionExclusionList]`, `[CompressionFolderList]`: read and without effect. Content that
//!   does not get smaller is stored as it is anyway.
//!
//! `\dir\name` is matched from the root, `name` in every directory, `dir\name` wherever the end of a
//! path is so. `*` is any number of characters of a name, `?` is one. Case does not matter, `/` is `\`,
//! and a drive letter is dropped. A file without `[ExclusionList]` leaves DISM's own list in force, less
//! its exceptions.
//!
//! Reference: Microsoft "DISM Configuration List and WimScript.ini Files"; `wimcapture(1)`
//! "--config". Where they differ: relative paths of several names are DISM's.

use crate::error::{Error, Result};
use crate::formats::upcase::upcase;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, UTF_8, WINDOWS_1252};

/// Notes kept.
const NOTE_LIMIT: usize = 100;
const FORMAT: &str = "capture configuration";
/// Far more than any list that is in use.
const SIZE_LIMIT: usize = 1 << 20;
/// What DISM leaves out when it is not told otherwise, and the recycle bin under the name it has
/// since Windows Vista, which wimlib adds.
const DEFAULT_EXCLUSIONS: [&str; 8] = [
    r"\$ntfs.log",
    r"\hiberfil.sys",
    r"\pagefile.sys",
    r"\swapfile.sys",
    r"\System Volume Information",
    r"\RECYCLER",
    r"\$Recycle.Bin",
    r"\Windows\CSC",
];
const STAR: u16 = 0x2A;
const QUESTION_MARK: u16 = 0x3F;

/// What a capture leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WimScript {
    exclusions: Vec<Pattern>,
    exceptions: Vec<Pattern>,
    notes: Vec<String>,
}

impl Default for WimScript {
    /// DISM's own list.
    fn default() -> Self {
        let exclusions = DEFAULT_EXCLUSIONS.iter().filter_map(|line| Pattern::of(line)).collect();
        Self { exclusions, exceptions: Vec::new(), notes: Vec::new() }
    }
}

#[derive(Clone, Copy)]
enum Section {
    /// Before the first one.
    None,
    Exclusions,
    Exceptions,
    Compression,
    Unknown,
}

impl WimScript {
    /// Leaves nothing out.
    pub fn nothing() -> Self {
        Self { exclusions: Vec::new(), exceptions: Vec::new(), notes: Vec::new() }
    }

    /// Reads a configuration file: UTF-16 or UTF-8, otherwise windows-1252.
    ///
    /// # Errors
    /// [`Error::Malformed`] for patterns that name a drive but no path from its root, and for the
    /// root itself; [`Error::LimitExceeded`] beyond 1 MiB.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = decode(bytes)?;
        let mut script = Self::nothing();
        let mut section = Section::None;
        let mut has_list = false;
        let mut without_effect = false;
        for (number, line) in (1u32..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = match name.to_ascii_lowercase().as_str() {
                    "exclusionlist" => Section::Exclusions,
                    "exclusionexception" => Section::Exceptions,
                    "compressionexclusionlist" | "compressionfolderlist" => Section::Compression,
                    _ => {
                        note(&mut script.notes, || format!("line {number}: section '{name}' has no effect"));
                        Section::Unknown
                    }
                };
                has_list |= matches!(section, Section::Exclusions);
                continue;
            }
            match section {
                Section::Exclusions => {
                    script.exclusions.extend(read_pattern(number, line, &mut script.notes)?)
                }
                Section::Exceptions => {
                    script.exceptions.extend(read_pattern(number, line, &mut script.notes)?)
                }
                Section::Compression => without_effect = true,
                Section::None => {
                    note(&mut script.notes, || format!("line {number}: '{line}' is in no section"))
                }
                Section::Unknown => {}
            }
        }
        if without_effect {
            script.notes.push("compression exclusions have no effect".to_owned());
        }
        if !has_list {
            script.exclusions = Self::default().exclusions;
        }
        Ok(script)
    }

    /// What was read and has no effect, or another one than its author may think.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the item at this path, given as names from the root down, is left out. It is not
    /// asked about what is in a directory that is left out.
    pub fn excludes<N: AsRef<[u16]>>(&self, path: &[N]) -> bool {
        self.exclusions.iter().any(|pattern| pattern.covers(path))
            && !self.exceptions.iter().any(|pattern| pattern.covers(path) || pattern.is_below(path))
    }
}

/// A path to compare with: upper-case names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// From the root; otherwise the end of a path.
    anchored: bool,
    names: Vec<Vec<u16>>,
}

impl Pattern {
    /// `None` if there is no name in it.
    fn of(text: &str) -> Option<Self> {
        let separators = ['\\', '/'];
        let names = text.split(separators).filter(|name| !name.is_empty());
        let names: Vec<Vec<u16>> = names.map(|name| name.encode_utf16().map(upcase).collect()).collect();
        (!names.is_empty()).then(|| Self { anchored: text.starts_with(separators), names })
    }

    /// The path, or a directory on its way, is the one that is meant.
    fn covers<N: AsRef<[u16]>>(&self, path: &[N]) -> bool {
        let Some(above) = path.len().checked_sub(self.names.len()) else { return false };
        let from = if self.anchored { 0 } else { above };
        let names = path.iter().skip(from);
        self.names.iter().zip(names).all(|(pattern, name)| matches(pattern, name.as_ref()))
    }

    /// The path is a directory on the way to the one that is meant.
    fn is_below<N: AsRef<[u16]>>(&self, path: &[N]) -> bool {
        self.anchored
            && path.len() < self.names.len()
            && self.names.iter().zip(path).all(|(pattern, name)| matches(pattern, name.as_ref()))
    }
}

/// Whether a name matches a pattern in upper case. After a mismatch the last star takes one more
/// character, so that the time is the product of the lengths at most.
fn matches(pattern: &[u16], name: &[u16]) -> bool {
    let (mut at, mut position) = (0usize, 0usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(unit) = name.get(position) {
        match pattern.get(at) {
            Some(&STAR) => {
                star = Some((at, position));
                at = at.saturating_add(1);
            }
            Some(wanted) if *wanted == QUESTION_MARK || *wanted == upcase(*unit) => {
                at = at.saturating_add(1);
                position = position.saturating_add(1);
            }
            _ => match &mut star {
                None => return false,
                Some((star_at, taken)) => {
                    *taken = taken.saturating_add(1);
                    (at, position) = (star_at.saturating_add(1), *taken);
                }
            },
        }
    }
    pattern.iter().skip(at).all(|unit| *unit == STAR)
}

fn read_pattern(number: u32, line: &str, notes: &mut Vec<String>) -> Result<Option<Pattern>> {
    let quoted = ['"', '\''].into_iter().find_map(|quote| line.strip_prefix(quote)?.strip_suffix(quote));
    let line = quoted.unwrap_or(line);
    let mut characters = line.chars();
    let path = match (characters.next(), characters.next()) {
        (Some(drive), Some(':')) if !matches!(drive, '\\' | '/') => {
            let path = characters.as_str();
            if !path.starts_with(['\\', '/']) {
                let expected = "a path from the root of the drive";
                return Err(Error::malformed(
                    FORMAT,
                    format!("line {number}"),
                    expected,
                    format!("'{line}'"),
                ));
            }
            note(notes, || format!("line {number}: the drive letter of '{line}' does not count"));
            path
        }
        _ => line,
    };
    match Pattern::of(path) {
        Some(pattern) => Ok(Some(pattern)),
        None if path.is_empty() => Ok(None),
        None => {
            let expected = "a path below the root";
            Err(Error::malformed(FORMAT, format!("line {number}"), expected, format!("'{line}'")))
        }
    }
}

fn note(notes: &mut Vec<String>, text: impl FnOnce() -> String) {
    if notes.len() < NOTE_LIMIT {
        notes.push(text());
    }
}

fn decode(bytes: &[u8]) -> Result<String> {
    if bytes.len() > SIZE_LIMIT {
        return Err(Error::LimitExceeded {
            what: "the size of a capture configuration in bytes",
            limit: u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX),
            found: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        });
    }
    let (encoding, marked) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        // Notepad writes a mark, other programs may not; no path starts with a NUL.
        None if matches!(bytes, [first, 0, ..] if first.is_ascii()) => (UTF_16LE, 0),
        None if matches!(bytes, [0, second, ..] if second.is_ascii()) => (UTF_16BE, 0),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        None => (WINDOWS_1252, 0),
    };
    let (text, _) = encoding.decode_without_bom_handling(bytes.get(marked..).unwrap_or_default());
    Ok(text.into_owned())
}
