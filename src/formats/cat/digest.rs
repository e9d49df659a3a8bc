//! Digests of files, and as catalogues name them.
//!
//! Reference: Microsoft mscat.h (CryptCATAdminCalcHashFromFileHandle: Authenticode digest for PE
//! images, the bytes' digest for all else).

use super::der::Element;
use super::oid;
use crate::error::Result;
use crate::formats::bytes::u16_at;
use crate::formats::pe;
use sha1::Sha1;
use sha2::Sha256;

/// A digest with its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl Digest {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// A digest of 20 or 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self::Sha1).or_else(|_| bytes.try_into().map(Self::Sha256)).ok()
    }
}

/// All digests a catalogue may cover a file by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileDigests {
    /// SHA-1 of the bytes.
    pub flat_sha1: [u8; 20],
    /// SHA-256 of the bytes.
    pub flat_sha256: [u8; 32],
    /// The Authenticode digests, if the file is a PE image.
    pub image: Option<pe::Authenticode>,
    /// The digests as a cabinet, if the file is an unsigned one.
    pub cabinet: Option<pe::Authenticode>,
}

/// Where a cabinet's header has `reserved1`, which its digest leaves out.
const CABINET_RESERVED: std::ops::Range<usize> = 4..8;
/// Offset of a cabinet's flags, and the flag of a reserve, which signed cabinets have.
const CABINET_FLAGS: usize = 30;
const CABINET_HAS_RESERVE: u16 = 0x0004;

impl FileDigests {
    /// Computes them. A PE image that is damaged has flat digests only.
    pub fn of(bytes: &[u8]) -> Self {
        use sha1::Digest as _;
        Self {
            flat_sha1: Sha1::digest(bytes).into(),
            flat_sha256: Sha256::digest(bytes).into(),
            image: pe::authenticode_digests(bytes).ok().flatten(),
            cabinet: cabinet_digests(bytes),
        }
    }

    /// All digests, the strongest first.
    pub fn all(&self) -> impl Iterator<Item = Digest> {
        let image = self.image;
        let image_sha256 = image.map(|image| Digest::Sha256(image.sha256));
        let image_sha1 = image.map(|image| Digest::Sha1(image.sha1));
        let cabinet_sha256 = self.cabinet.map(|cabinet| Digest::Sha256(cabinet.sha256));
        let cabinet_sha1 = self.cabinet.map(|cabinet| Digest::Sha1(cabinet.sha1));
        let flat_sha256 = Some(Digest::Sha256(self.flat_sha256));
        let flat_sha1 = Some(Digest::Sha1(self.flat_sha1));
        let strong = [image_sha256, cabinet_sha256, flat_sha256];
        strong.into_iter().chain([image_sha1, cabinet_sha1, flat_sha1]).flatten()
    }
}

/// The digests of a cabinet that has no signature: all bytes but `reserved1`. Found by comparing a
/// cabinet with its member in a catalogue; signed ones have more to leave out and are not done here.
fn cabinet_digests(bytes: &[u8]) -> Option<pe::Authenticode> {
    use sha1::Digest as _;
    if !bytes.starts_with(b"MSCF") || u16_at(bytes, CABINET_FLAGS)? & CABINET_HAS_RESERVE != 0 {
        return None;
    }
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    for part in [bytes.get(..CABINET_RESERVED.start)?, bytes.get(CABINET_RESERVED.end..)?] {
        sha1.update(part);
        sha256.update(part);
    }
    Some(pe::Authenticode { sha1: sha1.finalize().into(), sha256: sha256.finalize().into() })
}

/// The tag as text, and the digest it spells: raw bytes, or UTF-16LE hexadecimal digits.
pub(super) fn from_identifier(identifier: &[u8]) -> (String, Option<Digest>) {
    if let Some(digest) = Digest::from_bytes(identifier) {
        let digits = identifier.iter().map(|byte| format!("{byte:02X}")).collect();
        return (digits, Some(digest));
    }
    let tag = super::signer::utf16le_text(identifier);
    let bytes: Option<Vec<u8>> = tag
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let digest = bytes.and_then(|bytes| Digest::from_bytes(&bytes));
    (tag, digest)
}

/// The digest of an SPC_INDIRECT_DATA; `None` for other algorithms.
pub(super) fn from_algorithm(algorithm: &[u8], value: &Element<'_>) -> Result<Option<Digest>> {
    let digest = match algorithm {
        oid::SHA1 => value.content.try_into().map(Digest::Sha1),
        oid::SHA256 => value.content.try_into().map(Digest::Sha256),
        _ => return Ok(None),
    };
    match digest {
        Ok(digest) => Ok(Some(digest)),
        Err(_) => {
            Err(value.error("a digest of its algorithm's size", format!("{} bytes", value.content.len())))
        }
    }
}
