//! Names of keys and values: UTF-16, or one byte for each unit below 256.
//!
//! Names need not be text: they may hold NULs and unpaired surrogates, and are compared unit by unit
//! in upper case.
//!
//! Reference: `msuhanov/regf` "Key node", "Key value", "Fast leaf" and "Hash leaf".

use crate::formats::upcase::upcase;
use std::cmp::Ordering;

/// A name as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameRef<'a> {
    bytes: &'a [u8],
    compressed: bool,
}

impl<'a> NameRef<'a> {
    /// `compressed`: one byte for each unit.
    pub fn new(bytes: &'a [u8], compressed: bool) -> Self {
        Self { bytes, compressed }
    }

    /// The UTF-16 units.
    pub fn units(self) -> impl Iterator<Item = u16> + 'a {
        let width = if self.compressed { 1 } else { 2 };
        self.bytes.chunks_exact(width).map(|unit| match *unit {
            [low, high] => u16::from_le_bytes([low, high]),
            [low] => u16::from(low),
            _ => 0,
        })
    }

    /// The name in memory.
    pub fn to_units(self) -> Vec<u16> {
        self.units().collect()
    }

    /// Bytes the name takes as UTF-16, which is what the "largest name" fields count.
    pub fn utf16_size(self) -> usize {
        if self.compressed {
            self.bytes.len().saturating_mul(2)
        } else {
            self.bytes.len()
        }
    }

    /// Order by upper-cased units.
    pub fn compare(self, other: impl Iterator<Item = u16>) -> Ordering {
        self.units().map(upcase).cmp(other.map(upcase))
    }

    /// Whether Windows takes the two for the same name.
    pub fn matches(self, name: &[u16]) -> bool {
        self.utf16_size() == name.len().saturating_mul(2) && self.compare(name.iter().copied()).is_eq()
    }
}

/// A name as it will be stored: its bytes, and whether they are compressed.
pub(super) fn encode(name: &[u16]) -> (Vec<u8>, bool) {
    let compressed: Result<Vec<u8>, _> = name.iter().map(|&unit| u8::try_from(unit)).collect();
    match compressed {
        Ok(bytes) => (bytes, true),
        Err(_) => (crate::formats::bytes::utf16_bytes(name), false),
    }
}

/// The hash an `lh` element has beside the key's offset.
pub(super) fn hash(name: impl Iterator<Item = u16>) -> u32 {
    name.fold(0, |hash: u32, unit| hash.wrapping_mul(37).wrapping_add(u32::from(upcase(unit))))
}

/// The hint an `lf` element has beside the key's offset: the first four units, if they fit in bytes.
///
/// A hint that starts with 0 says nothing; one unit above 255 among the four makes all of it 0.
pub(super) fn hint(name: impl Iterator<Item = u16>) -> u32 {
    let mut hint = [0_u8; 4];
    for (place, unit) in hint.iter_mut().zip(name) {
        match u8::try_from(unit) {
            Ok(byte) => *place = byte,
            Err(_) => return 0,
        }
    }
    u32::from_le_bytes(hint)
}
