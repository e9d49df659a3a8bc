//! JSON forms of what JSON has no form for, in session.json and the journal.
//!
//! Names inside images are UTF-16 that may hold unpaired surrogates, host paths are bytes on Unix.
//! Both are written as plain strings where that loses nothing, else as an object with the code
//! units or bytes in hexadecimal. Hashes and other bytes are hexadecimal strings.

pub use crate::formats::bytes::to_hex;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// The bytes of hexadecimal digits; `None` for anything else.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Bytes as a hexadecimal string, for `#[serde(with = "hex")]`.
pub mod hex {
    use super::*;

    /// Writes the digits.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(bytes))
    }

    /// Reads the digits.
    pub fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(d: D) -> Result<T, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        let bytes = from_hex(&text).ok_or_else(|| D::Error::custom("not a hexadecimal string"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("a hexadecimal string of another length"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Lossless {
    Text(String),
    Units { utf16: String },
    Bytes { bytes: String },
}

/// UTF-16 text, for `#[serde(with = "utf16")]`.
pub mod utf16 {
    use super::*;

    /// Writes a string, or code units in hexadecimal (big-endian) when they are not Unicode.
    pub fn serialize<S: Serializer>(text: &[u16], serializer: S) -> Result<S::Ok, S::Error> {
        match String::from_utf16(text) {
            Ok(text) => serializer.serialize_str(&text),
            Err(_) => {
                let bytes: Vec<u8> = text.iter().flat_map(|unit| unit.to_be_bytes()).collect();
                Lossless::Units { utf16: to_hex(&bytes) }.serialize(serializer)
            }
        }
    }

    /// Reads either form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
        match Lossless::deserialize(deserializer)? {
            Lossless::Text(text) => Ok(text.encode_utf16().collect()),
            Lossless::Units { utf16 } => {
                let bytes = from_hex(&utf16).ok_or_else(|| D::Error::custom("not a hexadecimal string"))?;
                let (units, []) = bytes.as_chunks::<2>() else {
                    return Err(D::Error::custom("half a code unit"));
                };
                Ok(units.iter().map(|unit| u16::from_be_bytes(*unit)).collect())
            }
            Lossless::Bytes { .. } => Err(D::Error::custom("bytes where text is expected")),
        }
    }
}

/// A host path, for `#[serde(with = "host_path")]`.
pub mod host_path {
    use super::*;

    /// Writes a string, or bytes in hexadecimal when they are not Unicode.
    pub fn serialize<S: Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => {
                let bytes = to_hex(path.as_os_str().as_encoded_bytes());
                Lossless::Bytes { bytes }.serialize(serializer)
            }
        }
    }

    /// Reads either form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        match Lossless::deserialize(deserializer)? {
            Lossless::Text(text) => Ok(PathBuf::from(text)),
            Lossless::Bytes { bytes } => {
                let bytes = from_hex(&bytes).ok_or_else(|| D::Error::custom("not a hexadecimal string"))?;
                native(bytes).ok_or_else(|| D::Error::custom("not a path of this platform"))
            }
            Lossless::Units { .. } => Err(D::Error::custom("text where a host path is expected")),
        }
    }

    #[cfg(unix)]
    fn native(bytes: Vec<u8>) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStringExt;
        Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
    }

    /// The encoded form of an unpaired surrogate is generalised UTF-8.
    #[cfg(not(unix))]
    fn native(_: Vec<u8>) -> Option<PathBuf> {
        None
    }
}
