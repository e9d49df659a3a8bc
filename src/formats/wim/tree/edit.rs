//! Changing a tree. Every operation keeps the order of children, link counts and link groups.

use super::dentry::{compare_names, name_problem};
use super::{Dentry, DentryId, Inode, InodeId, Tree, NOWHERE};
use crate::error::{Error, Result};
use std::cmp::Ordering;

/// UTF-16 units in a name: the two bytes that hold its size must also hold it with its NUL.
pub const MAX_NAME: usize = 32_766;

impl Tree {
    /// Adds an inode that has no name yet; [`Tree::add_child`] gives it the first one. Inodes
    /// without names are not written.
    pub fn add_inode(&mut self, inode: Inode) -> Result<InodeId> {
        let id = InodeId(next_number(self.inodes.len())?);
        self.inodes.push(Inode { links: 0, link_group: 0, ..inode });
        Ok(id)
    }

    /// Gives an inode a name in a directory.
    ///
    /// # Errors
    /// [`Error::ItemExists`] when the directory has a name that differs in case only, or not at
    /// all; [`Error::WrongItemKind`] when the parent is no directory, or a directory or a reparse
    /// point would get a second name, which the format cannot hold; [`Error::InvalidName`].
    pub fn add_child(&mut self, parent: DentryId, name: &[u16], inode: InodeId) -> Result<DentryId> {
        self.check_new_name(parent, name, None)?;
        self.give_name(parent, name, inode)
    }

    /// As [`Tree::add_child`], for building a directory from a listing: names come in their order
    /// ([`compare_names`]), and may differ in case only, as on hosts where they do. The short name
    /// (empty for none) must not be another name of the directory; this is not looked up.
    ///
    /// # Errors
    /// As [`Tree::add_child`]; [`Error::ItemExists`] for a name that does not come behind the others.
    pub fn push_child(
        &mut self,
        parent: DentryId,
        name: &[u16],
        short_name: &[u16],
        inode: InodeId,
    ) -> Result<DentryId> {
        check_name(name)?;
        if !short_name.is_empty() {
            check_name(short_name)?;
        }
        self.check_directory(parent)?;
        let last = self.children(parent).last();
        if let Some(last) =
            last.filter(|last| compare_names(&self.dentry(**last).name, name) != Ordering::Less)
        {
            return Err(Error::ItemExists { path: self.display_path(*last) });
        }
        let id = self.give_name(parent, name, inode)?;
        if let Some(dentry) = self.dentries.get_mut(id.index()) {
            dentry.short_name = short_name.into();
        }
        Ok(id)
    }

    fn give_name(&mut self, parent: DentryId, name: &[u16], inode: InodeId) -> Result<DentryId> {
        let Some(target) = self.inodes.get(inode.index()) else {
            return Err(Error::ItemNotFound { path: format!("inode {}", inode.0) });
        };
        let single = target.attributes & (super::attributes::DIRECTORY | super::attributes::REPARSE_POINT);
        if target.links > 0 && single != 0 {
            return Err(Error::WrongItemKind {
                path: String::from_utf16_lossy(name),
                found: "a directory or a reparse point",
                needed: "an ordinary file, for a hard link",
            });
        }
        let needs_group = target.links > 0 && target.link_group == 0;
        let id = DentryId(next_number(self.dentries.len())?);
        let group = if needs_group { Some(self.next_link_group()) } else { None };
        if let Some(target) = self.inodes.get_mut(inode.index()) {
            target.links = target.links.saturating_add(1);
            target.link_group = group.unwrap_or(target.link_group);
        }
        self.dentries.push(Dentry { parent, ..Dentry::detached(name.into(), inode) });
        self.attach(id, parent);
        Ok(id)
    }

    /// Adds a new inode with its first name.
    ///
    /// # Errors
    /// As [`Tree::add_child`].
    pub fn create(&mut self, parent: DentryId, name: &[u16], inode: Inode) -> Result<DentryId> {
        self.check_new_name(parent, name, None)?;
        let inode = self.add_inode(inode)?;
        self.add_child(parent, name, inode)
    }

    /// Gives the file that `target` names another name: a hard link.
    ///
    /// # Errors
    /// As [`Tree::add_child`].
    pub fn link(&mut self, target: DentryId, parent: DentryId, name: &[u16]) -> Result<DentryId> {
        self.check_present(target)?;
        let inode = self.dentry(target).inode;
        self.add_child(parent, name, inode)
    }

    /// Removes a name with everything below it. Inodes that lose their last name are dropped.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the root; [`Error::ItemNotFound`].
    pub fn remove(&mut self, id: DentryId) -> Result<()> {
        if id == self.root() {
            return Err(Error::InvalidArgument {
                parameter: "path",
                reason: "the root directory cannot be removed".into(),
            });
        }
        self.check_present(id)?;
        self.detach(id);
        for below in self.walk(id).collect::<Vec<_>>() {
            self.forget(below);
        }
        Ok(())
    }

