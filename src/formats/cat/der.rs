//! A cursor over DER elements.
//!
//! Only what catalogues need: definite lengths, tags up to 30. It does not ask for sorted sets, which
//! real catalogues do not always have, and it never descends by itself, so depth is the caller's.
//!
//! Reference: ITU-T X.690 §8.1 and §10.

use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// What errors call the format.
pub(super) const FORMAT: &str = "security catalogue";

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const BMP_STRING: u8 = 0x1E;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The context-specific constructed tag `[number]`.
pub(super) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    /// Class, constructed bit and number, as encoded.
    pub(super) tag: u8,
    /// Where its tag is in the file.
    pub(super) offset: u64,
    /// The element with its tag and length.
    pub(super) whole: &'a [u8],
    /// Where its content begins in the file.
    content_offset: u64,
    /// The content.
    pub(super) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// A cursor over the elements inside.
    pub(super) fn inside(&self) -> Der<'a> {
        Der {
            reader: Reader::new(FORMAT, self.content).with_base(self.content_offset),
            base: self.content_offset,
        }
    }

    /// An error at the element.
    pub(super) fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::malformed(FORMAT, format!("offset {:#x}", self.offset), expected, found)
    }
}

/// The cursor.
#[derive(Debug, Clone)]
pub(super) struct Der<'a> {
    reader: Reader<'a>,
    base: u64,
}

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(FORMAT, bytes), base: 0 }
    }

    /// Where the next element begins in the file.
    fn offset(&self) -> u64 {
        u64::try_from(self.reader.position()).unwrap_or(u64::MAX).saturating_add(self.base)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// The next element, whatever its tag.
    pub(super) fn next(&mut self) -> Result<Element<'a>> {
        let offset = self.offset();
        let whole = self.reader.rest();
        let tag = self.reader.u8()?;
        if tag & 0x1F == 0x1F {
            return Err(self.reader.error("a tag below 31", "a longer one"));
        }
        let first = self.reader.u8()?;
        let length = match first {
            0..=0x7F => usize::from(first),
            0x81..=0x84 => {
                let bytes = self.reader.take(usize::from(first & 0x7F))?;
                bytes
                    .iter()
                    .try_fold(0_usize, |length, &byte| {
                        length.checked_mul(256).and_then(|length| length.checked_add(usize::from(byte)))
                    })
                    .ok_or_else(|| self.reader.error("a length that fits memory", "a longer one"))?
            }
            0x80 => return Err(self.reader.error("a definite length (DER)", "an indefinite one")),
            _ => return Err(self.reader.error("a length of at most four bytes", format!("{first:#x}"))),
        };
        let content_offset = self.offset();
        let content = self.reader.take(length)?;
        let size = whole.len().saturating_sub(self.reader.remaining());
        let whole = whole.get(..size).unwrap_or_default();
        Ok(Element { tag, offset, whole, content_offset, content })
    }

    /// The next element, which must have that tag.
    pub(super) fn expect(&mut self, tag: u8, what: &str) -> Result<Element<'a>> {
        if self.reader.is_empty() {
            return Err(self.reader.error(what, "the end of the element around it"));
        }
        if let Some(&found) = self.reader.rest().first().filter(|&&found| found != tag) {
            return Err(self.reader.error(format!("{what} (tag {tag:#04x})"), format!("tag {found:#04x}")));
        }
        let element = self.next()?;
        Ok(element)
    }

    /// The next element if it has that tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        match self.reader.rest().first() {
            Some(&found) if found == tag => Ok(Some(self.next()?)),
            _ => Ok(None),
        }
    }
}
