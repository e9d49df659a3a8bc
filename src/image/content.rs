//! All content a session can read: the blobs of the image file, and what was staged since, whole or
//! as [patches](crate::image::patch).

use crate::error::{Error, InFile, Result};
use crate::formats::wim::chunks::{self};
use crate::formats::wim::{resource_flags, BlobReader, Hash, ResourceHeader, ResourceReader, Stored};
use crate::formats::{ReadAt, ReadRange};
use crate::image::compress::Earlier;
use crate::image::file::ImageFile;
use crate::image::host::HostFile;
use crate::image::operation::StagedBlob;
use crate::image::patch::{Overlay, PatchedReader};
use crate::image::resource::Storage;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The hash of no content.
pub const EMPTY: Hash = [0; 20];
/// Bytes read at a time while streaming content out.
const WINDOW: usize = 256 << 10;

/// Where content is found.
#[derive(Debug, Clone)]
pub struct ContentStore {
    image: Arc<ImageFile>,
    staged_file: Option<Arc<HostFile>>,
    staged: HashMap<Hash, StagedBlob>,
}

impl ContentStore {
    /// The content of an image file alone.
    pub fn new(image: Arc<ImageFile>) -> Self {
        Self { image, staged_file: None, staged: HashMap::new() }
    }

    /// Names the file that staged blobs are in.
    pub fn set_staged_file(&mut self, file: Arc<HostFile>) {
        self.staged_file = Some(file);
    }

    /// The file that staged blobs are in.
    pub fn staged_file(&self) -> Option<&Arc<HostFile>> {
        self.staged_file.as_ref()
    }

    /// Adds a staged blob. One that is there already stays as it is: patches may rest on it.
    ///
    /// # Errors
    /// [`Error::StateDamaged`] for a patch that cannot be one.
    pub fn add(&mut self, blob: StagedBlob) -> Result<()> {
        if let Some(patch) = &blob.patch {
            let Some(base_size) = self.size(&patch.base) else {
                let base = crate::image::encoding::to_hex(&patch.base);
                return Err(Error::StateDamaged { reason: format!("there is no content {base} to patch") });
            };
            patch.check(&blob, base_size)?;
        }
        self.staged.entry(blob.hash).or_insert(blob);
        Ok(())
    }

    /// Puts the same content, whole, in the place of a patch.
    pub fn complete(&mut self, blob: StagedBlob) {
        self.staged.insert(blob.hash, blob);
    }

    /// A staged blob.
    pub fn staged_blob(&self, hash: &Hash) -> Option<&StagedBlob> {
        self.staged.get(hash)
    }

    /// The content is staged as a patch.
    pub fn is_patch(&self, hash: &Hash) -> bool {
        self.staged.get(hash).is_some_and(|blob| blob.patch.is_some())
    }

    /// The whole content below all patches of a content, and what they lay over it.
    pub(super) fn layers(&self, hash: &Hash) -> (Hash, Overlay) {
        let mut overlay = Overlay::default();
        let mut below = *hash;
        while let Some((blob, patch)) =
            self.staged.get(&below).and_then(|blob| Some((blob, blob.patch.as_ref()?)))
        {
            overlay.lay_under(patch, blob.offset);
            below = patch.base;
        }
        (below, overlay)
    }

    /// Bytes of a content that is there; `None` when it is nowhere.
    pub fn size(&self, hash: &Hash) -> Option<u64> {
        if *hash == EMPTY {
            return Some(0);
        }
        let staged = self.staged.get(hash).map(|blob| blob.size);
        staged.or_else(|| self.image.find_blob(hash).map(|blob| blob.size))
    }

    /// Opens content for reading.
    pub fn open(&self, hash: &Hash) -> Result<ContentReader> {
        if *hash == EMPTY {
            return Ok(ContentReader { source: Source::Nothing, hash: EMPTY, size: 0, position: 0 });
        }
        if let Some(blob) = self.staged.get(hash) {
            let source = match blob.patch {
                Some(_) => Source::Patched(self.open_patched(blob)?),
                None => Source::Staged(Box::new(self.open_staged(blob)?)),
            };
            return Ok(ContentReader { source, hash: *hash, size: blob.size, position: 0 });
        }
        let reader = self.image.open_blob(hash)?;
        let size = reader.size();
        Ok(ContentReader { source: Source::Image(Box::new(reader)), hash: *hash, size, position: 0 })
    }

    fn open_patched(&self, blob: &StagedBlob) -> Result<PatchedReader> {
        let (below, overlay) = self.layers(&blob.hash);
        // Whole content: this goes no deeper.
        Ok(PatchedReader::new(self.open(&below)?, overlay, Arc::clone(self.file()?), blob.size))
    }

    fn file(&self) -> Result<&Arc<HostFile>> {
        let gone = || Error::StateDamaged { reason: "the staged content is gone".to_owned() };
        self.staged_file.as_ref().ok_or_else(gone)
    }

    fn open_staged(&self, blob: &StagedBlob) -> Result<ResourceReader> {
        let file = self.file()?;
        let Storage { compression, chunk_size } = self.image.storage();
        let source: Arc<dyn ReadAt> = file.clone();
        let resource = ResourceReader::open(source, staged_header(blob), compression, chunk_size);
        resource.in_file(file.path().display().to_string())
    }

