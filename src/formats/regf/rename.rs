//! Renaming keys and values, and setting a key's time.
//!
//! A record whose cell has room for the new name stays where it is; otherwise it moves, and what points
//! to it is changed: for a key, that is the list of its parent and the parent field of every subkey.
//!
//! Reference: `msuhanov/regf` "Key node", "Key value".

use super::edit::check_key_name;
use super::key::{self, KeyNode};
use super::value::{self, ValueNode};
use super::value_edit::check_value_name;
use super::{list, name, Hive, KeyId};
use crate::error::{Error, Result};

impl Hive {
    /// Gives a key another name and sorts it in. Its class, values, subkeys and descriptor stay.
    /// Returns the key, because its [`KeyId`] may be another one now.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name that no key may have, or that another subkey of the same key
    /// has; [`Error::InvalidArgument`] for the root.
    pub fn rename_key(&mut self, key: KeyId, name: &[u16]) -> Result<KeyId> {
        let Some(parent) = self.parent(key)? else {
            let reason = "the root of a hive has no name of its own".to_owned();
            return Err(Error::InvalidArgument { parameter: "key", reason });
        };
        check_key_name(name)?;
        if self.name(key)? == name {
            return Ok(key);
        }
        if self.find_subkey(parent, name)?.is_some_and(|other| other != key) {
            return Err(taken("key name", name));
        }
        let subkeys = list::collect(&self.cells, key.0, self.root)?;
        self.edit(|hive| {
            hive.near(key.0)?;
            hive.remove_subkey(parent.0, key.0)?;
            let count = KeyNode::read(&hive.cells, parent.0)?.field(key::SUBKEYS)?;
            // The list has one less, and inserting looks at the count.
            hive.cells.write_u32(parent.0, key::SUBKEYS, count.saturating_sub(1))?;
            let place = hive.write_key_name(key.0, name)?;
            if place != key.0 {
                for subkey in subkeys {
                    hive.cells.write_u32(subkey, key::PARENT, place)?;
                }
                if hive.local.created.remove(&key.0) {
                    hive.local.created.insert(place);
                }
                hive.written_keys.remove(&key.0);
                if hive.unsorted.remove(&key.0) {
                    hive.unsorted.insert(place);
                }
            }
            hive.insert_subkey(parent.0, place, name)?;
            hive.cells.write_u32(parent.0, key::SUBKEYS, count)?;
            hive.raise_max_name(parent.0, name.len().saturating_mul(2))?;
            hive.written_keys.extend([parent.0, place]);
            Ok(KeyId(place))
        })
    }

    /// Writes a name into a key node, which moves if it has no room; returns where it is then.
    fn write_key_name(&mut self, key: u32, name: &[u16]) -> Result<u32> {
        let flags = KeyNode::read(&self.cells, key)?.flags()? & !key::FLAG_COMPRESSED_NAME;
        let (bytes, compressed) = name::encode(name);
        let flags = if compressed { flags | key::FLAG_COMPRESSED_NAME } else { flags };
        let place = self.rewrite(key, key::NAME, &bytes)?;
        self.cells.write(place, key::FLAGS, &flags.to_le_bytes())?;
        self.cells.write(place, key::NAME_LENGTH, &name_length(&bytes).to_le_bytes())?;
        Ok(place)
    }

    /// Gives a value another name; it keeps its place among the key's values.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`] when there is no value `old`, [`Error::InvalidName`] for a name over
    /// 16383 units or one that another value of the key has.
    pub fn rename_value(&mut self, key: KeyId, old: &[u16], new: &[u16]) -> Result<()> {
        check_value_name(new)?;
        let Some((number, offset)) = value::find(&self.cells, self.values_list(key.0)?, old)? else {
            return Err(Error::RegistryNotFound { what: "value", path: String::from_utf16_lossy(old) });
        };
        if ValueNode::read(&self.cells, offset)?.name()?.to_units() == new {
            return Ok(());
        }
        let other = value::find(&self.cells, self.values_list(key.0)?, new)?;
        if other.is_some_and(|(_, other)| other != offset) {
            return Err(taken("value name", new));
        }
        self.edit(|hive| {
            hive.near(offset)?;
            let flags = ValueNode::read(&hive.cells, offset)?.flags()? & !value::FLAG_COMPRESSED_NAME;
            let (bytes, compressed) = name::encode(new);
            let compressed = compressed && !new.is_empty();
            let flags = if compressed { flags | value::FLAG_COMPRESSED_NAME } else { flags };
            let place = hive.rewrite(offset, value::NAME, &bytes)?;
            hive.cells.write(place, value::FLAGS, &flags.to_le_bytes())?;
            hive.cells.write(place, value::NAME_LENGTH, &name_length(&bytes).to_le_bytes())?;
            let (_, list) = KeyNode::read(&hive.cells, key.0)?.values()?;
            hive.cells.write_u32(list, number.saturating_mul(4), place)?;
            hive.raise(key.0, key::MAX_VALUE_NAME, new.len().saturating_mul(2))?;
            hive.written_keys.insert(key.0);
            Ok(())
        })
    }

    /// Replaces what follows the first `fixed` bytes of a record by `rest` and zeros. The record moves
    /// to a new cell if it must.
    fn rewrite(&mut self, cell: u32, fixed: usize, rest: &[u8]) -> Result<u32> {
        let record = self.cells.record(cell)?;
        let room = record.data.len();
        let mut content = record.bytes(0, fixed)?.to_vec();
        content.extend_from_slice(rest);
        if content.len() <= room {
            content.resize(room, 0);
            self.cells.write(cell, 0, &content)?;
            return Ok(cell);
        }
        let place = self.allocate_with(&content)?;
        self.release(cell)?;
        Ok(place)
    }

    /// Sets when a key was last written (FILETIME). A later edit of the key sets it again.
    pub fn set_last_written(&mut self, key: KeyId, time: u64) -> Result<()> {
        if self.last_written(key)? == time && !self.written_keys.contains(&key.0) {
            return Ok(());
        }
        self.edit(|hive| {
            hive.written_keys.remove(&key.0);
            hive.cells.write(key.0, key::LAST_WRITTEN, &time.to_le_bytes())
        })
    }
}

/// The field for the length of a name, which the limits keep below 64 KiB.
fn name_length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}

fn taken(what: &'static str, name: &[u16]) -> Error {
    Error::InvalidName { what, name: String::from_utf16_lossy(name), reason: "another one has it" }
}
