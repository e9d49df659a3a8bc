//! Reading one resource: whole, by range, or chunk by chunk.
//!
//! Chunks are independent of each other, so that callers may decode them on several threads
//! ([`ResourceReader::read_chunk_raw`] and [`ResourceReader::decode_chunk`] take `&self`) and may
//! copy compressed chunks that did not change into a new resource.

use super::chunks::{table_size, ChunkLayout, ChunkTable};
use super::header::{resource_flags, Compression, ResourceHeader};
use super::source::{read_exact_at, read_vec_at};
use super::store::Stored;
use crate::error::{Error, Result};
use crate::formats::{ReadAt, ReadRange};
use std::ops::Range;
use std::sync::Arc;
use wimlib_sys::codec::Decompressor;

const FORMAT: &str = "WIM resource";
/// How large a slice of an uncompressed resource is handed out as a "chunk": large enough that a
/// read is not dominated by its overhead, small enough for one buffer per thread.
const UNCOMPRESSED_SLICE: u32 = 1 << 20;

/// Reads one resource of a WIM file.
pub struct ResourceReader {
    source: Arc<dyn ReadAt>,
    header: ResourceHeader,
    compression: Compression,
    chunk_size: u32,
    table: Option<ChunkTable>,
    decompressor: Option<Decompressor>,
    /// The chunk that was decoded last, for reads in small pieces.
    decoded: Option<(u64, Vec<u8>)>,
}

impl ResourceReader {
    /// A resource as its header describes it, in a file of the given compression and chunk size.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the sizes contradict each other or the chunk table is not all in
    /// the file.
    pub fn open(
        source: Arc<dyn ReadAt>,
        header: ResourceHeader,
        compression: Compression,
        chunk_size: u32,
    ) -> Result<Self> {
        if !header.has(resource_flags::COMPRESSED) {
            if header.size != header.size_in_file {
                let place = format!("offset {:#x}", header.offset);
                let found = format!("{} and {}", header.size_in_file, header.size);
                return Err(Error::malformed(FORMAT, place, "equal sizes without compression", found));
            }
            return Ok(Self {
                source,
                header,
                compression: Compression::None,
                chunk_size: UNCOMPRESSED_SLICE,
                table: None,
                decompressor: None,
                decoded: None,
            });
        }
        Self::open_chunked(source, header, compression, chunk_size, ChunkLayout::Ordinary)
    }

    /// A solid resource; `header.size` is the size from its own header.
    ///
    /// # Errors
    /// As [`ResourceReader::open`].
    pub fn open_solid(
        source: Arc<dyn ReadAt>,
        header: ResourceHeader,
        compression: Compression,
        chunk_size: u32,
    ) -> Result<Self> {
        Self::open_chunked(source, header, compression, chunk_size, ChunkLayout::Solid)
    }

    fn open_chunked(
        source: Arc<dyn ReadAt>,
        header: ResourceHeader,
        compression: Compression,
        chunk_size: u32,
        layout: ChunkLayout,
    ) -> Result<Self> {
        let place = || format!("offset {:#x}", header.offset);
        if compression == Compression::None || !compression.allows_chunk_size(chunk_size) {
            let found = format!("{} with chunks of {chunk_size}", compression.name());
            return Err(Error::malformed(FORMAT, place(), "a compression and a chunk size it allows", found));
        }
        let table_size = table_size(header.size, chunk_size, layout);
        if table_size > header.size_in_file {
            let expected = format!("a chunk table of {table_size} byte(s)");
            let found = format!("a resource of {} in the file", header.size_in_file);
            return Err(Error::malformed(FORMAT, place(), expected, found));
        }
        let bytes = read_vec_at(&*source, header.offset, table_size)?;
        let table =
            ChunkTable::parse(&bytes, header.size, chunk_size, layout, header.size_in_file, header.offset)?;
        Ok(Self {
            source,
            header,
            compression,
            chunk_size,
            table: Some(table),
            decompressor: None,
            decoded: None,
        })
    }

