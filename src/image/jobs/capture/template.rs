//! An earlier image of the same source: what it says of a file that has not changed need not be
//! read again, and what a directory of the host cannot tell comes from there.

use crate::formats::wim::tree::{attributes, DentryId, Inode, StreamKind, Tree};
use crate::formats::wim::{Archive, Hash};
use crate::image::file::ImageFile;
use std::collections::HashMap;
use std::sync::Arc;

/// An earlier image.
pub(super) struct Template {
    file: Arc<ImageFile>,
    tree: Tree,
}

/// An entry of the earlier image, for the entry of the same path.
#[derive(Clone, Copy)]
pub(super) struct Earlier<'a> {
    /// Empty for none.
    pub short_name: &'a [u16],
    pub inode: &'a Inode,
    pub descriptor: Option<&'a [u8]>,
    id: DentryId,
}

impl Template {
    pub fn new(file: Arc<ImageFile>, tree: Tree) -> Self {
        Self { file, tree }
    }

    pub fn root(&self) -> DentryId {
        self.tree.root()
    }

    pub fn entry(&self, id: DentryId) -> Earlier<'_> {
        let dentry = self.tree.dentry(id);
        let inode = self.tree.inode(dentry.inode);
        let short_name = &dentry.short_name;
        Earlier { short_name, inode, descriptor: self.tree.security_descriptor(dentry.inode), id }
    }

    /// The entries of a directory by their exact names.
    pub fn children(&self, directory: DentryId) -> HashMap<&[u16], DentryId> {
        self.tree.children(directory).iter().map(|id| (&*self.tree.dentry(*id).name, *id)).collect()
    }

    /// The content of a file that has kept its size and its time of last change.
    pub fn unchanged(&self, earlier: &Earlier<'_>, size: u64, last_write_time: u64) -> Option<Hash> {
        let inode = earlier.inode;
        let hash = inode.stream(StreamKind::Data, &[])?.hash;
        let archive: &Archive = self.file.archive();
        let same = inode.last_write_time == last_write_time
            && archive.blobs().get(&hash).is_some_and(|blob| blob.size == size);
        same.then_some(hash)
    }
}

impl Earlier<'_> {
    /// Names the entry in the earlier image.
    pub fn id(&self) -> DentryId {
        self.id
    }

    /// Whether it is of the kind that these attributes say: file, directory or reparse point. An
    /// encrypted file is none of them, since its content is not what the host gives.
    pub fn is_like(&self, kind: u32) -> bool {
        const KIND: u32 = attributes::DIRECTORY | attributes::REPARSE_POINT;
        let found = self.inode.attributes;
        found & KIND == kind & KIND && found & attributes::ENCRYPTED == 0
    }
}
