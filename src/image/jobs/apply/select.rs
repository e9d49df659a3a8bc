//! Which items of an image are applied.

use crate::error::{Error, Result};
use crate::formats::wim::tree::{DentryId, Tree};
use crate::image::pattern::{Part, Pattern};
use std::collections::HashSet;

/// Items of an image.
pub(super) enum Selection {
    /// All of them.
    All,
    /// These: what was asked for, what is below it, and the directories that lead to it.
    Some(HashSet<DentryId>),
}

impl Selection {
    /// The items that paths with wildcards name; all when there are no paths.
    ///
    /// # Errors
    /// [`Error::ItemNotFound`] for a path that names nothing.
    pub fn of(tree: &Tree, paths: &[String]) -> Result<Self> {
        if paths.is_empty() {
            return Ok(Self::All);
        }
        let mut selected = HashSet::new();
        for text in paths {
            let found = find(tree, &Pattern::parse(text)?);
            if found.is_empty() {
                return Err(Error::ItemNotFound { path: text.clone() });
            }
            for item in found {
                // An item that is in has everything below it in, unless it is only on the way.
                selected.extend(tree.walk(item));
                let mut parent = item;
                while parent != tree.root() {
                    parent = tree.dentry(parent).parent;
                    selected.insert(parent);
                }
            }
        }
        Ok(Self::Some(selected))
    }

    /// An item is selected.
    pub fn has(&self, dentry: DentryId) -> bool {
        match self {
            Self::All => true,
            Self::Some(selected) => selected.contains(&dentry),
        }
    }

    /// Everything is selected.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::All)
    }
}

/// What a path with wildcards names.
fn find(tree: &Tree, path: &Pattern) -> Vec<DentryId> {
    let mut found = vec![tree.root()];
    for part in path.parts() {
        found = match part {
            Part::Name(name) => found.iter().filter_map(|directory| tree.lookup(*directory, name)).collect(),
            Part::Wildcard(_) => {
                let children = found.iter().flat_map(|directory| tree.children(*directory));
                children.copied().filter(|child| part.matches(&tree.dentry(*child).name)).collect()
            }
        };
    }
    found
}
