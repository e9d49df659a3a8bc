//! An INF's bytes as text: which encoding they are in, and the decoded characters.
//!
//! SetupAPI reads UTF-16 with a byte order mark, UTF-8 with one, and everything else in the ANSI
//! code page of the machine it runs on: the image's. The page of the author is not recorded;
//! windows-1252 is what the census of public INFs needs. Text is for looking at: the store folder's hash, and the copy in
//! the image, are of the bytes.
//!
//! Reference: MicrosoftDocs "General Syntax Rules for INF Files", "Creating International INF
//! Files"; census in `docs/formats/inf.md`.

use super::limit;
use crate::error::{Error, Result};
use encoding_rs::{UTF_16BE, UTF_16LE, UTF_8};

/// More than any INF that is in use (the largest graphics drivers' are 3 MiB); bounds all memory below.
pub const SIZE_LIMIT: usize = 16 << 20;

/// How many UTF-16 units are looked at to tell UTF-16 without a byte order mark from 8-bit text.
const SAMPLE_UNITS: usize = 512;

/// An ANSI code page of Windows, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodePage(pub u16);

impl CodePage {
    /// windows-1252, Western European.
    pub const WESTERN: Self = Self(1252);

    /// Whether texts of the code page can be read.
    pub fn is_known(self) -> bool {
        self.encoding().is_ok()
    }

    /// The code page's characters. Windows' ANSI code pages are all there, and UTF-8, which Windows 10
    /// and later can be set to.
    fn encoding(self) -> Result<&'static encoding_rs::Encoding> {
        let label: &[u8] = match self.0 {
            874 => b"windows-874",
            932 => b"shift_jis",
            936 => b"gbk",
            949 => b"euc-kr",
            950 => b"big5",
            1250 => b"windows-1250",
            1251 => b"windows-1251",
            1252 => b"windows-1252",
            1253 => b"windows-1253",
            1254 => b"windows-1254",
            1255 => b"windows-1255",
            1256 => b"windows-1256",
            1257 => b"windows-1257",
            1258 => b"windows-1258",
            54936 => b"gb18030",
            65001 => b"utf-8",
            _ => b"",
        };
        encoding_rs::Encoding::for_label(label).ok_or_else(|| Error::Unsupported {
            what: format!("the code page {}", self.0),
            reason: "it is none of Windows' ANSI code pages".to_owned(),
        })
    }
}

/// The encoding an INF was found to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Seven-bit characters only.
    Ascii,
    /// Eight-bit characters of the given code page.
    Ansi,
    /// UTF-8 with a byte order mark.
    Utf8,
    /// UTF-16, least significant byte first, with or without a byte order mark.
    Utf16Le,
    /// UTF-16, most significant byte first, with a byte order mark.
    Utf16Be,
}

/// Tells the encoding and decodes. Malformed sequences become U+FFFD, as Windows shows them.
pub fn decode(bytes: &[u8], code_page: CodePage) -> Result<(Encoding, String)> {
    if bytes.len() > SIZE_LIMIT {
        return Err(limit("the size of an INF in bytes", SIZE_LIMIT, bytes.len()));
    }
    let (encoding, decoder, rest) = if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        (Encoding::Utf16Le, UTF_16LE, rest)
    } else if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        (Encoding::Utf16Be, UTF_16BE, rest)
    } else if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        (Encoding::Utf8, UTF_8, rest)
    } else if looks_like_utf16(bytes) {
        (Encoding::Utf16Le, UTF_16LE, bytes)
    } else if bytes.is_ascii() {
        (Encoding::Ascii, UTF_8, bytes)
    } else {
        (Encoding::Ansi, code_page.encoding()?, bytes)
    };
    let (text, _) = decoder.decode_without_bom_handling(rest);
    Ok((encoding, text.into_owned()))
}

/// Whether bytes without a byte order mark are UTF-16LE. Windows asks `IsTextUnicode`; this is
/// stricter, because 8-bit text taken for UTF-16 loses everything: an even length, and a sample in
/// which nearly every high byte is zero and no unit is.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    if bytes.len() < 4 || !bytes.len().is_multiple_of(2) {
        return false;
    }
    let mut units = 0_usize;
    let mut latin = 0_usize;
    for pair in bytes.chunks_exact(2).take(SAMPLE_UNITS) {
        let [low, high] = *pair else { return false };
        if high == 0 && low == 0 {
            return false;
        }
        units = units.saturating_add(1);
        if high == 0 {
            latin = latin.saturating_add(1);
        }
    }
    latin.saturating_mul(10) >= units.saturating_mul(9)
}
