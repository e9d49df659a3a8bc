//! Looking into an image's metadata without reading all of it.
//!
//! A list of dentries stands in one piece, and a directory has the offset of its list: to see one
//! directory, the chunks with the lists on the way to it are enough. What is read in this way
//! cannot be checked against the SHA-1 of the metadata, which is one of the whole; the dentries
//! that are read are checked as in [`Tree::parse`](super::Tree::parse).
//!
//! Reference: `docs/formats/wim.md` "Metadata".

use super::super::resource::ResourceReader;
use super::dentry::{compare_names, read_list, read_root, Metadata, StoredDentry, DENTRY_SIZE};
use super::security_table::SecurityExtents;
use super::Inode;
use crate::error::Result;
use crate::formats::upcase;
use std::ops::Range;

/// Reads lists of dentries, descriptors, and nothing else of a metadata resource.
#[derive(Debug)]
pub struct MetadataWalker {
    bytes: Sparse,
    root: StoredDentry,
    security: Option<SecurityExtents>,
    entries_read: usize,
}

impl MetadataWalker {
    /// A walker over a resource that [`Archive::open_metadata`](super::super::Archive::open_metadata)
    /// gave, which bounds its size.
    ///
    /// # Errors
    /// Those of reading the root dentry.
    pub fn new(resource: ResourceReader) -> Result<Self> {
        let size = usize::try_from(resource.size()).unwrap_or(usize::MAX);
        // Pages of zeroes take no memory before something is written to them.
        let bytes = Sparse { content: vec![0; size], missing: Some(Missing::new(resource)) };
        Self::over(bytes)
    }

    /// A walker over metadata that is there already.
    pub fn over_bytes(metadata: Vec<u8>) -> Result<Self> {
        Self::over(Sparse { content: metadata, missing: None })
    }

    fn over(mut bytes: Sparse) -> Result<Self> {
        let (root_at, _) = SecurityExtents::read_length(&mut bytes)?;
        let root = read_root(&mut bytes, root_at)?;
        let root =
            root.unwrap_or_else(|| StoredDentry { inode: Inode::directory(), ..StoredDentry::default() });
        let root = StoredDentry { name: Box::default(), short_name: Box::default(), ..root };
        Ok(Self { bytes, root, security: None, entries_read: 0 })
    }

    /// The root directory.
    pub fn root(&self) -> &StoredDentry {
        &self.root
    }

    /// What is in a directory, sorted without case, then by unit; nothing for what is none.
    pub fn children(&mut self, directory: &StoredDentry) -> Result<Vec<StoredDentry>> {
        if !directory.inode.is_directory() {
            return Ok(Vec::new());
        }
        let mut read = 0usize;
        let children =
            read_list(&mut self.bytes, directory.children_at, &mut |_| read = read.saturating_add(1))?;
        self.entries_read = self.entries_read.saturating_add(read).saturating_add(children.len());
        Ok(children)
    }

    /// The child of that name, found as [`Tree::lookup`](super::Tree::lookup) does.
    pub fn lookup(&mut self, directory: &StoredDentry, name: &[u16]) -> Result<Option<StoredDentry>> {
        let mut children = self.children(directory)?;
        let position = find(&children, name);
        Ok(position.map(|position| children.swap_remove(position)))
    }

    /// The self-relative security descriptor with that id; `None` if there is none.
    pub fn security_descriptor(&mut self, id: u32) -> Result<Option<&[u8]>> {
        let extents = match self.security.take() {
            Some(extents) => extents,
            None => SecurityExtents::read(&mut self.bytes)?,
        };
        let place = self.security.insert(extents).get(id);
        match place {
            Some(place) => self.bytes.get(place),
            None => Ok(None),
        }
    }

    /// Entries of all lists that were read.
    pub fn entries_read(&self) -> usize {
        self.entries_read
    }

    /// More entries than this cannot be in the resource, unless directories contain themselves or
    /// share their lists. Who looks at each directory once stops there.
    pub fn most_entries(&self) -> usize {
        self.bytes.size() / DENTRY_SIZE
    }
}

/// The position of a name in a sorted list: the exact one, else one that differs in case only, else
/// the one with that short name.
fn find(children: &[StoredDentry], name: &[u16]) -> Option<usize> {
    if let Ok(exact) = children.binary_search_by(|child| compare_names(&child.name, name)) {
        return Some(exact);
    }
    let same = children.iter().position(|child| upcase::equal(&child.name, name));
    let short = |child: &StoredDentry| !child.short_name.is_empty() && upcase::equal(&child.short_name, name);
    same.or_else(|| children.iter().position(short))
}

/// A resource of which only what was asked for has been decompressed.
#[derive(Debug)]
struct Sparse {
    content: Vec<u8>,
    missing: Option<Missing>,
}

#[derive(Debug)]
struct Missing {
    resource: ResourceReader,
    /// Which chunks are there.
    present: Vec<bool>,
}

impl Missing {
    fn new(resource: ResourceReader) -> Self {
        let chunks = usize::try_from(resource.chunk_count()).unwrap_or(usize::MAX);
        Self { resource, present: vec![false; chunks] }
    }

    /// Decompresses the chunks with the bytes of `range`.
    fn fetch(&mut self, content: &mut [u8], range: &Range<usize>) -> Result<()> {
        let chunk_size = usize::try_from(self.resource.chunk_size()).unwrap_or(usize::MAX).max(1);
        let chunks = range.start / chunk_size..range.end.div_ceil(chunk_size);
        for (chunk, present) in self.present.iter_mut().enumerate().take(chunks.end).skip(chunks.start) {
            if !*present {
                let start = chunk.saturating_mul(chunk_size);
                let end = start.saturating_add(chunk_size).min(content.len());
                let part = content.get_mut(start..end).unwrap_or_default();
                self.resource.read_range(u64::try_from(start).unwrap_or(u64::MAX), part)?;
                *present = true;
            }
        }
        Ok(())
    }
}

impl Metadata for Sparse {
    fn size(&self) -> usize {
        self.content.len()
    }

    fn get(&mut self, range: Range<usize>) -> Result<Option<&[u8]>> {
        if let Some(missing) = &mut self.missing {
            if range.start <= range.end && range.end <= self.content.len() {
                missing.fetch(&mut self.content, &range)?;
            }
        }
        Ok(self.content.get(range))
    }
}
