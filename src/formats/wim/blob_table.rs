//! The blob table ("lookup table", "offset table"): which contents a file has, by SHA-1.
//!
//! Entries are 50 bytes. Metadata resources are entries too, in the order of the images. A run of
//! entries with the solid flag describes solid resources and the blobs in them; within a run,
//! blob offsets count as if the run's resources were one.
//!
//! Reference: `docs/formats/wim.md` "Blob table"; `ebiggers/wimlib` `src/blob_table.c`.

use super::blob_entry::{DiskEntry, Entries};
use super::chunks::{SolidHeader, SOLID_HEADER_SIZE};
use super::hash_key::KeyState;
use super::header::{resource_flags, Compression, Header, ResourceHeader, VERSION_SOLID};
use super::solid_run::SolidRun;
use super::source::read_vec_at;
use super::Hash;
use crate::error::{Error, Result};
use crate::formats::{ReadAt, ReadRange};
use std::collections::hash_map::{Entry, HashMap};

pub use super::blob_entry::ENTRY_SIZE;

/// Entries that room is made for at once; beyond that it grows with what is really there.
const ROOM: usize = 1 << 20;
/// What a solid resource's entry has in place of its size.
const SOLID_MAGIC: u64 = 0x1_0000_0000;
pub(super) const FORMAT: &str = "WIM blob table";

/// Where the content of a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobLocation {
    /// A resource of its own.
    Resource(ResourceHeader),
    /// Inside a solid resource.
    Solid {
        /// Index into [`BlobTable::solid_resources`].
        resource: u32,
        /// Offset in the decompressed resource.
        offset: u64,
    },
}

/// One content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// SHA-1 of the content.
    pub hash: Hash,
    /// Bytes of the content; never 0.
    pub size: u64,
    /// How many names in all images have it.
    pub references: u32,
    /// The part of a split set that it is in, from 1.
    pub part: u16,
    /// Where in that part.
    pub location: BlobLocation,
}

/// A resource that holds many blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolidResource {
    /// The part of a split set that it is in, from 1.
    pub part: u16,
    /// Where it is; `size` is the decompressed size.
    pub header: ResourceHeader,
    /// How it is compressed, whatever the file's compression is.
    pub compression: Compression,
    /// Bytes per chunk.
    pub chunk_size: u32,
}

/// All blobs of a file, or of a split set.
#[derive(Debug, Clone, Default)]
pub struct BlobTable {
    blobs: Vec<Blob>,
    index: HashMap<Hash, u32, KeyState>,
    metadata: Vec<Blob>,
    solid: Vec<SolidResource>,
    ignored: Vec<IgnoredEntry>,
}

/// An entry of the file that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgnoredEntry {
    /// The part of a split set whose table it is in, from 1.
    pub part: u16,
    /// Its number in that table, from 0.
    pub entry: usize,
    /// Why it was left out.
    pub reason: IgnoredReason,
}

/// Why an entry was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IgnoredReason {
    /// Its SHA-1 is all zero.
    NoHash,
    /// Its content has no bytes.
    NoSize,
    /// It names another part than the one it is in.
    OtherPart,
    /// There is an entry with that SHA-1 already.
    Duplicate,
    /// Metadata that no image refers to. Boot images of the Windows AIK have some left over.
    UnusedMetadata,
    /// Metadata that is more than the images in the header, or in a part that has no images.
    MoreMetadata,
}

