//! Setting and deleting values in place.
//!
//! Reference: `msuhanov/regf` "Key value", "Big data".

use super::cells::{index, size_of, NOWHERE};
use super::edits::EditKind;
use super::key::{self, KeyNode};
use super::value::{self, Place, ValueNode, INLINE, MAX_INLINE, MAX_SEGMENTS, SEGMENT};
use super::{name, Hive, KeyId, Value, MAX_VALUE_NAME};
use crate::error::{Error, Result};

/// A cell that is at most this much larger than new data is written over and kept.
const MAX_UNUSED: usize = 32;

impl Hive {
    /// Sets a value; the empty name is the default value. A value that exists keeps the case of its name.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name over 16383 units, [`Error::LimitExceeded`] for data over 1 GiB,
    /// [`Error::InvalidArgument`] for a key that stands for a predefined handle.
    pub fn set_value(&mut self, key: KeyId, name: &str, kind: u32, data: &[u8]) -> Result<()> {
        self.set_value_of(key, &name.encode_utf16().collect::<Vec<u16>>(), kind, data)
    }

    /// The same by UTF-16 name.
    pub fn set_value_of(&mut self, key: KeyId, name: &[u16], kind: u32, data: &[u8]) -> Result<()> {
        check_value_name(name)?;
        if data.len() > MAX_SEGMENTS.saturating_mul(SEGMENT) {
            return Err(Error::LimitExceeded {
                what: "the size of a registry value",
                limit: u64::try_from(MAX_SEGMENTS.saturating_mul(SEGMENT)).unwrap_or(u64::MAX),
                found: u64::try_from(data.len()).unwrap_or(u64::MAX),
            });
        }
        if self.flags(key)? & key::FLAG_PREDEFINED_HANDLE != 0 {
            let reason = "it stands for a predefined handle and has no values".to_owned();
            return Err(Error::InvalidArgument { parameter: "key", reason });
        }
        let existing = value::find(&self.cells, self.values_list(key.0)?, name)?.map(|(_, offset)| offset);
        if let Some(offset) = existing {
            let node = ValueNode::read(&self.cells, offset)?;
            let tombstone = node.flags()? & value::FLAG_TOMBSTONE != 0;
            if !tombstone && node.kind()? == kind && index(node.size()?) == data.len() {
                // Read only data of the same size: the old ones may be large.
                if node.data(&self.cells, self.minor)? == data {
                    return Ok(());
                }
            }
        }
        self.edit(|hive| {
            hive.near(key.0)?;
            match existing {
                Some(offset) => hive.change_value(offset, kind, data)?,
                None => hive.add_value(key.0, name, kind, data)?,
            }
            hive.raise(key.0, key::MAX_VALUE_NAME, name.len().saturating_mul(2))?;
            hive.raise(key.0, key::MAX_VALUE_DATA, data.len())?;
            hive.written_keys.insert(key.0);
            Ok(())
        })?;
        self.note_value(key, existing.is_some(), || {
            EditKind::SetValue(Value { name: name.to_vec(), kind, data: data.to_vec() })
        })
    }

    /// Adds a value to a key that is known to have none of that name.
    pub(super) fn append_value(&mut self, key: KeyId, name: &[u16], kind: u32, data: &[u8]) -> Result<()> {
        check_value_name(name)?;
        self.edit(|hive| {
            hive.add_value(key.0, name, kind, data)?;
            hive.raise(key.0, key::MAX_VALUE_NAME, name.len().saturating_mul(2))?;
            hive.raise(key.0, key::MAX_VALUE_DATA, data.len())
        })
    }

    fn add_value(&mut self, key: u32, name: &[u16], kind: u32, data: &[u8]) -> Result<()> {
        let (count, list) = KeyNode::read(&self.cells, key)?.values()?;
        let (size, place) = self.store_data(data)?;
        let (name, compressed) = name::encode(name);
        let flags = if compressed && !name.is_empty() { value::FLAG_COMPRESSED_NAME } else { 0 };
        let mut record = b"vk".to_vec();
        // MAX_VALUE_NAME keeps this below 32 KiB.
        record.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        for field in [size, place, kind, u32::from(flags)] {
            record.extend_from_slice(&field.to_le_bytes());
        }
        record.extend_from_slice(&name);
        let offset = self.allocate_with(&record)?;
        let element = offset.to_le_bytes();
        let list = if count == 0 {
            self.allocate_with(&element)?
        } else {
            self.insert_element(list, 0, index(count), index(count), &element)?
        };
        self.cells.write_u32(key, key::VALUES_LIST, list)?;
        self.cells.write_u32(key, key::VALUES, count.saturating_add(1))
    }

