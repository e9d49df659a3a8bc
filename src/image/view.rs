//! Reading an image: paths to items, items to content.
//!
//! **Invariant:** a path never goes through a reparse point. Its target may lie outside the image
//! (junctions hold absolute paths), so what lies behind one is nobody's business here.

use crate::error::{Error, Result};
use crate::formats::security::SecurityDescriptor;
use crate::formats::wim::tree::{attributes, DentryId, Inode, StreamKind, Tree};
use crate::formats::wim::Hash;
use crate::image::content::{ContentReader, ContentStore};
use crate::image::hive_cache::HiveCache;
use crate::image::info::{hash_text, Item, ItemType, StreamInfo};
use crate::image::path::check_new_name;
use crate::image::ImagePath;
use std::sync::Arc;

/// The image as it is now, with the changes of the transaction it came from.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    tree: &'a Tree,
    content: &'a ContentStore,
    hives: Option<&'a Arc<HiveCache>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(tree: &'a Tree, content: &'a ContentStore) -> Self {
        Self { tree, content, hives: None }
    }

    pub(super) fn with_hives(self, hives: &'a Arc<HiveCache>) -> Self {
        Self { hives: Some(hives), ..self }
    }

    /// Hives that the session's handle keeps in memory; `None` when no session is looked at.
    pub(crate) fn hives(&self) -> Option<&'a Arc<HiveCache>> {
        self.hives
    }

    /// The tree itself.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// What is at `path`; `None` when it, or a directory on the way, is not there.
    ///
    /// # Errors
    /// [`Error::WrongItemKind`] when the path goes through a file or a reparse point.
    pub fn lookup(&self, path: &ImagePath) -> Result<Option<DentryId>> {
        let mut current = self.tree.root();
        for name in path.components() {
            if !self.tree.inode_of(current).is_directory() {
                return Err(self.wrong_kind(current, "a directory"));
            }
            match self.tree.lookup(current, name.as_slice()) {
                Some(child) => current = child,
                None => return Ok(None),
            }
        }
        Ok(Some(current))
    }

    /// What is at `path`, which must be there.
    pub fn resolve(&self, path: &ImagePath) -> Result<DentryId> {
        self.lookup(path)?.ok_or_else(|| Error::ItemNotFound { path: path.to_string() })
    }

    /// There is something at `path`.
    pub fn exists(&self, path: &ImagePath) -> Result<bool> {
        Ok(self.lookup(path)?.is_some())
    }

    /// The directory at `path`.
    pub fn directory(&self, path: &ImagePath) -> Result<DentryId> {
        let dentry = self.resolve(path)?;
        match self.tree.inode_of(dentry).is_directory() {
            true => Ok(dentry),
            false => Err(self.wrong_kind(dentry, "a directory")),
        }
    }

    /// The file at `path`: neither a directory nor a reparse point.
    pub fn file(&self, path: &ImagePath) -> Result<DentryId> {
        let dentry = self.resolve(path)?;
        match item_type(self.tree.inode_of(dentry)) {
            ItemType::File => Ok(dentry),
            ItemType::Directory | ItemType::ReparsePoint => Err(self.wrong_kind(dentry, "a file")),
        }
    }

    /// Everything known about the item at `path`; `None` when it is not there.
    pub fn item(&self, path: &ImagePath) -> Result<Option<Item>> {
        Ok(self.lookup(path)?.map(|dentry| self.describe(dentry)))
    }

    /// The names in the directory at `path`, sorted without case.
    pub fn names(&self, path: &ImagePath) -> Result<Vec<Vec<u16>>> {
        let directory = self.directory(path)?;
        let names = self.tree.children(directory).iter().map(|child| self.tree.dentry(*child).name.to_vec());
        Ok(names.collect())
    }

    /// Opens the unnamed stream of the file at `path`.
    pub fn open_file(&self, path: &ImagePath) -> Result<ContentReader> {
        let dentry = self.file(path)?;
        self.open(dentry)
    }

    /// What is at `path`, if a file can be put there once the directories above it are made.
    ///
    /// # Errors
    /// [`Error::WrongItemKind`], [`Error::InvalidName`]; [`Error::Unsupported`] for an encrypted file.
    pub fn check_place(&self, path: &ImagePath) -> Result<Option<DentryId>> {
        let found = self.lookup(path)?;
        match found {
            Some(dentry) => self.check_replaceable(dentry)?,
            None => path.components().iter().try_for_each(|name| check_new_name(name.as_slice()))?,
        }
        Ok(found)
    }

    /// The content of the item can be replaced.
    pub(crate) fn check_replaceable(&self, dentry: DentryId) -> Result<()> {
        let inode = self.tree.inode_of(dentry);
        if item_type(inode) != ItemType::File {
            return Err(self.wrong_kind(dentry, "a file"));
        }
        if inode.attributes & attributes::ENCRYPTED != 0 {
            return Err(encrypted(&self.tree.display_path(dentry)));
        }
        Ok(())
    }

    /// SHA-1 of the file at `path`; all zero when it is empty.
    pub fn content_hash(&self, path: &ImagePath) -> Result<Hash> {
        let dentry = self.file(path)?;
        readable_hash(self.tree.inode_of(dentry), || self.tree.display_path(dentry))
    }

    /// Opens a named stream of the item at `path`.
    pub fn open_stream(&self, path: &ImagePath, name: &[u16]) -> Result<ContentReader> {
        if name.is_empty() {
            return self.open_file(path);
        }
        let dentry = self.resolve(path)?;
        let stream = self.tree.inode_of(dentry).stream(StreamKind::Data, name).ok_or_else(|| {
            Error::ItemNotFound { path: format!("{path}:{}", String::from_utf16_lossy(name)) }
        })?;
        self.content.open(&stream.hash)
    }

    /// Opens the content of a file.
    pub fn open(&self, dentry: DentryId) -> Result<ContentReader> {
        let inode = self.tree.inode_of(dentry);
        self.content.open(&readable_hash(inode, || self.tree.display_path(dentry))?)
    }

    /// The whole content of the file at `path`, if it has at most `limit` bytes, checked against
    /// its SHA-1.
    pub fn read_file(&self, path: &ImagePath, limit: u64) -> Result<Vec<u8>> {
        let read = self.open_file(path)?.read_all(limit);
        read.map_err(|error| error.in_file(path.to_string()))
    }

    /// Bytes of a content; 0 when the image file does not have it.
    pub fn size(&self, hash: &Hash) -> u64 {
        self.content.size(hash).unwrap_or(0)
    }

    /// Everything known about an item.
    pub fn describe(&self, dentry: DentryId) -> Item {
        let name = self.tree.dentry(dentry);
        let inode = self.tree.inode_of(dentry);
        let named = Named {
            path: self.tree.display_path(dentry),
            name: &name.name,
            short_name: &name.short_name,
            link_count: Some(inode.links),
            security_descriptor: self.tree.security_descriptor(name.inode).and_then(sddl),
        };
        named.item(inode, |hash| self.size(hash))
    }

    /// The error for an item that is not what an operation needs.
    pub(crate) fn wrong_kind(&self, dentry: DentryId, needed: &'static str) -> Error {
        wrong_kind(self.tree.inode_of(dentry), self.tree.display_path(dentry), needed)
    }
}

