//! The INFs of one call in the order in which they are added: those that were found, and behind each those that
//! it brings along (`CopyINF`).
//!
//! Reference: MicrosoftDocs "INF CopyINF Directive": the packages it names are staged with the package, recursively.

use crate::error::Result;
use crate::image::folder;
use crate::servicing::drivers::package::find::FoundPackage;
use crate::servicing::drivers::package::same_name;
use crate::servicing::drivers::report::{joined, DriverReport};
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

/// INFs that wait to be added.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    seen: HashSet<PathBuf>,
    taken: u64,
}

/// An INF that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The INF on the host.
    pub path: PathBuf,
    /// The INF whose `CopyINF` names it; `None` for one that was asked for.
    pub brought_by: Option<PathBuf>,
}

impl Waiting {
    /// The report on an INF; one that another brought along says so.
    pub fn explain(&self, mut report: DriverReport) -> DriverReport {
        if let Some(by) = &self.brought_by {
            let brought = format!("'{}' brings it along (CopyINF)", by.display());
            report.reason = std::iter::once(brought).chain(report.reason.take()).reduce(joined);
        }
        report
    }
}

impl Queue {
    /// The INFs that a call is to add.
    pub fn new(found: Vec<FoundPackage>) -> Self {
        let mut queue = Self::default();
        for FoundPackage { path } in found {
            queue.note(&path);
            queue.waiting.push_back(Waiting { path, brought_by: None });
        }
        queue
    }

    /// Takes the next one.
    pub fn next(&mut self) -> Option<Waiting> {
        let next = self.waiting.pop_front()?;
        self.taken = self.taken.saturating_add(1);
        Some(next)
    }

    /// How many are done, while one is worked on.
    pub fn done(&self) -> u64 {
        self.taken.saturating_sub(1)
    }

    /// How many there are in all, as far as is known.
    pub fn total(&self) -> u64 {
        self.taken.saturating_add(u64::try_from(self.waiting.len()).unwrap_or(u64::MAX))
    }

    /// Puts the INFs that lie beside `inf` under these names in front. One that is not there is put in front as
    /// well, so that it is reported.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn bring(&mut self, inf: &Path, names: &[String]) -> Result<()> {
        for name in names.iter().rev() {
            let path = beside(inf, name)?;
            if self.note(&path) {
                self.waiting.push_front(Waiting { path, brought_by: Some(inf.to_path_buf()) });
            }
        }
        Ok(())
    }

    /// Whether it is new.
    fn note(&mut self, path: &Path) -> bool {
        self.seen.insert(folder::canonical(path).unwrap_or_else(|_| path.to_path_buf()))
    }
}

/// The file of that name in the INF's folder, whatever its case.
fn beside(inf: &Path, name: &str) -> Result<PathBuf> {
    let folder = inf.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut path = folder.to_path_buf();
    for part in name.split('\\') {
        let entries = if folder::kind(&path)?.is_some() { folder::entries(&path)? } else { Vec::new() };
        let exact = entries.iter().find(|entry| entry.name.to_str() == Some(part));
        let folded = || entries.iter().find(|entry| same_name(&entry.name.to_string_lossy(), part));
        path = exact.or_else(folded).map_or_else(|| path.join(part), |entry| entry.path.clone());
    }
    Ok(path)
}
