//! Security identifiers.

use crate::error::Result;
use crate::formats::bytes::Reader;

/// The most subauthorities a SID may have.
const MAX_SUBAUTHORITIES: u8 = 15;

/// A security identifier: `S-1-5-32-544`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    /// Six bytes, the highest first.
    authority: [u8; 6],
    subauthorities: Vec<u32>,
}

impl Sid {
    /// A SID of the NT authority (`S-1-5-…`).
    pub fn nt(subauthorities: &[u32]) -> Self {
        Self { authority: [0, 0, 0, 0, 0, 5], subauthorities: subauthorities.to_vec() }
    }

    /// BUILTIN\Administrators.
    pub fn administrators() -> Self {
        Self::nt(&[32, 544])
    }

    /// BUILTIN\Users.
    pub fn users() -> Self {
        Self::nt(&[32, 545])
    }

    /// NT AUTHORITY\SYSTEM.
    pub fn system() -> Self {
        Self::nt(&[18])
    }

    /// Whether it is CREATOR OWNER, which stands for the owner of what is created.
    pub fn is_creator_owner(&self) -> bool {
        self.authority == [0, 0, 0, 0, 0, 3] && self.subauthorities == [0]
    }

    /// Whether it is CREATOR GROUP, which stands for the group of what is created.
    pub fn is_creator_group(&self) -> bool {
        self.authority == [0, 0, 0, 0, 0, 3] && self.subauthorities == [1]
    }

    /// Reads one SID.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let start = reader.position();
        let revision = reader.u8()?;
        let count = reader.u8()?;
        if revision != 1 || count > MAX_SUBAUTHORITIES {
            let found = format!("revision {revision}, {count} subauthorities");
            return Err(reader.error_at(start, "a SID of revision 1 with up to 15 subauthorities", found));
        }
        let authority = reader.array()?;
        let subauthorities = (0..count).map(|_| reader.u32()).collect::<Result<_>>()?;
        Ok(Self { authority, subauthorities })
    }

    /// Appends the SID as it is stored.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let count = u8::try_from(self.subauthorities.len()).unwrap_or(MAX_SUBAUTHORITIES);
        bytes.extend_from_slice(&[1, count]);
        bytes.extend_from_slice(&self.authority);
        self.subauthorities.iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
    }

    /// The SID as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// The two letters that SDDL has for it.
    pub(super) fn alias(&self) -> Option<&'static str> {
        let low = self.authority.last().copied().unwrap_or(0);
        if !self.authority.starts_with(&[0, 0, 0, 0, 0]) {
            return None;
        }
        match (low, self.subauthorities.as_slice()) {
            (1, [0]) => Some("WD"),
            (3, [0]) => Some("CO"),
            (3, [1]) => Some("CG"),
            (3, [4]) => Some("OW"),
            (5, [2]) => Some("NU"),
            (5, [4]) => Some("IU"),
            (5, [6]) => Some("SU"),
            (5, [7]) => Some("AN"),
            (5, [10]) => Some("PS"),
            (5, [11]) => Some("AU"),
            (5, [12]) => Some("RC"),
            (5, [18]) => Some("SY"),
            (5, [19]) => Some("LS"),
            (5, [20]) => Some("NS"),
            (5, [32, 544]) => Some("BA"),
            (5, [32, 545]) => Some("BU"),
            (5, [32, 546]) => Some("BG"),
            (5, [32, 547]) => Some("PU"),
            (5, [32, 548]) => Some("AO"),
            (5, [32, 549]) => Some("SO"),
            (5, [32, 550]) => Some("PO"),
            (5, [32, 551]) => Some("BO"),
            (5, [32, 552]) => Some("RE"),
            (15, [2, 1]) => Some("AC"),
            (16, [4096]) => Some("LW"),
            (16, [8192]) => Some("ME"),
            (16, [12288]) => Some("HI"),
            (16, [16384]) => Some("SI"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Sid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut authority = [0; 8];
        if let Some(low) = authority.get_mut(2..) {
            low.copy_from_slice(&self.authority);
        }
        let authority = u64::from_be_bytes(authority);
        // An authority above 2^32 is written in hexadecimal.
        match u32::try_from(authority) {
            Ok(authority) => write!(f, "S-1-{authority}")?,
            Err(_) => write!(f, "S-1-0x{authority:012X}")?,
        }
        self.subauthorities.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}
