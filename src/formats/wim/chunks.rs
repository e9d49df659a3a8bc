//! Chunk tables: where the separately compressed chunks of a resource are.
//!
//! An ordinary resource begins with the offsets of chunks 1, 2…, counted from the end of the table
//! (chunk 0 is at 0 and has no entry); 4 bytes each, 8 when the resource decompresses to 4 GiB or
//! more. A solid resource begins with a 16-byte header (size, chunk size, compression) and has the
//! stored size of every chunk, 4 bytes each.
//!
//! Reference: `docs/formats/wim.md` "Chunks"; `ebiggers/wimlib` `src/resource.c`.

use super::header::Compression;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// Bytes of the header of a solid resource.
pub const SOLID_HEADER_SIZE: u64 = 16;
const FORMAT: &str = "WIM resource";

/// Which of the two layouts a resource has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkLayout {
    /// One blob, offsets.
    Ordinary,
    /// Many blobs, a header and sizes.
    Solid,
}

/// How many chunks `size` bytes make.
pub fn chunk_count(size: u64, chunk_size: u32) -> u64 {
    size.div_ceil(u64::from(chunk_size.max(1)))
}

/// Bytes in front of the first chunk: the table, and the header of a solid resource.
pub fn table_size(size: u64, chunk_size: u32, layout: ChunkLayout) -> u64 {
    let count = chunk_count(size, chunk_size);
    match layout {
        ChunkLayout::Ordinary => count.saturating_sub(1).saturating_mul(entry_size(size)),
        ChunkLayout::Solid => count.saturating_mul(4).saturating_add(SOLID_HEADER_SIZE),
    }
}

fn entry_size(size: u64) -> u64 {
    if size <= u64::from(u32::MAX) {
        4
    } else {
        8
    }
}

/// The bytes in front of the first chunk, for chunks stored with `stored_sizes` bytes each.
///
/// `size` is the uncompressed size of the whole resource; there must be [`chunk_count`] sizes.
pub fn table_bytes(
    stored_sizes: &[u32],
    size: u64,
    chunk_size: u32,
    compression: Compression,
    layout: ChunkLayout,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    match layout {
        ChunkLayout::Solid => {
            bytes.extend_from_slice(&size.to_le_bytes());
            bytes.extend_from_slice(&chunk_size.to_le_bytes());
            bytes.extend_from_slice(&compression.number().to_le_bytes());
            stored_sizes.iter().for_each(|size| bytes.extend_from_slice(&size.to_le_bytes()));
        }
        ChunkLayout::Ordinary => {
            let mut offset = 0u64;
            let all_but_last = stored_sizes.split_last().map_or(&[][..], |(_, rest)| rest);
            for stored in all_but_last {
                offset = offset.saturating_add(u64::from(*stored));
                match u32::try_from(offset) {
                    Ok(short) if entry_size(size) == 4 => bytes.extend_from_slice(&short.to_le_bytes()),
                    _ => bytes.extend_from_slice(&offset.to_le_bytes()),
                }
            }
        }
    }
    bytes
}

/// The header of a solid resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolidHeader {
    /// Bytes when decompressed.
    pub size: u64,
    /// Bytes per chunk.
    pub chunk_size: u32,
    /// How the chunks are compressed, which need not be the file's compression.
    pub compression: Compression,
}

impl SolidHeader {
    /// Reads the 16 bytes found at `offset` of the file.
    pub fn parse(bytes: &[u8], offset: u64) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, bytes).with_base(offset);
        let size = reader.u64()?;
        let chunk_size = reader.u32()?;
        let number = reader.u32()?;
        match Compression::from_number(number) {
            Some(compression @ (Compression::Xpress | Compression::Lzx | Compression::Lzms)) => {
                Ok(Self { size, chunk_size, compression })
            }
            _ => Err(reader.error_at(12, "compression 1 to 3", number.to_string())),
        }
    }
}

/// Where the chunks of one resource are, relative to the start of the resource.
#[derive(Debug, Clone)]
pub struct ChunkTable {
    size: u64,
    chunk_size: u32,
    /// Offset of each chunk, and of the end of the last.
    offsets: Vec<u64>,
}

