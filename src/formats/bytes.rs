//! Little-endian reading of bounded input, with the offset in every error.
//!
//! Each format keeps one [`Reader`] over the structure it parses; a read past the end is an
//! [`Error::Malformed`] that names the format, the offset and what was to be read there.

use crate::error::{Error, Result};

/// A cursor over bytes that are not trusted.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    format: &'static str,
    bytes: &'a [u8],
    position: usize,
    base: u64,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`. `format` is the name users know: `WIM header`.
    pub fn new(format: &'static str, bytes: &'a [u8]) -> Self {
        Self { format, bytes, position: 0, base: 0 }
    }

    /// The same cursor for bytes that begin at `base` of their file: offsets in errors count from there.
    pub fn with_base(mut self, base: u64) -> Self {
        self.base = base;
        self
    }

    /// Offset of the next byte within the slice.
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes that are left, without moving.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// The whole slice, whatever was read of it.
    pub fn whole(&self) -> &'a [u8] {
        self.bytes
    }

    /// Moves to `position` of the slice; one past the end is allowed.
    pub fn seek(&mut self, position: usize) -> Result<()> {
        if position > self.bytes.len() {
            return Err(self.error_at(position, "an offset inside the data", "one behind its end"));
        }
        self.position = position;
        Ok(())
    }

    /// The next `count` bytes.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.position.checked_add(count);
        match end.and_then(|end| self.bytes.get(self.position..end)) {
            Some(taken) => {
                self.position = self.position.saturating_add(count);
                Ok(taken)
            }
            None => Err(self.error(format!("{count} byte(s)"), format!("{} left", self.remaining()))),
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Skips `count` bytes.
    pub fn skip(&mut self, count: usize) -> Result<()> {
        self.take(count).map(|_| ())
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// A 16-bit number.
    #[inline]
    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// A 32-bit number.
    #[inline]
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// A signed 32-bit number.
    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// A 64-bit number.
    #[inline]
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// `count` UTF-16 units, which need not be well-formed text.
    pub fn utf16(&mut self, count: usize) -> Result<Vec<u16>> {
        let size = count.checked_mul(2).ok_or_else(|| self.error(format!("{count} units"), "fewer"))?;
        Ok(utf16_units(self.take(size)?))
    }

    /// An error at the current position.
    pub fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        self.error_at(self.position, expected, found)
    }

    /// An error at `position` of the slice.
    pub fn error_at(&self, position: usize, expected: impl Into<String>, found: impl Into<String>) -> Error {
        let offset = u64::try_from(position).unwrap_or(u64::MAX).saturating_add(self.base);
        Error::malformed(self.format, format!("offset {offset:#x}"), expected, found)
    }
}

/// The UTF-16LE units of `bytes`; an odd last byte is left out.
pub fn utf16_units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| pair.try_into().map_or(0, u16::from_le_bytes)).collect()
}

/// The UTF-16LE bytes of `units`.
pub fn utf16_bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// The 16-bit number at `offset` of `bytes`, if it is inside.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..offset.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

/// The 32-bit number at `offset` of `bytes`, if it is inside.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..offset.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

/// The 64-bit number at `offset` of `bytes`, if it is inside.
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset.checked_add(8)?)?.try_into().ok().map(u64::from_le_bytes)
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_past_the_end_names_the_offset_in_the_file() {
        let mut reader = Reader::new("test data", &[1, 0, 2]).with_base(0x100);
        assert_eq!(reader.u16().unwrap(), 1);
        let message = reader.u32().unwrap_err().to_string();
        assert_eq!(message, "damaged test data at offset 0x102: expected 4 byte(s), found 1 left");
        assert_eq!(reader.u8().unwrap(), 2, "a failed read does not move");
        assert!(reader.seek(4).is_err());
    }

    #[test]
    fn text_goes_both_ways() {
        let units = [0x41, 0xD800, 0x20AC];
        assert_eq!(utf16_units(&utf16_bytes(&units)), units);
    }
}