/// What is known of an item besides what its inode says.
pub(crate) struct Named<'a> {
    pub path: String,
    pub name: &'a [u16],
    pub short_name: &'a [u16],
    pub link_count: Option<u32>,
    /// SDDL.
    pub security_descriptor: Option<String>,
}

impl Named<'_> {
    /// The item's document.
    pub fn item(self, inode: &Inode, size: impl Fn(&Hash) -> u64) -> Item {
        let hash = inode.unnamed_hash();
        let streams =
            inode.streams.iter().filter(|stream| stream.kind == StreamKind::Data && !stream.name.is_empty());
        Item {
            path: self.path,
            name: String::from_utf16_lossy(self.name),
            short_name: (!self.short_name.is_empty()).then(|| String::from_utf16_lossy(self.short_name)),
            item_type: item_type(inode),
            length: size(&hash),
            attributes: inode.attributes,
            creation_time: inode.creation_time,
            last_access_time: inode.last_access_time,
            last_write_time: inode.last_write_time,
            link_count: self.link_count,
            reparse_tag: inode.is_reparse_point().then_some(inode.reparse.tag),
            hash: hash_text(&hash),
            streams: streams
                .map(|stream| StreamInfo {
                    name: String::from_utf16_lossy(&stream.name),
                    length: size(&stream.hash),
                    hash: hash_text(&stream.hash),
                })
                .collect(),
            security_descriptor: self.security_descriptor,
        }
    }
}

/// A security descriptor as SDDL; `None` when it is damaged.
pub(crate) fn sddl(descriptor: &[u8]) -> Option<String> {
    Some(SecurityDescriptor::parse(descriptor).ok()?.to_sddl())
}

/// The hash of a file's content, if it can be read.
pub(crate) fn readable_hash(inode: &Inode, path: impl FnOnce() -> String) -> Result<Hash> {
    if inode.stream(StreamKind::EfsRaw, &[]).is_some() {
        return Err(Error::Unsupported {
            what: format!("reading '{}'", path()),
            reason: "it is encrypted (EFS)".to_owned(),
        });
    }
    Ok(inode.unnamed_hash())
}

/// The error for an encrypted item that was to be changed.
pub(crate) fn encrypted(path: &impl ToString) -> Error {
    Error::Unsupported {
        what: format!("changing '{}'", path.to_string()),
        reason: "it is encrypted (EFS)".to_owned(),
    }
}

/// The error for an item that is not what an operation needs.
pub(crate) fn wrong_kind(inode: &Inode, path: String, needed: &'static str) -> Error {
    let found = match item_type(inode) {
        ItemType::File => "a file",
        ItemType::Directory => "a directory",
        ItemType::ReparsePoint => "a reparse point",
    };
    Error::WrongItemKind { path, found, needed }
}

/// What an inode is.
pub(crate) fn item_type(inode: &Inode) -> ItemType {
    if inode.is_reparse_point() {
        ItemType::ReparsePoint
    } else if inode.is_directory() {
        ItemType::Directory
    } else {
        ItemType::File
    }
}
