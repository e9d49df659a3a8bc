//! An open WIM file, or an open split set: header, XML document, blob table, and on demand the
//! metadata of an image and the content of a blob.

use super::blob_table::{Blob, BlobLocation, BlobTable};
use super::header::{resource_flags, Compression, Header, ResourceHeader, HEADER_SIZE};
use super::image_info::ImageInfo;
use super::integrity::IntegrityTable;
use super::resource::ResourceReader;
use super::source::{read_exact_at, size_of};
use super::xml::{XmlDocument, MAX_DOCUMENT};
use super::Hash;
use crate::error::{Error, Result};
use crate::formats::bytes::to_hex;
use crate::formats::{ReadAt, ReadRange};
use sha1::{Digest, Sha1};
use std::sync::Arc;

/// Metadata larger than this is refused. The largest images of Windows Server have about 60 MB.
const MAX_METADATA: u64 = 2 << 30;
/// Metadata that decompresses to more than this many times the file is refused, as in wimlib.
const MAX_METADATA_RATIO: u64 = 512;

struct Part {
    source: Arc<dyn ReadAt>,
    header: Header,
    size: u64,
}

/// An open WIM file or split set.
pub struct Archive {
    /// Sorted by part number; the first is part 1.
    parts: Vec<Part>,
    xml: XmlDocument,
    images: Vec<ImageInfo>,
    blobs: BlobTable,
}

impl Archive {
    /// Opens a file, or the parts of a split set in any order. Only the header, the XML document
    /// and the blob table of each are read.
    ///
    /// A split set may be opened without its later parts: what they hold is then missing.
    ///
    /// # Errors
    /// [`Error::Malformed`] for damage and for parts that do not belong together;
    /// [`Error::PartMissing`] without part 1, which has the images;
    /// [`Error::Unsupported`] for pipable and for encrypted files.
    pub fn open(sources: Vec<Arc<dyn ReadAt>>) -> Result<Self> {
        let mut parts = sources.into_iter().map(Part::open).collect::<Result<Vec<_>>>()?;
        parts.sort_by_key(|part| part.header.part_number);
        check_set(&parts)?;
        let Some(first) = parts.first() else {
            return Err(Error::InvalidArgument { parameter: "sources", reason: "no file was given".into() });
        };
        let xml = XmlDocument::parse(&first.read_resource("the XML document", &first.header.xml)?)?;
        if xml.image_count() != first.header.image_count {
            let expected = format!("{} image(s), as in the XML document", xml.image_count());
            let found = first.header.image_count.to_string();
            return Err(Error::malformed("WIM header", "image count", expected, found));
        }
        let mut blobs = BlobTable::new();
        for part in &parts {
            let mut table = part.open_resource("the blob table", &part.header.blob_table)?;
            blobs.add_part(&mut table, &part.header, &*part.source)?;
        }
        let images = ImageInfo::all(&xml);
        Ok(Self { parts, xml, images, blobs })
    }

    /// The header of the file, or of part 1.
    pub fn header(&self) -> &Header {
        // `open` refuses an empty list; the static header is never seen.
        static NONE: std::sync::OnceLock<Header> = std::sync::OnceLock::new();
        match self.parts.first() {
            Some(part) => &part.header,
            None => NONE.get_or_init(|| Header::new(Compression::None, 0, [0; 16])),
        }
    }

    /// The headers of all parts that were opened, part 1 first.
    pub fn headers(&self) -> impl Iterator<Item = &Header> {
        self.parts.iter().map(|part| &part.header)
    }

    /// The images, as the XML document describes them; image 1 first.
    pub fn images(&self) -> &[ImageInfo] {
        &self.images
    }

    /// The image that boots, from 1; a boot index without such an image counts as none.
    pub fn boot_index(&self) -> Option<u32> {
        let index = self.header().boot_index;
        (index != 0 && index <= self.header().image_count).then_some(index)
    }

    /// The XML document.
    pub fn xml(&self) -> &XmlDocument {
        &self.xml
    }

    /// The blob table, of all parts together.
    pub fn blobs(&self) -> &BlobTable {
        &self.blobs
    }

    /// How the file's ordinary resources are compressed.
    pub fn compression(&self) -> Compression {
        self.header().compression()
    }

    /// Whether content is kept in solid resources (ESD).
    pub fn is_solid(&self) -> bool {
        !self.blobs.solid_resources().is_empty()
    }

    /// Whether the file is a part of a split set.
    pub fn is_split(&self) -> bool {
        self.header().is_split()
    }

    /// Whether the file (part 1 of a set) has an integrity table.
    pub fn has_integrity_table(&self) -> bool {
        self.header().integrity.is_present()
    }

    /// The integrity table of part `part` (from 1), if it has one, and the offset up to which it
    /// covers the part.
    pub fn integrity_table(&self, part: u16) -> Result<Option<(IntegrityTable, u64)>> {
        let part = self.part(part)?;
        let header = &part.header;
        if !header.integrity.is_present() {
            return Ok(None);
        }
        let end = header.blob_table.end().unwrap_or(u64::MAX);
        let bytes = part.read_resource("the integrity table", &header.integrity)?;
        Ok(Some((IntegrityTable::parse(&bytes, end)?, end)))
    }

