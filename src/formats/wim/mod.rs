//! Windows Imaging files (`.wim`, `.swm`, `.esd`, `.ppkg`): the container and the trees in it.
//!
//! [`Archive`] opens a file; [`tree::Tree`] is one image's directories and files; the other modules
//! are the parts the container is made of, for reading and for writing.

mod archive;
mod blob_entry;
pub mod blob_table;
pub mod chunks;
mod hash_key;
pub mod header;
mod image_info;
pub mod integrity;
pub mod reparse;
mod resource;
mod solid_run;
mod source;
pub mod store;
pub mod tree;
mod windows_info;
pub mod xml;

pub(crate) use archive::check_hash;
pub use archive::{Archive, BlobReader};
pub use blob_table::{Blob, BlobLocation, BlobTable, IgnoredEntry, IgnoredReason, SolidResource};
pub use header::{header_flags, resource_flags, Compression, Header, ResourceHeader};
pub use image_info::ImageInfo;
pub use resource::ResourceReader;
pub use store::{compress_chunk, EncodedResource, Stored};
pub use windows_info::{WindowsInfo, WindowsVersion};
pub use xml::XmlDocument;

/// A SHA-1. All zero: no content, or an empty one.
pub type Hash = [u8; 20];