impl BlobTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the entries of one part's table, which is read as it goes. `source` is that part: solid
    /// resources carry their size inside themselves.
    ///
    /// As in wimlib, entries without hash, without size, of another part, or for a hash that is
    /// already there are left out; so are metadata entries without references.
    ///
    /// # Errors
    /// [`Error::Malformed`] for entries that contradict the format, and those of reading `table`.
    pub fn add_part(
        &mut self,
        table: &mut dyn ReadRange,
        header: &Header,
        source: &dyn ReadAt,
    ) -> Result<()> {
        let mut entries = Entries::new(table);
        let mut run: Option<SolidRun> = None;
        for index in 0..entries.count() {
            let Some(mut entry) = entries.get(index)? else { break };
            if index == 0 {
                // By now it is known that there is a table.
                let room = entries.count().min(ROOM);
                self.blobs.reserve(room);
                self.index.reserve(room);
            }
            if header.version != VERSION_SOLID {
                entry.header.flags &= !resource_flags::SOLID;
            }
            if !entry.header.has(resource_flags::SOLID) {
                if let Some(run) = run.take() {
                    run.finish()?;
                }
                self.add_resource(entry, header)?;
                continue;
            }
            let run = match &mut run {
                Some(run) => run,
                none => none.insert(self.start_run(&mut entries, index, header, source)?),
            };
            if entry.header.size != SOLID_MAGIC {
                self.add_solid_blob(entry, header, run)?;
            }
        }
        run.map_or(Ok(()), SolidRun::finish)
    }

    /// Reads the headers of all solid resources of the run that begins with entry `first_entry`.
    fn start_run(
        &mut self,
        entries: &mut Entries<'_>,
        first_entry: usize,
        header: &Header,
        source: &dyn ReadAt,
    ) -> Result<SolidRun> {
        let first_resource = self.solid.len();
        for index in first_entry..entries.count() {
            let Some(entry) = entries.get(index)?.filter(|entry| entry.header.has(resource_flags::SOLID))
            else {
                break;
            };
            if entry.header.size != SOLID_MAGIC {
                continue;
            }
            let offset = entry.header.offset;
            let bytes = read_vec_at(source, offset, SOLID_HEADER_SIZE)?;
            let solid = SolidHeader::parse(&bytes, offset)?;
            if entry.header.end().is_none() {
                return Err(entry.error("a resource inside the file", "an offset that overflows"));
            }
            self.solid.push(SolidResource {
                part: header.part_number,
                header: ResourceHeader { size: solid.size, ..entry.header },
                compression: solid.compression,
                chunk_size: solid.chunk_size,
            });
        }
        let resources = self.solid.iter().enumerate().skip(first_resource);
        let mut run = SolidRun { resources: Vec::new(), extents: Vec::new() };
        let mut start = 0u64;
        for (index, solid) in resources {
            run.resources.push((u32::try_from(index).unwrap_or(u32::MAX), start, solid.header.size));
            start = start.checked_add(solid.header.size).ok_or_else(|| {
                let place = format!("entry {first_entry}");
                Error::malformed(FORMAT, place, "a run of solid resources under 2^64 bytes", "more")
            })?;
        }
        Ok(run)
    }

    fn add_solid_blob(&mut self, entry: DiskEntry, header: &Header, run: &mut SolidRun) -> Result<()> {
        // For a blob in a solid resource, the size in the file is the blob's size.
        let size = entry.header.size_in_file;
        let (resource, offset) = run.locate(entry.header.offset, size).ok_or_else(|| {
            let found = format!("offset {:#x}, size {size:#x}", entry.header.offset);
            entry.error("a blob inside one of the run's solid resources", found)
        })?;
        if let Some(reason) = entry.problem(size, header) {
            self.ignore(&entry, header, reason);
            return Ok(());
        }
        if entry.header.has(resource_flags::METADATA) && entry.references != 0 {
            return Err(entry.error("image metadata in a resource of its own", "a solid one"));
        }
        let location = BlobLocation::Solid { resource, offset };
        let blob = Blob { hash: entry.hash, size, references: entry.references, part: entry.part, location };
        match self.add_new(blob)? {
            true => run.extents.push((resource, offset, size, entry.index)),
            false => self.ignore(&entry, header, IgnoredReason::Duplicate),
        }
        Ok(())
    }

    fn add_resource(&mut self, entry: DiskEntry, header: &Header) -> Result<()> {
        let resource = entry.header;
        if !resource.has(resource_flags::COMPRESSED) && resource.size_in_file != resource.size {
            let found = format!("{} and {}", resource.size_in_file, resource.size);
            return Err(entry.error("equal sizes without compression", found));
        }
        let blob = Blob {
            hash: entry.hash,
            size: resource.size,
            references: entry.references,
            part: entry.part,
            location: BlobLocation::Resource(resource),
        };
        if let Some(reason) = entry.problem(resource.size, header) {
            self.ignore(&entry, header, reason);
        } else if resource.has(resource_flags::METADATA) {
            match entry.references {
                0 => self.ignore(&entry, header, IgnoredReason::UnusedMetadata),
                1 if header.part_number == 1 && self.metadata.len() < usize_of(header.image_count) => {
                    self.metadata.push(blob);
                }
                1 => self.ignore(&entry, header, IgnoredReason::MoreMetadata),
                many => return Err(entry.error("1 reference to an image's metadata", many.to_string())),
            }
        } else if !self.add_new(blob)? {
            self.ignore(&entry, header, IgnoredReason::Duplicate);
        }
        Ok(())
    }

    /// Adds a blob; when there is one with the same hash, that one stays.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] beyond 2^32 blobs.
    pub fn add(&mut self, blob: Blob) -> Result<()> {
        self.add_new(blob).map(drop)
    }

    /// As [`BlobTable::add`]; says whether the blob is new.
    fn add_new(&mut self, blob: Blob) -> Result<bool> {
        let number = u32::try_from(self.blobs.len()).map_err(|_| Error::LimitExceeded {
            what: "the number of blobs",
            limit: u64::from(u32::MAX),
            found: u64::MAX,
        })?;
        let Entry::Vacant(place) = self.index.entry(blob.hash) else { return Ok(false) };
        place.insert(number);
        self.blobs.push(blob);
        Ok(true)
    }

    /// The blob of that hash.
    pub fn get(&self, hash: &Hash) -> Option<&Blob> {
        self.blobs.get(usize_of(*self.index.get(hash)?))
    }

    /// The blob of that hash, to change its references or its location. Its hash must stay.
    pub fn get_mut(&mut self, hash: &Hash) -> Option<&mut Blob> {
        self.blobs.get_mut(usize_of(*self.index.get(hash)?))
    }

    /// Takes a blob out of the table.
    pub fn remove(&mut self, hash: &Hash) -> Option<Blob> {
        let number = self.index.remove(hash)?;
        let position = usize_of(number);
        if position >= self.blobs.len() {
            return None;
        }
        let removed = self.blobs.swap_remove(position);
        if let Some(moved) = self.blobs.get(position) {
            self.index.insert(moved.hash, number);
        }
        Some(removed)
    }

    /// All blobs, without the images' metadata.
    pub fn iter(&self) -> std::slice::Iter<'_, Blob> {
        self.blobs.iter()
    }

    /// How many blobs there are, without the images' metadata.
    pub fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Whether there is no blob.
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// The metadata resource of each image, in the order of the images. There may be fewer than
    /// the header says.
    pub fn metadata(&self) -> &[Blob] {
        &self.metadata
    }

    /// The metadata resources, to add, replace or remove images.
    pub fn metadata_mut(&mut self) -> &mut Vec<Blob> {
        &mut self.metadata
    }

    /// The solid resources that [`BlobLocation::Solid`] points into.
    pub fn solid_resources(&self) -> &[SolidResource] {
        &self.solid
    }

    /// Adds a solid resource and gives its number for [`BlobLocation::Solid`].
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] beyond 2^32 of them.
    pub fn add_solid_resource(&mut self, solid: SolidResource) -> Result<u32> {
        let number = u32::try_from(self.solid.len()).map_err(|_| Error::LimitExceeded {
            what: "the number of solid resources",
            limit: u64::from(u32::MAX),
            found: u64::MAX,
        })?;
        self.solid.push(solid);
        Ok(number)
    }

    /// A solid resource, to change where it is.
    pub fn solid_resource_mut(&mut self, number: u32) -> Option<&mut SolidResource> {
        self.solid.get_mut(usize_of(number))
    }

    /// Which entries of the file were left out (see [`BlobTable::add_part`]).
    pub fn ignored_entries(&self) -> &[IgnoredEntry] {
        &self.ignored
    }

    fn ignore(&mut self, entry: &DiskEntry, header: &Header, reason: IgnoredReason) {
        self.ignored.push(IgnoredEntry { part: header.part_number, entry: entry.index, reason });
    }

    /// The table of part `part`: metadata in image order (part 1 only), then everything by place.
    /// Solid resources without a blob are left out.
    pub fn to_bytes(&self, part: u16) -> Vec<u8> {
        let mut blobs: Vec<&Blob> = self.blobs.iter().filter(|blob| blob.part == part).collect();
        blobs.sort_by_key(|blob| match blob.location {
            BlobLocation::Solid { resource, offset } => {
                (0, self.solid.get(usize_of(resource)).map_or(0, |solid| solid.header.offset), offset)
            }
            BlobLocation::Resource(header) => (1, header.offset, 0),
        });
        let mut bytes = Vec::with_capacity(blobs.len().saturating_mul(ENTRY_SIZE));
        for blob in self.metadata.iter().filter(|blob| blob.part == part) {
            if let BlobLocation::Resource(header) = blob.location {
                write_entry(&mut bytes, &header, part, 1, &blob.hash);
            }
        }
        let mut previous: Option<(u32, u64)> = None;
        let mut logical = 0u64;
        for blob in blobs {
            match blob.location {
                BlobLocation::Resource(header) => {
                    write_entry(&mut bytes, &header, part, blob.references, &blob.hash);
                }
                BlobLocation::Solid { resource, offset } => {
                    let Some(solid) = self.solid.get(usize_of(resource)) else { continue };
                    if previous.is_none_or(|(number, _)| number != resource) {
                        logical = logical.saturating_add(previous.map_or(0, |(_, size)| size));
                        previous = Some((resource, solid.header.size));
                        let entry = ResourceHeader { size: SOLID_MAGIC, ..solid.header };
                        write_entry(&mut bytes, &entry, part, 1, &[0; 20]);
                    }
                    let entry = ResourceHeader {
                        offset: logical.saturating_add(offset),
                        size_in_file: blob.size,
                        flags: resource_flags::SOLID,
                        // The size stands in place of the size in the file.
                        size: 0,
                    };
                    write_entry(&mut bytes, &entry, part, blob.references, &blob.hash);
                }
            }
        }
        bytes
    }
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn write_entry(bytes: &mut Vec<u8>, header: &ResourceHeader, part: u16, references: u32, hash: &Hash) {
    bytes.extend_from_slice(&header.to_bytes());
    bytes.extend_from_slice(&part.to_le_bytes());
    bytes.extend_from_slice(&references.to_le_bytes());
    bytes.extend_from_slice(hash);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(number: u8) -> Blob {
        let header = ResourceHeader::uncompressed(u64::from(number), 1, 0);
        let location = BlobLocation::Resource(header);
        Blob { hash: [number; 20], size: 1, references: 1, part: 1, location }
    }

    #[test]
    fn blobs_are_found_after_others_were_added_twice_and_removed() {
        let mut table = BlobTable::new();
        for number in [1, 2, 3, 2, 1] {
            table.add(blob(number)).unwrap();
        }
        assert_eq!(table.len(), 3);
        assert_eq!(table.remove(&[1; 20]).unwrap().hash, [1; 20]);
        assert!(table.remove(&[1; 20]).is_none());
        assert!(table.get(&[1; 20]).is_none());
        for number in [2, 3] {
            assert_eq!(table.get(&[number; 20]), Some(&blob(number)));
        }
        table.get_mut(&[3; 20]).unwrap().references = 7;
        assert_eq!(table.iter().map(|blob| blob.references).sum::<u32>(), 8);
        assert_eq!(table.to_bytes(1).len(), 2 * ENTRY_SIZE);
        assert_eq!(table.to_bytes(2).len(), 0);
    }
}