    /// The file that part `part` (from 1) is in.
    pub fn source(&self, part: u16) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::clone(&self.part(part)?.source))
    }

    fn part(&self, number: u16) -> Result<&Part> {
        let part = self.parts.iter().find(|part| part.header.part_number == number);
        part.ok_or(Error::PartMissing { part: number, total: self.header().total_parts })
    }

    /// The blob that holds the metadata of image `index`, from 1.
    pub fn metadata_blob(&self, index: u32) -> Result<&Blob> {
        let count = u32::try_from(self.blobs.metadata().len()).unwrap_or(u32::MAX);
        let position = index.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        let blob = position.and_then(|position| self.blobs.metadata().get(position));
        blob.ok_or(Error::IndexNotFound { index, count: count.min(self.header().image_count) })
    }

    /// Opens the metadata of image `index` (from 1), to read its chunks on several threads. The
    /// caller compares the SHA-1 with [`Archive::metadata_blob`]'s.
    pub fn open_metadata(&self, index: u32) -> Result<ResourceReader> {
        let blob = self.metadata_blob(index)?;
        let part = self.part(blob.part)?;
        let limit = part.size.saturating_mul(MAX_METADATA_RATIO).min(MAX_METADATA);
        if blob.size > limit {
            let what = "the size of an image's metadata in bytes";
            return Err(Error::LimitExceeded { what, limit, found: blob.size });
        }
        self.open_resource(blob)
    }

    /// The metadata of image `index` (from 1), decompressed and checked against its SHA-1.
    pub fn read_metadata(&self, index: u32) -> Result<Vec<u8>> {
        let bytes = self.open_metadata(index)?.read_all("the size of an image's metadata", MAX_METADATA)?;
        check_hash(&self.metadata_blob(index)?.hash, &Sha1::digest(&bytes).into(), || {
            format!("metadata of image {index}")
        })?;
        Ok(bytes)
    }

    /// Opens a blob for reading.
    ///
    /// # Errors
    /// When the file does not have it, [`Error::PartMissing`] if a part of the split set is missing
    /// (with the first that is), else [`Error::ContentMissing`]: the file holds only the changes to
    /// another one.
    pub fn open_blob(&self, hash: &Hash) -> Result<BlobReader> {
        self.open_blob_after(hash, None)
    }

    /// Opens a blob for reading, going on with the reader of the previous one. Blobs in the same
    /// solid resource then share its chunk table and the chunk that was decoded last, so that
    /// reading them in the order of their place decodes each chunk once.
    pub fn open_blob_after(&self, hash: &Hash, previous: Option<BlobReader>) -> Result<BlobReader> {
        let blob = self.blob(hash)?;
        let offset = match blob.location {
            BlobLocation::Solid { offset, .. } => offset,
            BlobLocation::Resource(_) => 0,
        };
        let shared = previous.filter(|previous| match blob.location {
            BlobLocation::Solid { resource, .. } => previous.solid == Some((blob.part, resource)),
            BlobLocation::Resource(_) => false,
        });
        let resource = match shared {
            Some(previous) => previous.resource,
            None => self.open_resource(blob)?,
        };
        let solid = match blob.location {
            BlobLocation::Solid { resource, .. } => Some((blob.part, resource)),
            BlobLocation::Resource(_) => None,
        };
        Ok(BlobReader { resource, start: offset, size: blob.size, position: 0, hash: *hash, solid })
    }

    /// The blob of that hash.
    ///
    /// # Errors
    /// As [`Archive::open_blob`].
    pub fn blob(&self, hash: &Hash) -> Result<&Blob> {
        self.blobs.get(hash).ok_or_else(|| match self.missing_parts().next() {
            Some(part) => Error::PartMissing { part, total: self.header().total_parts },
            None => Error::ContentMissing { hash: to_hex(hash) },
        })
    }

    /// The numbers of the parts of the split set that were not given, in order.
    pub fn missing_parts(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=self.header().total_parts).filter(|number| self.part(*number).is_err())
    }

    /// Opens the resource a blob is in, the solid one if it is in one.
    pub fn open_resource(&self, blob: &Blob) -> Result<ResourceReader> {
        let part = self.part(blob.part)?;
        let source = Arc::clone(&part.source);
        match blob.location {
            BlobLocation::Resource(header) => {
                ResourceReader::open(source, header, part.header.compression(), part.header.chunk_size)
            }
            BlobLocation::Solid { resource, .. } => {
                let index = usize::try_from(resource).unwrap_or(usize::MAX);
                let solid = self.blobs.solid_resources().get(index).ok_or_else(|| {
                    Error::malformed("WIM blob table", format!("solid resource {resource}"), "one", "none")
                })?;
                ResourceReader::open_solid(source, solid.header, solid.compression, solid.chunk_size)
            }
        }
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive")
            .field("header", self.header())
            .field("parts", &self.parts.len())
            .field("blobs", &self.blobs.len())
            .finish_non_exhaustive()
    }
}