impl ChunkTable {
    /// Reads a table of [`table_size`] bytes; `size_in_file` is the stored size of the resource.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the bytes do not hold a table for that size. Whether each chunk
    /// makes sense is checked by [`ChunkTable::stored_range`], so that damage to one chunk does
    /// not take the others away.
    pub fn parse(
        bytes: &[u8],
        size: u64,
        chunk_size: u32,
        layout: ChunkLayout,
        size_in_file: u64,
        file_offset: u64,
    ) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, bytes).with_base(file_offset);
        let first = table_size(size, chunk_size, layout);
        let count = chunk_count(size, chunk_size);
        // The caller has read that many bytes, so the count is bounded by what is in the file.
        if u64::try_from(bytes.len()) != Ok(first) {
            return Err(reader.error(format!("a chunk table of {first} bytes"), format!("{}", bytes.len())));
        }
        let mut offsets = Vec::new();
        if count > 0 {
            offsets.push(first);
        }
        if layout == ChunkLayout::Solid {
            reader.skip(usize::try_from(SOLID_HEADER_SIZE).unwrap_or(16))?;
        }
        let mut offset = first;
        for _ in 1..count {
            offset = match layout {
                ChunkLayout::Solid => offset.checked_add(u64::from(reader.u32()?)),
                ChunkLayout::Ordinary if entry_size(size) == 4 => first.checked_add(u64::from(reader.u32()?)),
                ChunkLayout::Ordinary => first.checked_add(reader.u64()?),
            }
            .ok_or_else(|| reader.error("a chunk offset inside the file", "an overflow"))?;
            offsets.push(offset);
        }
        offsets.push(size_in_file);
        Ok(Self { size, chunk_size, offsets })
    }

    /// How many chunks there are.
    pub fn count(&self) -> u64 {
        chunk_count(self.size, self.chunk_size)
    }

    /// Offset, relative to the resource, and stored size of chunk `index`.
    pub fn stored_range(&self, index: u64, decoded_size: usize) -> Result<(u64, usize)> {
        let place = || format!("chunk {index}");
        let at = usize::try_from(index).ok();
        let pair = at.and_then(|at| self.offsets.get(at..at.checked_add(2)?));
        let Some([start, end]) = pair else {
            let expected = format!("one of {} chunk(s)", self.count());
            return Err(Error::malformed(FORMAT, place(), expected, "a later one"));
        };
        let size = end.checked_sub(*start).and_then(|size| usize::try_from(size).ok());
        match size {
            Some(size) if size > 0 && size <= decoded_size => Ok((*start, size)),
            _ => {
                let expected = format!("a stored size of 1 to {decoded_size}");
                Err(Error::malformed(FORMAT, place(), expected, format!("offsets {start:#x} to {end:#x}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(sizes: &[u32], size: u64, layout: ChunkLayout) {
        let bytes = table_bytes(sizes, size, 32_768, Compression::Lzx, layout);
        assert_eq!(u64::try_from(bytes.len()).unwrap(), table_size(size, 32_768, layout));
        let stored: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
        let end = stored + u64::try_from(bytes.len()).unwrap();
        let table = ChunkTable::parse(&bytes, size, 32_768, layout, end, 0).unwrap();
        for (index, &expected) in sizes.iter().enumerate() {
            let (_, found) = table.stored_range(index as u64, 32_768).unwrap();
            assert_eq!(found, expected as usize);
        }
        assert!(table.stored_range(sizes.len() as u64, 32_768).is_err());
    }

    #[test]
    fn both_layouts_give_back_the_stored_sizes() {
        round_trip(&[5, 32_768, 9], 70_000, ChunkLayout::Ordinary);
        round_trip(&[5, 32_768, 9], 70_000, ChunkLayout::Solid);
        round_trip(&[17], 100, ChunkLayout::Ordinary);
    }

    #[test]
    fn entries_have_eight_bytes_from_four_gibibytes_on() {
        assert_eq!(table_size(u64::from(u32::MAX), 32_768, ChunkLayout::Ordinary), 131_071 * 4);
        assert_eq!(table_size(1 << 32, 32_768, ChunkLayout::Ordinary), 131_071 * 8);
    }

    #[test]
    fn chunks_that_run_backwards_are_refused_one_by_one() {
        let bytes = table_bytes(&[10, 10, 10], 70_000, 32_768, Compression::Lzx, ChunkLayout::Ordinary);
        let table = ChunkTable::parse(&bytes, 70_000, 32_768, ChunkLayout::Ordinary, 20, 0).unwrap();
        assert!(table.stored_range(0, 32_768).is_ok());
        assert!(table.stored_range(2, 4_464).is_err(), "it would begin behind the end of the resource");
    }
}
