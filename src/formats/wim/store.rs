//! Writing one resource: chunks compressed one by one, and the table in front of them.
//!
//! [`compress_chunk`] is a pure function of one chunk, so that callers can run it on all cores;
//! [`encode`] does a whole resource on one thread.

use super::chunks::{table_bytes, ChunkLayout};
use super::header::{resource_flags, Compression, ResourceHeader};
use crate::error::{Error, Result};
use wimlib_sys::codec::Compressor;

/// How a chunk is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Compressed.
    Compressed,
    /// As it is, because compression did not make it smaller.
    Raw,
}

/// Makes a compressor for chunks of `chunk_size` bytes; `None` for [`Compression::None`].
/// `level` is libwim's scale: 20 fast, 50 its default, 100 slow.
pub fn compressor(compression: Compression, chunk_size: u32, level: u32) -> Result<Option<Compressor>> {
    let Some(format) = compression.format() else { return Ok(None) };
    let size = usize::try_from(chunk_size).unwrap_or(usize::MAX);
    let compressor = Compressor::new(format, size, level).map_err(|error| Error::Unsupported {
        what: format!("{} compression with chunks of {chunk_size} bytes", compression.name()),
        reason: error.to_string(),
    })?;
    Ok(Some(compressor))
}

/// Appends `chunk` to `out` in the form it is stored in.
pub fn compress_chunk(compressor: &mut Compressor, chunk: &[u8], out: &mut Vec<u8>) -> Stored {
    let start = out.len();
    // A chunk is stored compressed only if that saves at least one byte: readers tell the two
    // apart by the size alone.
    let room = chunk.len().saturating_sub(1);
    out.resize(start.saturating_add(room), 0);
    let target = out.get_mut(start..).unwrap_or_default();
    match compressor.compress(chunk, target) {
        Some(size) => {
            out.truncate(start.saturating_add(size));
            Stored::Compressed
        }
        None => {
            out.truncate(start);
            out.extend_from_slice(chunk);
            Stored::Raw
        }
    }
}

/// A resource's bytes, ready to be put anywhere in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedResource {
    /// What goes into the file.
    pub bytes: Vec<u8>,
    /// Bytes when decompressed.
    pub size: u64,
    /// Whether the bytes are a chunk table and chunks, or the data itself.
    pub compressed: bool,
}

impl EncodedResource {
    /// The header of the resource when it is put at `offset`, with `flags` besides the one that
    /// says it is compressed.
    pub fn header(&self, offset: u64, flags: u8) -> ResourceHeader {
        let compressed = if self.compressed { resource_flags::COMPRESSED } else { 0 };
        ResourceHeader {
            offset,
            size_in_file: u64::try_from(self.bytes.len()).unwrap_or(u64::MAX),
            flags: flags & !resource_flags::COMPRESSED | compressed,
            size: self.size,
        }
    }
}

/// Puts the table in front of chunks that are already in their stored form.
///
/// `chunks` is their concatenation and `stored_sizes` the bytes of each. When the result would not
/// be smaller than the data, the resource is to be stored as it is: then `None`.
pub fn assemble(
    chunks: &[u8],
    stored_sizes: &[u32],
    size: u64,
    chunk_size: u32,
    compression: Compression,
) -> Option<EncodedResource> {
    let mut bytes = table_bytes(stored_sizes, size, chunk_size, compression, ChunkLayout::Ordinary);
    bytes.extend_from_slice(chunks);
    let smaller = u64::try_from(bytes.len()).is_ok_and(|stored| stored < size);
    smaller.then_some(EncodedResource { bytes, size, compressed: true })
}

/// Compresses `data` as an ordinary resource, on this thread.
pub fn encode(data: &[u8], compression: Compression, chunk_size: u32, level: u32) -> Result<EncodedResource> {
    let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
    if let Some(mut compressor) = compressor(compression, chunk_size, level)? {
        let mut chunks = Vec::new();
        let mut sizes = Vec::new();
        for chunk in data.chunks(usize::try_from(chunk_size).unwrap_or(usize::MAX).max(1)) {
            let before = chunks.len();
            compress_chunk(&mut compressor, chunk, &mut chunks);
            // A stored chunk is not larger than `chunk_size`, a u32.
            sizes.push(u32::try_from(chunks.len().saturating_sub(before)).unwrap_or(u32::MAX));
        }
        if let Some(encoded) = assemble(&chunks, &sizes, size, chunk_size, compression) {
            return Ok(encoded);
        }
    }
    Ok(EncodedResource { bytes: data.to_vec(), size, compressed: false })
}
