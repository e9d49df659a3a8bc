//! Tree to metadata resource, in the order that wimlib writes and 7-Zip expects: the security
//! table, the root dentry and an end mark, then for each directory, parents first, the list of its
//! children and an end mark.

use super::dentry::{DENTRY_SIZE, STREAM_SIZE};
use super::parse::NO_SECURITY;
use super::query::Walk;
use super::{attributes, DentryId, Tree};
use crate::error::{Error, Result};
use std::io::Read;

/// Bytes of the mark that ends a list.
const END_MARK: u64 = 8;

/// The metadata resource of a tree, not compressed, made as it is read: at most one directory's
/// list is held.
#[derive(Debug)]
pub struct MetadataReader<'a> {
    tree: &'a Tree,
    offsets: Vec<u64>,
    size: u64,
    directories: Walk<'a>,
    /// Bytes that were made and not read yet, from `taken` on.
    made: Vec<u8>,
    taken: usize,
}

impl MetadataReader<'_> {
    /// Bytes of the whole resource.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the next list; false at the end.
    fn make_list(&mut self) -> Result<bool> {
        self.made.clear();
        self.taken = 0;
        let tree = self.tree;
        let Some(directory) = self.directories.by_ref().find(|id| tree.inode_of(*id).is_directory()) else {
            return Ok(false);
        };
        for child in tree.children(directory) {
            tree.write_dentry(&mut self.made, *child, &self.offsets)?;
        }
        self.made.extend_from_slice(&[0; 8]);
        Ok(true)
    }
}

impl Read for MetadataReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.made.len() {
            if buffer.is_empty() || !self.make_list().map_err(std::io::Error::other)? {
                return Ok(0);
            }
        }
        let mut ready = self.made.get(self.taken..).unwrap_or_default();
        let count = ready.read(buffer)?;
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}