    fn change_value(&mut self, offset: u32, kind: u32, data: &[u8]) -> Result<()> {
        let node = ValueNode::read(&self.cells, offset)?;
        let (old, flags) = (node.place(&self.cells, self.minor)?, node.flags()?);
        let fits = |room: usize| data.len() <= room && room.saturating_sub(data.len()) <= MAX_UNUSED;
        let (size, place) = match old {
            Place::Cell(cell)
                if data.len() > MAX_INLINE
                    && !self.takes_segments(data.len())
                    && fits(self.cells.record(cell)?.data.len()) =>
            {
                let mut content = data.to_vec();
                content.resize(self.cells.record(cell)?.data.len(), 0);
                self.cells.write(cell, 0, &content)?;
                (size_of(data.len(), "the size of a registry value")?, cell)
            }
            old => {
                let stored = self.store_data(data)?;
                self.release_data(old)?;
                stored
            }
        };
        self.cells.write_u32(offset, value::DATA_SIZE, size)?;
        self.cells.write_u32(offset, value::DATA, place)?;
        self.cells.write_u32(offset, value::KIND, kind)?;
        self.cells.write(offset, value::FLAGS, &(flags & !value::FLAG_TOMBSTONE).to_le_bytes())
    }

    fn takes_segments(&self, length: usize) -> bool {
        length > SEGMENT && self.minor >= value::FIRST_MINOR_WITH_SEGMENTS
    }

    /// Stores data in the form for their size; returns the fields for size and place of the record.
    pub(super) fn store_data(&mut self, data: &[u8]) -> Result<(u32, u32)> {
        let size = size_of(data.len(), "the size of a registry value")?;
        if data.len() <= MAX_INLINE {
            let mut place = [0; 4];
            for (byte, &value) in place.iter_mut().zip(data) {
                *byte = value;
            }
            return Ok((size | INLINE, u32::from_le_bytes(place)));
        }
        if !self.takes_segments(data.len()) {
            return Ok((size, self.allocate_with(data)?));
        }
        let mut list = Vec::new();
        for segment in data.chunks(SEGMENT) {
            // The last cell has the full size too: so Windows does, and hivex relies on it.
            let cell = self.allocate(SEGMENT)?;
            self.cells.write(cell, 0, segment)?;
            list.extend_from_slice(&cell.to_le_bytes());
        }
        // The caller keeps data below MAX_SEGMENTS segments.
        let count = u16::try_from(list.len() / 4).unwrap_or(u16::MAX);
        let list = self.allocate_with(&list)?;
        let mut record = b"db".to_vec();
        record.extend_from_slice(&count.to_le_bytes());
        record.extend_from_slice(&list.to_le_bytes());
        record.extend_from_slice(&[0; 4]);
        Ok((size, self.allocate_with(&record)?))
    }

    fn release_data(&mut self, place: Place) -> Result<()> {
        match place {
            Place::Inline => Ok(()),
            Place::Cell(cell) => self.release(cell),
            Place::Segments { record, list, segments } => {
                for segment in segments {
                    self.release(segment)?;
                }
                self.release(list)?;
                self.release(record)
            }
        }
    }

    /// Deletes a value; its data are overwritten with zeros. Returns whether there was one.
    pub fn delete_value(&mut self, key: KeyId, name: &str) -> Result<bool> {
        self.delete_value_of(key, &name.encode_utf16().collect::<Vec<u16>>())
    }

    /// The same by UTF-16 name.
    pub fn delete_value_of(&mut self, key: KeyId, name: &[u16]) -> Result<bool> {
        let Some((number, offset)) = value::find(&self.cells, self.values_list(key.0)?, name)? else {
            return Ok(false);
        };
        self.edit(|hive| {
            let (count, list) = KeyNode::read(&hive.cells, key.0)?.values()?;
            if count > 1 {
                hive.remove_element(list, 0, index(count), number, 4)?;
            } else {
                hive.release(list)?;
                hive.cells.write_u32(key.0, key::VALUES_LIST, NOWHERE)?;
                hive.cells.write_u32(key.0, key::MAX_VALUE_NAME, 0)?;
                hive.cells.write_u32(key.0, key::MAX_VALUE_DATA, 0)?;
            }
            hive.cells.write_u32(key.0, key::VALUES, count.saturating_sub(1))?;
            hive.release_value(offset)?;
            hive.written_keys.insert(key.0);
            Ok(())
        })?;
        self.note_value(key, true, || EditKind::DeleteValue(name.to_vec()))?;
        Ok(true)
    }

    fn release_value(&mut self, offset: u32) -> Result<()> {
        let place = ValueNode::read(&self.cells, offset)?.place(&self.cells, self.minor)?;
        self.release_data(place)?;
        self.release(offset)
    }

    /// Frees all values of a key that is about to be freed.
    pub(super) fn release_values(&mut self, key: u32) -> Result<()> {
        let (count, list) = KeyNode::read(&self.cells, key)?.values()?;
        if count == 0 {
            return Ok(());
        }
        for element in self.values_list(key)?.to_vec().chunks_exact(4) {
            self.release_value(element.try_into().map_or(0, u32::from_le_bytes))?;
        }
        self.release(list)
    }
}

/// Refuses a name that no value may have.
pub(super) fn check_value_name(name: &[u16]) -> Result<()> {
    if name.len() > MAX_VALUE_NAME {
        let name = String::from_utf16_lossy(name);
        let reason = "it has more than 16383 characters";
        return Err(Error::InvalidName { what: "value name", name, reason });
    }
    Ok(())
}
