//! The integrity table: SHA-1 of every 10 MB of the file, from behind the header to the end of the
//! blob table.
//!
//! The XML document and the table itself are not covered; the header is not either, so that it can
//! be rewritten last.
//!
//! Reference: `docs/formats/wim.md` "Integrity table"; `ebiggers/wimlib` `src/integrity.c`.

use super::header::HEADER_SIZE;
use super::source::read_exact_at;
use super::Hash;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use crate::formats::ReadAt;
use sha1::{Digest, Sha1};

/// Bytes per digest in tables that Windows and wimlib write.
pub const DEFAULT_CHUNK_SIZE: u32 = 10 << 20;
/// Tables with chunks outside this range are verified, but a new table gets the default size.
const REUSABLE_CHUNK_SIZES: std::ops::RangeInclusive<u32> = 4096..=128 << 20;
const FORMAT: &str = "WIM integrity table";
/// Bytes in front of the digests.
const TABLE_HEADER: u64 = 12;
/// Where the covered bytes begin.
const START: u64 = 208;
const _: () = assert!(HEADER_SIZE == 208);

/// Digests of consecutive chunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityTable {
    chunk_size: u32,
    digests: Vec<Hash>,
}

impl IntegrityTable {
    /// Reads a table for a file whose blob table ends at `end`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when its sizes do not fit each other or the file.
    pub fn parse(bytes: &[u8], end: u64) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, bytes);
        let size = reader.u32()?;
        let count = reader.u32()?;
        let chunk_size = reader.u32()?;
        let expected_size = u64::from(count).saturating_mul(20).saturating_add(TABLE_HEADER);
        if usize::try_from(size) != Ok(bytes.len()) || u64::from(size) != expected_size {
            let expected = format!("a size of {} bytes for {count} digest(s)", bytes.len());
            return Err(reader.error_at(0, expected, size.to_string()));
        }
        if chunk_size == 0 {
            return Err(reader.error_at(8, "a chunk size", "0"));
        }
        let expected_count = covered(end).div_ceil(u64::from(chunk_size));
        if u64::from(count) != expected_count {
            return Err(reader.error_at(4, format!("{expected_count} digest(s)"), count.to_string()));
        }
        let digests = reader.rest().chunks_exact(20).map(|digest| digest.try_into().unwrap_or([0; 20]));
        Ok(Self { chunk_size, digests: digests.collect() })
    }

    /// The table as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.digests.len()).unwrap_or(u32::MAX);
        let size = count.saturating_mul(20).saturating_add(12);
        let mut bytes = Vec::new();
        for number in [size, count, self.chunk_size] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.digests.iter().for_each(|digest| bytes.extend_from_slice(digest));
        bytes
    }

    /// Bytes per digest.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// How many digests there are.
    pub fn chunk_count(&self) -> usize {
        self.digests.len()
    }

    /// Which bytes of a file whose blob table ends at `end` chunk `index` covers.
    pub fn chunk_bytes(&self, end: u64, index: usize) -> std::ops::Range<u64> {
        let (start, length) = chunk_extent(end, self.chunk_size, index);
        start..start.saturating_add(length)
    }

    /// Whether chunk `index` of a file whose blob table ends at `end` still has its digest. Chunks
    /// may be checked in any order and on several threads.
    pub fn chunk_matches(&self, source: &dyn ReadAt, end: u64, index: usize) -> Result<bool> {
        let digest = hash_chunk(source, end, self.chunk_size, index)?;
        Ok(self.digests.get(index) == Some(&digest))
    }

    /// The table for a file whose blob table now ends at `end`. Digests of `old` are reused for
    /// chunks that lie wholly in front of `unchanged_to`: what was only appended to is not read.
    ///
    /// `on_chunk` is told how many bytes were done; its error stops the work.
    pub fn compute(
        source: &dyn ReadAt,
        end: u64,
        old: Option<(&IntegrityTable, u64)>,
        on_chunk: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<Self> {
        let old = old.filter(|(table, _)| REUSABLE_CHUNK_SIZES.contains(&table.chunk_size));
        let chunk_size = old.map_or(DEFAULT_CHUNK_SIZE, |(table, _)| table.chunk_size);
        let count = covered(end).div_ceil(u64::from(chunk_size));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut digests = Vec::new();
        for index in 0..count {
            let (start, length) = chunk_extent(end, chunk_size, index);
            let chunk_end = start.saturating_add(length);
            let kept = old.and_then(|(table, unchanged_to)| {
                let whole = length == u64::from(chunk_size) && chunk_end <= unchanged_to;
                table.digests.get(index).filter(|_| whole)
            });
            digests.push(match kept {
                Some(digest) => *digest,
                None => hash_chunk(source, end, chunk_size, index)?,
            });
            on_chunk(chunk_end.saturating_sub(START))?;
        }
        Ok(Self { chunk_size, digests })
    }
}

