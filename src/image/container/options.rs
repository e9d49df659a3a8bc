//! What a container is to be like, and what goes into it.

use crate::error::Result;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::{Compression, Hash};
use crate::image::file::ImageFile;
use crate::image::resource::Storage;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes per chunk of solid resources, as in Windows' `.esd` files and as `wimlib-imagex export
/// --solid` writes them.
pub const SOLID_CHUNK_SIZE: u32 = 64 << 20;

/// How an image file is compressed, in DISM's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompressionType {
    /// Not at all.
    None,
    /// XPRESS in chunks of 32 KiB; what DISM captures with unless told otherwise.
    #[default]
    Fast,
    /// LZX in chunks of 32 KiB.
    Max,
    /// Solid LZMS: content in chunks of 64 MiB that many files share (`.esd`).
    Recovery,
}

impl CompressionType {
    /// The storage of ordinary resources; with [`CompressionType::Recovery`] only metadata is in
    /// those.
    pub fn storage(self) -> Storage {
        let compression = match self {
            Self::None => Compression::None,
            Self::Fast => Compression::Xpress,
            Self::Max => Compression::Lzx,
            Self::Recovery => Compression::Lzms,
        };
        Storage { compression, chunk_size: compression.default_chunk_size() }
    }

    /// Whether content goes into solid resources.
    pub fn solid(self) -> Option<SolidOptions> {
        (self == Self::Recovery).then(SolidOptions::default)
    }
}

/// How solid resources are made. Their codec is LZMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolidOptions {
    /// Bytes per chunk: a power of two that LZMS allows. Less content than that makes smaller
    /// chunks. Compressing takes about eleven times as much memory per thread.
    pub chunk_size: u32,
}

impl Default for SolidOptions {
    fn default() -> Self {
        Self { chunk_size: SOLID_CHUNK_SIZE }
    }
}

/// What [`ContainerWriter::create`](super::ContainerWriter::create) makes.
#[derive(Debug, Clone)]
pub struct ContainerOptions {
    /// How ordinary resources are stored; the file's header says so.
    pub storage: Storage,
    /// libwim's compression level: 20 fast, 100 slow, 0 for its default (50).
    pub level: u32,
    /// Content goes into solid resources; ordinary ones hold the metadata only.
    pub solid: Option<SolidOptions>,
    /// The file gets a table of SHA-1 sums over itself.
    pub integrity_table: bool,
    /// The file's GUID, which the parts of a split set share.
    pub guid: [u8; 16],
    /// Number (from 1) and count of parts, for a part of a split set.
    pub part: Option<(u16, u16)>,
}

impl ContainerOptions {
    /// A whole file of that compression with a random GUID, without integrity table.
    pub fn new(compression: CompressionType) -> Self {
        Self {
            storage: compression.storage(),
            level: 0,
            solid: compression.solid(),
            integrity_table: false,
            guid: *uuid::Uuid::new_v4().as_bytes(),
            part: None,
        }
    }
}

/// How [`ContainerWriter::append`](super::ContainerWriter::append) goes on with a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct AppendOptions {
    /// As in [`ContainerOptions::level`].
    pub level: u32,
    /// New content goes into a further solid resource. A file that has solid resources gets more
    /// of them whatever is said here.
    pub solid: Option<SolidOptions>,
    /// The file has an integrity table afterwards: `None` keeps it as it is.
    pub integrity_table: Option<bool>,
}

/// A content for [`ContainerWriter::add_content`](super::ContainerWriter::add_content).
pub struct Incoming {
    /// The caller's name for it.
    pub tag: u64,
    /// Bytes it will have; a reader that gives less or more is an error.
    pub size: u64,
    /// Its SHA-1 if that is known: content that is there already is then not even opened. Of
    /// large contents the SHA-1 should be given when another one of the same size was seen, since
    /// a duplicate is otherwise only noticed after it was compressed.
    pub hash: Option<Hash>,
    /// Opens it, on any thread.
    pub open: OpenContent,
}

/// Opens a content for reading, once, on any thread.
pub type OpenContent = Box<dyn FnOnce() -> Result<Box<dyn Read + Send>> + Send>;

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("tag", &self.tag).field("size", &self.size).finish_non_exhaustive()
    }
}

/// An image's directories and files, for [`ContainerWriter::add_image`](super::ContainerWriter::add_image).
#[derive(Debug, Clone, Copy)]
pub enum ImageMetadata<'a> {
    /// As a tree.
    Tree(&'a Tree),
    /// As another file has them. Nothing is lost, also what a tree would leave out.
    Stored {
        /// The file.
        file: &'a Arc<ImageFile>,
        /// The image in it, from 1.
        index: u32,
    },
}

/// What [`ContainerWriter::finish`](super::ContainerWriter::finish) left behind.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The file.
    pub path: PathBuf,
    /// Bytes that were written into it.
    pub bytes_written: u64,
    /// Its length.
    pub file_size: u64,
}
