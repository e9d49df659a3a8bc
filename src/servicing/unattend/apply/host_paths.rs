//! What the paths of an answer file mean on this host.
//!
//! An answer file has the paths of the computer it was written for: a drive, a share, `%configsetroot%`. A path
//! that leads nowhere here is looked for below the folder of the answer file, by its names.

use crate::error::Result;
use crate::image::folder::{self, HostKind};
use std::path::{Path, PathBuf};

/// Most names of a path.
const MOST_NAMES: usize = 64;

/// What a path leads to.
pub enum Resolved {
    /// What was looked for.
    Found(PathBuf),
    /// Nothing at any of these places.
    Nothing(Vec<PathBuf>),
}

/// The folder or file that a path means; `None` if there is none.
///
/// # Errors
/// Folders of the host that cannot be read.
pub fn resolve(path: &str, base: &Path, wanted: HostKind) -> Result<Resolved> {
    let path = path.trim().trim_matches('"');
    let given = Path::new(path);
    let mut tried = Vec::new();
    if given.is_absolute() {
        if folder::kind(given).ok().flatten() == Some(wanted) {
            return Ok(Resolved::Found(given.to_path_buf()));
        }
        tried.push(given.to_path_buf());
    }
    let Some((last, folders)) =
        names(path).and_then(|names| names.split_last().map(|(last, rest)| (*last, rest.to_vec())))
    else {
        return Ok(Resolved::Nothing(tried));
    };
    let mut found = base.to_path_buf();
    let parts = folders.into_iter().map(|name| (name, HostKind::Directory)).chain([(last, wanted)]);
    let mut is_there = true;
    for (name, kind) in parts {
        let next = if is_there { child(&found, name, kind)? } else { None };
        is_there = next.is_some();
        found = next.unwrap_or_else(|| found.join(name));
    }
    Ok(match is_there {
        true => Resolved::Found(found),
        false => {
            tried.push(found);
            Resolved::Nothing(tried)
        }
    })
}

/// The names of a path without what stands for a computer or a drive; `None` for a path that leads elsewhere.
fn names(path: &str) -> Option<Vec<&str>> {
    let mut names: Vec<&str> =
        path.split(['\\', '/']).filter(|name| !name.is_empty() && *name != ".").collect();
    let is_share = path.starts_with(r"\\") || path.starts_with("//");
    let is_root = |name: &str| name.ends_with(':') || (name.starts_with('%') && name.ends_with('%'));
    if is_share {
        names.drain(..names.len().min(2));
    } else if names.first().is_some_and(|name| is_root(name)) {
        names.remove(0);
    }
    // Two of them are a variable, one is a name's.
    let leads_away = |name: &&str| *name == ".." || name.matches('%').count() > 1;
    (!names.is_empty() && names.len() <= MOST_NAMES && !names.iter().any(leads_away)).then_some(names)
}

/// What is of that name in a folder. Windows does not mind the letters' case.
fn child(parent: &Path, name: &str, kind: HostKind) -> Result<Option<PathBuf>> {
    let exact = parent.join(name);
    if folder::kind(&exact)? == Some(kind) {
        return Ok(Some(exact));
    }
    if folder::kind(parent)? != Some(HostKind::Directory) {
        return Ok(None);
    }
    let is_it = |entry: &folder::HostEntry| {
        entry.kind == kind && entry.name.to_string_lossy().to_lowercase() == name.to_lowercase()
    };
    Ok(folder::entries(parent)?.into_iter().find(is_it).map(|entry| entry.path))
}
