//! The bytes of an XML document and its text.
//!
//! Reference: <https://www.w3.org/TR/xml/#sec-guessing>; the labels are those of
//! <https://encoding.spec.whatwg.org/#names-and-labels>.

use super::cursor::Cursor;
use super::Position;
use crate::error::{Error, Result};
use crate::formats::bytes::utf16_units;
use encoding_rs::{UTF_16BE, UTF_16LE, UTF_8};

const MARK: char = '\u{FEFF}';

/// How a document's text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    form: Form,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf16Le,
    Utf16Be,
    /// UTF-8, or the code page that the declaration names.
    Bytes(&'static encoding_rs::Encoding),
}

impl Default for Encoding {
    /// UTF-8 without a byte order mark.
    fn default() -> Self {
        Self { form: Form::Bytes(UTF_8), byte_order_mark: false }
    }
}

impl Encoding {
    /// The encoding's name, as a declaration has it: `utf-8`, `utf-16`, `windows-1252`…
    pub fn name(self) -> String {
        match self.form {
            Form::Utf16Le | Form::Utf16Be => "utf-16".to_owned(),
            Form::Bytes(encoding) => encoding.name().to_ascii_lowercase(),
        }
    }

    /// The text of a document's bytes. They come out of [`encode`](Self::encode) as they went in.
    pub(super) fn decode(format: &'static str, bytes: &[u8]) -> Result<(Self, String)> {
        let (form, rest) = match bytes {
            [0xEF, 0xBB, 0xBF, rest @ ..] => (Form::Bytes(UTF_8), rest),
            [0xFF, 0xFE, rest @ ..] => (Form::Utf16Le, rest),
            [0xFE, 0xFF, rest @ ..] => (Form::Utf16Be, rest),
            [b'<', 0, ..] => (Form::Utf16Le, bytes),
            [0, b'<', ..] => (Form::Utf16Be, bytes),
            _ => (Form::Bytes(UTF_8), bytes),
        };
        let byte_order_mark = rest.len() != bytes.len();
        let mut encoding = Self { form, byte_order_mark };
        if let (Form::Bytes(_), Some(label)) = (form, declared(rest)) {
            encoding.form = Form::Bytes(encoding.of_label(format, &label)?);
        }
        let text = match encoding.form {
            Form::Utf16Le => utf16(format, utf16_units(rest), rest.len())?,
            Form::Utf16Be => {
                utf16(format, utf16_units(rest).into_iter().map(u16::swap_bytes).collect(), rest.len())?
            }
            Form::Bytes(form) if form == UTF_8 => utf8(format, rest)?,
            Form::Bytes(form) => code_page(format, form, rest)?,
        };
        if let (Form::Utf16Le | Form::Utf16Be, Some(label)) = (encoding.form, declared(text.as_bytes())) {
            encoding.of_label(format, &label)?;
        }
        Ok((encoding, text))
    }

    /// What the declaration's label means in a file of this form.
    fn of_label(self, format: &'static str, label: &str) -> Result<&'static encoding_rs::Encoding> {
        let refused = |expected: String| {
            Error::malformed(format, "line 1, the declaration's encoding", expected, format!("'{label}'"))
        };
        let wide = matches!(self.form, Form::Utf16Le | Form::Utf16Be);
        match encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()) {
            None => Err(refused("a known encoding".to_owned())),
            Some(named) if (named == UTF_16LE || named == UTF_16BE) == wide => match self.byte_order_mark {
                true if !wide && named != UTF_8 => {
                    Err(refused("utf-8, as the byte order mark says".to_owned()))
                }
                _ => Ok(named),
            },
            Some(_) => Err(refused(format!("{}, which the file is written in", self.name()))),
        }
    }

    /// The bytes of a document's text. Characters that a code page lacks become character references.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let mark = self.byte_order_mark.then_some(MARK);
        let units = || {
            mark.into_iter().chain(text.chars()).flat_map(|c| {
                let mut buffer = [0; 2];
                c.encode_utf16(&mut buffer).to_vec()
            })
        };
        match self.form {
            Form::Utf16Le => units().flat_map(u16::to_le_bytes).collect(),
            Form::Utf16Be => units().flat_map(u16::to_be_bytes).collect(),
            Form::Bytes(encoding) => {
                let mut bytes = mark.map(|mark| mark.to_string().into_bytes()).unwrap_or_default();
                bytes.extend_from_slice(&encoding.encode(text).0);
                bytes
            }
        }
    }
}

fn utf8(format: &'static str, bytes: &[u8]) -> Result<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let good = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        let found = bytes.get(error.valid_up_to()).map_or(0, |byte| *byte);
        Error::malformed(format, end_of(&good).to_string(), "UTF-8 text", format!("the byte 0x{found:02X}"))
    })
}

fn utf16(format: &'static str, units: Vec<u16>, length: usize) -> Result<String> {
    let mut text = String::with_capacity(units.len());
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(character) => text.push(character),
            Err(error) => {
                let found = format!("the unpaired surrogate 0x{:04X}", error.unpaired_surrogate());
                return Err(Error::malformed(format, end_of(&text).to_string(), "UTF-16 text", found));
            }
        }
    }
    match length.is_multiple_of(2) {
        true => Ok(text),
        false => Err(Error::malformed(format, end_of(&text).to_string(), "UTF-16 text", "half a character")),
    }
}

/// Text of a code page. Bytes that would come out as others are none.
fn code_page(format: &'static str, form: &'static encoding_rs::Encoding, bytes: &[u8]) -> Result<String> {
    let text = form.decode_without_bom_handling(bytes).0.into_owned();
    let again = form.encode(&text).0;
    if again.as_ref() == bytes {
        return Ok(text);
    }
    let same = again.iter().zip(bytes).take_while(|(left, right)| left == right).count();
    let good = form.decode_without_bom_handling(bytes.get(..same).unwrap_or_default()).0;
    let expected = format!("{} text, as the declaration says", form.name().to_ascii_lowercase());
    let found = "bytes that are no characters of it";
    Err(Error::malformed(format, end_of(&good).to_string(), expected, found))
}

/// The place behind a text.
fn end_of(text: &str) -> Position {
    Cursor::default().advance(text, text.len())
}

/// The encoding that the declaration of ASCII-compatible bytes names.
fn declared(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"<?xml")?;
    let end = bytes.iter().take(1000).position(|byte| *byte == b'>')?;
    let declaration = String::from_utf8_lossy(bytes.get(..end)?);
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.strip_prefix(quote)?.split_once(quote).map(|(label, _)| label.to_owned())
}
