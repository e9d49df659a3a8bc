//! Content on its way into a session: hashed, deduplicated, and kept in one file in the form it
//! will have in the image file; a new version of large content as a [patch](crate::image::patch), which
//! gets that form when it is saved.

use crate::error::{Error, Result};
use crate::formats::wim::{resource_flags, Hash, ResourceHeader};
use crate::image::compress::{Earlier, Nothing};
use crate::image::content::{ContentStore, EMPTY};
use crate::image::encoding;
use crate::image::host::{self, HostFile};
use crate::image::operation::{Patch, StagedBlob};
use crate::image::options::Content;
use crate::image::patch;
use crate::image::resource::{ResourceWriter, Storage, Written};
use crate::progress::{report, Observer, Phase};
use sha1::{Digest, Sha1};
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes hashed at a time, between two reports.
const HASHED: usize = 16 << 20;

/// Hash, bytes, and whether the content was there already.
pub type Staged = (Hash, u64, bool);

/// The end of the staged file, where a transaction puts its content.
#[derive(Debug)]
pub struct Staging {
    file: Arc<HostFile>,
    storage: Storage,
    level: u32,
    writer: Option<ResourceWriter>,
    /// Where the content of committed transactions ends.
    start: u64,
    length: u64,
    blobs: Vec<StagedBlob>,
    kept: bool,
}

impl Staging {
    /// Opens the staged file. What an unfinished transaction left behind `start` is cut off.
    pub fn begin(path: PathBuf, start: u64, storage: Storage) -> Result<Self> {
        let file = Arc::new(HostFile::open_private(&path)?);
        match file.length()? {
            length if length > start => file.set_length(start)?,
            length if length < start => {
                return Err(Error::StateDamaged { reason: "the staged content is cut off".to_owned() });
            }
            _ => {}
        }
        let blobs = Vec::new();
        Ok(Self { file, storage, level: 0, writer: None, start, length: start, blobs, kept: false })
    }

    /// The staged file.
    pub fn file(&self) -> Arc<HostFile> {
        Arc::clone(&self.file)
    }

    /// Where the staged content ends.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The compression level from now on.
    pub fn set_level(&mut self, level: u32) {
        if level != self.level {
            self.level = level;
            self.writer = None;
        }
    }

    /// What was staged.
    pub fn take_blobs(&mut self) -> Vec<StagedBlob> {
        std::mem::take(&mut self.blobs)
    }

    /// Makes the staged content durable, and the file's name when it is new.
    pub fn sync(&self, new: bool) -> Result<()> {
        if self.length > self.start {
            self.file.sync()?;
        }
        match self.file.path().parent() {
            Some(directory) if new => host::sync_directory(directory),
            _ => Ok(()),
        }
    }

