//! What callers choose.

use crate::formats::wim::Hash;
use std::io::Read;
use std::path::PathBuf;

/// Which image of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSelector {
    /// 1-based.
    Index(u32),
    /// The name in the XML, compared without regard to case.
    Name(String),
}

/// What [`Session::mount`](super::Session::mount) opens, and how.
#[derive(Debug, Clone)]
pub struct MountOptions {
    /// The image file; for a split set its first part.
    pub image_path: PathBuf,
    /// The image in it.
    pub image: ImageSelector,
    /// The session's public name; `None`: the image file's path, `#` and the index.
    pub session_path: Option<PathBuf>,
    /// No changes: split sets and solid files can be opened too.
    pub read_only: bool,
    /// Check the whole file against its integrity table first, if it has one.
    pub check_integrity: bool,
}

impl MountOptions {
    /// A writable session under the name the engine chooses.
    pub fn new(image_path: impl Into<PathBuf>, image: ImageSelector) -> Self {
        Self {
            image_path: image_path.into(),
            image,
            session_path: None,
            read_only: false,
            check_integrity: false,
        }
    }
}

/// How [`Session::save`](super::Session::save) writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaveOptions {
    /// Write a fresh file without the space that replaced content takes, and put it in place.
    pub compact: bool,
    /// Give the file an integrity table even if it had none.
    pub add_integrity: bool,
    /// libwim's compression level for metadata; 0 for the default (fast).
    pub level: u32,
}

/// Properties of a file that is put into the image; those left out are chosen as NTFS would.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// A file of that name may be replaced: it keeps its descriptor, attributes, creation time,
    /// short name and hard links. Otherwise it is [`Error::ItemExists`](crate::error::Error).
    pub overwrite: bool,
    /// FILE_ATTRIBUTE_*; a new file's are ARCHIVE.
    pub attributes: Option<u32>,
    /// FILETIME; a new file's is now.
    pub creation_time: Option<u64>,
    /// FILETIME; now.
    pub last_write_time: Option<u64>,
    /// Self-relative security descriptor; a new file inherits its directory's.
    pub security: Option<Vec<u8>>,
}

impl PutOptions {
    /// Replace what is there.
    pub fn overwrite() -> Self {
        Self { overwrite: true, ..Self::default() }
    }
}

/// Times to set; those left out stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// FILETIME.
    pub creation: Option<u64>,
    /// FILETIME.
    pub last_access: Option<u64>,
    /// FILETIME.
    pub last_write: Option<u64>,
}

/// Content for a file or stream: `size` bytes from a reader. It is not held in memory as a whole.
pub struct Content<'a> {
    pub(super) size: u64,
    pub(super) reader: Box<dyn Read + 'a>,
}

impl<'a> Content<'a> {
    /// Content of a known size. A reader that gives less or more is an error.
    pub fn new(size: u64, reader: impl Read + 'a) -> Self {
        Self { size, reader: Box::new(reader) }
    }
}

impl<'a> From<&'a [u8]> for Content<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(u64::try_from(bytes.len()).unwrap_or(u64::MAX), bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Content<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::from(bytes.as_slice())
    }
}

/// What putting content into the image did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// A file of that name was replaced.
    pub replaced: bool,
    /// SHA-1 of the content.
    pub hash: Hash,
    /// Bytes of content.
    pub size: u64,
    /// The content was in the image file or the session already and takes no more space.
    pub known: bool,
}