    /// The compressed chunks of a content, for a new version of it: of a patched one, those below
    /// that no patch changed. `None` when they cannot be taken over: solid, uncompressed, or of
    /// another chunk size.
    pub fn chunks(&self, hash: &Hash, storage: Storage) -> Option<EarlierChunks> {
        let (below, overlay) = self.layers(hash);
        let resource = match self.staged.get(&below) {
            Some(blob) => self.open_staged(blob).ok()?,
            None => {
                let blob = self.image.archive().blobs().get(&below)?;
                let crate::formats::wim::BlobLocation::Resource(_) = blob.location else { return None };
                self.image.archive().open_resource(blob).ok()?
            }
        };
        let same = resource.compression() == storage.compression
            && resource.chunk_size() == storage.chunk_size
            && resource.header().has(resource_flags::COMPRESSED);
        same.then(|| {
            let count = chunks::chunk_count(resource.size(), resource.chunk_size());
            EarlierChunks { count, resource: Mutex::new(resource), changed: Vec::new() }
                .without(&overlay.ranges(), storage.chunk_size)
        })
    }
}

/// The header of a staged blob's resource in the staged file.
pub fn staged_header(blob: &StagedBlob) -> ResourceHeader {
    let flags = if blob.compressed { resource_flags::COMPRESSED } else { 0 };
    ResourceHeader { offset: blob.offset, size_in_file: blob.size_in_file, flags, size: blob.size }
}

/// Compressed chunks of an earlier version of content.
pub struct EarlierChunks {
    resource: Mutex<ResourceReader>,
    count: u64,
    /// Numbers of chunks known to have changed, as ranges with their ends.
    changed: Vec<(u64, u64)>,
}

impl EarlierChunks {
    /// Leaves out the chunks that hold bytes of `changed`.
    pub fn without(mut self, changed: &[Range<u64>], chunk_size: u32) -> Self {
        let chunk_size = u64::from(chunk_size.max(1));
        let changed = changed.iter().filter(|range| range.start < range.end);
        let chunks = changed.map(|range| (range.start / chunk_size, range.end.div_ceil(chunk_size)));
        self.changed.extend(chunks);
        self
    }
}

impl Earlier for EarlierChunks {
    fn compressed_chunk(&self, index: u64, length: usize) -> Option<Vec<u8>> {
        if index >= self.count || self.changed.iter().any(|(from, to)| (*from..*to).contains(&index)) {
            return None;
        }
        let resource = self.resource.lock().unwrap_or_else(PoisonError::into_inner);
        let range = resource.chunk_range(index);
        if usize::try_from(range.end.checked_sub(range.start)?) != Ok(length) {
            return None;
        }
        let mut raw = Vec::new();
        match resource.read_chunk_raw(index, &mut raw) {
            Ok(Stored::Compressed) => Some(raw),
            _ => None,
        }
    }
}

enum Source {
    Nothing,
    Image(Box<BlobReader>),
    Staged(Box<ResourceReader>),
    Patched(PatchedReader),
}

/// Reads one content, by range or from front to back.
pub struct ContentReader {
    source: Source,
    hash: Hash,
    size: u64,
    position: u64,
}

impl ContentReader {
    /// Bytes of content.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-1 of the content; all zero when it is empty.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Fills `buffer` from `offset`. A range is not checked against the SHA-1.
    pub fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        match &mut self.source {
            Source::Nothing if buffer.is_empty() => Ok(()),
            Source::Nothing => {
                Err(Error::malformed("content", format!("offset {offset:#x}"), "more bytes", "an empty one"))
            }
            Source::Image(reader) => reader.read_range(offset, buffer),
            Source::Staged(reader) => reader.read_range(offset, buffer),
            Source::Patched(reader) => reader.read_range(offset, buffer),
        }
    }

    /// Hands out the whole content piece by piece, and fails at the end when it does not have its
    /// SHA-1.
    pub fn stream(&mut self, consume: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut digest = Sha1::new();
        let mut window = vec![0; usize::try_from(self.size).map_or(WINDOW, |size| size.min(WINDOW))];
        let mut offset = 0;
        while offset < self.size {
            let left = self.size.saturating_sub(offset);
            let now = usize::try_from(left).map_or(window.len(), |left| left.min(window.len()));
            let part = window.get_mut(..now).unwrap_or_default();
            self.read_range(offset, part)?;
            digest.update(&*part);
            consume(part)?;
            offset = offset.saturating_add(u64::try_from(now).unwrap_or(u64::MAX));
        }
        let found: Hash = digest.finalize().into();
        if self.size > 0 && found != self.hash {
            let expected = crate::image::encoding::to_hex(&self.hash);
            let found = crate::image::encoding::to_hex(&found);
            return Err(Error::malformed("content", "SHA-1", expected, found));
        }
        Ok(())
    }

    /// The whole content, checked, if it has at most `limit` bytes.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.size > limit {
            return Err(Error::LimitExceeded { what: "the size of a file", limit, found: self.size });
        }
        let mut bytes = Vec::new();
        // At once, because growing would hold a large hive twice; it is not touched before it is filled.
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        if bytes.try_reserve_exact(size).is_err() {
            let what = "the memory for a file";
            return Err(Error::LimitExceeded { what, limit, found: self.size });
        }
        self.stream(&mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }
}

impl ReadRange for ContentReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        ContentReader::read_range(self, offset, buffer)
    }
}

impl io::Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let target = buffer.get_mut(..count).unwrap_or_default();
        self.read_range(self.position, target)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        self.position = self.position.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}

impl std::fmt::Debug for ContentReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentReader").field("size", &self.size).finish_non_exhaustive()
    }
}
