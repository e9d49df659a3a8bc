//! The files of a package, and where they are in it.
//!
//! `[SourceDisksFiles]` is the list of the package's files; what it does not name does not belong to
//! the package, whatever lies beside the INF. Windows looks into the section of the architecture
//! first. The files of an INF with `LayoutFile` are on the media of Windows.
//!
//! Reference: MicrosoftDocs "INF SourceDisksFiles Section", "INF SourceDisksNames Section".

use super::finding::{Code, Severity, Strictness};
use super::reader::{plain, Entry, Reader, Source};
use super::{bad, number32, safe_relative_path, Architecture, Inf, Position};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

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

impl Inf {
    /// The files `[SourceDisksFiles.<architecture>]` and `[SourceDisksFiles]` list.
    ///
    /// # Errors
    /// A path that leaves the package ([`Error::Malformed`] with its place).
    pub fn source_files(&self, architecture: Architecture) -> Result<Vec<SourceFile>> {
        let mut reader = Reader::new(self, Vec::new(), architecture, Strictness::Refuse);
        reader.source_files(reader.package)
    }

    /// The files to put into the driver store besides the INF and its catalogue: those listed for the
    /// architecture; for an INF that lists none at all, those its CopyFiles directives name.
    ///
    /// # Errors
    /// As [`Self::source_files`].
    pub fn package_files(&self, architecture: Architecture) -> Result<Vec<SourceFile>> {
        Reader::new(self, Vec::new(), architecture, Strictness::Refuse).package_files()
    }

    /// Whether the INF lists files for some architecture.
    pub(super) fn lists_files(&self) -> bool {
        self.sections().iter().any(|section| {
            let name = section.name.to_lowercase();
            name == "sourcedisksfiles" || name.starts_with("sourcedisksfiles.")
        })
    }
}

impl<'a> Reader<'a> {
    /// The files that one INF lists.
    pub(super) fn source_files(&mut self, source: Source<'a>) -> Result<Vec<SourceFile>> {
        let disks = self.disk_paths(source);
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        for section in [format!("SourceDisksFiles.{}", self.architecture), "SourceDisksFiles".to_owned()] {
            let Some(section) = source.inf.section(&section) else { continue };
            for entry in plain(source, section) {
                // A line without `=` has the name as its first field.
                let (name, first) = match entry.line.key() {
                    Some(name) => (source.inf.expand(name), 0),
                    None => (entry.value(0).unwrap_or_default(), 1),
                };
                if name.is_empty() || !seen.insert(name.to_lowercase()) {
                    continue;
                }
                let disk = entry.value(first).unwrap_or_default();
                let disk_path = disks.get(&disk_key(&disk));
                if disk_path.is_none() {
                    let text = format!("disk '{disk}' is not in [SourceDisksNames]");
                    self.warn(Code::DiskNotListed, &entry, first, text);
                }
                let disk_path = disk_path.map(String::as_str).unwrap_or_default();
                let subdirectory = entry.value(first.saturating_add(1)).unwrap_or_default();
                // A leading backslash means the root of the package, not of a volume.
                let path =
                    [disk_path, &subdirectory, &name].map(|part| part.trim_matches(['\\', '/'])).join("\\");
                let path = package_path(&path, entry.line.position());
                if let Some(path) = self.check(Code::Path, &entry, path)? {
                    files.push(SourceFile { name, path, line: entry.line.number });
                }
            }
        }
        Ok(files)
    }

    /// The files of the package besides the INF and its catalogue.
    pub(super) fn package_files(&mut self) -> Result<Vec<SourceFile>> {
        let listed = self.source_files(self.package)?;
        let inf = self.package.inf;
        if self.lists_files || inf.value("Version", "LayoutFile").is_some() {
            return Ok(listed);
        }
        let mut files: Vec<SourceFile> = Vec::new();
        let mut seen = HashSet::new();
        let mut lists = HashSet::new();
        for section in inf.sections() {
            for entry in plain(self.package, section).filter(|entry| entry.is("CopyFiles")) {
                for copy in self.copies(&entry, &HashMap::new(), &mut lists)? {
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
    fn disk_paths(&mut self, source: Source<'a>) -> HashMap<String, String> {
        let mut disks = HashMap::new();
        for section in [format!("SourceDisksNames.{}", self.architecture), "SourceDisksNames".to_owned()] {
            let Some(section) = source.inf.section(&section) else { continue };
            for entry in plain(source, section) {
                let Some(id) = entry.line.key() else { continue };
                let path = entry.value(3).unwrap_or_default();
                disks.entry(disk_key(&source.inf.expand(id))).or_insert(path);
            }
        }
        disks
    }

    /// Source paths by lower-case file name, for [`Self::copies`].
    pub(super) fn source_paths(&mut self, source: Source<'a>) -> Result<HashMap<String, String>> {
        let files = self.source_files(source)?;
        Ok(files.into_iter().map(|file| (file.name.to_lowercase(), file.path)).collect())
    }

    /// Notes files that are copied from the package and that it does not list.
    pub(super) fn check_listed(&mut self, entry: &Entry<'a>, file: &str, known: &HashMap<String, String>) {
        let lists = entry.source.file.is_empty() && self.lists_files;
        if lists && !known.contains_key(&file.to_lowercase()) {
            let text = format!("'{file}' is not in [SourceDisksFiles]: it is not part of the package");
            let at = entry.line.position();
            self.findings.add(Severity::Warning, Code::FileNotListed, entry.source.file, at, text);
        }
    }
}

/// Checks a path that is to stay in its directory.
pub(super) fn package_path(path: &str, at: Position) -> Result<String> {
    safe_relative_path(path.trim_start_matches('\\')).map_err(|error| match error {
        Error::InvalidName { name, reason, .. } => {
            bad(at, "a path inside the driver package", format!("'{name}': {reason}"))
        }
        other => other,
    })
}

/// Disk ids are numbers to Windows: `1` and `01` are one disk.
fn disk_key(id: &str) -> String {
    number32(id).map_or_else(|| id.to_lowercase(), |id| id.to_string())
}
