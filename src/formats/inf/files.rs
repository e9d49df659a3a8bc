//! The files of a package: where they are in it, and where CopyFiles puts them.
//!
//! `[SourceDisksFiles]` is the list of the package's files; what it does not name does not belong to
//! the package, whatever lies beside the INF. Windows looks into the section of the architecture
//! first.
//!
//! Reference: MicrosoftDocs "INF SourceDisksFiles Section", "INF SourceDisksNames Section",
//! "INF DestinationDirs Section", "INF CopyFiles Directive".

use super::{bad, number32, Architecture, Dirid, Inf, Line};
use crate::error::{Error, Result};
use crate::formats::inf::safe_relative_path;
use std::collections::{HashMap, HashSet};

/// File lists, and target directories of them, one INF may have; the largest have some hundred.
const LIST_LIMIT: usize = 5000;

/// A file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file's name as the INF has it.
    pub name: String,
    /// Its path in the package, relative to the INF, `\` between components; checked.
    pub path: String,
    /// The line that names it.
    pub line: u32,
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
    /// The file list section; empty for `@file`.
    pub section: String,
    /// The line.
    pub line: u32,
}

impl Inf {
    /// The files `[SourceDisksFiles.<architecture>]` and `[SourceDisksFiles]` list.
    ///
    /// # Errors
    /// A path that leaves the package ([`Error::InvalidName`]).
    pub fn source_files(&self, architecture: Architecture) -> Result<Vec<SourceFile>> {
        let disks = self.disk_paths(architecture);
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        for section in [format!("SourceDisksFiles.{architecture}"), "SourceDisksFiles".to_owned()] {
            let Some(section) = self.section(&section) else { continue };
            for line in &section.lines {
                let (name, disk, subdirectory) = match line.key() {
                    Some(name) => (name, line.field(0), line.field(1)),
                    None => (line.field(0).unwrap_or_default(), line.field(1), line.field(2)),
                };
                let name = self.expand(name);
                if name.is_empty() || !seen.insert(name.to_lowercase()) {
                    continue;
                }
                let disk = disk.map(|raw| self.expand(raw)).unwrap_or_default();
                let disk_path = disks.get(&disk_key(&disk)).map(String::as_str).unwrap_or_default();
                let subdirectory = subdirectory.map(|raw| self.expand(raw)).unwrap_or_default();
                // A leading backslash means the root of the package, not of a volume.
                let path =
                    [disk_path, &subdirectory, &name].map(|part| part.trim_matches(['\\', '/'])).join("\\");
                let path =
                    safe_relative_path(path.trim_start_matches('\\')).map_err(|error| at(line, error))?;
                files.push(SourceFile { name, path, line: line.number });
            }
        }
        Ok(files)
    }

    /// The files to put into the driver store besides the INF and its catalogue: those listed for the
    /// architecture; for an INF that lists none at all, those its CopyFiles directives name.
    pub fn package_files(&self, architecture: Architecture) -> Result<Vec<SourceFile>> {
        let listed = self.source_files(architecture)?;
        let has_list = self.sections().iter().any(|section| {
            let name = section.name.to_lowercase();
            name == "sourcedisksfiles" || name.starts_with("sourcedisksfiles.")
        });
        if has_list || self.value("Version", "LayoutFile").is_some() {
            return Ok(listed);
        }
        let mut files: Vec<SourceFile> = Vec::new();
        let mut seen = HashSet::new();
        let mut sections = HashSet::new();
        for section in self.sections() {
            for line in section.lines.iter().filter(|line| is_key(self, line, "CopyFiles")) {
                for copy in self.copy_files(line, &HashMap::new(), &mut sections)? {
                    if seen.insert(copy.source.to_lowercase()) {
                        files.push(SourceFile {
                            name: copy.source.clone(),
                            path: copy.source,
                            line: copy.line,
                        });
                    }
                }
            }
        }
        Ok(files)
    }

    /// Paths of the source disks, by disk id; the architecture's section first.
    fn disk_paths(&self, architecture: Architecture) -> HashMap<String, String> {
        let mut disks = HashMap::new();
        for section in [format!("SourceDisksNames.{architecture}"), "SourceDisksNames".to_owned()] {
            let Some(section) = self.section(&section) else { continue };
            for line in &section.lines {
                let Some(id) = line.key() else { continue };
                let path = line.field(3).map(|raw| self.expand(raw)).unwrap_or_default();
                disks.entry(disk_key(&self.expand(id))).or_insert(path);
            }
        }
        disks
    }

    /// Source paths by lower-case file name, for [`Self::copy_files`].
    pub(super) fn source_paths(&self, architecture: Architecture) -> Result<HashMap<String, String>> {
        let files = self.source_files(architecture)?;
        Ok(files.into_iter().map(|file| (file.name.to_lowercase(), file.path)).collect())
    }

