//! Values (`vk`) and where their data is: in the record, in a cell, or in segments (`db`).
//!
//! Reference: `msuhanov/regf` "Key value" and "Big data".

use super::cells::{damaged, index, Cells};
use super::name::NameRef;
use super::record::Record;
use super::Value;
use crate::error::Result;
use std::fmt;

pub(super) const NAME_LENGTH: usize = 2;
pub(super) const DATA_SIZE: usize = 4;
pub(super) const DATA: usize = 8;
pub(super) const KIND: usize = 12;
pub(super) const FLAGS: usize = 16;
pub(super) const NAME: usize = 20;

/// The header of a cell in version 1.1.
const OLD_CELL_HEADER: u32 = 8;

/// The name has one byte for each unit.
pub(super) const FLAG_COMPRESSED_NAME: u16 = 0x0001;
/// The value hides one of a lower layer (layered keys).
pub(super) const FLAG_TOMBSTONE: u16 = 0x0002;
/// In the size field: the data are in the record itself.
pub(super) const INLINE: u32 = 0x8000_0000;
/// Data up to this size go into the record.
pub(super) const MAX_INLINE: usize = 4;
/// Data above this size go into segments of this size (versions 1.4 and later).
pub(super) const SEGMENT: usize = 16344;
/// The first version that knows segments.
pub(super) const FIRST_MINOR_WITH_SEGMENTS: u32 = 4;
/// The number of segments is a 16-bit field.
pub(super) const MAX_SEGMENTS: usize = 0xFFFF;

/// Where the data of a value are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: the value is empty, or its data are in the record.
    Inline,
    /// In one cell.
    Cell(u32),
    /// In the segments of a `db` record.
    Segments {
        /// The `db` record.
        record: u32,
        /// The list of segments.
        list: u32,
        /// The segments in order.
        segments: Vec<u32>,
    },
}

/// A value record whose cell is known to hold all its fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueNode<'a> {
    record: Record<'a>,
}

impl<'a> ValueNode<'a> {
    /// The value at `offset`.
    pub fn read(cells: &'a Cells, offset: u32) -> Result<Self> {
        let record = cells.record_of(offset, b"vk")?;
        record.bytes(0, NAME)?;
        Ok(Self { record })
    }

    pub fn name(&self) -> Result<NameRef<'a>> {
        let length = usize::from(self.record.u16(NAME_LENGTH)?);
        let bytes = self.record.bytes(NAME, length)?;
        Ok(NameRef::new(bytes, self.flags()? & FLAG_COMPRESSED_NAME != 0))
    }

    pub fn flags(&self) -> Result<u16> {
        if self.record.header == OLD_CELL_HEADER {
            // Version 1.1 has the number of a localized name there, and no flags.
            return Ok(0);
        }
        self.record.u16(FLAGS)
    }

    pub fn kind(&self) -> Result<u32> {
        self.record.u32(KIND)
    }

    /// Size of the data in bytes.
    pub fn size(&self) -> Result<u32> {
        Ok(self.record.u32(DATA_SIZE)? & !INLINE)
    }

    /// Where the data are. `minor` is the version of the hive.
    pub fn place(&self, cells: &Cells, minor: u32) -> Result<Place> {
        let size = self.record.u32(DATA_SIZE)?;
        let length = index(size & !INLINE);
        if size & INLINE != 0 {
            if length > MAX_INLINE {
                return Err(self.record.error(
                    DATA_SIZE,
                    "at most 4 bytes in the record",
                    format!("{length}"),
                ));
            }
            return Ok(Place::Inline);
        }
        if length == 0 {
            return Ok(Place::Inline);
        }
        if length > index(cells.bins_size()) {
            return Err(self.record.error(
                DATA_SIZE,
                "data smaller than the hive",
                format!("{length} byte(s)"),
            ));
        }
        let offset = self.record.u32(DATA)?;
        let cell = cells.record(offset)?;
        if length > SEGMENT && minor >= FIRST_MINOR_WITH_SEGMENTS {
            // Some writers (hivex) put large data into one cell; such a cell is larger than any `db`.
            if cell.data.len() < length {
                return segments(cells, offset, length);
            }
        }
        cell.bytes(0, length)?;
        Ok(Place::Cell(offset))
    }

    /// The data.
    pub fn data(&self, cells: &'a Cells, minor: u32) -> Result<Vec<u8>> {
        let length = index(self.size()?);
        match self.place(cells, minor)? {
            Place::Inline => Ok(self.record.bytes(DATA, length.min(MAX_INLINE))?.to_vec()),
            Place::Cell(offset) => Ok(cells.record(offset)?.bytes(0, length)?.to_vec()),
            Place::Segments { segments, .. } => {
                let mut data = Vec::with_capacity(length);
                for segment in segments {
                    let step = length.saturating_sub(data.len()).min(SEGMENT);
                    data.extend_from_slice(cells.record(segment)?.bytes(0, step)?);
                }
                Ok(data)
            }
        }
    }

    /// The value in memory.
    pub fn value(&self, cells: &'a Cells, minor: u32) -> Result<Value> {
        Ok(Value { name: self.name()?.to_units(), kind: self.kind()?, data: self.data(cells, minor)? })
    }
}

