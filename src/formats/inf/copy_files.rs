//! CopyFiles, DelFiles and RenFiles: which files an install section puts where.
//!
//! Reference: MicrosoftDocs "INF CopyFiles Directive", "INF DelFiles Directive", "INF RenFiles Directive",
//! "INF DestinationDirs Section".

use super::dirid::{is_documented, Dirid};
use super::finding::Code;
use super::reader::{plain, Entry, Reader, Source};
use super::source_files::package_path;
use super::{bad, limit, number32};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// File lists, and target directories of them, one INF may have; the largest have some hundred.
const LIST_LIMIT: usize = 5000;

/// Where a file list's files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The directory.
    pub dirid: Dirid,
    /// The path below it, may be empty; checked.
    pub subdirectory: String,
}

/// A file that CopyFiles copies when the driver is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFile {
    /// Its path in the package; checked.
    pub source: String,
    /// The target directory.
    pub dirid: Dirid,
    /// The path below it, may be empty; checked.
    pub subdirectory: String,
    /// The name it gets; checked.
    pub name: String,
    /// `COPYFLG_*`.
    pub flags: u32,
    /// The security descriptor (SDDL) it gets, from `[<file list>.Security]`.
    pub security: Option<Arc<str>>,
    /// The file list section; empty for `@file`.
    pub section: Arc<str>,
    /// The INF: empty for the package's own, else the name that `Include` has. Its files are Windows'.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// A file that DelFiles deletes or RenFiles renames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where it is.
    pub destination: Destination,
    /// Its name; checked.
    pub name: String,
    /// The name it gets; `None` if it is deleted. Checked.
    pub new_name: Option<String>,
    /// `DELFLG_*`.
    pub flags: u32,
    /// The line.
    pub line: u32,
}

impl<'a> Reader<'a> {
    /// The copies of the CopyFiles directives among the entries; each list once.
    pub(super) fn copy_files(&mut self, entries: &[Entry<'a>]) -> Result<Vec<CopyFile>> {
        let mut copies: Vec<CopyFile> = Vec::new();
        let mut seen = HashSet::new();
        let mut known: HashMap<&str, HashMap<String, String>> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.is("CopyFiles")) {
            let file = entry.source.file;
            if !known.contains_key(file) {
                let paths = self.source_paths(entry.source)?;
                known.insert(file, paths);
            }
            let Some(paths) = known.get(file) else { continue };
            copies.extend(self.copies(entry, paths, &mut seen)?);
        }
        Ok(copies)
    }

