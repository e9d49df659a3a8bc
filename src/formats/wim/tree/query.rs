//! Looking things up in a tree.

use super::dentry::compare_names;
use super::{Dentry, DentryId, Inode, InodeId, SecurityTable, Tree};
use crate::formats::upcase;
use std::cmp::Ordering;

const BACKSLASH: u16 = 0x5C;

impl Tree {
    /// The dentry of that id; an empty one without parent and inode when the id names nothing.
    pub fn dentry(&self, id: DentryId) -> &Dentry {
        self.dentries.get(id.index()).unwrap_or(&self.no_dentry)
    }

    /// The inode of that id; an empty one when the id names nothing.
    pub fn inode(&self, id: InodeId) -> &Inode {
        self.inodes.get(id.index()).unwrap_or(&self.no_inode)
    }

    /// The inode of that id, to change it; `links` and `link_group` are the tree's own.
    pub fn inode_mut(&mut self, id: InodeId) -> Option<&mut Inode> {
        self.inodes.get_mut(id.index()).filter(|inode| inode.links > 0)
    }

    /// The inode that a dentry names.
    pub fn inode_of(&self, id: DentryId) -> &Inode {
        self.inode(self.dentry(id).inode)
    }

    /// Whether the dentry is in the tree: not removed.
    pub fn contains(&self, id: DentryId) -> bool {
        id == self.root() || self.dentries.get(self.dentry(id).parent.index()).is_some()
    }

    /// The names in a directory, sorted without case, then by unit.
    pub fn children(&self, id: DentryId) -> &[DentryId] {
        &self.dentry(id).children
    }

    /// The child of that name: the exact one, else one that differs in case only, else the one with
    /// that short name.
    pub fn lookup(&self, directory: DentryId, name: &[u16]) -> Option<DentryId> {
        let children = self.children(directory);
        let exact = children.binary_search_by(|child| compare_names(&self.dentry(*child).name, name));
        let position = match exact {
            Ok(position) => return children.get(position).copied(),
            Err(position) => position,
        };
        // All names that differ in case only stand together, around the place of the exact one.
        let same = |child: &&DentryId| upcase::equal(&self.dentry(**child).name, name);
        let before = position.checked_sub(1).and_then(|before| children.get(before));
        let found = before.filter(same).or_else(|| children.get(position).filter(same));
        if found.is_some() {
            return found.copied();
        }
        let by_short_name = |child: &&DentryId| {
            let short_name = &self.dentry(**child).short_name;
            !short_name.is_empty() && upcase::equal(short_name, name)
        };
        children.iter().find(by_short_name).copied()
    }

    /// The dentry at a path, name by name from the root. Reparse points are not followed.
    pub fn resolve<N: AsRef<[u16]>>(&self, path: &[N]) -> Option<DentryId> {
        path.iter().try_fold(self.root(), |directory, name| self.lookup(directory, name.as_ref()))
    }

    /// The path of a dentry: `\` for the root, `\Windows\System32` and so on.
    pub fn path_of(&self, id: DentryId) -> Vec<u16> {
        let mut names: Vec<&[u16]> = Vec::new();
        let mut current = id;
        while current != self.root() && self.contains(current) {
            names.push(&self.dentry(current).name);
            current = self.dentry(current).parent;
        }
        if names.is_empty() {
            return vec![BACKSLASH];
        }
        let mut path = Vec::new();
        for name in names.into_iter().rev() {
            path.push(BACKSLASH);
            path.extend_from_slice(name);
        }
        path
    }

    /// The path for messages.
    pub fn display_path(&self, id: DentryId) -> String {
        String::from_utf16_lossy(&self.path_of(id))
    }

    /// A dentry and everything below it, parents first, each directory in its order.
    pub fn walk(&self, from: DentryId) -> Walk<'_> {
        Walk { tree: self, open: vec![from] }
    }

    /// The names of an inode. Looks at the whole tree.
    pub fn names_of(&self, inode: InodeId) -> Vec<DentryId> {
        self.walk(self.root()).filter(|dentry| self.dentry(*dentry).inode == inode).collect()
    }

    /// The inodes in use, with their ids.
    pub fn inodes(&self) -> impl Iterator<Item = (InodeId, &Inode)> {
        let numbered = (0..).zip(&self.inodes).map(|(number, inode)| (InodeId(number), inode));
        numbered.filter(|(_, inode)| inode.links > 0)
    }

    /// The security descriptor of an inode, self-relative.
    pub fn security_descriptor(&self, inode: InodeId) -> Option<&[u8]> {
        self.security.get(self.inode(inode).security_id?)
    }

    /// All security descriptors.
    pub fn security(&self) -> &SecurityTable {
        &self.security
    }

    /// Where a name belongs among the children of a directory.
    pub(super) fn position_of(&self, directory: DentryId, name: &[u16]) -> Result<usize, usize> {
        let compare = |child: &DentryId| -> Ordering { compare_names(&self.dentry(*child).name, name) };
        self.children(directory).binary_search_by(compare)
    }
}

/// See [`Tree::walk`].
#[derive(Debug)]
pub struct Walk<'a> {
    tree: &'a Tree,
    open: Vec<DentryId>,
}

impl Iterator for Walk<'_> {
    type Item = DentryId;

    fn next(&mut self) -> Option<DentryId> {
        let id = self.open.pop()?;
        self.open.extend(self.tree.children(id).iter().rev());
        Some(id)
    }
}
