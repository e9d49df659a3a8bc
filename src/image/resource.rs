//! Writing one WIM resource into a host file: content of any size through a bounded window.

use crate::error::{Error, Result};
use crate::formats::wim::chunks::{self, ChunkLayout};
use crate::formats::wim::{resource_flags, Compression, Hash, ResourceHeader};
use crate::image::compress::{Earlier, Packer};
use crate::image::host::HostFile;
use sha1::{Digest, Sha1};
use std::io::{ErrorKind, Read};

/// Bytes handed on at a time where nothing is compressed.
const RAW_BATCH: usize = 1 << 20;

/// How resources of an image file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// The file's compression.
    pub compression: Compression,
    /// The file's chunk size.
    pub chunk_size: u32,
}

/// A resource that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// SHA-1 of the content.
    pub hash: Hash,
    /// Where it is.
    pub header: ResourceHeader,
    /// The first byte after it, or after what was needed while writing it.
    pub end: u64,
}

/// Writes resources, with codecs that are kept from one to the next.
#[derive(Debug)]
pub struct ResourceWriter {
    storage: Storage,
    packer: Option<Packer>,
}

impl ResourceWriter {
    /// A writer for a file's storage; `level` is libwim's, 0 for the default.
    pub fn new(storage: Storage, level: u32) -> Result<Self> {
        let packer = match storage.compression.format() {
            Some(format) => Some(Packer::new(format, storage.chunk_size, level)?),
            None => None,
        };
        Ok(Self { storage, packer })
    }

    /// Content up to this size is handled in one piece.
    pub fn batch_size(&self) -> usize {
        self.packer.as_ref().map_or(RAW_BATCH, Packer::batch_size)
    }

    /// Writes `size` bytes of `content` to `file` at `offset`. `advance` is told each batch's
    /// bytes and may stop the work. What is written before an error is left to the caller.
    pub fn write(
        &mut self,
        file: &HostFile,
        offset: u64,
        size: u64,
        content: &mut dyn Read,
        earlier: &dyn Earlier,
        advance: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<Written> {
        let batch_size = self.batch_size();
        let mut batch = vec![0; usize::try_from(size).map_or(batch_size, |size| size.min(batch_size))];
        let mut digest = Sha1::new();
        let table_size = match self.packer {
            Some(_) => chunks::table_size(size, self.storage.chunk_size, ChunkLayout::Ordinary),
            None => 0,
        };
        let start = offset.saturating_add(table_size);
        let mut position = start;
        let mut sizes: Vec<u32> = Vec::new();
        let mut joined = Vec::new();
        let mut left = size;
        while left > 0 {
            let now = usize::try_from(left).map_or(batch.len(), |left| left.min(batch.len()));
            let part = batch.get_mut(..now).unwrap_or_default();
            content.read_exact(part).map_err(content_error)?;
            let part = &*part;
            match &mut self.packer {
                Some(packer) => {
                    let first = u64::try_from(sizes.len()).unwrap_or(u64::MAX);
                    packer.pack(first, part, earlier, || digest.update(part));
                    joined.clear();
                    for chunk in packer.packed() {
                        joined.extend_from_slice(chunk);
                        // A chunk is not larger than the chunk size, a u32.
                        sizes.push(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
                    }
                    file.write_at(&joined, position)?;
                    position = position.saturating_add(length_of(&joined));
                }
                None => {
                    digest.update(part);
                    file.write_at(part, position)?;
                    position = position.saturating_add(length_of(part));
                }
            }
            left = left.saturating_sub(length_of(part));
            advance(length_of(part))?;
        }
        if content.read(&mut [0]).map_err(content_error)? != 0 {
            return Err(Error::Stream(std::io::Error::other("there is more content than was announced")));
        }
        let hash = digest.finalize().into();
        if self.packer.is_none() {
            let header = ResourceHeader::uncompressed(offset, size, 0);
            return Ok(Written { hash, header, end: position });
        }
        let (header, end) = conclude(self.storage, file, offset, size, &sizes)?;
        Ok(Written { hash, header, end })
    }
}

/// Gives chunks that were written behind the space for their table, which begins at `offset`, the
/// form of a resource of `size` bytes, and returns its header and the end of what it took.
pub(crate) fn conclude(
    storage: Storage,
    file: &HostFile,
    offset: u64,
    size: u64,
    sizes: &[u32],
) -> Result<(ResourceHeader, u64)> {
    let Storage { compression, chunk_size } = storage;
    let start = offset.saturating_add(chunks::table_size(size, chunk_size, ChunkLayout::Ordinary));
    let stored = sizes.iter().map(|size| u64::from(*size)).fold(0, u64::saturating_add);
    let end = start.saturating_add(stored);
    let size_in_file = end.saturating_sub(offset);
    if size_in_file < size {
        let table = chunks::table_bytes(sizes, size, chunk_size, compression, ChunkLayout::Ordinary);
        file.write_at(&table, offset)?;
        let flags = resource_flags::COMPRESSED;
        return Ok((ResourceHeader { offset, size_in_file, flags, size }, end));
    }
    // Compression did not pay: the content goes in as it is. Nearly always every chunk is stored
    // as it is already, so that only the table is too much.
    if stored == size {
        return Ok((ResourceHeader::uncompressed(start, size, 0), end));
    }
    let behind = unpack(storage, file, start, sizes, size, end)?;
    Ok((ResourceHeader::uncompressed(end, size, 0), behind))
}

/// Writes the content of chunks at `start` to `target`, uncompressed; returns the end.
fn unpack(
    storage: Storage,
    file: &HostFile,
    start: u64,
    sizes: &[u32],
    size: u64,
    target: u64,
) -> Result<u64> {
    let chunk_size = usize::try_from(storage.chunk_size).unwrap_or(usize::MAX);
    let mut decompressor = match storage.compression.format() {
        Some(format) => wimlib_sys::codec::Decompressor::new(format, chunk_size).ok(),
        None => None,
    };
    let (mut from, mut to, mut left) = (start, target, size);
    let (mut raw, mut chunk) = (Vec::new(), Vec::new());
    for stored in sizes {
        chunk.resize(usize::try_from(left).map_or(chunk_size, |left| left.min(chunk_size)), 0);
        raw.resize(usize::try_from(*stored).unwrap_or(0), 0);
        file.read_at(&mut raw, from)?;
        if raw.len() == chunk.len() {
            chunk.copy_from_slice(&raw);
        } else {
            let unpacked = decompressor.as_mut().map(|codec| codec.decompress(&raw, &mut chunk));
            if !matches!(unpacked, Some(Ok(()))) {
                let reason = "content that was just compressed cannot be read back".to_owned();
                return Err(Error::StateDamaged { reason });
            }
        }
        file.write_at(&chunk, to)?;
        from = from.saturating_add(u64::from(*stored));
        to = to.saturating_add(length_of(&chunk));
        left = left.saturating_sub(length_of(&chunk));
    }
    Ok(to)
}

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn content_error(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => {
            Error::Stream(std::io::Error::new(error.kind(), "there is less content than was announced"))
        }
        _ => Error::Stream(error),
    }
}
