//! Reading keys and values.

use super::cells::damaged;
use super::key::{self, KeyNode};
use super::list;
use super::value::{self, ValueNode, Values};
use super::{Hive, KeyId, Value};
use crate::error::{Error, Result};
use crate::formats::bytes::utf16_bytes;

impl Hive {
    /// The root key. Its name has no meaning; paths start below it.
    pub fn root(&self) -> KeyId {
        KeyId(self.root)
    }

    /// The key at `path` below `key`, components separated by `\`, in any case. The empty path is `key`.
    pub fn find(&self, key: KeyId, path: &str) -> Result<Option<KeyId>> {
        let mut found = key;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            let units: Vec<u16> = name.encode_utf16().collect();
            match self.find_subkey(found, &units)? {
                Some(subkey) => found = subkey,
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// The same, where a missing key is [`Error::RegistryNotFound`].
    pub fn require(&self, key: KeyId, path: &str) -> Result<KeyId> {
        self.find(key, path)?.ok_or_else(|| Error::RegistryNotFound { what: "key", path: path.to_owned() })
    }

    /// The subkey `name` of `key`, in any case. Binary search; a list found unsorted is read in full.
    pub fn find_subkey(&self, key: KeyId, name: &[u16]) -> Result<Option<KeyId>> {
        let (count, list) = KeyNode::read(&self.cells, key.0)?.subkeys()?;
        if count == 0 {
            return Ok(None);
        }
        let leaves = list::leaves(&self.cells, list)?.0;
        let mut found = list::locate(&self.cells, &leaves, name)?.key;
        if found.is_none() && !self.is_known_sorted(key.0) {
            found = list::scan(&self.cells, key.0, &leaves, count, name)?;
        }
        if let Some(subkey) = found {
            list::check_parent(&self.cells, subkey, key.0, self.root)?;
        }
        Ok(found.map(KeyId))
    }

    /// The subkeys in the hive's order, which is by upper-cased name unless the hive is unsorted.
    ///
    /// Each key names its parent, so a walk over subkeys ends on damaged hives too. It may be deep:
    /// see [`MAX_DEPTH`](super::MAX_DEPTH).
    pub fn subkeys(&self, key: KeyId) -> Result<Vec<KeyId>> {
        Ok(list::collect(&self.cells, key.0, self.root)?.into_iter().map(KeyId).collect())
    }

    /// The key above, or nothing for the root.
    pub fn parent(&self, key: KeyId) -> Result<Option<KeyId>> {
        if key.0 == self.root {
            return Ok(None);
        }
        Ok(Some(KeyId(KeyNode::read(&self.cells, key.0)?.field(key::PARENT)?)))
    }

    /// The name of a key.
    pub fn name(&self, key: KeyId) -> Result<Vec<u16>> {
        Ok(KeyNode::read(&self.cells, key.0)?.name()?.to_units())
    }

    /// The name of a key as text; unpaired surrogates become U+FFFD.
    pub fn name_text(&self, key: KeyId) -> Result<String> {
        Ok(String::from_utf16_lossy(&self.name(key)?))
    }

    /// The `KEY_*` flags of a key node.
    pub fn flags(&self, key: KeyId) -> Result<u16> {
        KeyNode::read(&self.cells, key.0)?.flags()
    }

    /// When the key was last written (FILETIME). Edits show here after [`Hive::finish`].
    pub fn last_written(&self, key: KeyId) -> Result<u64> {
        KeyNode::read(&self.cells, key.0)?.record().u64(key::LAST_WRITTEN)
    }

    /// The class name, byte for byte as it is stored (normally UTF-16LE without a terminator).
    pub fn class_name(&self, key: KeyId) -> Result<Option<&[u8]>> {
        match KeyNode::read(&self.cells, key.0)?.class()? {
            None => Ok(None),
            Some((offset, length)) => Ok(Some(self.cells.record(offset)?.bytes(0, usize::from(length))?)),
        }
    }

    /// The self-relative security descriptor of a key.
    pub fn security(&self, key: KeyId) -> Result<&[u8]> {
        let offset = KeyNode::read(&self.cells, key.0)?.field(key::SECURITY)?;
        super::security::descriptor(&self.cells, offset)
    }

    /// The values of a key, in the hive's order.
    pub fn values(&self, key: KeyId) -> Result<Values<'_>> {
        Ok(Values::new(&self.cells, self.minor, key.0, self.values_list(key.0)?))
    }

    /// The value `name` of a key, in any case; the empty name is the default value.
    pub fn value(&self, key: KeyId, name: &str) -> Result<Option<Value>> {
        self.value_of(key, &name.encode_utf16().collect::<Vec<u16>>())
    }

    /// The same by UTF-16 name.
    pub fn value_of(&self, key: KeyId, name: &[u16]) -> Result<Option<Value>> {
        match value::find(&self.cells, self.values_list(key.0)?, name)? {
            None => Ok(None),
            Some((_, offset)) => {
                ValueNode::read(&self.cells, offset)?.value(&self.cells, self.minor).map(Some)
            }
        }
    }

    /// The path of a key from the root, without a leading `\`; empty for the root itself.
    pub fn path(&self, key: KeyId) -> Result<String> {
        let mut names = Vec::new();
        let mut next = Some(key);
        while let Some(current) = next {
            next = self.parent(current)?;
            if next.is_some() {
                names.push(self.name_text(current)?);
            }
            if names.len() > super::MAX_DEPTH {
                return Err(damaged(key.0, "at most 512 keys above this one", "more"));
            }
        }
        names.reverse();
        Ok(names.join("\\"))
    }

    /// The offsets of a key's values.
    pub(super) fn values_list(&self, key: u32) -> Result<&[u8]> {
        let (count, list) = KeyNode::read(&self.cells, key)?.values()?;
        value::list(&self.cells, list, count)
    }

    /// The name under which the hive was last loaded, from the base block; for messages only.
    pub fn file_name(&self) -> String {
        let field = self.cells.file().get(48..48 + 64).unwrap_or_default();
        super::data::read_sz(field)
    }

    /// Size of the file, with what stands behind the bins.
    pub fn size(&self) -> u64 {
        self.cells.file_size()
    }

    /// The bytes of a hive that was opened whole, as they are now. Sound as a file only right after
    /// [`Hive::finish`]. Of a hive that is read as needed it is the base block: see
    /// [`read_range`](Self::read_range).
    pub fn bytes(&self) -> &[u8] {
        self.cells.file()
    }

    /// A range of the file as it is now.
    ///
    /// # Errors
    /// A range that is not inside [`size`](Self::size); those of the source.
    pub fn read_range(&self, range: std::ops::Range<u64>) -> Result<Vec<u8>> {
        self.cells.copy_file(range)
    }

    /// How many bytes of bins were read from the source of a hive that is read as needed.
    pub fn bytes_read(&self) -> u64 {
        self.cells.pages().map_or(0, super::pages::Pages::bytes_read)
    }
}

/// The bytes of a class name given as text.
pub fn class_bytes(text: &str) -> Vec<u8> {
    utf16_bytes(&text.encode_utf16().collect::<Vec<u16>>())
}
