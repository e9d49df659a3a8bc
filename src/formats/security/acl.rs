//! Access control lists and their entries.

use super::sid::Sid;
use crate::error::Result;
use crate::formats::bytes::{u32_at, Reader};

/// Bits of [`Ace::flags`].
pub mod ace_flags {
    /// Files in the directory get the entry.
    pub const OBJECT_INHERIT: u8 = 0x01;
    /// Directories in the directory get the entry.
    pub const CONTAINER_INHERIT: u8 = 0x02;
    /// What gets the entry does not hand it on.
    pub const NO_PROPAGATE: u8 = 0x04;
    /// The entry only waits to be inherited.
    pub const INHERIT_ONLY: u8 = 0x08;
    /// The entry came from the parent.
    pub const INHERITED: u8 = 0x10;
    /// Audit: successful accesses.
    pub const SUCCESSFUL_ACCESS: u8 = 0x40;
    /// Audit: refused accesses.
    pub const FAILED_ACCESS: u8 = 0x80;
}

/// Lists with object entries have this revision, the others 2.
const REVISION_DIRECTORY_SERVICE: u8 = 4;
const REVISION: u8 = 2;
/// Bytes of the header of a list.
const ACL_HEADER: usize = 8;
/// Bytes of the header of an entry.
const ACE_HEADER: usize = 4;

/// An access control list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// 2, or 4 with object entries.
    pub revision: u8,
    /// The entries in their order, which counts.
    pub entries: Vec<Ace>,
}

/// An access control entry. The body is kept as it is: a mask and a SID in the common kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ace {
    /// 0 allows, 1 denies, 2 audits, 0x11 is an integrity label…
    pub kind: u8,
    /// [`ace_flags`].
    pub flags: u8,
    /// What follows the four bytes of the header.
    pub body: Vec<u8>,
}

impl Acl {
    /// A list of these entries.
    pub fn new(entries: Vec<Ace>) -> Self {
        let has_objects = entries.iter().any(|entry| entry.sid_offset().is_some_and(|offset| offset > 4));
        Self { revision: if has_objects { REVISION_DIRECTORY_SERVICE } else { REVISION }, entries }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let start = reader.position();
        let revision = reader.u8()?;
        reader.skip(1)?;
        let size = reader.u16()?;
        let count = reader.u16()?;
        reader.skip(2)?;
        if !(REVISION..=REVISION_DIRECTORY_SERVICE).contains(&revision) {
            return Err(reader.error_at(
                start,
                "an access control list of revision 2 to 4",
                revision.to_string(),
            ));
        }
        let Some(rest) = usize::from(size).checked_sub(ACL_HEADER) else {
            return Err(reader.error_at(start, "a list of 8 bytes or more", size.to_string()));
        };
        let base = u64::try_from(reader.position()).unwrap_or(u64::MAX);
        let mut inside = Reader::new(super::descriptor::FORMAT, reader.take(rest)?).with_base(base);
        let entries = (0..count).map(|_| Ace::read(&mut inside)).collect::<Result<_>>()?;
        Ok(Self { revision, entries })
    }

    /// Appends the list as it is stored.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<()> {
        let too_large = |found: usize| crate::error::Error::LimitExceeded {
            what: "the size of an access control list in bytes",
            limit: u64::from(u16::MAX),
            found: u64::try_from(found).unwrap_or(u64::MAX),
        };
        let sizes = self.entries.iter().map(|entry| entry.body.len().saturating_add(ACE_HEADER));
        let size = sizes.fold(ACL_HEADER, usize::saturating_add);
        let stored = u16::try_from(size).map_err(|_| too_large(size))?;
        let count = u16::try_from(self.entries.len()).map_err(|_| too_large(size))?;
        bytes.extend_from_slice(&[self.revision, 0]);
        bytes.extend_from_slice(&stored.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        for entry in &self.entries {
            let size =
                u16::try_from(entry.body.len().saturating_add(ACE_HEADER)).map_err(|_| too_large(size))?;
            bytes.extend_from_slice(&[entry.kind, entry.flags]);
            bytes.extend_from_slice(&size.to_le_bytes());
            bytes.extend_from_slice(&entry.body);
        }
        Ok(())
    }
}

impl Ace {
    /// Allows `mask` to `sid`.
    pub fn allow(mask: u32, sid: &Sid, flags: u8) -> Self {
        let mut body = mask.to_le_bytes().to_vec();
        sid.write(&mut body);
        Self { kind: 0, flags, body }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let start = reader.position();
        let kind = reader.u8()?;
        let flags = reader.u8()?;
        let size = reader.u16()?;
        let Some(rest) = usize::from(size).checked_sub(ACE_HEADER) else {
            return Err(reader.error_at(start, "an entry of 4 bytes or more", size.to_string()));
        };
        let ace = Self { kind, flags, body: reader.take(rest)?.to_vec() };
        if ace.sid_offset().is_some() && ace.sid().is_none() {
            return Err(reader.error_at(start, format!("a SID in the entry of kind {kind:#x}"), "none"));
        }
        Ok(ace)
    }

    /// The access mask, in the kinds that have one.
    pub fn mask(&self) -> Option<u32> {
        self.sid_offset()?;
        u32_at(&self.body, 0)
    }

    /// Whom it is about, in the kinds that have a SID.
    pub fn sid(&self) -> Option<Sid> {
        let rest = self.body.get(self.sid_offset()?..)?;
        Sid::read(&mut Reader::new(super::descriptor::FORMAT, rest)).ok()
    }

    /// The same entry with another mask and SID; what follows the SID stays.
    pub(super) fn with(&self, mask: u32, sid: &Sid) -> Self {
        let mut changed = self.clone();
        if let (Some(offset), Some(old)) = (self.sid_offset(), self.sid()) {
            let behind = offset.saturating_add(old.to_bytes().len());
            let mut body = mask.to_le_bytes().to_vec();
            body.extend_from_slice(self.body.get(4..offset).unwrap_or_default());
            sid.write(&mut body);
            body.extend_from_slice(self.body.get(behind..).unwrap_or_default());
            body.resize(body.len().next_multiple_of(4), 0);
            changed.body = body;
        }
        changed
    }

    /// Offset of the SID in the body, in the kinds that have one.
    fn sid_offset(&self) -> Option<usize> {
        match self.kind {
            // Allow, deny, audit, alarm; their callback forms; label, attribute, policy, trust, filter.
            0..=3 | 0x09 | 0x0A | 0x0D | 0x0E | 0x11..=0x15 => Some(4),
            // The object forms have flags and up to two GUIDs in front of the SID.
            5..=8 | 0x0B | 0x0C | 0x0F | 0x10 => {
                let flags = u32_at(&self.body, 4).unwrap_or(0);
                let guids = [1, 2].into_iter().filter(|flag| flags & flag != 0).count();
                Some(guids.saturating_mul(16).saturating_add(8))
            }
            _ => None,
        }
    }
}
