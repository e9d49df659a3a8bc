//! One image's metadata: its directories, files, streams and security descriptors.
//!
//! The tree is an arena. A [`Dentry`] is a name in a directory; an [`Inode`] is the file or
//! directory behind it, shared by the names of a hard link group. Ids stay valid until what they
//! name is removed; a removed id names nothing, and is not given out again.
//!
//! Names are UTF-16 as stored and need not be well-formed; a name read from a file may hold any
//! unit but NUL, also `/` and `\`. Whoever makes host paths of names checks them.
//!
//! Reference: `docs/formats/wim.md` "Metadata"; `ebiggers/wimlib` `src/dentry.c`,
//! `src/metadata_resource.c`, `src/inode_fixup.c`.

mod dentry;
mod edit;
mod links;
mod parse;
mod query;
mod security_table;
mod streams;
pub mod tagged_items;
mod totals;
mod walk_metadata;
mod write;

pub use dentry::{compare_names, StoredDentry};
pub use security_table::SecurityTable;
pub use streams::{Stream, StreamKind};
pub use tagged_items::{tagged_item, TaggedItem};
pub use totals::Totals;
pub use walk_metadata::MetadataWalker;

use std::collections::HashMap;

/// File attributes that change how an inode is stored. The other bits are the caller's business.
pub mod attributes {
    /// FILE_ATTRIBUTE_READONLY.
    pub const READ_ONLY: u32 = 0x0001;
    /// FILE_ATTRIBUTE_HIDDEN.
    pub const HIDDEN: u32 = 0x0002;
    /// FILE_ATTRIBUTE_SYSTEM.
    pub const SYSTEM: u32 = 0x0004;
    /// FILE_ATTRIBUTE_DIRECTORY.
    pub const DIRECTORY: u32 = 0x0010;
    /// FILE_ATTRIBUTE_ARCHIVE.
    pub const ARCHIVE: u32 = 0x0020;
    /// FILE_ATTRIBUTE_NORMAL: none of the others.
    pub const NORMAL: u32 = 0x0080;
    /// FILE_ATTRIBUTE_SPARSE_FILE.
    pub const SPARSE: u32 = 0x0200;
    /// FILE_ATTRIBUTE_REPARSE_POINT.
    pub const REPARSE_POINT: u32 = 0x0400;
    /// FILE_ATTRIBUTE_COMPRESSED.
    pub const COMPRESSED: u32 = 0x0800;
    /// FILE_ATTRIBUTE_NOT_CONTENT_INDEXED.
    pub const NOT_CONTENT_INDEXED: u32 = 0x2000;
    /// FILE_ATTRIBUTE_ENCRYPTED.
    pub const ENCRYPTED: u32 = 0x4000;
}

/// Names a [`Dentry`] of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DentryId(u32);

/// Names an [`Inode`] of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InodeId(u32);

/// No such thing: the parent of what is detached, the inode of a removed name.
const NOWHERE: u32 = u32::MAX;

impl DentryId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The id as a number, for journals and caches. It means nothing to another tree.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl InodeId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The id as a number, for journals and caches. It means nothing to another tree.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dentry {
    /// The name; empty only for the root.
    pub name: Box<[u16]>,
    /// The 8.3 name that belongs to it; empty when there is none.
    pub short_name: Box<[u16]>,
    /// The directory it is in; the root is its own parent.
    pub parent: DentryId,
    /// What it names.
    pub inode: InodeId,
    /// The names in it, if it is a directory: sorted without case, then by unit.
    children: Vec<DentryId>,
}

/// A file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inode {
    /// FILE_ATTRIBUTE bits.
    pub attributes: u32,
    /// Index into the security table. Use [`Tree::set_security_descriptor`] to change it.
    pub security_id: Option<u32>,
    /// FILETIME.
    pub creation_time: u64,
    /// FILETIME.
    pub last_access_time: u64,
    /// FILETIME.
    pub last_write_time: u64,
    /// Reparse fields; they count only with the reparse point attribute.
    pub reparse: Reparse,
    /// Contents. An unnamed data stream that is missing is an empty one.
    pub streams: Vec<Stream>,
    /// Tagged items (object ids, extended attributes…), byte-exact.
    pub extra: Box<[u8]>,
    /// How many names it has. Kept by the tree.
    pub links: u32,
    /// Hard link group, unique among inodes with several names; 0 for none. Kept by the tree.
    pub link_group: u64,
    /// A field of unknown meaning at offset 0x54 of the dentry, kept.
    pub unknown: u32,
}

