//! The order of contents in solid resources: what is alike stands together.
//!
//! Reference: `ebiggers/wimlib` `src/solid.c`: by extension, then by name.

use crate::formats::upcase;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::Hash;
use std::collections::HashMap;

/// What contents are sorted by: extension, then name, both without regard to case.
pub type SolidKey = (Vec<u16>, Vec<u16>);

/// The key of a content that has that file name.
pub fn solid_key(name: &[u16]) -> SolidKey {
    let name: Vec<u16> = name.iter().map(|unit| upcase::upcase(*unit)).collect();
    let dot = name.iter().rposition(|unit| *unit == u16::from(b'.'));
    let extension = dot.and_then(|dot| name.get(dot.saturating_add(1)..)).unwrap_or_default();
    (extension.to_vec(), name)
}

/// Collects the contents of trees and gives them in the order for solid resources.
#[derive(Debug, Default)]
pub struct SolidOrder {
    keys: HashMap<Hash, SolidKey>,
}

impl SolidOrder {
    /// Adds what a tree refers to. A content with several names is known by the first.
    pub fn add(&mut self, tree: &Tree) {
        for dentry in tree.walk(tree.root()) {
            for stream in &tree.inode_of(dentry).streams {
                if stream.hash != [0; 20] {
                    let name = || solid_key(&tree.dentry(dentry).name);
                    self.keys.entry(stream.hash).or_insert_with(name);
                }
            }
        }
    }

    /// The contents, sorted.
    pub fn into_hashes(self) -> Vec<Hash> {
        let mut sorted: Vec<(SolidKey, Hash)> =
            self.keys.into_iter().map(|(hash, key)| (key, hash)).collect();
        sorted.sort_unstable();
        sorted.into_iter().map(|(_, hash)| hash).collect()
    }
}
