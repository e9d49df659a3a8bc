//! The INFs that [`add`](crate::servicing::drivers::add) would service: in files and folders of the host.

use crate::error::Result;
use crate::image::folder::{self, HostKind};
use serde::{Serialize, Serializer};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How deep folders are searched; a tree of drivers has no more, a loop of mounts may.
const MAX_DEPTH: usize = 64;

/// What the search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FoundPackages {
    /// The INFs, each once: in the order of the paths given, sorted within each.
    pub packages: Vec<FoundPackage>,
    /// Paths that do not exist.
    #[serde(serialize_with = "shown")]
    pub missing: Vec<PathBuf>,
}

/// One INF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundPackage {
    /// Its path.
    #[serde(serialize_with = "shown_path")]
    pub path: PathBuf,
}

fn shown_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

fn shown<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}

/// Finds INFs. A file is taken whatever its name; in a folder those named `.inf`, with `recurse` in its
/// subfolders too. Links to folders are not followed below the paths given.
///
/// # Errors
/// A folder that cannot be read: nothing is left out silently.
pub fn find(paths: &[PathBuf], recurse: bool) -> Result<FoundPackages> {
    let mut found = FoundPackages::default();
    let mut seen = HashSet::new();
    for path in paths {
        match folder::kind(path)? {
            None => found.missing.push(path.clone()),
            Some(HostKind::Directory) => {
                let mut infs = Vec::new();
                search(path, recurse, &mut infs)?;
                infs.sort_by_cached_key(|inf| (inf.display().to_string().to_lowercase(), inf.clone()));
                for inf in infs {
                    note(inf, &mut seen, &mut found);
                }
            }
            Some(_) => note(path.clone(), &mut seen, &mut found),
        }
    }
    Ok(found)
}

/// Adds an INF unless it was found before. A link that leads nowhere is kept: adding it says why.
fn note(path: PathBuf, seen: &mut HashSet<PathBuf>, found: &mut FoundPackages) {
    let place = folder::canonical(&path).unwrap_or_else(|_| path.clone());
    if seen.insert(place) {
        found.packages.push(FoundPackage { path });
    }
}

fn search(root: &Path, recurse: bool, infs: &mut Vec<PathBuf>) -> Result<()> {
    let mut waiting = vec![(root.to_path_buf(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        for entry in folder::entries(&path)? {
            match entry.kind {
                HostKind::File | HostKind::Other if is_inf(&entry.path) => infs.push(entry.path),
                HostKind::Directory if recurse && !entry.is_link && depth < MAX_DEPTH => {
                    waiting.push((entry.path, depth.saturating_add(1)));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether the name ends with `.inf`, in any case.
pub fn is_inf(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("inf"))
}