    /// Moves a name to another directory, or gives it another name, or both. A changed name loses
    /// its short name, which no longer belongs to it.
    ///
    /// # Errors
    /// As [`Tree::add_child`]; [`Error::InvalidArgument`] when a directory would get below itself.
    pub fn rename(&mut self, id: DentryId, new_parent: DentryId, new_name: &[u16]) -> Result<()> {
        if id == self.root() || self.is_below(new_parent, id) {
            return Err(Error::InvalidArgument {
                parameter: "destination",
                reason: "a directory cannot be moved into itself".into(),
            });
        }
        self.check_present(id)?;
        self.check_new_name(new_parent, new_name, Some(id))?;
        self.detach(id);
        if let Some(dentry) = self.dentries.get_mut(id.index()) {
            if *dentry.name != *new_name {
                dentry.name = new_name.into();
                dentry.short_name = Box::default();
            }
            dentry.parent = new_parent;
        }
        self.attach(id, new_parent);
        Ok(())
    }

    /// Sets the 8.3 name; empty for none.
    ///
    /// # Errors
    /// [`Error::ItemExists`] when another entry of the directory has that name or short name.
    pub fn set_short_name(&mut self, id: DentryId, short_name: &[u16]) -> Result<()> {
        self.check_present(id)?;
        let parent = self.dentry(id).parent;
        if !short_name.is_empty() {
            check_name(short_name)?;
            if self.lookup(parent, short_name).is_some_and(|found| found != id) {
                return Err(Error::ItemExists { path: String::from_utf16_lossy(short_name) });
            }
        }
        if let Some(dentry) = self.dentries.get_mut(id.index()) {
            dentry.short_name = short_name.into();
        }
        Ok(())
    }

    /// Gives an inode a security descriptor, stored once however many inodes have it; `None` takes
    /// it away.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] beyond 2^31 descriptors.
    pub fn set_security_descriptor(&mut self, inode: InodeId, descriptor: Option<&[u8]>) -> Result<()> {
        let id = descriptor.map(|descriptor| self.security.id_of(descriptor)).transpose()?;
        if let Some(inode) = self.inodes.get_mut(inode.index()) {
            inode.security_id = id;
        }
        Ok(())
    }

    fn check_present(&self, id: DentryId) -> Result<()> {
        match self.contains(id) {
            true => Ok(()),
            false => Err(Error::ItemNotFound { path: format!("entry {}", id.0) }),
        }
    }

    /// Whether `name` can be a name in `parent`; `itself` is the entry that is about to get it.
    fn check_new_name(&self, parent: DentryId, name: &[u16], itself: Option<DentryId>) -> Result<()> {
        check_name(name)?;
        self.check_directory(parent)?;
        match self.lookup(parent, name).filter(|found| Some(*found) != itself) {
            None => Ok(()),
            Some(found) => Err(Error::ItemExists { path: self.display_path(found) }),
        }
    }

    fn check_directory(&self, id: DentryId) -> Result<()> {
        self.check_present(id)?;
        let inode = self.inode_of(id);
        match inode.is_directory() {
            true => Ok(()),
            false => Err(Error::WrongItemKind {
                path: self.display_path(id),
                found: if inode.is_reparse_point() { "a reparse point" } else { "a file" },
                needed: "a directory",
            }),
        }
    }

    fn is_below(&self, id: DentryId, ancestor: DentryId) -> bool {
        let mut current = id;
        while current != ancestor {
            if current == self.root() || !self.contains(current) {
                return false;
            }
            current = self.dentry(current).parent;
        }
        true
    }

    fn attach(&mut self, id: DentryId, parent: DentryId) {
        let position = match self.position_of(parent, &self.dentry(id).name) {
            Ok(position) | Err(position) => position,
        };
        if let Some(parent) = self.dentries.get_mut(parent.index()) {
            parent.children.insert(position, id);
        }
    }

    fn detach(&mut self, id: DentryId) {
        let parent = self.dentry(id).parent;
        if let Some(parent) = self.dentries.get_mut(parent.index()) {
            parent.children.retain(|child| *child != id);
        }
    }

    /// Makes an id name nothing; its children are the caller's business.
    pub(super) fn forget(&mut self, id: DentryId) {
        let inode = self.dentry(id).inode;
        if let Some(inode) = self.inodes.get_mut(inode.index()) {
            inode.links = inode.links.saturating_sub(1);
            if inode.links == 0 {
                *inode = Inode::default();
            }
        }
        self.reserved.remove(&id);
        if let Some(dentry) = self.dentries.get_mut(id.index()) {
            *dentry = Dentry::detached(Box::default(), InodeId(NOWHERE));
        }
    }
}

fn next_number(count: usize) -> Result<u32> {
    let limit = u64::from(NOWHERE);
    let number = u32::try_from(count).ok().filter(|number| *number != NOWHERE);
    let found = u64::try_from(count).unwrap_or(u64::MAX);
    number.ok_or(Error::LimitExceeded { what: "the number of files in an image", limit, found })
}

fn check_name(name: &[u16]) -> Result<()> {
    const SEPARATORS: [u16; 2] = [0x2F, 0x5C];
    let reason = if name_problem(name).is_some() {
        "it is empty, '.', '..' or has a NUL"
    } else if name.iter().any(|unit| SEPARATORS.contains(unit)) {
        "it has a path separator"
    } else if name.len() > MAX_NAME {
        "it is too long"
    } else {
        return Ok(());
    };
    Err(Error::InvalidName { what: "file name", name: String::from_utf16_lossy(name), reason })
}
