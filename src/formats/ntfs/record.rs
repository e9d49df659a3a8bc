//! MFT records and index blocks: the update sequence that guards both, and a record's attributes.
//!
//! Reference: `docs/formats/ntfs.md` "Records".

use super::runs::{parse_runs, Run};
use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// Types of attributes.
pub(super) mod types {
    /// Further attributes are in other records.
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// Content.
    pub const DATA: u32 = 0x80;
    /// The root of an index.
    pub const INDEX_ROOT: u32 = 0x90;
    /// The other nodes of an index.
    pub const INDEX_ALLOCATION: u32 = 0xA0;
    /// No more attributes.
    pub const END: u32 = 0xFFFF_FFFF;
}

/// Bytes that one entry of the update sequence guards, whatever the sector size.
const GUARDED: usize = 512;

/// Where an attribute's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// In the record.
    Resident(Vec<u8>),
    /// In clusters; `size` bytes of them count.
    Runs { runs: Vec<Run>, size: u64 },
}

/// An attribute of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub kind: u32,
    pub name: Vec<u16>,
    pub value: Value,
}

/// Puts back the last two bytes of each 512 that the update sequence replaced.
pub(super) fn undo_fixups(block: &mut [u8], magic: [u8; 4], place: &str) -> Result<()> {
    let mut reader = Reader::new(FORMAT, block);
    let found = reader.array::<4>()?;
    if found != magic {
        let text = |bytes: [u8; 4]| format!("'{}'", bytes.escape_ascii());
        return Err(Error::malformed(FORMAT, place, text(magic), text(found)));
    }
    let (offset, count) = (usize::from(reader.u16()?), usize::from(reader.u16()?));
    reader.seek(offset)?;
    let sequence = reader.array::<2>()?;
    let guarded = count.saturating_sub(1);
    if guarded.saturating_mul(GUARDED) != block.len() {
        let expected = format!("update sequence numbers for {} bytes", block.len());
        return Err(Error::malformed(FORMAT, place, expected, format!("{guarded}")));
    }
    let originals = reader.take(guarded.saturating_mul(2))?.to_vec();
    for (sector, original) in block.chunks_exact_mut(GUARDED).zip(originals.chunks_exact(2)) {
        let end = sector.get_mut(GUARDED.saturating_sub(2)..).unwrap_or_default();
        if end != sequence {
            return Err(Error::malformed(FORMAT, place, "a block that was written whole", "a torn one"));
        }
        end.copy_from_slice(original);
    }
    Ok(())
}

/// The attributes of a record whose fixups are undone.
pub(super) fn attributes(record: &[u8], clusters: u64) -> Result<Vec<Attribute>> {
    let mut reader = Reader::new(FORMAT, record);
    reader.seek(0x14)?;
    let mut position = usize::from(reader.u16()?);
    let mut found = Vec::new();
    loop {
        reader.seek(position)?;
        let kind = reader.u32()?;
        if kind == types::END {
            return Ok(found);
        }
        let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if length < 0x18 {
            let expected = "the size of an attribute";
            return Err(Error::malformed(
                FORMAT,
                format!("attribute {kind:#x}"),
                expected,
                length.to_string(),
            ));
        }
        reader.seek(position)?;
        found.push(attribute(kind, reader.take(length)?, clusters)?);
        position = position.saturating_add(length);
    }
}

fn attribute(kind: u32, bytes: &[u8], clusters: u64) -> Result<Attribute> {
    let mut reader = Reader::new(FORMAT, bytes);
    reader.seek(8)?;
    let (is_elsewhere, name_length) = (reader.u8()? != 0, usize::from(reader.u8()?));
    let name_offset = usize::from(reader.u16()?);
    reader.seek(name_offset)?;
    let name = reader.take(name_length.saturating_mul(2))?;
    let name =
        name.chunks_exact(2).map(|unit| unit.iter().rev().fold(0, |all, byte| all << 8 | u16::from(*byte)));
    let name = name.collect();
    reader.seek(0x10)?;
    let value = if is_elsewhere {
        reader.seek(0x20)?;
        let pairs = usize::from(reader.u16()?);
        reader.seek(0x30)?;
        let size = reader.u64()?;
        reader.seek(pairs)?;
        Value::Runs { runs: parse_runs(reader.rest(), clusters)?, size }
    } else {
        let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let offset = usize::from(reader.u16()?);
        reader.seek(offset)?;
        Value::Resident(reader.take(length)?.to_vec())
    };
    Ok(Attribute { kind, name, value })
}
