//! The self-relative security descriptor: a header and what its offsets point to.

use super::acl::Acl;
use super::sid::Sid;
use crate::error::Result;
use crate::formats::bytes::Reader;

pub(super) const FORMAT: &str = "security descriptor";

/// Bits of [`SecurityDescriptor::control`].
pub mod control {
    /// The access list is there (it may be null, which allows everything).
    pub const DACL_PRESENT: u16 = 0x0004;
    /// The audit list is there.
    pub const SACL_PRESENT: u16 = 0x0010;
    /// The access list was inherited automatically.
    pub const DACL_AUTO_INHERITED: u16 = 0x0400;
    /// The audit list was inherited automatically.
    pub const SACL_AUTO_INHERITED: u16 = 0x0800;
    /// The access list does not take what the parent hands down.
    pub const DACL_PROTECTED: u16 = 0x1000;
    /// The audit list does not take what the parent hands down.
    pub const SACL_PROTECTED: u16 = 0x2000;
    /// The byte before is not padding but rights of the resource manager.
    pub const RM_CONTROL_VALID: u16 = 0x4000;
    /// Offsets, not pointers: how descriptors are stored.
    pub const SELF_RELATIVE: u16 = 0x8000;
}

/// An access or audit list of a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AclField {
    /// There is none.
    #[default]
    Absent,
    /// There is one, and it is null: as an access list it allows everything to everyone.
    Null,
    /// There is one; when empty, as an access list it allows nothing.
    List(Acl),
}

impl AclField {
    /// The entries, if there is a list.
    pub fn list(&self) -> Option<&Acl> {
        match self {
            Self::List(acl) => Some(acl),
            Self::Absent | Self::Null => None,
        }
    }
}

/// A security descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityDescriptor {
    /// [`control`] bits, without the ones that say which parts are there.
    pub control: u16,
    /// Resource manager bits.
    pub resource_manager: u8,
    /// Who owns the object.
    pub owner: Option<Sid>,
    /// The owner's group, for POSIX.
    pub group: Option<Sid>,
    /// The audit list, and labels.
    pub sacl: AclField,
    /// The access list.
    pub dacl: AclField,
}

/// The bits that [`SecurityDescriptor::to_bytes`] derives from the parts.
const DERIVED: u16 = control::SELF_RELATIVE | control::DACL_PRESENT | control::SACL_PRESENT;

impl SecurityDescriptor {
    /// Reads a self-relative descriptor.
    ///
    /// # Errors
    /// [`crate::error::Error::Malformed`] when it is not one, or a part of it is not inside.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, bytes);
        let revision = reader.u8()?;
        if revision != 1 {
            return Err(reader.error_at(0, "revision 1", revision.to_string()));
        }
        let resource_manager = reader.u8()?;
        let control = reader.u16()?;
        if control & control::SELF_RELATIVE == 0 {
            return Err(reader.error_at(2, "a self-relative descriptor", format!("control {control:#06x}")));
        }
        let [owner, group, sacl, dacl] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
        Ok(Self {
            control: control & !DERIVED,
            resource_manager,
            owner: at(bytes, owner, Sid::read)?,
            group: at(bytes, group, Sid::read)?,
            sacl: acl_field(bytes, control & control::SACL_PRESENT != 0, sacl)?,
            dacl: acl_field(bytes, control & control::DACL_PRESENT != 0, dacl)?,
        })
    }

    /// The descriptor as it is stored: audit list, access list, owner, group behind the header, in
    /// the order that Windows writes.
    ///
    /// # Errors
    /// [`crate::error::Error::LimitExceeded`] when a list is larger than 64 KB.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut control = self.control & !DERIVED | control::SELF_RELATIVE;
        let mut parts = Vec::new();
        let mut acl_offset = |field: &AclField, present: u16, control: &mut u16| -> Result<u32> {
            if *field != AclField::Absent {
                *control |= present;
            }
            let Some(acl) = field.list() else { return Ok(0) };
            let offset = offset_of(&parts);
            acl.write(&mut parts)?;
            parts.resize(parts.len().next_multiple_of(4), 0);
            Ok(offset)
        };
        let sacl = acl_offset(&self.sacl, control::SACL_PRESENT, &mut control)?;
        let dacl = acl_offset(&self.dacl, control::DACL_PRESENT, &mut control)?;
        let mut sid_offset = |sid: &Option<Sid>| {
            let Some(sid) = sid else { return 0 };
            let offset = offset_of(&parts);
            sid.write(&mut parts);
            offset
        };
        let owner = sid_offset(&self.owner);
        let group = sid_offset(&self.group);
        let mut bytes = vec![1, self.resource_manager];
        bytes.extend_from_slice(&control.to_le_bytes());
        for offset in [owner, group, sacl, dacl] {
            bytes.extend_from_slice(&offset.to_le_bytes());
        }
        bytes.extend_from_slice(&parts);
        Ok(bytes)
    }
}

/// Where the next part will be: two lists are under 128 KB together, so the offset fits.
fn offset_of(parts: &[u8]) -> u32 {
    u32::try_from(parts.len()).unwrap_or(u32::MAX).saturating_add(20)
}

fn at<T>(bytes: &[u8], offset: u32, read: fn(&mut Reader<'_>) -> Result<T>) -> Result<Option<T>> {
    if offset == 0 {
        return Ok(None);
    }
    let mut reader = Reader::new(FORMAT, bytes);
    reader.seek(usize::try_from(offset).unwrap_or(usize::MAX))?;
    read(&mut reader).map(Some)
}

fn acl_field(bytes: &[u8], present: bool, offset: u32) -> Result<AclField> {
    if !present {
        return Ok(AclField::Absent);
    }
    Ok(at(bytes, offset, Acl::read)?.map_or(AclField::Null, AclField::List))
}
