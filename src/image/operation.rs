//! What a transaction does to the tree: the vocabulary of the journal.
//!
//! Operations say what happened, not what was asked for: inherited descriptors, times and hashes
//! are in them, so that replaying a journal gives the same tree whenever it is done. A
//! transaction checks what was asked for; [`Operation::apply`] only refuses what cannot be.

use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use crate::image::encoding;
use crate::image::ImagePath;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Range;

/// Content in the session's staged file: in the form it will have in the image file, or as a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedBlob {
    /// SHA-1 of the content.
    #[serde(with = "encoding::hex")]
    pub hash: Hash,
    /// Bytes of content.
    pub size: u64,
    /// Where it is in the staged file.
    pub offset: u64,
    /// Bytes it takes there.
    pub size_in_file: u64,
    /// A chunk table and chunks, or the content as it is.
    pub compressed: bool,
    /// The staged file has only what differs from other content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}

/// What a new version of content has that the one before has not. The bytes of the ranges lie one
/// after another in the staged file, as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// SHA-1 of the content that the rest is taken from, whole or a patch itself.
    #[serde(with = "encoding::hex")]
    pub base: Hash,
    /// Ranges of the new content, ascending. What the base is too short for is in them.
    pub ranges: Vec<Range<u64>>,
}

/// Properties of a new file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEntry {
    /// FILE_ATTRIBUTE_*.
    pub attributes: u32,
    /// FILETIME.
    pub creation_time: u64,
    /// FILETIME.
    pub last_access_time: u64,
    /// FILETIME.
    pub last_write_time: u64,
    /// Self-relative security descriptor; empty for none.
    #[serde(with = "encoding::hex")]
    pub security: Vec<u8>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase")]
#[allow(missing_docs)] // Fields are what their names say.
pub enum Operation {
    /// A new directory in an existing one.
    CreateDirectory { path: ImagePath, entry: NewEntry },
    /// A new file with an unnamed stream.
    CreateFile {
        path: ImagePath,
        entry: NewEntry,
        #[serde(with = "encoding::hex")]
        hash: Hash,
    },
    /// New content for a stream, which is made if need be; the unnamed one has an empty name.
    #[serde(rename_all = "camelCase")]
    SetStream {
        path: ImagePath,
        #[serde(with = "encoding::utf16")]
        stream: Vec<u16>,
        #[serde(with = "encoding::hex")]
        hash: Hash,
        last_write_time: u64,
    },
    /// A named stream goes.
    RemoveStream {
        path: ImagePath,
        #[serde(with = "encoding::utf16")]
        stream: Vec<u16>,
    },
    /// A file or a directory with all it holds goes.
    Remove { path: ImagePath },
    /// A file or directory gets another place.
    Rename { from: ImagePath, to: ImagePath },
    /// A file gets another name.
    Link { existing: ImagePath, new: ImagePath },
    /// FILE_ATTRIBUTE_*.
    SetAttributes { path: ImagePath, attributes: u32 },
    /// FILETIME each.
    #[serde(rename_all = "camelCase")]
    SetTimes { path: ImagePath, creation: u64, last_access: u64, last_write: u64 },
    /// The 8.3 name; empty for none.
    SetShortName {
        path: ImagePath,
        #[serde(with = "encoding::utf16")]
        name: Vec<u16>,
    },
    /// Self-relative security descriptor.
    SetSecurity {
        path: ImagePath,
        #[serde(with = "encoding::hex")]
        descriptor: Vec<u8>,
    },
    /// The item becomes a reparse point.
    SetReparse {
        path: ImagePath,
        tag: u32,
        #[serde(with = "encoding::hex")]
        hash: Hash,
    },
}

/// One transaction in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalRecord {
    /// What the transaction was for, for people.
    pub label: String,
    /// FILETIME.
    pub time: u64,
    /// Length of the staged file with this transaction's content.
    pub staged_length: u64,
    /// Content this transaction staged.
    pub blobs: Vec<StagedBlob>,
    /// In order.
    pub operations: Vec<Operation>,
}

impl JournalRecord {
    /// The payload of the journal's frame.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::StateDamaged { reason: error.to_string() })
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        serde_json::from_slice(payload)
            .map_err(|error| Error::StateDamaged { reason: format!("a journal record: {error}") })
    }
}

impl Serialize for ImagePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        encoding::utf16::serialize(&self.to_utf16(), serializer)
    }
}

impl<'de> Deserialize<'de> for ImagePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = encoding::utf16::deserialize(deserializer)?;
        Self::from_utf16(&text).map_err(serde::de::Error::custom)
    }
}