/// What a dentry has in place of a hard link group when it is a reparse point. The rest of the
/// reparse data is the content of the reparse stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reparse {
    /// ReparseTag.
    pub tag: u32,
    /// Reserved field of the reparse data's header.
    pub reserved: u16,
    /// [`Reparse::NOT_FIXED`] and unknown bits.
    pub flags: u16,
}

impl Reparse {
    /// The target is as it was on the captured volume, not relative to the image's root.
    pub const NOT_FIXED: u16 = 0x0001;
    /// IO_REPARSE_TAG_MOUNT_POINT: a junction.
    pub const MOUNT_POINT: u32 = 0xA000_0003;
    /// IO_REPARSE_TAG_SYMLINK.
    pub const SYMLINK: u32 = 0xA000_000C;
}

impl Inode {
    /// A directory without times, descriptor and content.
    pub fn directory() -> Self {
        Self { attributes: attributes::DIRECTORY, ..Self::default() }
    }

    /// A file without times and descriptor; `hash` is its content's, all zero for none.
    pub fn file(hash: super::Hash) -> Self {
        let mut inode = Self { attributes: attributes::ARCHIVE, ..Self::default() };
        inode.set_stream(StreamKind::Data, &[], hash);
        inode
    }

    /// Whether it can have children: a directory that is not a reparse point.
    pub fn is_directory(&self) -> bool {
        self.attributes & (attributes::DIRECTORY | attributes::REPARSE_POINT) == attributes::DIRECTORY
    }

    /// Whether it is a reparse point (of a file or a directory).
    pub fn is_reparse_point(&self) -> bool {
        self.attributes & attributes::REPARSE_POINT != 0
    }
}

/// The directories and files of one image.
#[derive(Debug, Clone)]
pub struct Tree {
    dentries: Vec<Dentry>,
    inodes: Vec<Inode>,
    security: SecurityTable,
    /// The two reserved fields of dentries that have something in them.
    reserved: HashMap<DentryId, [u64; 2]>,
    /// The highest hard link group in use.
    last_link_group: u64,
    /// What parsing left out, as wimlib does; for the user.
    notes: Vec<String>,
    is_complete: bool,
    /// What an id that names nothing stands for.
    no_dentry: Dentry,
    no_inode: Inode,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// A tree with an empty root directory.
    pub fn new() -> Self {
        let mut tree = Self::without_root();
        tree.push_root(Inode::directory());
        tree
    }

    fn without_root() -> Self {
        Self {
            dentries: Vec::new(),
            inodes: Vec::new(),
            security: SecurityTable::default(),
            reserved: HashMap::new(),
            last_link_group: 0,
            notes: Vec::new(),
            is_complete: true,
            no_dentry: Dentry::detached(Box::default(), InodeId(NOWHERE)),
            no_inode: Inode::default(),
        }
    }

    fn push_root(&mut self, mut inode: Inode) {
        inode.links = 1;
        self.inodes.push(inode);
        let mut root = Dentry::detached(Box::default(), InodeId(0));
        root.parent = DentryId(0);
        self.dentries.push(root);
    }

    /// The root directory.
    pub fn root(&self) -> DentryId {
        DentryId(0)
    }

    /// What parsing left out, one sentence each: entries that Windows and wimlib ignore too.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// False when parsing left something out, so that writing the tree would lose it; the notes say
    /// what.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }
}

impl Dentry {
    fn detached(name: Box<[u16]>, inode: InodeId) -> Self {
        Self { name, short_name: Box::default(), parent: DentryId(NOWHERE), inode, children: Vec::new() }
    }
}
