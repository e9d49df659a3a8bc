//! Typed data of values: the `REG_*` kinds, and text and numbers to bytes and back.
//!
//! Text is UTF-16LE. It is cut at the first NUL when read: real hives have remnants behind it
//! (`TimeZoneKeyName`). What cannot be text of a Rust `String` becomes U+FFFD.
//!
//! Reference: `msuhanov/regf` "Data types".

use super::Value;
use crate::formats::bytes::{utf16_bytes, utf16_units};

/// No type.
pub const REG_NONE: u32 = 0;
/// Text.
pub const REG_SZ: u32 = 1;
/// Text with environment variables.
pub const REG_EXPAND_SZ: u32 = 2;
/// Bytes.
pub const REG_BINARY: u32 = 3;
/// A 32-bit number.
pub const REG_DWORD: u32 = 4;
/// A 32-bit number, most significant byte first.
pub const REG_DWORD_BIG_ENDIAN: u32 = 5;
/// The target of a symbolic link; not terminated.
pub const REG_LINK: u32 = 6;
/// Several texts.
pub const REG_MULTI_SZ: u32 = 7;
/// Resources of a driver.
pub const REG_RESOURCE_LIST: u32 = 8;
/// Resources of a device.
pub const REG_FULL_RESOURCE_DESCRIPTOR: u32 = 9;
/// Resources a device asks for.
pub const REG_RESOURCE_REQUIREMENTS_LIST: u32 = 10;
/// A 64-bit number.
pub const REG_QWORD: u32 = 11;

/// The data of a `REG_SZ` or `REG_EXPAND_SZ`: UTF-16LE with a terminator.
pub fn sz(text: &str) -> Vec<u8> {
    let mut units: Vec<u16> = text.encode_utf16().collect();
    units.push(0);
    utf16_bytes(&units)
}

/// The data of a `REG_MULTI_SZ`: each text terminated, and the list too.
///
/// An empty text would end the list for every reader, so empty texts are left out.
pub fn multi_sz<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut data = Vec::new();
    for text in texts {
        if !text.as_ref().is_empty() {
            data.extend_from_slice(&sz(text.as_ref()));
        }
    }
    data.extend_from_slice(&[0, 0]);
    data
}

/// The data of a `REG_DWORD`.
pub fn dword(number: u32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

/// The data of a `REG_DWORD_BIG_ENDIAN`.
pub fn dword_be(number: u32) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// The data of a `REG_QWORD`, and of a FILETIME in a `REG_BINARY`.
pub fn qword(number: u64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

/// The text in `data`, up to the first NUL; an odd last byte is left out.
pub fn read_sz(data: &[u8]) -> String {
    let units = utf16_units(data);
    String::from_utf16_lossy(units.split(|&unit| unit == 0).next().unwrap_or_default())
}

/// The texts in `data`, up to the first empty one.
pub fn read_multi_sz(data: &[u8]) -> Vec<String> {
    let units = utf16_units(data);
    let texts = units.split(|&unit| unit == 0);
    texts.take_while(|text| !text.is_empty()).map(String::from_utf16_lossy).collect()
}

impl Value {
    /// A value in memory.
    pub fn new(name: &str, kind: u32, data: Vec<u8>) -> Self {
        Self { name: name.encode_utf16().collect(), kind, data }
    }

    /// The name as text; unpaired surrogates become U+FFFD.
    pub fn name_text(&self) -> String {
        String::from_utf16_lossy(&self.name)
    }

    /// The text of a `REG_SZ`, `REG_EXPAND_SZ` or `REG_LINK`; the first of a `REG_MULTI_SZ`.
    pub fn as_text(&self) -> Option<String> {
        matches!(self.kind, REG_SZ | REG_EXPAND_SZ | REG_LINK | REG_MULTI_SZ).then(|| read_sz(&self.data))
    }

    /// The texts of a `REG_MULTI_SZ`; one text for the other text kinds.
    pub fn as_texts(&self) -> Option<Vec<String>> {
        match self.kind {
            REG_MULTI_SZ => Some(read_multi_sz(&self.data)),
            _ => self.as_text().map(|text| vec![text]),
        }
    }

    /// The number of a `REG_DWORD`, `REG_DWORD_BIG_ENDIAN` or `REG_QWORD` of the right size.
    pub fn as_number(&self) -> Option<u64> {
        let data = self.data.as_slice();
        match self.kind {
            REG_DWORD => data.try_into().ok().map(|bytes| u64::from(u32::from_le_bytes(bytes))),
            REG_DWORD_BIG_ENDIAN => data.try_into().ok().map(|bytes| u64::from(u32::from_be_bytes(bytes))),
            REG_QWORD => data.try_into().ok().map(u64::from_le_bytes),
            _ => None,
        }
    }

    /// The FILETIME in eight bytes of any kind (100 ns since 1601 UTC).
    pub fn as_filetime(&self) -> Option<u64> {
        self.data.as_slice().try_into().ok().map(u64::from_le_bytes)
    }
}
