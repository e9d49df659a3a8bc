//! ANSI code pages: what the 8-bit text of a version 4 file is in.
//!
//! A file does not say its code page; regedit takes the one of the machine. The tables are those of
//! the Encoding Standard, which follow Windows.
//!
//! Reference: Win32 "Code Page Identifiers"; <https://encoding.spec.whatwg.org/>.

use encoding_rs::{
    Decoder, Encoding, BIG5, EUC_KR, GBK, IBM866, SHIFT_JIS, UTF_8, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, WINDOWS_874,
};

/// A code page of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePage {
    encoding: &'static Encoding,
}

/// Western European: windows-1252.
impl Default for CodePage {
    fn default() -> Self {
        Self { encoding: WINDOWS_1252 }
    }
}

impl CodePage {
    /// UTF-8, code page 65001.
    pub fn utf_8() -> Self {
        Self { encoding: UTF_8 }
    }

    /// The code page of that number; `None` for one that is not known.
    pub fn from_number(number: u32) -> Option<Self> {
        let encoding = match number {
            866 => IBM866,
            874 => WINDOWS_874,
            932 => SHIFT_JIS,
            936 => GBK,
            949 => EUC_KR,
            950 => BIG5,
            1250 => WINDOWS_1250,
            1251 => WINDOWS_1251,
            1252 => WINDOWS_1252,
            1253 => WINDOWS_1253,
            1254 => WINDOWS_1254,
            1255 => WINDOWS_1255,
            1256 => WINDOWS_1256,
            1257 => WINDOWS_1257,
            1258 => WINDOWS_1258,
            65001 => UTF_8,
            _ => return None,
        };
        Some(Self { encoding })
    }

    /// A decoder for a stream. Bytes that are no characters become U+FFFD.
    pub(super) fn decoder(self) -> Decoder {
        self.encoding.new_decoder_without_bom_handling()
    }

    /// Decodes text that is in memory.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<u16> {
        self.encoding.decode_without_bom_handling(bytes).0.encode_utf16().collect()
    }

    /// Encodes text; `None` if the code page lacks a character, or the text would not come back.
    pub(super) fn encode(self, text: &[u16]) -> Option<Vec<u8>> {
        let bytes = self.encoding.encode(&String::from_utf16(text).ok()?).0.into_owned();
        (self.decode(&bytes) == text).then_some(bytes)
    }
}