    /// The copies of one CopyFiles line. Lists in `seen` are left out and added to it.
    pub(super) fn copies(
        &mut self,
        directive: &Entry<'a>,
        sources: &HashMap<String, String>,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<CopyFile>> {
        let mut copies = Vec::new();
        for (field, raw) in directive.line.fields().enumerate() {
            let list = directive.source.inf.expand(raw);
            if list.is_empty() || !seen.insert(list.to_lowercase()) {
                continue;
            }
            if seen.len() > LIST_LIMIT {
                return Err(limit("the number of lists of files of an INF", LIST_LIMIT, seen.len()));
            }
            if let Some(file) = list.strip_prefix('@') {
                let target = self.destination("", directive.source, directive);
                let Some(target) = self.check(Code::Directive, directive, target)? else { continue };
                self.check_listed(directive, file, sources);
                let copy = copy(sources, file, file, &target, 0, directive);
                copies.extend(self.check(Code::Path, directive, copy)?);
                continue;
            }
            let Some((source, section)) = self.named(directive, field, &list) else { continue };
            self.charge(source, section)?;
            if section.lines.is_empty() {
                continue;
            }
            let target = self.destination(&list, source, directive);
            let Some(target) = self.check(Code::Directive, directive, target)? else { continue };
            let security = self.security(source, &section.name);
            let list: Arc<str> = section.name.as_str().into();
            for entry in plain(source, section) {
                let name = entry.line.key().map(|key| source.inf.expand(key)).or_else(|| entry.value(0));
                let Some(name) = name else { continue };
                let from = entry.value(1).unwrap_or_else(|| name.clone());
                let flags = entry.number(3, "flags in a CopyFiles section");
                let Some(flags) = self.check(Code::Directive, &entry, flags)? else { continue };
                self.check_listed(&entry, &from, sources);
                let copy = copy(sources, &from, &name, &target, flags.unwrap_or(0), &entry);
                let Some(copy) = self.check(Code::Path, &entry, copy)? else { continue };
                copies.push(CopyFile { section: Arc::clone(&list), security: security.clone(), ..copy });
            }
        }
        Ok(copies)
    }

    /// The files of the DelFiles and RenFiles directives among the entries.
    pub(super) fn file_changes(&mut self, entries: &[Entry<'a>]) -> Result<Vec<FileChange>> {
        let mut changes: Vec<FileChange> = Vec::new();
        for directive in entries {
            let rename = directive.is("RenFiles");
            if !rename && !directive.is("DelFiles") {
                continue;
            }
            for (field, list) in directive.values().into_iter().enumerate() {
                let Some((source, section)) = self.named(directive, field, &list) else { continue };
                self.charge(source, section)?;
                let target = self.destination(&list, source, directive);
                let Some(target) = self.check(Code::Directive, directive, target)? else { continue };
                for entry in plain(source, section) {
                    let change = file_change(&entry, rename, &target);
                    changes.extend(self.check(Code::Path, &entry, change)?.flatten());
                }
            }
        }
        Ok(changes)
    }

    /// Target directory of a file list section, else `DefaultDestDir`, else System32.
    fn destination(&mut self, list: &str, source: Source<'a>, directive: &Entry<'a>) -> Result<Destination> {
        let inf = source.inf;
        let section = inf.section("DestinationDirs");
        let lines = section.map(|section| section.lines.as_slice()).unwrap_or_default();
        if lines.len() > LIST_LIMIT {
            return Err(limit("the number of entries in [DestinationDirs]", LIST_LIMIT, lines.len()));
        }
        let keyed =
            |wanted: &str| lines.iter().find(|line| line.key().is_some_and(|key| inf.is_named(key, wanted)));
        let own = if list.is_empty() { None } else { keyed(list) };
        let Some(line) = own.or_else(|| keyed("DefaultDestDir")) else {
            return Ok(Destination { dirid: Dirid::SYSTEM, subdirectory: String::new() });
        };
        let entry = Entry { source, line };
        let text = entry.value(0).unwrap_or_default();
        // `%13%` for `13` is a mistake that INFs in use make.
        let Some(dirid) = number32(text.trim_matches('%')).map(Dirid) else {
            return Err(bad(line.field_position(0), "a directory id", format!("'{text}'")));
        };
        if matches!(dirid, Dirid::ABSOLUTE | Dirid::ABSOLUTE_16) {
            return Err(Error::Unsupported {
                what: format!(
                    "a copy to an absolute path (lines {} and {})",
                    directive.line.number, line.number
                ),
                reason: "the paths of an offline image are not those of the machine it will run on"
                    .to_owned(),
            });
        }
        if !is_documented(dirid) {
            self.warn(Code::UnknownDirid, &entry, 0, format!("directory id {} is not documented", dirid.0));
        }
        let subdirectory = entry.value(1).unwrap_or_default();
        let subdirectory = subdirectory.trim_matches(['\\', '/', ' ']);
        let subdirectory = match subdirectory {
            "" => String::new(),
            path => package_path(path, line.field_position(1))?,
        };
        Ok(Destination { dirid, subdirectory })
    }
}

fn copy(
    sources: &HashMap<String, String>,
    source: &str,
    name: &str,
    target: &Destination,
    flags: u32,
    entry: &Entry<'_>,
) -> Result<CopyFile> {
    let at = entry.line.position();
    let name = package_path(name, at)?;
    let source = match sources.get(&source.to_lowercase()) {
        Some(path) => path.clone(),
        None => package_path(source, at)?,
    };
    Ok(CopyFile {
        source,
        dirid: target.dirid,
        subdirectory: target.subdirectory.clone(),
        name,
        flags,
        security: None,
        section: "".into(),
        file: entry.source.file.to_owned(),
        line: entry.line.number,
    })
}

/// `name,,,flags` of DelFiles, `new name, old name` of RenFiles; `None` for an empty line.
fn file_change(entry: &Entry<'_>, rename: bool, target: &Destination) -> Result<Option<FileChange>> {
    let first = entry.line.key().map(|key| entry.source.inf.expand(key)).or_else(|| entry.value(0));
    let Some(first) = first.filter(|name| !name.is_empty()) else { return Ok(None) };
    let first = package_path(&first, entry.line.position())?;
    let (name, new_name) = match rename {
        true => {
            let old = package_path(&entry.value(1).unwrap_or_default(), entry.line.field_position(1))?;
            (old, Some(first))
        }
        false => (first, None),
    };
    let flags = entry.number(3, "flags in a DelFiles section")?.unwrap_or(0);
    let destination = target.clone();
    Ok(Some(FileChange { destination, name, new_name, flags, line: entry.line.number }))
}