    /// The copies of one CopyFiles line. Sections in `seen` are left out and added to it.
    pub(super) fn copy_files(
        &self,
        directive: &Line,
        sources: &HashMap<String, String>,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<CopyFile>> {
        let mut copies = Vec::new();
        for raw in directive.fields() {
            let list = self.expand(raw);
            if list.is_empty() || !seen.insert(list.to_lowercase()) {
                continue;
            }
            if seen.len() > LIST_LIMIT {
                return Err(bad(directive.position(), "at most 5000 lists of files", "more"));
            }
            if let Some(file) = list.strip_prefix('@') {
                let target = self.destination("", directive)?;
                copies.push(copy(sources, file, file, target, 0, "", directive)?);
                continue;
            }
            let Some(section) = self.section(&list) else { continue };
            if section.lines.is_empty() {
                continue;
            }
            let target = self.destination(&list, directive)?;
            for line in &section.lines {
                let field = |index| line.field(index).map(|raw| self.expand(raw));
                let Some(name) = line.key().map(|key| self.expand(key)).or_else(|| field(0)) else {
                    continue;
                };
                let source = field(1).filter(|source| !source.is_empty()).unwrap_or_else(|| name.clone());
                let flags = match field(3).filter(|text| !text.is_empty()) {
                    None => 0,
                    Some(text) => number32(&text).ok_or_else(|| {
                        bad(line.position(), "flags in a CopyFiles section", format!("'{text}'"))
                    })?,
                };
                copies.push(copy(sources, &source, &name, target.clone(), flags, &section.name, line)?);
            }
        }
        Ok(copies)
    }

    /// Target directory of a file list section, else `DefaultDestDir`, else System32.
    fn destination(&self, list: &str, directive: &Line) -> Result<(Dirid, String)> {
        let section = self.section("DestinationDirs");
        let lines = section.map(|section| section.lines.as_slice()).unwrap_or_default();
        if let Some(line) = lines.get(LIST_LIMIT) {
            return Err(bad(line.position(), "at most 5000 entries in [DestinationDirs]", "more"));
        }
        let keyed =
            |wanted: &str| lines.iter().find(|line| line.key().is_some_and(|key| self.is_named(key, wanted)));
        let own = if list.is_empty() { None } else { keyed(list) };
        let Some(line) = own.or_else(|| keyed("DefaultDestDir")) else {
            return Ok((Dirid::SYSTEM, String::new()));
        };
        let text = self.expand(line.field(0).unwrap_or_default());
        // `%13%` for `13` is a mistake that INFs in use make.
        let Some(dirid) = number32(text.trim_matches('%')).map(Dirid) else {
            return Err(bad(line.position(), "a directory id", format!("'{text}'")));
        };
        if matches!(dirid, Dirid::ABSOLUTE | Dirid::ABSOLUTE_16) {
            return Err(Error::Unsupported {
                what: format!("a copy to an absolute path (lines {} and {})", directive.number, line.number),
                reason: "the paths of an offline image are not those of the machine it will run on"
                    .to_owned(),
            });
        }
        let subdirectory = self.expand(line.field(1).unwrap_or_default());
        let subdirectory = subdirectory.trim_matches(['\\', '/', ' ']);
        if subdirectory.is_empty() {
            return Ok((dirid, String::new()));
        }
        Ok((dirid, safe_relative_path(subdirectory).map_err(|error| at(line, error))?))
    }
}

fn copy(
    sources: &HashMap<String, String>,
    source: &str,
    name: &str,
    (dirid, subdirectory): (Dirid, String),
    flags: u32,
    section: &str,
    line: &Line,
) -> Result<CopyFile> {
    let name = safe_relative_path(name.trim_start_matches('\\')).map_err(|error| at(line, error))?;
    let source = match sources.get(&source.to_lowercase()) {
        Some(path) => path.clone(),
        None => safe_relative_path(source.trim_start_matches('\\')).map_err(|error| at(line, error))?,
    };
    Ok(CopyFile { source, dirid, subdirectory, name, flags, section: section.to_owned(), line: line.number })
}

/// Disk ids are numbers to Windows: `1` and `01` are one disk.
fn disk_key(id: &str) -> String {
    number32(id).map_or_else(|| id.to_lowercase(), |id| id.to_string())
}

fn is_key(inf: &Inf, line: &Line, key: &str) -> bool {
    line.key().is_some_and(|found| inf.is_named(found, key))
}

/// Adds the line to an error about a name.
fn at(line: &Line, error: Error) -> Error {
    match error {
        Error::InvalidName { name, reason, .. } => {
            bad(line.position(), "a path inside the driver package", format!("'{name}': {reason}"))
        }
        other => other,
    }
}
