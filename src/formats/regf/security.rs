//! Security records (`sk`): shared by keys, counted, in one circular list.
//!
//! A hive has a few hundred descriptors for tens of thousands of keys; one record for each key would
//! multiply its size, so a descriptor that is in the hive already is used again.
//!
//! Reference: `msuhanov/regf` "Key security"; the descriptor: MS-DTYP 2.4.6.

use super::cells::{index, size_of, Cells};
use super::key::{self, KeyNode};
use super::Hive;
use crate::error::{Error, Result};
use crate::formats::bytes::{u16_at, u32_at};

pub(super) const FLINK: usize = 4;
pub(super) const BLINK: usize = 8;
pub(super) const REFERENCES: usize = 12;
pub(super) const SIZE: usize = 16;
pub(super) const DESCRIPTOR: usize = 20;

/// SYSTEM and Administrators: full control; Users: read; all inherited by subkeys. Owner
/// Administrators, group SYSTEM. In SDDL: `O:BAG:SYD:(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)`.
const DEFAULT_DESCRIPTOR: &[u8] = &[
    1, 0, 0x04, 0x80, 96, 0, 0, 0, 112, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0,
    0, // Revision, DACL present, offsets.
    2, 0, 76, 0, 3, 0, 0, 0, // An ACL of 76 bytes with three ACEs.
    0, 2, 20, 0, 0x3F, 0, 0x0F, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // S-1-5-18: KEY_ALL_ACCESS.
    0, 2, 24, 0, 0x3F, 0, 0x0F, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0, // S-1-5-32-544.
    0, 2, 24, 0, 0x19, 0, 0x02, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 33, 2, 0,
    0, // S-1-5-32-545: KEY_READ.
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0, // Owner S-1-5-32-544.
    1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // Group S-1-5-18.
];

/// The descriptor of a new hive whose maker gave none.
pub fn default_descriptor() -> &'static [u8] {
    DEFAULT_DESCRIPTOR
}

/// The descriptor in the security record at `offset`.
pub(super) fn descriptor(cells: &Cells, offset: u32) -> Result<&[u8]> {
    let record = cells.record_of(offset, b"sk")?;
    let size = record.u32(SIZE)?;
    record.bytes(DESCRIPTOR, index(size))
}

/// Refuses bytes that Windows would not take for a self-relative descriptor.
pub(super) fn check_descriptor(descriptor: &[u8]) -> Result<()> {
    const SELF_RELATIVE: u16 = 0x8000;
    let refuse = |reason: &str| {
        Err(Error::InvalidArgument { parameter: "security descriptor", reason: reason.to_owned() })
    };
    let self_relative = u16_at(descriptor, 2).is_some_and(|control| control & SELF_RELATIVE != 0);
    if descriptor.first() != Some(&1) || !self_relative || descriptor.len() < 20 {
        return refuse("it is not in self-relative form");
    }
    for at in [4, 8, 12, 16] {
        if u32_at(descriptor, at).is_none_or(|part| index(part) >= descriptor.len()) {
            return refuse("one of its parts lies outside");
        }
    }
    Ok(())
}

impl Hive {
    /// Gives a key this self-relative security descriptor. Subkeys keep theirs.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for bytes that are not a self-relative descriptor.
    pub fn set_security(&mut self, key: super::KeyId, descriptor: &[u8]) -> Result<()> {
        check_descriptor(descriptor)?;
        if self.security(key)? == descriptor {
            return Ok(());
        }
        self.check_editable()?;
        self.before_unsharing(&[key.0])?;
        self.know_descriptors()?;
        self.edit(|hive| {
            hive.near(key.0)?;
            let old = KeyNode::read(&hive.cells, key.0)?.field(key::SECURITY)?;
            let new = hive.share_descriptor(descriptor)?;
            hive.cells.write_u32(key.0, key::SECURITY, new)?;
            hive.unshare(old)?;
            hive.written_keys.insert(key.0);
            Ok(())
        })
    }

    /// A security record with this descriptor and one more reference: one the hive has, or a new one.
    fn share_descriptor(&mut self, descriptor: &[u8]) -> Result<u32> {
        if let Some(&offset) = self.descriptors.get(descriptor) {
            self.share(offset)?;
            return Ok(offset);
        }
        let head = KeyNode::read(&self.cells, self.root)?.field(key::SECURITY)?;
        let last = self.cells.record(head)?.u32(BLINK)?;
        let offset = self.allocate_with(&record(head, last, descriptor)?)?;
        self.cells.write_u32(last, FLINK, offset)?;
        self.cells.write_u32(head, BLINK, offset)?;
        self.descriptors.insert(descriptor.to_vec(), offset);
        self.local.records.insert(offset);
        Ok(offset)
    }

    /// One more key uses the record.
    pub(super) fn share(&mut self, offset: u32) -> Result<()> {
        let references = self.cells.record_of(offset, b"sk")?.u32(REFERENCES)?;
        self.cells.write_u32(offset, REFERENCES, references.saturating_add(1))
    }

    /// One key less uses the record; the last one frees it.
    pub(super) fn unshare(&mut self, offset: u32) -> Result<()> {
        let record = self.cells.record_of(offset, b"sk")?;
        let references = record.u32(REFERENCES)?;
        if references > 1 {
            return self.cells.write_u32(offset, REFERENCES, references.saturating_sub(1));
        }
        let (next, last) = (record.u32(FLINK)?, record.u32(BLINK)?);
        let bytes = descriptor(&self.cells, offset)?.to_vec();
        if self.descriptors.get(&bytes) == Some(&offset) {
            self.descriptors.remove(&bytes);
        }
        self.local.records.remove(&offset);
        self.cells.write_u32(last, FLINK, next)?;
        self.cells.write_u32(next, BLINK, last)?;
        self.release(offset)
    }
}

/// The bytes of a security record with one reference.
pub(super) fn record(next: u32, last: u32, descriptor: &[u8]) -> Result<Vec<u8>> {
    let size = size_of(descriptor.len(), "the size of a security descriptor")?;
    let mut record = b"sk\0\0".to_vec();
    for field in [next, last, 1, size] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(descriptor);
    Ok(record)
}
