//! Doing an [`Operation`] to a tree: when a transaction makes it, and when a journal is replayed.

use crate::error::{Error, Result};
use crate::formats::wim::tree::{attributes, DentryId, Inode, Reparse, StreamKind, Tree};
use crate::image::operation::{NewEntry, Operation};
use crate::image::ImagePath;

impl Operation {
    /// Changes the tree. What the operation needs must be there: an error means that journal and
    /// image do not belong together.
    pub fn apply(&self, tree: &mut Tree) -> Result<()> {
        match self {
            Self::CreateDirectory { path, entry } => create(tree, path, entry, Inode::directory()),
            Self::CreateFile { path, entry, hash } => create(tree, path, entry, Inode::file(*hash)),
            Self::SetStream { path, stream, hash, last_write_time } => change(tree, path, |inode| {
                inode.set_stream(StreamKind::Data, stream, *hash);
                inode.last_write_time = *last_write_time;
            }),
            Self::RemoveStream { path, stream } => change(tree, path, |inode| {
                inode.remove_stream(StreamKind::Data, stream);
            }),
            Self::Remove { path } => {
                let dentry = find(tree, path)?;
                tree.remove(dentry)
            }
            Self::Rename { from, to } => {
                let dentry = find(tree, from)?;
                let (parent, name) = place(tree, to)?;
                tree.rename(dentry, parent, name)
            }
            Self::Link { existing, new } => {
                let dentry = find(tree, existing)?;
                let (parent, name) = place(tree, new)?;
                tree.link(dentry, parent, name).map(drop)
            }
            Self::SetAttributes { path, attributes } => {
                change(tree, path, |inode| inode.attributes = *attributes)
            }
            Self::SetTimes { path, creation, last_access, last_write } => change(tree, path, |inode| {
                inode.creation_time = *creation;
                inode.last_access_time = *last_access;
                inode.last_write_time = *last_write;
            }),
            Self::SetShortName { path, name } => {
                let dentry = find(tree, path)?;
                tree.set_short_name(dentry, name)
            }
            Self::SetSecurity { path, descriptor } => {
                let inode = tree.dentry(find(tree, path)?).inode;
                tree.set_security_descriptor(inode, Some(descriptor))
            }
            Self::SetReparse { path, tag, hash } => change(tree, path, |inode| {
                inode.attributes = inode.attributes & !attributes::NORMAL | attributes::REPARSE_POINT;
                inode.reparse = Reparse { tag: *tag, ..Reparse::default() };
                inode.remove_stream(StreamKind::Data, &[]);
                inode.set_stream(StreamKind::Reparse, &[], *hash);
            }),
        }
    }
}

fn create(tree: &mut Tree, path: &ImagePath, entry: &NewEntry, inode: Inode) -> Result<()> {
    let (parent, name) = place(tree, path)?;
    let kept = inode.attributes & attributes::DIRECTORY;
    let inode = Inode {
        attributes: entry.attributes | kept,
        creation_time: entry.creation_time,
        last_access_time: entry.last_access_time,
        last_write_time: entry.last_write_time,
        ..inode
    };
    let dentry = tree.create(parent, name, inode)?;
    if !entry.security.is_empty() {
        let inode = tree.dentry(dentry).inode;
        tree.set_security_descriptor(inode, Some(&entry.security))?;
    }
    Ok(())
}

fn change(tree: &mut Tree, path: &ImagePath, change: impl FnOnce(&mut Inode)) -> Result<()> {
    let inode = tree.dentry(find(tree, path)?).inode;
    let inode = tree.inode_mut(inode).ok_or_else(|| Error::ItemNotFound { path: path.to_string() })?;
    change(inode);
    Ok(())
}

fn find(tree: &Tree, path: &ImagePath) -> Result<DentryId> {
    tree.resolve(&path.names()).ok_or_else(|| Error::ItemNotFound { path: path.to_string() })
}

/// The directory of a new name, and the name.
fn place<'p>(tree: &Tree, path: &'p ImagePath) -> Result<(DentryId, &'p [u16])> {
    let names = path.names();
    let parents = names.split_last().map_or(&[][..], |(_, parents)| parents);
    let parent = tree.resolve(parents).ok_or_else(|| Error::ItemNotFound { path: path.to_string() })?;
    let name = path.file_name().ok_or_else(|| Error::ItemExists { path: path.to_string() })?;
    Ok((parent, name))
}
