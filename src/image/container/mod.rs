//! Writing image files: the one writer of everything that makes or grows one.
//!
//! A [`ContainerWriter`] makes a fresh file (under a hidden name until it is whole) or goes on
//! with an existing one (behind its end, the header last). Content comes from host files, streams
//! or other image files; each SHA-1 is stored once. Reading, hashing and compressing use all
//! cores; the caller's thread alone writes, reports and can cancel.
//!
//! Reference: `docs/formats/wim.md`.

mod options;

use crate::error::{Error, Result};
use crate::formats::wim::xml::{Element, XmlDocument};
use crate::formats::wim::Hash;
use crate::image::file::ImageFile;
use crate::image::state::StateDirectory;
use crate::progress::Observer;
pub use options::{
    AppendOptions, CompressionType, ContainerOptions, Finished, ImageMetadata, Incoming, OpenContent,
    SolidOptions, SOLID_CHUNK_SIZE,
};
use std::path::Path;
use std::sync::Arc;

/// Writes one image file. Dropped without [`ContainerWriter::finish`], it leaves nothing of a new
/// file, and an existing one as it was.
#[derive(Debug)]
pub struct ContainerWriter {
    xml: XmlDocument,
}

fn missing<T>() -> Result<T> {
    Err(Error::Unsupported { what: "writing image files".into(), reason: "not yet".into() })
}

impl ContainerWriter {
    /// Starts a new file at `path`: a hidden file beside it, until it is whole.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` when there is a file and `overwrite` is not set;
    /// [`Error::AlreadyMounted`] when the file to be replaced has sessions.
    pub fn create(_path: &Path, _options: &ContainerOptions, _overwrite: bool) -> Result<Self> {
        missing()
    }

    /// Goes on with an existing file: what is added takes effect when [`ContainerWriter::finish`]
    /// writes the header. Sessions on the file's images go on.
    ///
    /// # Errors
    /// [`Error::SplitNotWritable`], [`Error::ImageFileReadOnly`], [`Error::Busy`];
    /// [`Error::ImageChanged`] when `image` is not what the file is now.
    pub fn append(image: &Arc<ImageFile>, options: &AppendOptions) -> Result<Self> {
        Self::append_in(StateDirectory::locate()?, image, options)
    }

    /// As [`ContainerWriter::append`], with the directory of the sessions given.
    pub fn append_in(
        _state: StateDirectory,
        _image: &Arc<ImageFile>,
        _options: &AppendOptions,
    ) -> Result<Self> {
        missing()
    }

    /// Makes a delta: what `file` has is taken for present and is not written.
    pub fn leave_out(&mut self, _file: &Arc<ImageFile>) {}

    /// Whether a content is there: in the file, or left out because another file has it.
    pub fn has(&self, _hash: &Hash) -> bool {
        false
    }

    /// How many bytes of content are going to be added in all calls, for the progress reports.
    pub fn expect(&mut self, _bytes: u64) {}

    /// Adds contents of another image file. Resources that are stored as this file stores them are
    /// copied as they are, in runs; others are decompressed, checked and compressed on all cores.
    /// What is there already is skipped. In a solid file, recompressed content is stored in the
    /// order given.
    ///
    /// # Errors
    /// [`Error::ContentMissing`] and [`Error::PartMissing`] for content that `from` lacks.
    pub fn add_stored(
        &mut self,
        _from: &Arc<ImageFile>,
        _hashes: &[Hash],
        _observer: Observer<'_>,
    ) -> Result<()> {
        missing()
    }

    /// Adds contents, in the order given. `done` is told the tag, SHA-1 (all zero for none) and
    /// size of each, in that order too, whether it was new or not.
    pub fn add_content(
        &mut self,
        _items: &mut dyn Iterator<Item = Incoming>,
        _done: &mut dyn FnMut(u64, Hash, u64),
        _observer: Observer<'_>,
    ) -> Result<()> {
        missing()
    }

    /// Adds an image behind the others and counts its references; returns its index. `xml` is what
    /// its `IMAGE` element holds; for a tree the counts (`DIRCOUNT` and so on) are set here, and
    /// times that are not there. Content may come before or after.
    ///
    /// # Errors
    /// [`Error::ImageNameExists`]. An empty name may occur several times.
    pub fn add_image(
        &mut self,
        _metadata: ImageMetadata<'_>,
        _xml: Element,
        _observer: Observer<'_>,
    ) -> Result<u32> {
        missing()
    }

    /// Takes an image out; later ones move down. Content that no other image needs is no longer in
    /// the blob table.
    pub fn remove_image(&mut self, _index: u32) -> Result<()> {
        missing()
    }

    /// Says how often a content is referred to, for parts of a split set, whose images are in
    /// part 1.
    pub fn set_references(&mut self, _hash: &Hash, _count: u32) {}

    /// The XML document, to be changed or replaced as a whole. How many images it has is what the
    /// header will say.
    pub fn xml_mut(&mut self) -> &mut XmlDocument {
        &mut self.xml
    }

    /// Which image boots, from 1; `None`: no image does.
    pub fn set_boot_index(&mut self, _index: Option<u32>) -> Result<()> {
        missing()
    }

    /// Another GUID than the options said, for one that depends on what was added.
    pub fn set_guid(&mut self, _guid: [u8; 16]) {}

    /// Says in the header that targets of links are relative to the images' roots where that was
    /// possible.
    pub fn set_links_fixed(&mut self) {}

    /// Bytes of the file so far.
    pub fn position(&self) -> u64 {
        0
    }

    /// Writes what follows the content, makes it all durable, and gives the file its name or its
    /// header. From then on it is the new file.
    pub fn finish(self, _observer: Observer<'_>) -> Result<Finished> {
        missing()
    }
}
