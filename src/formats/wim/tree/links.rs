//! Hard links: which dentries of a file are names of one inode.
//!
//! Every dentry repeats its inode's fields, so each is read with an inode of its own; those of one
//! link group are joined afterwards. Images that Windows made have groups whose members are
//! different files, because of errors in its tools: as Windows and wimlib do, only members with
//! the same unnamed content are joined, and directories never are.

use super::{Inode, InodeId, Tree};
use std::collections::{HashMap, HashSet};

impl Tree {
    /// Joins the inodes of hard link groups. The first name in the order of a walk decides the
    /// fields that all names share.
    pub(super) fn join_hard_links(&mut self) {
        let mut groups = HashMap::new();
        let mut seen_groups = HashSet::new();
        let mut split = Vec::new();
        for dentry in self.walk(self.root()).collect::<Vec<_>>() {
            let id = self.dentry(dentry).inode;
            let inode = self.inode(id);
            let group = inode.link_group;
            if group == 0 {
                continue;
            }
            self.last_link_group = self.last_link_group.max(group);
            let inode = self.inode(id);
            let first_of_group = seen_groups.insert(group);
            if inode.is_directory() || inode.attributes & super::attributes::DIRECTORY != 0 {
                if !first_of_group {
                    split.push(id);
                }
                continue;
            }
            let key = (group, inode.unnamed_hash());
            match groups.get(&key) {
                Some(first) => self.move_name(dentry, *first),
                None => {
                    groups.insert(key, id);
                    if !first_of_group {
                        split.push(id);
                    }
                }
            }
        }
        if !split.is_empty() {
            self.note(format!("{} hard link group(s) held different files and were split", split.len()));
        }
        // A group number is written only for inodes with several names; it must then be unique.
        for id in split {
            let group = self.next_link_group();
            if let Some(inode) = self.inodes.get_mut(id.index()) {
                inode.link_group = group;
            }
        }
    }

    fn move_name(&mut self, dentry: super::DentryId, to: InodeId) {
        let from = self.dentry(dentry).inode;
        if let Some(dentry) = self.dentries.get_mut(dentry.index()) {
            dentry.inode = to;
        }
        if let Some(inode) = self.inodes.get_mut(to.index()) {
            inode.links = inode.links.saturating_add(1);
        }
        if let Some(inode) = self.inodes.get_mut(from.index()) {
            *inode = Inode::default();
        }
    }

    /// A group number that no inode has. Numbers from files may be anything, so the next one may
    /// wrap; then the lowest free one is looked for.
    pub(super) fn next_link_group(&mut self) -> u64 {
        let next = self.last_link_group.checked_add(1).unwrap_or_else(|| {
            let used: HashSet<u64> = self.inodes.iter().map(|inode| inode.link_group).collect();
            (1..).find(|group| !used.contains(group)).unwrap_or(1)
        });
        if next > self.last_link_group {
            self.last_link_group = next;
        }
        next
    }
}
