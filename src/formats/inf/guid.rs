//! GUIDs as INFs write them and as Windows stores them.
//!
//! Reference: MS-DTYP 2.3.4 (GUID: first three fields little-endian in memory).

use std::fmt;

/// A GUID in memory order: the first three fields little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub [u8; 16]);

/// Position in memory of each byte of the written form.
const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl Guid {
    /// Reads `{4d36e97b-e325-11ce-bfc1-08002be10318}`; the braces may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = match text.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}')?,
            None => text,
        };
        let mut bytes = [0; 16];
        let mut order = ORDER.iter();
        let mut groups = inner.split('-');
        for length in [8, 4, 4, 4, 12] {
            let group = groups.next().filter(|group| group.len() == length && group.is_ascii())?;
            for pair in group.as_bytes().chunks_exact(2) {
                let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
                *bytes.get_mut(*order.next()?)? = u8::from_str_radix(pair, 16).ok()?;
            }
        }
        groups.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Guid {
    /// Lower case, with braces, as the registry names keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (position, index) in ORDER.iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                formatter.write_str("-")?;
            }
            write!(formatter, "{:02x}", self.0.get(*index).copied().unwrap_or_default())?;
        }
        formatter.write_str("}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
