//! Metadata resource to tree.
//!
//! Layout: the security table; the root dentry; lists of dentries, one per directory, each ended by
//! a zero length. A directory has the offset of its list. Everything is at multiples of 8.
//!
//! What is left out of the lists is noted.

use super::dentry::{read_list, read_root, LeftOut, StoredDentry, DENTRY_SIZE, FORMAT, MAX_DEPTH};
use super::security_table::SecurityExtents;
use super::{Dentry, DentryId, Inode, InodeId, SecurityTable, Tree, NOWHERE};
use crate::error::{Error, Result};
use std::cmp::Ordering;

/// Notes kept; the rest is counted in the last one.
const MAX_NOTES: usize = 100;
/// Where the security id of a dentry says that it has none.
pub(super) const NO_SECURITY: u32 = u32::MAX;

impl Tree {
    /// Reads a decompressed metadata resource.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::LimitExceeded`] where wimlib says the metadata is invalid:
    /// offsets out of range, a root that is no directory, directories that contain themselves.
    pub fn parse(metadata: &[u8]) -> Result<Self> {
        let mut metadata = metadata;
        let metadata = &mut metadata;
        let (root_at, _) = SecurityExtents::read_length(metadata)?;
        let mut tree = Self::without_root();
        tree.security = SecurityTable::parse(metadata)?;
        let Some(root) = read_root(metadata, root_at)? else {
            tree.note("the image has no root directory; it counts as empty");
            tree.push_root(Inode::directory());
            return Ok(tree);
        };
        if !root.name.is_empty() || !root.short_name.is_empty() {
            tree.note("the root directory has a name; it was removed");
        }
        let children_at = root.children_at;
        tree.push_root(root.inode);
        if root.reserved != [0, 0] {
            tree.reserved.insert(tree.root(), root.reserved);
        }
        tree.read_children(metadata, children_at)?;
        tree.join_hard_links();
        tree.check_security_ids();
        Ok(tree)
    }

    fn read_children(&mut self, metadata: &mut &[u8], root_children_at: u64) -> Result<()> {
        // In a file that does not share lists between directories, no more fit.
        let limit = metadata.len() / DENTRY_SIZE;
        let mut entries = 0usize;
        let mut open = vec![(self.root(), root_children_at, 0u32)];
        while let Some((directory, children_at, depth)) = open.pop() {
            if depth >= MAX_DEPTH {
                let what = "the depth of the directories";
                return Err(Error::LimitExceeded {
                    what,
                    limit: u64::from(MAX_DEPTH),
                    found: u64::from(depth) + 1,
                });
            }
            let list = read_list(metadata, children_at, &mut |left_out| {
                entries = entries.saturating_add(1);
                self.note_left_out(left_out, directory);
            })?;
            entries = entries.saturating_add(list.len());
            if entries > limit {
                let place = format!("offset {children_at:#x}");
                let found = "more: directories contain themselves or share their entries";
                return Err(Error::malformed(FORMAT, place, format!("up to {limit} entries"), found));
            }
            let mut children = Vec::with_capacity(list.len());
            let first_below = open.len();
            for dentry in list {
                let is_directory = dentry.inode.is_directory();
                let children_at = dentry.children_at;
                if children_at != 0 && !is_directory {
                    self.leave_out(|tree| {
                        let name = String::from_utf16_lossy(&dentry.name);
                        let path = tree.display_path(directory);
                        format!("what is in '{name}' in '{path}', no directory, was left out")
                    });
                }
                let id = self.push(dentry, directory);
                children.push(id);
                if is_directory && children_at != 0 {
                    open.push((id, children_at, depth.saturating_add(1)));
                }
            }
            if let Some(below) = open.get_mut(first_below..) {
                below.reverse();
            }
            if let Some(directory) = self.dentries.get_mut(directory.index()) {
                directory.children = children;
            }
        }
        Ok(())
    }

    fn note_left_out(&mut self, left_out: LeftOut, directory: DentryId) {
        self.leave_out(|tree| {
            let path = tree.display_path(directory);
            match left_out {
                LeftOut::Name(problem) => format!("{problem} in '{path}' was left out"),
                LeftOut::Duplicate(name) => {
                    let separator = if path.ends_with('\\') { "" } else { "\\" };
                    let name = String::from_utf16_lossy(&name);
                    format!("a second '{path}{separator}{name}' was left out")
                }
            }
        });
    }

    /// Adds a dentry and its preliminary inode; the parent does not know it yet.
    fn push(&mut self, raw: StoredDentry, parent: DentryId) -> DentryId {
        // Bounded by the size of the metadata over 102, so both numbers fit.
        let id = DentryId(u32::try_from(self.dentries.len()).unwrap_or(NOWHERE));
        let inode = InodeId(u32::try_from(self.inodes.len()).unwrap_or(NOWHERE));
        if raw.reserved != [0, 0] {
            self.reserved.insert(id, raw.reserved);
        }
        self.inodes.push(raw.inode);
        self.dentries.push(Dentry {
            name: raw.name,
            short_name: raw.short_name,
            parent,
            inode,
            children: Vec::new(),
        });
        id
    }

    fn check_security_ids(&mut self) {
        let count = u32::try_from(self.security.len()).unwrap_or(u32::MAX);
        let mut invalid = 0usize;
        for inode in &mut self.inodes {
            if inode.security_id.is_some_and(|id| id >= count) {
                inode.security_id = None;
                invalid = invalid.saturating_add(1);
            }
        }
        if invalid > 0 {
            self.note(format!("{invalid} security id(s) name no descriptor and count as none"));
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.note_with(|_| text);
    }

    /// Notes something that is in the metadata and not in the tree.
    fn leave_out(&mut self, text: impl FnOnce(&Self) -> String) {
        self.is_complete = false;
        self.note_with(text);
    }

    /// Notes without making the text when there are too many already.
    fn note_with(&mut self, text: impl FnOnce(&Self) -> String) {
        match self.notes.len().cmp(&MAX_NOTES) {
            Ordering::Less => {
                let text = text(self);
                self.notes.push(text);
            }
            Ordering::Equal => self.notes.push("there is more, which is not listed".into()),
            Ordering::Greater => {}
        }
    }
}
