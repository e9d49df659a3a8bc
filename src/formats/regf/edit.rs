//! Editing a hive in place.

use super::{FinishedHive, Hive, KeyId};
use crate::error::{Error, Result};

/// What a check of the whole hive found besides damage to its structure.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Defects that readers tolerate; the first hundred.
    pub defects: Vec<String>,
    /// Allocated cells that nothing points to.
    pub leaked_cells: u64,
    /// Their size in bytes.
    pub leaked_bytes: u64,
}

fn later<T>() -> Result<T> {
    Err(Error::Unsupported { what: "editing hives".into(), reason: "not written yet".into() })
}

impl Hive {
    /// A new hive with only a root key; `minor` 3 to 6; without `security`, the default one.
    pub fn new(_root_name: &str, _minor: u32, _security: Option<&[u8]>) -> Result<Self> {
        later()
    }

    /// The key at `path` below `parent`, created with all missing keys above it.
    pub fn create_key(&mut self, _parent: KeyId, _path: &str) -> Result<KeyId> {
        later()
    }

    /// The subkey `name`, created if it is missing.
    pub fn create_subkey(&mut self, _parent: KeyId, _name: &[u16]) -> Result<KeyId> {
        later()
    }

    /// Sets a value; the empty name is the default value.
    pub fn set_value(&mut self, _key: KeyId, _name: &str, _kind: u32, _data: &[u8]) -> Result<()> {
        later()
    }

    /// Deletes a value; whether there was one.
    pub fn delete_value(&mut self, _key: KeyId, _name: &str) -> Result<bool> {
        later()
    }

    /// Deletes a key; with its subkeys if `recursive`.
    pub fn delete_key(&mut self, _key: KeyId, _recursive: bool) -> Result<()> {
        later()
    }

    /// Sets or removes the class name, byte for byte.
    pub fn set_class(&mut self, _key: KeyId, _class: Option<&[u8]>) -> Result<()> {
        later()
    }

    /// Gives a key this self-relative security descriptor.
    pub fn set_security(&mut self, _key: KeyId, _descriptor: &[u8]) -> Result<()> {
        later()
    }

    /// Checks the whole hive; the first defect is the error.
    pub fn check(&self) -> Result<()> {
        later()
    }

    /// Checks the whole hive; damage to the structure is the error.
    pub fn inspect(&self) -> Result<Findings> {
        later()
    }

    /// Makes the hive ready to be stored; it stays open for more edits. `now` is a FILETIME.
    pub fn finish(&mut self, _now: u64) -> Result<FinishedHive> {
        later()
    }

    /// Rebuilds the hive without free space. Key ids become invalid.
    pub fn compact(&mut self) -> Result<()> {
        later()
    }
}