impl Part {
    fn open(source: Arc<dyn ReadAt>) -> Result<Self> {
        let size = size_of(&*source)?;
        let mut bytes = [0; HEADER_SIZE];
        read_exact_at(&*source, &mut bytes, 0)?;
        let header = Header::parse(&bytes)?;
        Ok(Self { source, header, size })
    }

    /// Reads one of the resources of the header.
    fn read_resource(&self, what: &'static str, header: &ResourceHeader) -> Result<Vec<u8>> {
        self.open_resource(what, header)?.read_all(what, self.size)
    }

    /// Opens one of the resources of the header. They are not larger than the file even when
    /// decompressed, because Windows does not compress them.
    fn open_resource(&self, what: &'static str, header: &ResourceHeader) -> Result<ResourceReader> {
        if header.has(resource_flags::SOLID) && !header.has(resource_flags::COMPRESSED) {
            return Err(Error::malformed("WIM header", what, "an ordinary resource", "a solid one"));
        }
        let source = Arc::clone(&self.source);
        let resource =
            ResourceReader::open(source, *header, self.header.compression(), self.header.chunk_size)?;
        let limit = self.size.min(MAX_DOCUMENT.max(self.size / 4));
        match resource.size() > limit {
            true => Err(Error::LimitExceeded { what, limit, found: resource.size() }),
            false => Ok(resource),
        }
    }
}

fn check_set(parts: &[Part]) -> Result<()> {
    let malformed = |place: String, expected: String, found: String| {
        Err(Error::malformed("WIM split set", place, expected, found))
    };
    let Some(first) = parts.first() else { return Ok(()) };
    if first.header.part_number != 1 {
        return Err(Error::PartMissing { part: 1, total: first.header.total_parts });
    }
    for (previous, part) in parts.iter().zip(parts.iter().skip(1)) {
        let number = part.header.part_number;
        if number == previous.header.part_number {
            return malformed(format!("part {number}"), "each part once".into(), "it twice".into());
        }
        if part.header.guid != first.header.guid {
            return malformed(format!("part {number}"), "the GUID of part 1".into(), "another".into());
        }
        if part.header.total_parts != first.header.total_parts {
            let expected = format!("{} parts, as in part 1", first.header.total_parts);
            return malformed(format!("part {number}"), expected, part.header.total_parts.to_string());
        }
    }
    Ok(())
}

/// Refuses content whose SHA-1 is not the one that was promised; `place` says whose content it is.
pub(crate) fn check_hash(expected: &Hash, found: &Hash, place: impl FnOnce() -> String) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::malformed("WIM file", place(), format!("SHA-1 {}", to_hex(expected)), to_hex(found)))
}

/// Reads the content of one blob.
#[derive(Debug)]
pub struct BlobReader {
    resource: ResourceReader,
    start: u64,
    size: u64,
    position: u64,
    hash: Hash,
    /// Part and solid resource, if the blob is in one.
    solid: Option<(u16, u32)>,
}

impl BlobReader {
    /// Bytes of the content.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-1 of the content.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The resource that the blob is in.
    pub fn resource(&self) -> &ResourceReader {
        &self.resource
    }

    /// Fills `buffer` from `offset` of the content.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the range is not inside the content, or its data is damaged.
    pub fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        let start = self.start.checked_add(offset);
        match start {
            Some(start) if offset.checked_add(length).is_some_and(|end| end <= self.size) => {
                self.resource.read_range(start, buffer)
            }
            _ => {
                let found = format!("{} in all", self.size);
                let place = format!("offset {offset:#x} of the content");
                Err(Error::malformed("WIM file", place, format!("{length} byte(s)"), found))
            }
        }
    }

    /// Hands the content out piece by piece and checks its SHA-1 at the end.
    ///
    /// # Errors
    /// [`Error::Malformed`] when data is damaged, also after all of it was handed out; the error
    /// of `consume`, which stops the reading.
    pub fn stream(&mut self, consume: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut hasher = Sha1::new();
        let mut buffer = vec![0; 128 << 10];
        let mut offset = 0;
        while offset < self.size {
            let left = self.size.saturating_sub(offset);
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get_mut(..count).unwrap_or_default();
            self.read_range(offset, part)?;
            hasher.update(&part);
            consume(part)?;
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(0));
        }
        check_hash(&self.hash, &hasher.finalize().into(), || "content of a blob".into())
    }

    /// The whole content, checked against its SHA-1; at most `limit` bytes.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.size > limit {
            return Err(Error::LimitExceeded { what: "the size of a file", limit, found: self.size });
        }
        let mut bytes = Vec::new();
        self.stream(&mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }
}

impl ReadRange for BlobReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        BlobReader::read_range(self, offset, buffer)
    }
}

impl std::io::Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let target = buffer.get_mut(..count).unwrap_or_default();
        self.read_range(self.position, target)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string()))?;
        self.position = self.position.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}