fn covered(end: u64) -> u64 {
    end.saturating_sub(START)
}

fn chunk_extent(end: u64, chunk_size: u32, index: usize) -> (u64, u64) {
    let chunk_size = u64::from(chunk_size);
    let start = u64::try_from(index).unwrap_or(u64::MAX).saturating_mul(chunk_size).saturating_add(START);
    (start, chunk_size.min(end.saturating_sub(start)))
}

fn hash_chunk(source: &dyn ReadAt, end: u64, chunk_size: u32, index: usize) -> Result<Hash> {
    let (mut offset, mut left) = chunk_extent(end, chunk_size, index);
    let mut hasher = Sha1::new();
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let part = buffer.get_mut(..count).unwrap_or_default();
        read_exact_at(source, part, offset)?;
        hasher.update(&part);
        let count = u64::try_from(count).unwrap_or(0);
        offset = offset.saturating_add(count);
        left = left.saturating_sub(count);
    }
    Ok(hasher.finalize().into())
}

/// What checking a file's integrity found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// The file has no table.
    Absent,
    /// Every digest matches.
    Intact,
    /// The chunk with this number does not match.
    Damaged(usize),
}

/// Checks every chunk of `source`. `on_chunk` is told how many bytes were done.
pub fn verify(
    table: &IntegrityTable,
    source: &dyn ReadAt,
    end: u64,
    on_chunk: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<Integrity> {
    for index in 0..table.chunk_count() {
        if !table.chunk_matches(source, end, index)? {
            return Ok(Integrity::Damaged(index));
        }
        let (start, length) = chunk_extent(end, table.chunk_size, index);
        on_chunk(start.saturating_add(length).saturating_sub(START))?;
    }
    Ok(Integrity::Intact)
}

/// The error for a damaged file, for callers that cannot go on.
pub fn damage(index: usize) -> Error {
    Error::malformed("WIM file", format!("integrity chunk {index}"), "its SHA-1", "another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grown_file_keeps_the_digests_of_what_did_not_change() {
        let table_chunk = 4096u64;
        let file: Vec<u8> = (0..20_000u32).map(|i| i.to_le_bytes()[0]).collect();
        let mut bytes = Vec::new();
        let old_end = 10_000u64;
        let count = (old_end - 208).div_ceil(table_chunk);
        for number in [12 + 20 * count, count, table_chunk] {
            bytes.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
        }
        for chunk in file[208..10_000].chunks(4096) {
            bytes.extend_from_slice(&Sha1::digest(chunk));
        }
        let old = IntegrityTable::parse(&bytes, old_end).unwrap();
        assert_eq!(old.to_bytes(), bytes);
        assert_eq!(verify(&old, &file, old_end, &mut |_| Ok(())).unwrap(), Integrity::Intact);
        let new = IntegrityTable::compute(&file, 20_000, Some((&old, old_end)), &mut |_| Ok(())).unwrap();
        let fresh: Vec<Hash> = file[208..].chunks(4096).map(|chunk| Sha1::digest(chunk).into()).collect();
        assert_eq!(new.digests, fresh);
        let mut damaged = file.clone();
        damaged[9_000] ^= 1;
        assert_eq!(verify(&old, &damaged, old_end, &mut |_| Ok(())).unwrap(), Integrity::Damaged(2));
        assert!(IntegrityTable::parse(&bytes, 200_000).is_err());
    }
}