    /// Takes over the decompressor of a reader that is done with, if it fits: making one takes longer
    /// than decoding a small resource.
    pub fn go_on_after(&mut self, other: Self) {
        if self.compression == other.compression && self.chunk_size == other.chunk_size {
            self.decompressor = other.decompressor;
        }
    }

    /// Bytes when decompressed.
    pub fn size(&self) -> u64 {
        self.header.size
    }

    /// Where the resource is in its file. `size` is the decompressed size even if solid.
    pub fn header(&self) -> &ResourceHeader {
        &self.header
    }

    /// How the chunks are compressed; [`Compression::None`] for a resource stored as it is.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Bytes per chunk; the slices of an uncompressed resource have a fixed size.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// How many chunks there are.
    pub fn chunk_count(&self) -> u64 {
        super::chunks::chunk_count(self.header.size, self.chunk_size)
    }

    /// Which bytes of the decompressed resource chunk `index` holds; empty behind the last chunk.
    pub fn chunk_range(&self, index: u64) -> Range<u64> {
        let chunk_size = u64::from(self.chunk_size);
        let start = index.saturating_mul(chunk_size).min(self.header.size);
        start..start.saturating_add(chunk_size).min(self.header.size)
    }

    fn chunk_length(&self, index: u64) -> usize {
        let range = self.chunk_range(index);
        // At most `chunk_size`, a u32.
        usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0)
    }

    /// Reads chunk `index` as it is stored, into `raw` (cleared first).
    pub fn read_chunk_raw(&self, index: u64, raw: &mut Vec<u8>) -> Result<Stored> {
        let length = self.chunk_length(index);
        let (start, stored_size) = match &self.table {
            Some(table) => table.stored_range(index, length)?,
            None => (self.chunk_range(index).start, length),
        };
        let offset = self.header.offset.checked_add(start).ok_or_else(|| {
            Error::malformed(FORMAT, format!("chunk {index}"), "an offset inside the file", "an overflow")
        })?;
        raw.clear();
        raw.resize(stored_size, 0);
        read_exact_at(&*self.source, raw, offset)?;
        Ok(if stored_size == length { Stored::Raw } else { Stored::Compressed })
    }

    /// Decodes what [`ResourceReader::read_chunk_raw`] read for chunk `index` into `out` (cleared
    /// first). `decompressor` is one that [`ResourceReader::decompressor`] made.
    pub fn decode_chunk(
        &self,
        decompressor: Option<&mut Decompressor>,
        index: u64,
        raw: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        out.clear();
        out.resize(self.chunk_length(index), 0);
        self.decode_into(decompressor, index, raw, out)
    }

    fn decode_into(
        &self,
        decompressor: Option<&mut Decompressor>,
        index: u64,
        raw: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        if raw.len() == out.len() {
            out.copy_from_slice(raw);
            return Ok(());
        }
        let decoded = decompressor.map(|decompressor| decompressor.decompress(raw, out));
        match decoded {
            Some(Ok(())) => Ok(()),
            _ => {
                let place = format!("chunk {index} of the resource at offset {:#x}", self.header.offset);
                let expected = format!("valid {} data", self.compression.name());
                Err(Error::malformed(FORMAT, place, expected, "data that does not decompress"))
            }
        }
    }

    /// A decompressor for this resource's chunks; `None` if they are not compressed.
    pub fn decompressor(&self) -> Result<Option<Decompressor>> {
        let Some(format) = self.compression.format() else { return Ok(None) };
        let size = usize::try_from(self.chunk_size).unwrap_or(usize::MAX);
        let decompressor = Decompressor::new(format, size).map_err(|error| Error::Unsupported {
            what: format!("{} with chunks of {} bytes", self.compression.name(), self.chunk_size),
            reason: error.to_string(),
        })?;
        Ok(Some(decompressor))
    }

    /// Fills `buffer` from `offset` of the decompressed resource.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the range is not inside the resource or its data is damaged.
    pub fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        if offset.checked_add(length).is_none_or(|end| end > self.header.size) {
            let place = format!("offset {offset:#x} of the content");
            let found = format!("{} in all", self.header.size);
            return Err(Error::malformed(FORMAT, place, format!("{length} byte(s)"), found));
        }
        if self.table.is_none() {
            // The sum was checked to be inside the resource, whose end the file read checks.
            return read_exact_at(&*self.source, buffer, self.header.offset.saturating_add(offset));
        }
        let mut position = offset;
        let mut rest = buffer;
        let mut raw = Vec::new();
        while !rest.is_empty() {
            let index = position / u64::from(self.chunk_size);
            let chunk = self.chunk_range(index);
            let skip = usize::try_from(position.saturating_sub(chunk.start)).unwrap_or(usize::MAX);
            let available = self.chunk_length(index).saturating_sub(skip);
            let count = available.min(rest.len());
            let Some((target, behind)) = rest.split_at_mut_checked(count).filter(|_| count > 0) else {
                break;
            };
            if skip == 0 && count == self.chunk_length(index) && !self.has_decoded(index) {
                self.read_chunk_raw(index, &mut raw)?;
                let mut decompressor = self.take_decompressor()?;
                let result = self.decode_into(decompressor.as_mut(), index, &raw, target);
                self.decompressor = decompressor;
                result?;
            } else {
                let decoded = self.decoded_chunk(index, &mut raw)?;
                let part = skip.checked_add(count).and_then(|end| decoded.get(skip..end));
                if let Some(part) = part {
                    target.copy_from_slice(part);
                }
            }
            position = position.saturating_add(u64::try_from(count).unwrap_or(0));
            rest = behind;
        }
        Ok(())
    }

    fn has_decoded(&self, index: u64) -> bool {
        self.decoded.as_ref().is_some_and(|(decoded, _)| *decoded == index)
    }

    fn take_decompressor(&mut self) -> Result<Option<Decompressor>> {
        match self.decompressor.take() {
            Some(decompressor) => Ok(Some(decompressor)),
            None => self.decompressor(),
        }
    }

    fn decoded_chunk(&mut self, index: u64, raw: &mut Vec<u8>) -> Result<&[u8]> {
        if !self.has_decoded(index) {
            let mut out = self.decoded.take().map(|(_, buffer)| buffer).unwrap_or_default();
            self.read_chunk_raw(index, raw)?;
            let mut decompressor = self.take_decompressor()?;
            let result = self.decode_chunk(decompressor.as_mut(), index, raw, &mut out);
            self.decompressor = decompressor;
            result?;
            self.decoded = Some((index, out));
        }
        Ok(self.decoded.as_ref().map_or(&[], |(_, bytes)| bytes))
    }

    /// The whole resource, at most `limit` bytes of it.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] for a larger one, before anything is allocated.
    pub fn read_all(&mut self, what: &'static str, limit: u64) -> Result<Vec<u8>> {
        if self.size() > limit {
            return Err(Error::LimitExceeded { what, limit, found: self.size() });
        }
        if self.table.is_none() {
            return read_vec_at(&*self.source, self.header.offset, self.size());
        }
        // Grows with what was really decoded: a resource that only claims to be large ends early.
        let mut bytes = Vec::new();
        let (mut raw, mut chunk) = (Vec::new(), Vec::new());
        let mut decompressor = self.take_decompressor()?;
        for index in 0..self.chunk_count() {
            self.read_chunk_raw(index, &mut raw)?;
            self.decode_chunk(decompressor.as_mut(), index, &raw, &mut chunk)?;
            bytes.extend_from_slice(&chunk);
        }
        self.decompressor = decompressor;
        Ok(bytes)
    }
}

impl ReadRange for ResourceReader {
    fn size(&self) -> u64 {
        ResourceReader::size(self)
    }

    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        ResourceReader::read_range(self, offset, buffer)
    }
}

impl std::fmt::Debug for ResourceReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceReader")
            .field("header", &self.header)
            .field("compression", &self.compression)
            .field("chunk_size", &self.chunk_size)
            .finish_non_exhaustive()
    }
}
