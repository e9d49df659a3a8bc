//! Values as .NET has them: the names of `Microsoft.Win32.RegistryValueKind`, and typed data.
//!
//! Reference: <https://learn.microsoft.com/dotnet/api/microsoft.win32.registryvaluekind>.

use crate::error::{Error, Result};
use crate::formats::regf::{
    multi_sz, read_multi_sz, read_sz, sz, REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_NONE,
    REG_QWORD, REG_SZ,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a value is, by the names of .NET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueKind {
    /// `REG_NONE`: bytes.
    None,
    /// `REG_SZ`: a text.
    String,
    /// `REG_EXPAND_SZ`: a text.
    ExpandString,
    /// `REG_BINARY`: bytes.
    Binary,
    /// `REG_DWORD`: a number.
    DWord,
    /// `REG_MULTI_SZ`: texts.
    MultiString,
    /// `REG_QWORD`: a number.
    QWord,
    /// Any other type: bytes.
    Unknown,
}

const NUMBERS: [(ValueKind, u32); 7] = [
    (ValueKind::None, REG_NONE),
    (ValueKind::String, REG_SZ),
    (ValueKind::ExpandString, REG_EXPAND_SZ),
    (ValueKind::Binary, REG_BINARY),
    (ValueKind::DWord, REG_DWORD),
    (ValueKind::MultiString, REG_MULTI_SZ),
    (ValueKind::QWord, REG_QWORD),
];

impl ValueKind {
    /// The kind of a type number.
    pub fn of(number: u32) -> Self {
        NUMBERS.iter().find(|(_, known)| *known == number).map_or(Self::Unknown, |(kind, _)| *kind)
    }

    /// The type number; `None` for [`Unknown`](Self::Unknown).
    pub fn number(self) -> Option<u32> {
        NUMBERS.iter().find(|(kind, _)| *kind == self).map(|(_, number)| *number)
    }
}

/// Typed data. In JSON: `{"form": "text", "value": "…"}`; bytes are hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", content = "value", rename_all = "camelCase")]
pub enum ValueData {
    /// A text; unpaired surrogates are U+FFFD.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A number, signed as .NET has them: a `DWord` of 0xFFFFFFFF is -1.
    Number(i64),
    /// Bytes, also where the data do not fit their kind.
    Bytes(#[serde(with = "hexadecimal")] Vec<u8>),
}

/// Without the data, which may be secrets.
impl fmt::Debug for ValueData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text",
            Self::Texts(_) => "Texts",
            Self::Number(_) => "Number",
            Self::Bytes(_) => "Bytes",
        })
    }
}

impl ValueData {
    /// Stored data of the type `number`.
    pub fn decode(number: u32, data: &[u8]) -> Self {
        let bytes = || Self::Bytes(data.to_vec());
        match ValueKind::of(number) {
            ValueKind::String | ValueKind::ExpandString => Self::Text(read_sz(data)),
            ValueKind::MultiString => Self::Texts(read_multi_sz(data)),
            ValueKind::DWord => {
                data.try_into().map_or_else(|_| bytes(), |word| Self::Number(i32::from_le_bytes(word).into()))
            }
            ValueKind::QWord => {
                data.try_into().map_or_else(|_| bytes(), |word| Self::Number(i64::from_le_bytes(word)))
            }
            ValueKind::None | ValueKind::Binary | ValueKind::Unknown => bytes(),
        }
    }

    /// The bytes to store for `kind`. Bytes are stored as they are, whatever the kind.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for data that do not fit the kind, texts with a NUL, and an empty text
    /// in a list, which would end it for every reader.
    pub fn encode(&self, kind: ValueKind) -> Result<Vec<u8>> {
        let refuse = |reason: String| Err(Error::InvalidArgument { parameter: "value", reason });
        match (self, kind) {
            (Self::Bytes(bytes), _) => Ok(bytes.clone()),
            (Self::Text(text), ValueKind::String | ValueKind::ExpandString) => match text.contains('\0') {
                false => Ok(sz(text)),
                true => refuse("a text cannot have a NUL".to_owned()),
            },
            (Self::Texts(texts), ValueKind::MultiString) => {
                match texts.iter().any(|text| text.is_empty() || text.contains('\0')) {
                    false => Ok(multi_sz(texts)),
                    true => refuse("a text in a list cannot be empty or have a NUL".to_owned()),
                }
            }
            (Self::Number(number), ValueKind::DWord) => {
                let word = i32::try_from(*number).map(i32::cast_unsigned).or_else(|_| u32::try_from(*number));
                match word {
                    Ok(word) => Ok(word.to_le_bytes().to_vec()),
                    Err(_) => refuse(format!("{number} does not fit in 32 bits")),
                }
            }
            (Self::Number(number), ValueKind::QWord) => Ok(number.to_le_bytes().to_vec()),
            _ => refuse(format!("{self:?} is not what a value of the kind {kind:?} holds")),
        }
    }
}

/// Bytes as hexadecimal digits.
mod hexadecimal {
    use crate::formats::bytes::to_hex;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits.filter(|digits| digits.len().is_multiple_of(2));
        let digits = digits.ok_or_else(|| D::Error::custom("bytes are pairs of hexadecimal digits"))?;
        let byte = |pair: &[u32]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        Ok(digits.chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or(0)).collect())
    }
}
