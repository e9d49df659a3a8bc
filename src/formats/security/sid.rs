//! Security identifiers.

use crate::error::Result;
use crate::formats::bytes::Reader;

/// The most subauthorities a SID may have.
const MAX_SUBAUTHORITIES: u8 = 15;

/// What SDDL has two letters for: the letters, the authority, the subauthorities.
const ALIASES: [(&str, u8, &[u32]); 28] = [
    ("WD", 1, &[0]),
    ("CO", 3, &[0]),
    ("CG", 3, &[1]),
    ("OW", 3, &[4]),
    ("NU", 5, &[2]),
    ("IU", 5, &[4]),
    ("SU", 5, &[6]),
    ("AN", 5, &[7]),
    ("PS", 5, &[10]),
    ("AU", 5, &[11]),
    ("RC", 5, &[12]),
    ("SY", 5, &[18]),
    ("LS", 5, &[19]),
    ("NS", 5, &[20]),
    ("BA", 5, &[32, 544]),
    ("BU", 5, &[32, 545]),
    ("BG", 5, &[32, 546]),
    ("PU", 5, &[32, 547]),
    ("AO", 5, &[32, 548]),
    ("SO", 5, &[32, 549]),
    ("PO", 5, &[32, 550]),
    ("BO", 5, &[32, 551]),
    ("RE", 5, &[32, 552]),
    ("AC", 15, &[2, 1]),
    ("LW", 16, &[4096]),
    ("ME", 16, &[8192]),
    ("HI", 16, &[12288]),
    ("SI", 16, &[16384]),
];

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
        let of_it = |(_, low, parts): &&(&str, u8, &[u32])| {
            self.authority == [0, 0, 0, 0, 0, *low] && self.subauthorities.as_slice() == *parts
        };
        ALIASES.iter().find(of_it).map(|(name, ..)| *name)
    }

    /// The SID of two letters of SDDL, or of `S-1-…` with a decimal authority below 256.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        if let Some((_, low, parts)) = ALIASES.iter().find(|(name, ..)| *name == text) {
            return Some(Self { authority: [0, 0, 0, 0, 0, *low], subauthorities: parts.to_vec() });
        }
        let (low, parts) = text.strip_prefix("S-1-")?.split_once('-')?;
        let subauthorities: Vec<u32> =
            parts.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let fits = subauthorities.len() <= usize::from(MAX_SUBAUTHORITIES);
        fits.then_some(Self { authority: [0, 0, 0, 0, 0, low.parse().ok()?], subauthorities })
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