/// The segments of the `db` record at `offset`, which must be as many as `length` bytes take.
fn segments(cells: &Cells, offset: u32, length: usize) -> Result<Place> {
    let record = cells.record_of(offset, b"db")?;
    let (count, list) = (usize::from(record.u16(2)?), record.u32(4)?);
    let needed = length.div_ceil(SEGMENT);
    if count != needed {
        return Err(record.error(2, format!("{needed} segments for {length} bytes"), format!("{count}")));
    }
    let elements = cells.record(list)?.bytes(0, count.saturating_mul(4))?;
    let segments: Vec<u32> =
        elements.chunks_exact(4).map(|bytes| bytes.try_into().map_or(0, u32::from_le_bytes)).collect();
    let mut left = length;
    for &segment in &segments {
        let step = left.min(SEGMENT);
        cells.record(segment)?.bytes(0, step)?;
        left = left.saturating_sub(step);
    }
    Ok(Place::Segments { record: offset, list, segments })
}

/// The values of a key, one after the other.
///
/// Data of distinct values are distinct cells, so the data of one key are not larger than the hive;
/// a hive that breaks this by naming a value many times ends the iteration with an error.
pub struct Values<'a> {
    cells: &'a Cells,
    minor: u32,
    list: &'a [u8],
    budget: usize,
    key: u32,
}

impl<'a> Values<'a> {
    pub(super) fn new(cells: &'a Cells, minor: u32, key: u32, list: &'a [u8]) -> Self {
        Self { cells, minor, list, budget: index(cells.bins_size()), key }
    }

    fn read(&mut self, offset: u32) -> Result<Value> {
        let node = ValueNode::read(self.cells, offset)?;
        let cost = index(node.size()?).saturating_add(node.name()?.utf16_size() / 2).saturating_add(NAME);
        self.budget = self.budget.checked_sub(cost).ok_or_else(|| {
            damaged(self.key, "values that fit in the hive", "a list that names the same ones again")
        })?;
        node.value(self.cells, self.minor)
    }
}

/// Without the data, which may be secrets.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Values").field("left", &(self.list.len() / 4)).finish_non_exhaustive()
    }
}

impl Iterator for Values<'_> {
    type Item = Result<Value>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&element, rest) = self.list.split_first_chunk()?;
        self.list = rest;
        let value = self.read(u32::from_le_bytes(element));
        if value.is_err() {
            self.list = &[];
        }
        Some(value)
    }
}

/// The offsets in the values list of a key with `count` values.
pub(super) fn list(cells: &Cells, list: u32, count: u32) -> Result<&[u8]> {
    if count == 0 {
        return Ok(&[]);
    }
    cells.record(list)?.bytes(0, index(count).saturating_mul(4))
}

/// The number in the list and the offset of the value `name`.
pub(super) fn find(cells: &Cells, list: &[u8], name: &[u16]) -> Result<Option<(usize, u32)>> {
    for (number, element) in list.chunks_exact(4).enumerate() {
        let offset = element.try_into().map_or(0, u32::from_le_bytes);
        if ValueNode::read(cells, offset)?.name()?.matches(name) {
            return Ok(Some((number, offset)));
        }
    }
    Ok(None)
}
