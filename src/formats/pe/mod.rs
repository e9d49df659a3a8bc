//! PE images: machine, and the Authenticode digest that catalogues and signatures are made of.
//!
//! The digest leaves out what signing changes: the header's checksum, the directory entry of the
//! certificate table, and the table itself, which must be the end of the file. An unsigned image is
//! hashed as if it had been padded with zeros to a multiple of eight bytes, as signing pads it.
//!
//! Reference: Microsoft "Windows Authenticode Portable Executable Signature Format"; "PE Format".

mod version;

pub use version::version_string;

use crate::error::{Error, Result};
use crate::formats::bytes::{u16_at, u32_at};
use sha1::{Digest, Sha1};
use sha2::Sha256;

const FORMAT: &str = "PE image";
/// Offset of `e_lfanew` in the DOS header.
const PE_OFFSET: usize = 0x3C;
/// Size of the signature and the file header.
const FILE_HEADER: usize = 24;
/// Offset of CheckSum in the optional header, PE32 and PE32+.
const CHECKSUM: usize = 64;
/// Offset of the data directories in the optional header.
const DIRECTORIES_PE32: usize = 96;
/// The same in PE32+.
const DIRECTORIES_PE32_PLUS: usize = 112;
/// Index of the certificate table among the directories.
const CERTIFICATE_TABLE: usize = 4;

/// The machines Windows images are for.
pub mod machine {
    /// x86.
    pub const I386: u16 = 0x014C;
    /// x64.
    pub const AMD64: u16 = 0x8664;
    /// 32-bit ARM (Thumb-2).
    pub const ARMNT: u16 = 0x01C4;
    /// 64-bit ARM.
    pub const ARM64: u16 = 0xAA64;
    /// 32-bit ARM without Thumb.
    pub const ARM: u16 = 0x01C0;
    /// 32-bit ARM with Thumb.
    pub const THUMB: u16 = 0x01C2;
    /// Itanium.
    pub const IA64: u16 = 0x0200;
}

/// What the headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    /// `IMAGE_FILE_MACHINE_*`.
    pub machine: u16,
    /// Whether it is PE32+ (64-bit).
    pub is_64_bit: bool,
    /// Offset of the checksum.
    checksum: usize,
    /// Offset of the certificate table's directory entry, if there is one.
    certificate_entry: Option<usize>,
    /// Offset and size of the certificate table; size 0 if there is none.
    certificates: (usize, usize),
}

/// The Authenticode digests of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticode {
    /// With SHA-1.
    pub sha1: [u8; 20],
    /// With SHA-256.
    pub sha256: [u8; 32],
}

/// Where the PE signature is; `None` if the bytes are no PE image.
fn signature(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"MZ") {
        return None;
    }
    let start = usize::try_from(u32_at(bytes, PE_OFFSET)?).ok()?;
    bytes.get(start..)?.starts_with(b"PE\0\0").then_some(start)
}

/// The machine of the image that starts with these bytes; the rest need not be there.
pub fn machine_of(bytes: &[u8]) -> Option<u16> {
    u16_at(bytes, signature(bytes)?.checked_add(4)?)
}

/// Reads the headers; `None` if the bytes are no PE image.
///
/// # Errors
/// A PE signature with headers that do not fit the file.
pub fn headers(bytes: &[u8]) -> Result<Option<Headers>> {
    let Some(start) = signature(bytes) else { return Ok(None) };
    let truncated =
        || Error::malformed(FORMAT, format!("offset {start:#x}"), "whole headers", "the end of the file");
    let optional = start.checked_add(FILE_HEADER).ok_or_else(truncated)?;
    let at = |offset: usize| optional.checked_add(offset);
    let machine = start.checked_add(4).and_then(|offset| u16_at(bytes, offset)).ok_or_else(truncated)?;
    let directories = match u16_at(bytes, optional).ok_or_else(truncated)? {
        0x010B => DIRECTORIES_PE32,
        0x020B => DIRECTORIES_PE32_PLUS,
        other => {
            let place = format!("offset {optional:#x}");
            return Err(Error::malformed(FORMAT, place, "PE32 or PE32+", format!("magic {other:#06x}")));
        }
    };
    let count =
        at(directories.saturating_sub(4)).and_then(|offset| u32_at(bytes, offset)).ok_or_else(truncated)?;
    let entry = at(directories.saturating_add(CERTIFICATE_TABLE.saturating_mul(8))).ok_or_else(truncated)?;
    let mut certificate_entry = None;
    let mut certificates = (0, 0);
    if usize::try_from(count).is_ok_and(|count| count > CERTIFICATE_TABLE) {
        let number = |offset: Option<usize>| {
            offset
                .and_then(|offset| u32_at(bytes, offset))
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(truncated)
        };
        certificate_entry = Some(entry);
        certificates = (number(Some(entry))?, number(entry.checked_add(4))?);
    }
    let checksum = at(CHECKSUM).filter(|&offset| u32_at(bytes, offset).is_some()).ok_or_else(truncated)?;
    Ok(Some(Headers {
        machine,
        is_64_bit: directories == DIRECTORIES_PE32_PLUS,
        checksum,
        certificate_entry,
        certificates,
    }))
}

/// The Authenticode digests; `None` if the bytes are no PE image.
///
/// # Errors
/// Headers that do not fit the file, or a certificate table outside it.
pub fn authenticode_digests(bytes: &[u8]) -> Result<Option<Authenticode>> {
    let Some(headers) = headers(bytes)? else { return Ok(None) };
    let outside = |what: &str| Error::malformed(FORMAT, what, "to lie inside the file", "it does not");
    let after_checksum = headers.checksum.checked_add(4).ok_or_else(|| outside("checksum"))?;
    let (table, size) = headers.certificates;
    let (end, after) = if size == 0 {
        (bytes.len(), bytes.len())
    } else {
        (table, table.checked_add(size).ok_or_else(|| outside("certificate table"))?)
    };
    let parts = match headers.certificate_entry {
        None => [Some(0..headers.checksum), Some(after_checksum..end), None, None],
        Some(entry) => {
            let after_entry = entry.checked_add(8).ok_or_else(|| outside("directory"))?;
            let rest = Some(after_entry..end);
            [Some(0..headers.checksum), Some(after_checksum..entry), rest, Some(after..bytes.len())]
        }
    };
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    for part in parts.into_iter().flatten() {
        let part = bytes.get(part).ok_or_else(|| outside("certificate table"))?;
        sha1.update(part);
        sha256.update(part);
    }
    let odd = bytes.len() % 8;
    if size == 0 && odd != 0 {
        let padding = [0_u8; 8];
        let padding = padding.get(odd..).unwrap_or_default();
        sha1.update(padding);
        sha256.update(padding);
    }
    Ok(Some(Authenticode { sha1: sha1.finalize().into(), sha256: sha256.finalize().into() }))
}
