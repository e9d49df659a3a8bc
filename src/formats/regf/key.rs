//! Key nodes (`nk`): where their fields are, and reading them.
//!
//! Reference: `msuhanov/regf` "Key node".

use super::cells::{Cells, NOWHERE};
use super::name::NameRef;
use super::record::Record;
use crate::error::Result;

pub(super) const FLAGS: usize = 2;
pub(super) const LAST_WRITTEN: usize = 4;
pub(super) const PARENT: usize = 16;
pub(super) const SUBKEYS: usize = 20;
pub(super) const VOLATILE_SUBKEYS: usize = 24;
pub(super) const SUBKEYS_LIST: usize = 28;
pub(super) const VOLATILE_SUBKEYS_LIST: usize = 32;
pub(super) const VALUES: usize = 36;
pub(super) const VALUES_LIST: usize = 40;
pub(super) const SECURITY: usize = 44;
pub(super) const CLASS: usize = 48;
/// Largest subkey name (low 16 bits), virtualization flags (4 bits), user flags (4), debug (8).
pub(super) const MAX_NAME: usize = 52;
pub(super) const MAX_CLASS: usize = 56;
pub(super) const MAX_VALUE_NAME: usize = 60;
pub(super) const MAX_VALUE_DATA: usize = 64;
pub(super) const NAME_LENGTH: usize = 72;
pub(super) const CLASS_LENGTH: usize = 74;
pub(super) const NAME: usize = 76;

/// Root key of the hive.
pub(super) const FLAG_ROOT: u16 = 0x0004;
/// The key may not be deleted.
pub(super) const FLAG_NO_DELETE: u16 = 0x0008;
/// The name has one byte for each unit.
pub(super) const FLAG_COMPRESSED_NAME: u16 = 0x0020;
/// A predefined handle stands where the number of values would be.
pub(super) const FLAG_PREDEFINED_HANDLE: u16 = 0x0040;
/// In the virtualization flags at bit 16 of [`MAX_NAME`]: new subkeys get the same flags.
pub(super) const VIRTUALIZATION_RECURSES: u32 = 0x8 << 16;
pub(super) const VIRTUALIZATION_MASK: u32 = 0xF << 16;

/// A key node whose cell is known to hold all its fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyNode<'a> {
    record: Record<'a>,
}

impl<'a> KeyNode<'a> {
    /// The key node at `offset`.
    pub fn read(cells: &'a Cells, offset: u32) -> Result<Self> {
        let record = cells.record_of(offset, b"nk")?;
        record.bytes(0, NAME)?;
        Ok(Self { record })
    }

    /// The record under it.
    pub fn record(&self) -> Record<'a> {
        self.record
    }

    pub fn flags(&self) -> Result<u16> {
        self.record.u16(FLAGS)
    }

    /// A 32-bit field.
    pub fn field(&self, at: usize) -> Result<u32> {
        self.record.u32(at)
    }

    pub fn name(&self) -> Result<NameRef<'a>> {
        let length = usize::from(self.record.u16(NAME_LENGTH)?);
        let bytes = self.record.bytes(NAME, length)?;
        Ok(NameRef::new(bytes, self.flags()? & FLAG_COMPRESSED_NAME != 0))
    }

    /// Number of subkeys and their list; the number is 0 when there is no list to read.
    pub fn subkeys(&self) -> Result<(u32, u32)> {
        self.counted(SUBKEYS, SUBKEYS_LIST)
    }

    /// Number of values and their list.
    pub fn values(&self) -> Result<(u32, u32)> {
        if self.flags()? & FLAG_PREDEFINED_HANDLE != 0 {
            return Ok((0, NOWHERE));
        }
        self.counted(VALUES, VALUES_LIST)
    }

    fn counted(&self, count_at: usize, list_at: usize) -> Result<(u32, u32)> {
        let (count, list) = (self.field(count_at)?, self.field(list_at)?);
        if count == 0 {
            return Ok((0, NOWHERE));
        }
        if list == NOWHERE {
            return Err(self.record.error(list_at, format!("the list of {count} item(s)"), "none"));
        }
        Ok((count, list))
    }

    /// Offset and length of the class name, unless the key has none.
    pub fn class(&self) -> Result<Option<(u32, u16)>> {
        let (offset, length) = (self.field(CLASS)?, self.record.u16(CLASS_LENGTH)?);
        Ok(if offset == NOWHERE || length == 0 { None } else { Some((offset, length)) })
    }
}