    /// The transaction is committed: its content stays.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Stages content. Small content is hashed before anything is written.
    pub fn stage(
        &mut self,
        store: &mut ContentStore,
        content: Content<'_>,
        observer: Observer<'_>,
    ) -> Result<Staged> {
        let Content { size, mut reader } = content;
        let batch = u64::try_from(self.writer()?.batch_size()).unwrap_or(u64::MAX);
        if size > batch {
            return self.write(store, size, &mut reader, &Nothing, observer);
        }
        let mut bytes = Vec::new();
        // One byte more shows content that has grown.
        let read = reader.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::Stream)?;
        if u64::try_from(read) != Ok(size) {
            let message = "the content does not have the size that was announced";
            return Err(Error::Stream(std::io::Error::other(message)));
        }
        self.stage_bytes(store, &bytes, &Nothing, observer)
    }

    /// Stages a new version of the content `old`, which differs in `changed` only: those ranges, if that
    /// pays and `patchable` (the old content stays readable), else all of it. Then chunks outside
    /// `changed` are compared with the old ones and taken over compressed.
    pub fn stage_version(
        &mut self,
        store: &mut ContentStore,
        (old, patchable): (&Hash, bool),
        content: &[u8],
        changed: &[Range<u64>],
        observer: Observer<'_>,
    ) -> Result<Staged> {
        let size = length_of(content);
        match store.size(old) {
            Some(base_size) if patchable => {
                let ranges = patch::ranges(changed, size, base_size);
                if patch::pays(&ranges, size) {
                    return self.stage_patch(store, Patch { base: *old, ranges }, content, observer);
                }
            }
            _ => {}
        }
        match store.chunks(old, self.storage) {
            Some(chunks) => {
                let chunks = chunks.without(changed, self.storage.chunk_size);
                self.stage_bytes(store, content, &chunks, observer)
            }
            None => self.stage_bytes(store, content, &Nothing, observer),
        }
    }

    fn stage_patch(
        &mut self,
        store: &mut ContentStore,
        patch: Patch,
        content: &[u8],
        observer: Observer<'_>,
    ) -> Result<Staged> {
        let size = length_of(content);
        let hash = hash(content, observer)?;
        report(observer, Phase::Staging, size, size)?;
        if store.size(&hash).is_some() {
            return Ok((hash, size, true));
        }
        let (offset, mut end) = (self.length, self.length);
        let index = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        for range in &patch.ranges {
            let bytes = content.get(index(range.start)..index(range.end)).unwrap_or_default();
            if let Err(error) = self.file.write_at(bytes, end) {
                let _ = self.file.set_length(offset);
                return Err(error);
            }
            end = end.saturating_add(length_of(bytes));
        }
        let size_in_file = end.saturating_sub(offset);
        let blob = StagedBlob { hash, size, offset, size_in_file, compressed: false, patch: Some(patch) };
        self.add(store, blob, end)?;
        debug_assert!(
            store.open(&hash).and_then(|mut read| read.stream(&mut |_| Ok(()))).is_ok(),
            "more than the named ranges has changed"
        );
        Ok((hash, size, false))
    }

    /// Stages patched content in the form it will have in the image file. Chunks that no patch changed are
    /// taken over from the content below. Nothing is noted of it: it is for a save, while this lives.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the patches do not make the content that they should.
    pub fn complete(&mut self, store: &mut ContentStore, hash: &Hash, observer: Observer<'_>) -> Result<()> {
        let mut content = store.open(hash)?;
        let (file, offset, size) = (self.file(), self.length, content.size());
        let chunks = store.chunks(hash, self.storage);
        let earlier: &dyn Earlier = match &chunks {
            Some(chunks) => chunks,
            None => &Nothing,
        };
        let mut done = 0u64;
        let written = self.writer()?.write(&file, offset, size, &mut content, earlier, &mut |bytes| {
            done = done.saturating_add(bytes);
            report(observer, Phase::Staging, done, size)
        });
        let Written { hash: found, header, end } = written.inspect_err(|_| {
            let _ = file.set_length(offset);
        })?;
        self.length = end;
        if found != *hash {
            let (expected, found) = (encoding::to_hex(hash), encoding::to_hex(&found));
            return Err(Error::malformed("content", "SHA-1", expected, found));
        }
        store.complete(whole(found, size, &header));
        Ok(())
    }

    /// Notes a blob that ends at `end`.
    fn add(&mut self, store: &mut ContentStore, blob: StagedBlob, end: u64) -> Result<()> {
        self.length = end;
        store.add(blob.clone())?;
        self.blobs.push(blob);
        Ok(())
    }

    fn stage_bytes(
        &mut self,
        store: &mut ContentStore,
        bytes: &[u8],
        earlier: &dyn Earlier,
        observer: Observer<'_>,
    ) -> Result<Staged> {
        let size = length_of(bytes);
        if bytes.is_empty() {
            return Ok((EMPTY, 0, true));
        }
        let hash = hash(bytes, observer)?;
        if store.size(&hash).is_some() {
            report(observer, Phase::Staging, size, size)?;
            return Ok((hash, size, true));
        }
        self.write(store, size, &mut &*bytes, earlier, observer)
    }

    fn write(
        &mut self,
        store: &mut ContentStore,
        size: u64,
        content: &mut dyn Read,
        earlier: &dyn Earlier,
        observer: Observer<'_>,
    ) -> Result<Staged> {
        let file = self.file();
        let offset = self.length;
        let mut done = 0u64;
        let written = self.writer()?.write(&file, offset, size, content, earlier, &mut |bytes| {
            done = done.saturating_add(bytes);
            report(observer, Phase::Staging, done, size)
        });
        let Written { hash, header, end } = match written {
            Ok(written) => written,
            Err(error) => {
                // Above all when the disk is full, the space is needed.
                let _ = file.set_length(offset);
                return Err(error);
            }
        };
        if store.size(&hash).is_some() {
            file.set_length(offset)?;
            return Ok((hash, size, true));
        }
        self.add(store, whole(hash, size, &header), end)?;
        Ok((hash, size, false))
    }

    fn writer(&mut self) -> Result<&mut ResourceWriter> {
        match &mut self.writer {
            Some(writer) => Ok(writer),
            none => Ok(none.insert(ResourceWriter::new(self.storage, self.level)?)),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.kept && self.length > self.start {
            // Nobody refers to it; when this fails, the next transaction does it.
            let _ = self.file.set_length(self.start);
        }
    }
}

/// A resource as a staged blob.
fn whole(hash: Hash, size: u64, header: &ResourceHeader) -> StagedBlob {
    let compressed = header.has(resource_flags::COMPRESSED);
    let ResourceHeader { offset, size_in_file, .. } = *header;
    StagedBlob { hash, size, offset, size_in_file, compressed, patch: None }
}

fn hash(content: &[u8], observer: Observer<'_>) -> Result<Hash> {
    let mut digest = Sha1::new();
    for (number, part) in content.chunks(HASHED).enumerate() {
        if number > 0 {
            report(observer, Phase::Staging, 0, length_of(content))?;
        }
        digest.update(part);
    }
    Ok(digest.finalize().into())
}

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
