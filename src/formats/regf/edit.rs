//! Editing keys in place.
//!
//! Each public function looks up and checks all it can before it writes. Should one fail between two
//! writes all the same (a hive at the 2 GiB limit), the hive refuses to be finished.
//!
//! Reference: `msuhanov/regf` "Key node".

use super::cells::{index, size_of, NOWHERE};
use super::check::survey;
use super::key::{self, KeyNode};
use super::{list, name, security, Hive, KeyId, MAX_DEPTH, MAX_KEY_NAME};
use crate::error::{Error, Result};
use crate::progress::{unobserved, Observer};

impl Hive {
    /// Runs an edit on a hive whose structure is sound.
    pub(super) fn edit<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.check_editable()?;
        self.prepare()?;
        self.half_edited = true;
        let result = change(self)?;
        self.half_edited = false;
        Ok(result)
    }

    /// Refuses a hive in which an edit failed half-way.
    pub(super) fn check_whole(&self) -> Result<()> {
        if self.half_edited {
            return Err(Error::NotServiceable {
                reason: "an edit of a registry hive failed half-way; the hive must be opened again"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Before the first edit: surveys the hive, sets wrong counts of security records right (a count
    /// that is too small would free a descriptor in use), and notes what editing needs.
    ///
    /// A hive that is read as needed is not: see [`local`](super::local).
    pub(super) fn prepare(&mut self) -> Result<()> {
        if self.is_local() {
            return Ok(());
        }
        self.survey_whole(&mut unobserved)
    }

    /// Surveys the hive, if that was not done.
    pub(super) fn survey_whole(&mut self, observer: Observer<'_>) -> Result<()> {
        if self.prepared {
            return Ok(());
        }
        let survey = survey(&self.cells, self.root, self.minor, observer)?.sound()?;
        self.free.clear();
        for (offset, size) in survey.free {
            self.free.insert(offset, size);
        }
        for (offset, references) in survey.references {
            self.cells.write_u32(offset, security::REFERENCES, references)?;
            let descriptor = security::descriptor(&self.cells, offset)?.to_vec();
            self.descriptors.entry(descriptor).or_insert(offset);
        }
        self.unsorted = survey.unsorted;
        self.prepared = true;
        Ok(())
    }

    /// Whether binary search finds every subkey of `key`.
    pub(super) fn is_known_sorted(&self, key: u32) -> bool {
        if self.is_local() {
            return self.local.created.contains(&key);
        }
        self.prepared && !self.unsorted.contains(&key)
    }

    /// The key at `path` below `parent`, created with all missing keys above it.
    ///
    /// A new key shares the security descriptor of its parent: what inheritance gives, without the
    /// marks that say so.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name over 255 units, [`Error::LimitExceeded`] below 512 levels.
    pub fn create_key(&mut self, parent: KeyId, path: &str) -> Result<KeyId> {
        let mut key = parent;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            key = self.create_subkey(key, &name.encode_utf16().collect::<Vec<u16>>())?;
        }
        Ok(key)
    }

    /// The subkey `name`, created if it is missing. The name may be any UTF-16 units but `\`.
    pub fn create_subkey(&mut self, parent: KeyId, name: &[u16]) -> Result<KeyId> {
        if let Some(key) = self.find_subkey(parent, name)? {
            return Ok(key);
        }
        check_key_name(name)?;
        let depth = self.depth(parent)?.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(Error::LimitExceeded {
                what: "the number of levels of registry keys",
                limit: u64::try_from(MAX_DEPTH).unwrap_or(u64::MAX),
                found: u64::try_from(depth).unwrap_or(u64::MAX),
            });
        }
        let key = self.edit(|hive| hive.add_key(parent.0, name)).map(KeyId)?;
        self.note_created(key)?;
        Ok(key)
    }

    /// Number of keys above `key`.
    fn depth(&self, key: KeyId) -> Result<usize> {
        let (mut depth, mut current) = (0_usize, key);
        while let Some(parent) = self.parent(current)? {
            depth = depth.saturating_add(1);
            if depth > MAX_DEPTH {
                break;
            }
            current = parent;
        }
        Ok(depth)
    }

    fn add_key(&mut self, parent: u32, name: &[u16]) -> Result<u32> {
        self.near(parent)?;
        let node = KeyNode::read(&self.cells, parent)?;
        let (count, security) = (node.subkeys()?.0, node.field(key::SECURITY)?);
        let inherited = node.field(key::MAX_NAME)?;
        let mut record = key_record(parent, security, name, 0)?;
        if inherited & key::VIRTUALIZATION_RECURSES != 0 {
            let flags = inherited & key::VIRTUALIZATION_MASK;
            if let Some(field) = record.get_mut(key::MAX_NAME..key::MAX_NAME + 4) {
                field.copy_from_slice(&flags.to_le_bytes());
            }
        }
        let key = self.allocate_with(&record)?;
        self.insert_subkey(parent, key, name)?;
        self.cells.write_u32(parent, key::SUBKEYS, count.saturating_add(1))?;
        self.raise_max_name(parent, name.len().saturating_mul(2))?;
        self.share(security)?;
        self.written_keys.extend([parent, key]);
        self.local.created.insert(key);
        Ok(key)
    }

    /// Sets the largest subkey name of a key, which shares its field with flags.
    pub(super) fn raise_max_name(&mut self, key: u32, size: usize) -> Result<()> {
        let field = KeyNode::read(&self.cells, key)?.field(key::MAX_NAME)?;
        let size = size_of(size, "the size of a key name")? & 0xFFFF;
        self.cells.write_u32(key, key::MAX_NAME, field & !0xFFFF | size.max(field & 0xFFFF))
    }

    /// Makes a "largest" field at least `size`.
    pub(super) fn raise(&mut self, key: u32, field: usize, size: usize) -> Result<()> {
        let size = size_of(size, "a size in a registry key")?;
        let now = KeyNode::read(&self.cells, key)?.field(field)?;
        if now < size {
            self.cells.write_u32(key, field, size)?;
        }
        Ok(())
    }

    /// Deletes a key, with all below it if `recursive`. What it held is overwritten with zeros.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the root, a key marked as not to be deleted, and, unless
    /// `recursive`, a key that has subkeys.
    pub fn delete_key(&mut self, key: KeyId, recursive: bool) -> Result<()> {
        let refuse =
            |reason: &str| Err(Error::InvalidArgument { parameter: "key", reason: reason.to_owned() });
        let Some(parent) = self.parent(key)? else {
            return refuse("the root of a hive cannot be deleted");
        };
        self.prepare()?;
        let mut keys = vec![key.0];
        let mut next = 0;
        while let Some(&current) = keys.get(next) {
            if self.flags(KeyId(current))? & key::FLAG_NO_DELETE != 0 {
                return refuse("it, or a key below it, is marked as not to be deleted");
            }
            keys.append(&mut list::collect(&self.cells, current, self.root)?);
            if !recursive && keys.len() > 1 {
                return refuse("it has subkeys");
            }
            next = next.saturating_add(1);
        }
        self.before_unsharing(&keys)?;
        let path = self.noted_path(key)?;
        self.edit(|hive| hive.remove_keys(parent.0, &keys))?;
        self.note_deleted(path);
        Ok(())
    }

    /// Removes `keys`, of which the first is a subkey of `parent` and the others are below it.
    fn remove_keys(&mut self, parent: u32, keys: &[u32]) -> Result<()> {
        let Some(&top) = keys.first() else { return Ok(()) };
        self.remove_subkey(parent, top)?;
        let node = KeyNode::read(&self.cells, parent)?;
        let (left, max_name) = (node.field(key::SUBKEYS)?.saturating_sub(1), node.field(key::MAX_NAME)?);
        self.cells.write_u32(parent, key::SUBKEYS, left)?;
        if left == 0 {
            self.cells.write_u32(parent, key::MAX_NAME, max_name & !0xFFFF)?;
            self.cells.write_u32(parent, key::MAX_CLASS, 0)?;
        }
        self.written_keys.insert(parent);
        for &key in keys {
            self.release_list(key)?;
            self.release_values(key)?;
            self.release_class(key)?;
            self.unshare(KeyNode::read(&self.cells, key)?.field(key::SECURITY)?)?;
            self.release(key)?;
            self.written_keys.remove(&key);
            self.unsorted.remove(&key);
            self.local.created.remove(&key);
        }
        Ok(())
    }

    /// Sets or removes the class name, byte for byte (normally UTF-16LE without a terminator).
    pub fn set_class(&mut self, key: KeyId, class: Option<&[u8]>) -> Result<()> {
        let class = class.unwrap_or_default();
        let length = u16::try_from(class.len()).map_err(|_| Error::InvalidArgument {
            parameter: "class name",
            reason: "it has more than 65535 bytes".to_owned(),
        })?;
        if self.class_name(key)?.unwrap_or_default() == class {
            return Ok(());
        }
        let parent = self.parent(key)?;
        self.edit(|hive| {
            hive.near(key.0)?;
            let cell = if class.is_empty() { NOWHERE } else { hive.allocate_with(class)? };
            hive.release_class(key.0)?;
            hive.cells.write_u32(key.0, key::CLASS, cell)?;
            hive.cells.write(key.0, key::CLASS_LENGTH, &length.to_le_bytes())?;
            hive.written_keys.insert(key.0);
            match parent {
                Some(parent) => hive.raise(parent.0, key::MAX_CLASS, class.len()),
                None => Ok(()),
            }
        })
    }

    fn release_class(&mut self, key: u32) -> Result<()> {
        match KeyNode::read(&self.cells, key)?.class()? {
            Some((class, _)) => self.release(class),
            None => Ok(()),
        }
    }
}

/// Refuses a name that no key may have.
pub(super) fn check_key_name(name: &[u16]) -> Result<()> {
    let reason = if name.is_empty() || name.contains(&u16::from(b'\\')) {
        "it is empty or has a backslash"
    } else if name.len() > MAX_KEY_NAME {
        "it has more than 255 characters"
    } else {
        return Ok(());
    };
    Err(Error::InvalidName { what: "key name", name: String::from_utf16_lossy(name), reason })
}

/// The bytes of a key without subkeys and values. Its time is written when the hive is finished.
pub(super) fn key_record(parent: u32, security: u32, name: &[u16], flags: u16) -> Result<Vec<u8>> {
    let (bytes, compressed) = name::encode(name);
    let flags = flags | if compressed { key::FLAG_COMPRESSED_NAME } else { 0 };
    let length = u16::try_from(bytes.len()).map_err(|_| Error::LimitExceeded {
        what: "the size of a key name",
        limit: u64::from(u16::MAX),
        found: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    })?;
    let mut record = vec![0; key::NAME];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(field) = record.get_mut(at..at.saturating_add(bytes.len())) {
            field.copy_from_slice(bytes);
        }
    };
    put(0, b"nk");
    put(key::FLAGS, &flags.to_le_bytes());
    put(key::PARENT, &parent.to_le_bytes());
    for list in [key::SUBKEYS_LIST, key::VOLATILE_SUBKEYS_LIST, key::VALUES_LIST, key::CLASS] {
        put(list, &NOWHERE.to_le_bytes());
    }
    put(key::SECURITY, &security.to_le_bytes());
    put(key::NAME_LENGTH, &length.to_le_bytes());
    record.extend_from_slice(&bytes);
    debug_assert!(record.len() == key::NAME + index(u32::from(length)));
    Ok(record)
}
