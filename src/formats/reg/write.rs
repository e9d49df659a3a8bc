//! Writing a registration file as regedit does.
//!
//! Version 5 is UTF-16LE with a byte order mark, version 4 in a code page; lines end with CR LF. Data
//! that are no plain text are bytes, wrapped so that no line goes beyond column 80 unless the name does.
//! What is written reads back to the same bytes: a text that is not terminated once, or has line ends,
//! is written as `hex(1)`, where regedit would change it.

use super::code_page::CodePage;
use super::{Operation, Version, HEADER_4, HEADER_5};
use crate::error::{Error, Result};
use crate::formats::bytes::utf16_units;
use crate::formats::regf::{REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ};
use std::fmt::Write as _;
use std::io::Write;

/// A line that is longer takes no more byte: it, a comma and a backslash would go beyond column 80.
const WRAP: usize = 76;

/// Writes operations one after the other.
pub struct Writer<W> {
    target: W,
    version: Version,
    code_page: CodePage,
}

impl<W: Write> Writer<W> {
    /// Writes the header. `code_page` is for version 4.
    pub fn new(target: W, version: Version, code_page: CodePage) -> Result<Self> {
        let mut writer = Self { target, version, code_page };
        let header = match version {
            Version::V4 => HEADER_4,
            Version::V5 => {
                writer.target.write_all(&[0xFF, 0xFE]).map_err(Error::Stream)?;
                HEADER_5
            }
        };
        writer.line(&header.encode_utf16().collect::<Vec<u16>>())?;
        Ok(writer)
    }

    /// Writes an operation. Values go to the key that was written before.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a name with a NUL or a line end, which no registration file can hold,
    /// and in version 4 for text that the code page lacks; nothing is written then.
    pub fn write(&mut self, operation: &Operation) -> Result<()> {
        match operation {
            Operation::CreateKey(name) => self.key(name, "["),
            Operation::DeleteKey(name) => self.key(name, "[-"),
            Operation::SetValue { name, kind, data } => self.value(name, *kind, data),
            Operation::DeleteValue(name) => {
                let mut line = self.value_name(name)?;
                line.push(u16::from(b'-'));
                self.line(&line)
            }
        }
    }

    /// Writes `[name]` or `[-name]`.
    fn key(&mut self, name: &[u16], bracket: &str) -> Result<()> {
        let mut line: Vec<u16> = bracket.encode_utf16().collect();
        line.extend_from_slice(self.checked(name)?);
        line.push(u16::from(b']'));
        self.line(&[])?;
        self.line(&line)
    }

    /// Writes a value of the key.
    pub fn value(&mut self, name: &[u16], kind: u32, data: &[u8]) -> Result<()> {
        let mut line = self.value_name(name)?;
        match plain_text(kind, data) {
            Some(text) if self.version == Version::V5 || self.code_page.encode(&text).is_some() => {
                push_quoted(&mut line, &text);
                return self.line(&line);
            }
            _ => {}
        }
        if let (REG_DWORD, Ok(number)) = (kind, data.try_into()) {
            line.extend(format!("dword:{:08x}", u32::from_le_bytes(number)).encode_utf16());
            return self.line(&line);
        }
        let in_code_page;
        let data = match (self.version, kind) {
            (Version::V4, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ) => {
                in_code_page = self.data_in_code_page(name, data)?;
                in_code_page.as_slice()
            }
            _ => data,
        };
        let prefix = if kind == REG_BINARY { "hex:".to_owned() } else { format!("hex({kind:x}):") };
        line.extend(prefix.encode_utf16());
        self.bytes(line, data)
    }

    /// Writes the blank line at the end.
    pub fn finish(mut self) -> Result<W> {
        self.line(&[])?;
        self.target.flush().map_err(Error::Stream)?;
        Ok(self.target)
    }

    /// `"name"=` or `@=`.
    fn value_name(&self, name: &[u16]) -> Result<Vec<u16>> {
        let mut line = Vec::new();
        if name.is_empty() {
            line.push(u16::from(b'@'));
        } else {
            push_quoted(&mut line, self.checked(name)?);
        }
        line.push(u16::from(b'='));
        Ok(line)
    }

    fn bytes(&mut self, mut line: Vec<u16>, data: &[u8]) -> Result<()> {
        let mut digits = String::new();
        for (number, byte) in data.iter().enumerate() {
            if number > 0 {
                line.push(u16::from(b','));
                if line.len() > WRAP {
                    line.push(u16::from(b'\\'));
                    self.line(&line)?;
                    line = vec![u16::from(b' '); 2];
                }
            }
            digits.clear();
            // Writing into a String does not fail.
            let _ = write!(digits, "{byte:02x}");
            line.extend(digits.encode_utf16());
        }
        self.line(&line)
    }

    /// The name, if a file can hold it.
    fn checked<'n>(&self, name: &'n [u16]) -> Result<&'n [u16]> {
        let reason = if name.iter().any(|unit| matches!(unit, 0 | 10 | 13)) {
            "a name in a registration file cannot have a NUL or a line end"
        } else if self.version == Version::V4 && self.code_page.encode(name).is_none() {
            "the code page lacks a character of the name; version 5 files have all"
        } else {
            return Ok(name);
        };
        let name = String::from_utf16_lossy(name).escape_debug().to_string();
        Err(Error::Unsupported { what: format!("writing '{name}'"), reason: reason.to_owned() })
    }

    /// Text data as version 4 has them.
    fn data_in_code_page(&self, name: &[u16], data: &[u8]) -> Result<Vec<u8>> {
        let units = utf16_units(data);
        let encoded = self.code_page.encode(&units).filter(|_| data.len().is_multiple_of(2));
        encoded.ok_or_else(|| Error::Unsupported {
            what: format!("writing the value '{}'", String::from_utf16_lossy(name)),
            reason: "the code page lacks a character of its data; version 5 files have all".to_owned(),
        })
    }

    fn line(&mut self, units: &[u16]) -> Result<()> {
        let bytes: Vec<u8> = match self.version {
            Version::V5 => units.iter().chain(&[13, 10]).flat_map(|unit| unit.to_le_bytes()).collect(),
            Version::V4 => {
                // Names and texts were checked, all else is ASCII.
                let mut bytes = self.code_page.encode(units).unwrap_or_default();
                bytes.extend_from_slice(b"\r\n");
                bytes
            }
        };
        self.target.write_all(&bytes).map_err(Error::Stream)
    }
}

/// The text of a `REG_SZ` that can stand between quotation marks.
fn plain_text(kind: u32, data: &[u8]) -> Option<Vec<u16>> {
    if kind != REG_SZ || !data.len().is_multiple_of(2) {
        return None;
    }
    let mut text = utf16_units(data);
    let is_terminated = text.pop() == Some(0);
    (is_terminated && !text.iter().any(|unit| *unit < 0x20 && *unit != 9)).then_some(text)
}

fn push_quoted(line: &mut Vec<u16>, text: &[u16]) {
    line.push(u16::from(b'"'));
    for &unit in text {
        if unit == u16::from(b'"') || unit == u16::from(b'\\') {
            line.push(u16::from(b'\\'));
        }
        line.push(unit);
    }
    line.push(u16::from(b'"'));
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").field("version", &self.version).finish_non_exhaustive()
    }
}