impl Tree {
    /// The metadata resource, not compressed.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] when a file has more streams or names are longer than the format
    /// can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut reader = self.to_reader()?;
        let mut bytes = std::mem::take(&mut reader.made);
        while reader.make_list()? {
            bytes.append(&mut reader.made);
        }
        Ok(bytes)
    }

    /// The metadata resource, for content that is better not held in memory as a whole.
    ///
    /// # Errors
    /// As for [`Tree::to_bytes`]; the reader's error, if it has one, wraps the same.
    pub fn to_reader(&self) -> Result<MetadataReader<'_>> {
        let mut made = self.security.to_bytes()?;
        let (offsets, size) = self.child_offsets(made.len())?;
        self.write_dentry(&mut made, self.root(), &offsets)?;
        made.extend_from_slice(&[0; 8]);
        let directories = self.walk(self.root());
        Ok(MetadataReader { tree: self, offsets, size, directories, made, taken: 0 })
    }

    /// Where the children of each directory will be, by dentry (0 for the others), and the end of
    /// it all. Directories without children have a list too, with just its end mark.
    fn child_offsets(&self, root_at: usize) -> Result<(Vec<u64>, u64)> {
        let mut offsets = vec![0; self.dentries.len()];
        let root_at = u64::try_from(root_at).unwrap_or(u64::MAX);
        let mut offset = root_at.saturating_add(self.stored_length(self.root())?).saturating_add(END_MARK);
        for directory in self.walk(self.root()).filter(|id| self.inode_of(*id).is_directory()) {
            if let Some(place) = offsets.get_mut(directory.index()) {
                *place = offset;
            }
            for child in self.children(directory) {
                offset = offset.saturating_add(self.stored_length(*child)?);
            }
            offset = offset.saturating_add(END_MARK);
        }
        Ok((offsets, offset))
    }

    /// Bytes of a dentry with its stream entries.
    fn stored_length(&self, id: DentryId) -> Result<u64> {
        let (_, streams) = self.inode_of(id).stored_streams();
        let streams: usize = streams.iter().map(|(name, _)| stream_length(name)).sum();
        let length = self.dentry_length(id).saturating_add(streams);
        Ok(u64::try_from(length).unwrap_or(u64::MAX))
    }

    fn dentry_length(&self, id: DentryId) -> usize {
        let dentry = self.dentry(id);
        let names = name_length(&dentry.name).saturating_add(name_length(&dentry.short_name));
        let extra = self.inode_of(id).extra.len().next_multiple_of(8);
        DENTRY_SIZE.saturating_add(names).next_multiple_of(8).saturating_add(extra)
    }

    fn write_dentry(&self, bytes: &mut Vec<u8>, id: DentryId, offsets: &[u64]) -> Result<()> {
        let dentry = self.dentry(id);
        let inode = self.inode_of(id);
        let (main_hash, streams) = inode.stored_streams();
        let stream_count =
            u16::try_from(streams.len()).map_err(|_| too_long("the streams of a file", streams.len()))?;
        let start = bytes.len();
        let length = self.dentry_length(id);
        bytes.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(&inode.attributes.to_le_bytes());
        bytes.extend_from_slice(&inode.security_id.unwrap_or(NO_SECURITY).to_le_bytes());
        bytes.extend_from_slice(&offsets.get(id.index()).copied().unwrap_or(0).to_le_bytes());
        let reserved = self.reserved.get(&id).copied().unwrap_or_default();
        let times = [inode.creation_time, inode.last_access_time, inode.last_write_time];
        for number in reserved.into_iter().chain(times) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&main_hash);
        bytes.extend_from_slice(&inode.unknown.to_le_bytes());
        if inode.attributes & attributes::REPARSE_POINT != 0 {
            bytes.extend_from_slice(&inode.reparse.tag.to_le_bytes());
            bytes.extend_from_slice(&inode.reparse.reserved.to_le_bytes());
            bytes.extend_from_slice(&inode.reparse.flags.to_le_bytes());
        } else {
            let group = if inode.links > 1 { inode.link_group } else { 0 };
            bytes.extend_from_slice(&group.to_le_bytes());
        }
        bytes.extend_from_slice(&stream_count.to_le_bytes());
        bytes.extend_from_slice(&name_size(&dentry.short_name)?.to_le_bytes());
        bytes.extend_from_slice(&name_size(&dentry.name)?.to_le_bytes());
        write_name(bytes, &dentry.name);
        write_name(bytes, &dentry.short_name);
        // What is made begins at a multiple of 8, so padding the whole pads the dentry.
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend_from_slice(&inode.extra);
        bytes.resize(start.saturating_add(length), 0);
        for (name, hash) in streams {
            let start = bytes.len();
            let length = stream_length(name);
            bytes.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
            bytes.extend_from_slice(&[0; 8]);
            bytes.extend_from_slice(&hash);
            bytes.extend_from_slice(&name_size(name)?.to_le_bytes());
            write_name(bytes, name);
            bytes.resize(start.saturating_add(length), 0);
        }
        Ok(())
    }
}

/// Bytes of a name with its NUL; none without name.
fn name_length(name: &[u16]) -> usize {
    match name.len() {
        0 => 0,
        units => units.saturating_add(1).saturating_mul(2),
    }
}

fn stream_length(name: &[u16]) -> usize {
    STREAM_SIZE.saturating_add(name_length(name)).next_multiple_of(8)
}

fn name_size(name: &[u16]) -> Result<u16> {
    let size = name.len().saturating_mul(2);
    u16::try_from(size).map_err(|_| too_long("the size of a name in bytes", size))
}

fn write_name(bytes: &mut Vec<u8>, name: &[u16]) {
    if !name.is_empty() {
        name.iter().for_each(|unit| bytes.extend_from_slice(&unit.to_le_bytes()));
        bytes.extend_from_slice(&[0; 2]);
    }
}

fn too_long(what: &'static str, found: usize) -> Error {
    Error::LimitExceeded { what, limit: u64::from(u16::MAX), found: u64::try_from(found).unwrap_or(u64::MAX) }
}
