//! What is told about image files, images, sessions and items: the documents of the C ABI.
//!
//! Times are FILETIME; hashes are lower-case hexadecimal SHA-1; paths inside an image start with
//! `\`. Property names are camelCase in JSON.

use crate::image::encoding;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Host paths in documents: Unicode, with U+FFFD for what is not.
pub(crate) fn host_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// An image file, or a split set of them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileInfo {
    /// The file, absolute.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// `Wim`, `Esd` (solid) or `Swm` (split).
    pub format: &'static str,
    /// The version number in the header: 0xd00 (68864 in decimal with the flags byte) or 0xe00.
    pub version: u32,
    /// `None`, `Xpress`, `Lzx` or `Lzms`.
    pub compression: &'static str,
    /// Bytes of content in one compressed chunk.
    pub chunk_size: u32,
    /// The set's GUID in the registry format without braces.
    pub guid: String,
    /// 1-based number of this part.
    pub part_number: u16,
    /// Parts in the set.
    pub total_parts: u16,
    /// 1-based index of the image that setup boots, 0 for none.
    pub boot_index: u32,
    /// The file has a table of SHA-1 sums over itself.
    pub has_integrity_table: bool,
    /// Some content is in solid resources.
    pub solid: bool,
    /// Bytes, of all parts.
    pub file_size: u64,
    /// The images, by index.
    pub images: Vec<ImageDetails>,
}

/// One image of a file, as its XML describes it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are those of the WIM's XML elements; see docs/formats/wim.md.
pub struct ImageDetails {
    pub index: u32,
    pub name: Option<String>,
    pub description: Option<String>,
    pub display_name: Option<String>,
    pub display_description: Option<String>,
    pub flags: Option<String>,
    pub total_bytes: u64,
    pub directory_count: u64,
    pub file_count: u64,
    pub hard_link_bytes: u64,
    pub creation_time: Option<u64>,
    pub last_modification_time: Option<u64>,
    pub bootable: bool,
    pub wim_boot: bool,
    pub architecture: Option<u32>,
    pub product_name: Option<String>,
    pub edition_id: Option<String>,
    pub installation_type: Option<String>,
    pub hal: Option<String>,
    pub product_type: Option<String>,
    pub product_suite: Option<String>,
    pub system_root: Option<String>,
    pub languages: Vec<String>,
    pub default_language: Option<String>,
    pub version: Option<String>,
    pub major_version: Option<u32>,
    pub minor_version: Option<u32>,
    pub build: Option<u32>,
    pub sp_build: Option<u32>,
    pub sp_level: Option<u32>,
    pub xml: String,
}

/// How a session stands to its image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MountStatus {
    /// It can be used.
    Ok,
    /// The image file or the state is not what it was; the session can only be discarded.
    Invalid,
    /// DISM's third status; sessions of this engine never need it.
    NeedsRemount,
}

/// May a session change its image?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MountMode {
    /// Yes.
    ReadWrite,
    /// No.
    ReadOnly,
}

/// One session.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// A UUID.
    pub id: String,
    /// The session's public name.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// The image file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// 1-based.
    pub image_index: u32,
    /// From the XML.
    pub image_name: String,
    /// May it be changed?
    pub mount_mode: MountMode,
    /// Can it be used?
    pub mount_status: MountStatus,
    /// Why it cannot be used.
    pub status_reason: Option<String>,
    /// FILETIME of the mount.
    pub created_time: u64,
    /// Transactions that are not saved yet.
    pub pending_transactions: u64,
    /// Operations in them.
    pub pending_operations: u64,
    /// Bytes of staged content, as they will be in the file.
    pub staged_bytes: u64,
    /// PROCESSOR_ARCHITECTURE_*.
    pub architecture: Option<u32>,
    /// The edition.
    pub edition_id: Option<String>,
    /// `10.0.22621.525`.
    pub version: Option<String>,
}

/// What a save did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SaveReport {
    /// The session's public name.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// The image file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// 1-based.
    pub image_index: u32,
    /// False: there was nothing to save, and nothing was written.
    pub saved: bool,
    /// The file was written afresh.
    pub compacted: bool,
    /// Blobs that were not in the file before.
    pub blobs_added: u64,
    /// Bytes written to the image file.
    pub bytes_written: u64,
    /// Bytes of the new metadata resource, compressed.
    pub metadata_bytes: u64,
    /// The file's length before.
    pub file_size_before: u64,
    /// The file's length now.
    pub file_size_after: u64,
    /// The file has an integrity table.
    pub integrity_table: bool,
    /// What the image's hives did not tell about its Windows, and why; the XML says there what it
    /// said before.
    pub notes: Vec<String>,
}

/// What an item in an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ItemType {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, junction or another reparse point; it is never followed.
    ReparsePoint,
}

/// A named data stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamInfo {
    /// Without the colon.
    pub name: String,
    /// Bytes.
    pub length: u64,
    /// SHA-1; `None` for an empty stream.
    pub hash: Option<String>,
}

/// A file or directory in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// From the root.
    pub path: String,
    /// The last part of the path; empty for the root.
    pub name: String,
    /// The 8.3 name.
    pub short_name: Option<String>,
    /// What it is.
    pub item_type: ItemType,
    /// Bytes in the unnamed stream.
    pub length: u64,
    /// FILE_ATTRIBUTE_*.
    pub attributes: u32,
    /// FILETIME.
    pub creation_time: u64,
    /// FILETIME.
    pub last_access_time: u64,
    /// FILETIME.
    pub last_write_time: u64,
    /// Names of the file; `None` when finding out would take reading the whole image.
    pub link_count: Option<u32>,
    /// IO_REPARSE_TAG_*.
    pub reparse_tag: Option<u32>,
    /// SHA-1 of the unnamed stream.
    pub hash: Option<String>,
    /// Named streams.
    pub streams: Vec<StreamInfo>,
    /// SDDL.
    pub security_descriptor: Option<String>,
}

/// What was done to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Action {
    /// It is new in the image.
    Added,
    /// Its content was replaced.
    Replaced,
    /// It is gone.
    Removed,
    /// It was written to the host.
    Exported,
}

/// One line of a [`TransferReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferItem {
    /// The path inside the image.
    pub path: String,
    /// What was done.
    pub action: Action,
}

/// What an import, export or removal did.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferReport {
    /// The path inside the image.
    pub path: String,
    /// The host's side; `None` for a removal.
    pub host_path: Option<String>,
    /// Files done.
    pub files: u64,
    /// Directories done.
    pub directories: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Each item, up to [`TransferReport::ITEM_LIMIT`].
    pub items: Vec<TransferItem>,
    /// Items inside an exported directory that were not written: reparse points and encrypted
    /// files.
    pub skipped: Vec<String>,
}

impl TransferReport {
    /// More items than this are counted but not listed: a report is for people and scripts, and a
    /// whole Windows tree has 100,000 and more.
    pub const ITEM_LIMIT: usize = 10_000;

    /// Notes one item.
    pub(crate) fn note(&mut self, path: String, action: Action) {
        if self.items.len() < Self::ITEM_LIMIT {
            self.items.push(TransferItem { path, action });
        }
    }
}

/// The hexadecimal form of a hash, `None` for the hash of nothing.
pub(crate) fn hash_text(hash: &[u8; 20]) -> Option<String> {
    (*hash != [0; 20]).then(|| encoding::to_hex(hash))
}
