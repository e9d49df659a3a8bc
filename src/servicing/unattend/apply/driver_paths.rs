//! The folders that `DriverPaths` names, on this host.
//!
//! An answer file has the paths of the computer it was written for: a drive, a share, `%configsetroot%`. A path
//! that does not lead to a folder here is looked for below the folder of the answer file, by its names.

use crate::error::Result;
use crate::image::folder::{self, HostKind};
use std::path::{Path, PathBuf};

/// Most names of a path.
const MOST_NAMES: usize = 64;

/// The folder that a path means; `None` if there is none.
///
/// # Errors
/// Folders of the host that cannot be read.
pub fn resolve(path: &str, base: &Path) -> Result<Option<PathBuf>> {
    let path = path.trim().trim_matches('"');
    let given = Path::new(path);
    if given.is_absolute() && folder::kind(given).ok().flatten() == Some(HostKind::Directory) {
        return Ok(Some(given.to_path_buf()));
    }
    let mut names: Vec<&str> =
        path.split(['\\', '/']).filter(|name| !name.is_empty() && *name != ".").collect();
    let is_share = path.starts_with(r"\\") || path.starts_with("//");
    let is_root = |name: &str| name.ends_with(':') || (name.starts_with('%') && name.ends_with('%'));
    if is_share {
        names.drain(..names.len().min(2));
    } else if names.first().is_some_and(|name| is_root(name)) {
        names.remove(0);
    }
    if names.is_empty()
        || names.len() > MOST_NAMES
        || names.iter().any(|name| *name == ".." || name.contains('%'))
    {
        return Ok(None);
    }
    let mut found = base.to_path_buf();
    for name in names {
        let exact = found.join(name);
        found = match folder::kind(&exact)? {
            Some(HostKind::Directory) => exact,
            // Windows does not mind the letters' case.
            _ => match folder::entries(&found)?.into_iter().find(|entry| {
                entry.kind == HostKind::Directory
                    && entry.name.to_string_lossy().to_lowercase() == name.to_lowercase()
            }) {
                Some(entry) => entry.path,
                None => return Ok(None),
            },
        };
    }
    Ok(Some(found))
}
