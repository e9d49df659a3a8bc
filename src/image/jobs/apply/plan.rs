//! What is going to be made: directories, files with their names, links; and what the target will
//! not hold.
//!
//! As wimlib on Unix: symbolic links and junctions become symbolic links, other reparse points
//! what they are without their reparse data; encrypted files stay empty.

use super::options::{ApplyReport, NotApplied, NotAppliedCounts};
use super::select::Selection;
use crate::error::Result;
use crate::formats::wim::tree::{attributes, Dentry, DentryId, Inode, InodeId, Reparse, StreamKind, Tree};
use crate::formats::wim::Hash;
use crate::image::content::EMPTY;
use crate::image::host::tree::EntryTimes;
use crate::image::path::name_on_host;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Attributes of which wimlib says that it ignores them, as `ARCHIVE` is no loss.
const LOST_ATTRIBUTES: u32 = attributes::READ_ONLY
    | attributes::HIDDEN
    | attributes::SYSTEM
    | attributes::COMPRESSED
    | attributes::NOT_CONTENT_INDEXED;

/// What an inode becomes on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
}

/// A directory to be made.
pub(super) struct Directory {
    pub dentry: DentryId,
    /// From the target; empty for the target itself.
    pub path: PathBuf,
    pub depth: usize,
}

/// A file or link to be made.
pub(super) struct File {
    pub inode: InodeId,
    pub name: DentryId,
    /// Further names of the same file.
    pub links: Vec<DentryId>,
    pub kind: Kind,
    /// The content, or a link's reparse data; [`EMPTY`] for none.
    pub hash: Hash,
}

/// Everything that is going to be made.
pub(super) struct Plan<'t> {
    pub tree: &'t Tree,
    /// Parents first; the first is the target itself.
    pub directories: Vec<Directory>,
    pub files: Vec<File>,
    pub not_applied: Vec<NotApplied>,
    pub counts: NotAppliedCounts,
    places: HashMap<DentryId, usize>,
}

impl<'t> Plan<'t> {
    /// # Errors
    /// [`Error::InvalidName`](crate::error::Error) for a name that leads somewhere else on the host.
    pub fn new(tree: &'t Tree, selection: &Selection) -> Result<Self> {
        let mut plan = Self {
            tree,
            directories: Vec::new(),
            files: Vec::new(),
            not_applied: Vec::new(),
            counts: NotAppliedCounts::default(),
            places: HashMap::new(),
        };
        let mut shared: HashMap<InodeId, usize> = HashMap::new();
        for id in tree.walk(tree.root()).filter(|id| selection.has(*id)) {
            let dentry = tree.dentry(id);
            let inode = tree.inode(dentry.inode);
            let kind = kind_of(inode);
            if !dentry.short_name.is_empty() {
                plan.counts.short_names = plan.counts.short_names.saturating_add(1);
                plan.note(id, "ShortName");
            }
            if kind == Kind::Directory {
                plan.add_directory(id, dentry)?;
            } else {
                // Checked now, so that a bad name is found before anything is made.
                name_on_host(tree, id)?;
                if let Some(first) = shared.get(&dentry.inode).and_then(|first| plan.files.get_mut(*first)) {
                    first.links.push(id);
                    continue;
                }
                if inode.links > 1 {
                    shared.insert(dentry.inode, plan.files.len());
                }
                let hash = content_of(inode, kind);
                plan.files.push(File { inode: dentry.inode, name: id, links: Vec::new(), kind, hash });
            }
            plan.count(id, inode, kind);
        }
        Ok(plan)
    }

    fn add_directory(&mut self, id: DentryId, dentry: &Dentry) -> Result<()> {
        let (path, depth) = match id == self.tree.root() {
            true => (PathBuf::new(), 0),
            false => {
                let parent = self.directory(dentry.parent);
                let depth = parent.map_or(0, |parent| parent.depth).saturating_add(1);
                let above = parent.map_or(Path::new(""), |parent| parent.path.as_path());
                (above.join(name_on_host(self.tree, id)?), depth)
            }
        };
        self.places.insert(id, self.directories.len());
        self.directories.push(Directory { dentry: id, path, depth });
        Ok(())
    }

    fn directory(&self, id: DentryId) -> Option<&Directory> {
        self.directories.get(*self.places.get(&id)?)
    }

    /// Where an item is made, from the target.
    pub fn path(&self, id: DentryId) -> Result<PathBuf> {
        let parent = self.directory(self.tree.dentry(id).parent);
        Ok(parent.map_or(Path::new(""), |parent| parent.path.as_path()).join(name_on_host(self.tree, id)?))
    }

    /// The times of an inode.
    pub fn times(&self, inode: InodeId) -> EntryTimes {
        let inode = self.tree.inode(inode);
        EntryTimes {
            creation: inode.creation_time,
            access: inode.last_access_time,
            write: inode.last_write_time,
        }
    }

    /// A file has holes where its content is zero.
    pub fn is_sparse(&self, file: &File) -> bool {
        self.tree.inode(file.inode).attributes & attributes::SPARSE != 0
    }

    /// Adds what the target will not hold of an inode.
    fn count(&mut self, id: DentryId, inode: &Inode, kind: Kind) {
        let add = |count: &mut u64| *count = count.saturating_add(1);
        if inode.security_id.is_some() {
            add(&mut self.counts.security_descriptors);
        }
        if inode.attributes & LOST_ATTRIBUTES != 0 {
            add(&mut self.counts.attributes);
        }
        if inode.streams.iter().any(|stream| stream.kind == StreamKind::Data && !stream.name.is_empty()) {
            add(&mut self.counts.named_streams);
            self.note(id, "NamedStreams");
        }
        if inode.is_reparse_point() && kind != Kind::Link {
            add(&mut self.counts.reparse_points);
            self.note(id, "ReparsePoint");
        }
        if inode.attributes & attributes::ENCRYPTED != 0 {
            add(&mut self.counts.encrypted_files);
            self.note(id, "EncryptedData");
        }
    }

    fn note(&mut self, id: DentryId, what: &'static str) {
        if self.not_applied.len() < ApplyReport::ITEM_LIMIT {
            self.not_applied.push(NotApplied { path: self.tree.display_path(id), what });
        }
    }
}

fn kind_of(inode: &Inode) -> Kind {
    let is_link = matches!(inode.reparse.tag, Reparse::SYMLINK | Reparse::MOUNT_POINT);
    if inode.is_reparse_point() && is_link {
        Kind::Link
    } else if inode.attributes & attributes::DIRECTORY != 0 {
        Kind::Directory
    } else {
        Kind::File
    }
}

fn content_of(inode: &Inode, kind: Kind) -> Hash {
    match kind {
        Kind::Link => inode.stream(StreamKind::Reparse, &[]).map_or(EMPTY, |stream| stream.hash),
        // The content of an encrypted file is not its unnamed data but the raw form of EFS.
        Kind::File if inode.attributes & attributes::ENCRYPTED == 0 => inode.unnamed_hash(),
        Kind::File | Kind::Directory => EMPTY,
    }
}
