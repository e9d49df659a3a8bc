//! Writing image files: the one writer of everything that makes or grows one.
//!
//! A [`ContainerWriter`] makes a fresh file (under a hidden name until it is whole) or goes on
//! with an existing one (behind its end, the header last). Content comes from host files, streams
//! or other image files; each SHA-1 is stored once. Reading, hashing and compressing use all
//! cores; the caller's thread alone writes, reports and can cancel.
//!
//! Reference: `docs/formats/wim.md`.

mod content;
mod encode;
mod images;
mod options;
mod order;
mod output;
pub(crate) mod references;
pub(crate) mod runs;
mod solid;
mod stored;
pub(crate) mod tail;
pub(crate) mod target;

use crate::error::{Error, InFile, Result};
use crate::formats::wim::header::VERSION_SOLID;
use crate::formats::wim::xml::{Element, XmlDocument};
use crate::formats::wim::{header_flags, resource_flags, BlobTable, Compression, Hash, Header};
use crate::image::file::{read_header_bytes, ImageFile};
use crate::image::host::{self, HostFile};
use crate::image::mount::check_writable;
use crate::image::resource::Storage;
use crate::image::state::StateDirectory;
use crate::progress::Observer;
use encode::{Encoder, Listeners};
pub(crate) use images::set_totals;
pub use options::{
    AppendOptions, CompressionType, ContainerOptions, Finished, ImageMetadata, Incoming, OpenContent,
    SolidOptions, SOLID_CHUNK_SIZE,
};
pub use order::{solid_key, SolidKey, SolidOrder};
use output::{Known, Output};
use solid::Solid;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tail::Tail;
use target::Target;

/// Writes one image file. Dropped without [`ContainerWriter::finish`], it leaves nothing of a new
/// file, and an existing one as it was.
#[derive(Debug)]
pub struct ContainerWriter {
    output: Output,
    encoder: Encoder,
    solid: Option<Solid>,
    header: Header,
    xml: XmlDocument,
    storage: Storage,
    level: u32,
    integrity_table: bool,
    /// How much more often each content is referred to than the table says.
    references: HashMap<Hash, u32>,
    /// The file as it was, when it is appended to.
    source: Option<Arc<ImageFile>>,
    left_out: Vec<Arc<ImageFile>>,
    /// Content is compressed anew even if it is stored in the right way.
    recompress: bool,
    /// Some content was.
    recompressed: bool,
}

impl ContainerWriter {
    /// Starts a new file at `path`: a hidden file beside it, until it is whole.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` when there is a file and `overwrite` is not set;
    /// [`Error::AlreadyMounted`] when the file to be replaced has sessions.
    pub fn create(path: &Path, options: &ContainerOptions, overwrite: bool) -> Result<Self> {
        let Storage { compression, chunk_size } = options.storage;
        check_chunk_size(compression, chunk_size)?;
        if let Some(solid) = options.solid {
            check_chunk_size(Compression::Lzms, solid.chunk_size)?;
        }
        if overwrite {
            refuse_mounted(path)?;
        }
        let mut header = Header::new(compression, chunk_size, options.guid);
        // As DISM and wimlib mark them.
        header.blob_table.flags = resource_flags::METADATA;
        header.xml.flags = resource_flags::METADATA;
        if options.solid.is_some() {
            header.version = VERSION_SOLID;
        }
        if let Some((number, count)) = options.part {
            (header.part_number, header.total_parts) = (number, count);
            if count > 1 {
                header.flags |= header_flags::SPANNED;
            }
        }
        let output = Output {
            target: Target::create(path, overwrite)?,
            table: BlobTable::new(),
            known: Known::default(),
            part: header.part_number,
            done: 0,
            total: 0,
        };
        Ok(Self {
            encoder: Encoder::new(options.storage, options.level, &output.known),
            solid: options.solid.map(|solid| Solid::new(solid, options.level)),
            output,
            header,
            xml: XmlDocument::new(),
            storage: options.storage,
            level: options.level,
            integrity_table: options.integrity_table,
            references: HashMap::new(),
            source: None,
            left_out: Vec::new(),
            recompress: false,
            recompressed: false,
        })
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
    pub fn append_in(state: StateDirectory, image: &Arc<ImageFile>, options: &AppendOptions) -> Result<Self> {
        Self::start_append(state, image, options).in_file(image.path().display().to_string())
    }

    fn start_append(state: StateDirectory, image: &Arc<ImageFile>, options: &AppendOptions) -> Result<Self> {
        check_writable(image, true)?;
        let file = HostFile::open_writable(&host::canonical(image.path())?)?;
        file.lock_image(image.path())?;
        file.lock_for_writing()?;
        let archive = image.archive();
        let mut header = archive.header().clone();
        let old = read_header_bytes(&file)?;
        if old != header.to_bytes() || file.identity()? != image.host_file().identity()? {
            return Err(Error::ImageChanged { difference: "it was opened before that".to_owned() });
        }
        let of_file = archive.blobs().solid_resources().first();
        let solid = options.solid.or(of_file.map(|solid| SolidOptions { chunk_size: solid.chunk_size }));
        if let Some(solid) = solid {
            check_chunk_size(Compression::Lzms, solid.chunk_size)?;
            header.version = VERSION_SOLID;
        }
        let known = Known::default();
        known.extend(archive.blobs().iter().map(|blob| blob.hash));
        let storage = image.storage();
        let output = Output {
            target: Target::grow(file, old, state)?,
            table: archive.blobs().clone(),
            known,
            part: header.part_number,
            done: 0,
            total: 0,
        };
        Ok(Self {
            encoder: Encoder::new(storage, options.level, &output.known),
            solid: solid.map(|solid| Solid::new(solid, options.level)),
            output,
            xml: archive.xml().clone(),
            storage,
            level: options.level,
            integrity_table: options.integrity_table.unwrap_or(archive.has_integrity_table()),
            references: HashMap::new(),
            source: Some(Arc::clone(image)),
            left_out: Vec::new(),
            recompress: false,
            recompressed: false,
            header,
        })
    }

    /// How ordinary resources are stored.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// Whether content goes into solid resources.
    pub fn is_solid(&self) -> bool {
        self.solid.is_some()
    }

    /// Compresses stored content anew even if it is stored in the right way, for another level.
    pub fn set_recompress(&mut self, recompress: bool) {
        self.recompress = recompress;
    }

    /// Whether [`ContainerWriter::add_stored`] compressed something that it could not copy.
    pub fn has_recompressed(&self) -> bool {
        self.recompressed
    }

    /// How many contents there are.
    pub fn blob_count(&self) -> u64 {
        u64::try_from(self.output.table.len()).unwrap_or(u64::MAX)
    }

    /// Makes a delta: what `file` and its references have is taken for present and is not written.
    pub fn leave_out(&mut self, file: &Arc<ImageFile>) {
        for file in std::iter::once(file).chain(file.references()) {
            self.output.known.extend(file.archive().blobs().iter().map(|blob| blob.hash));
            self.left_out.push(Arc::clone(file));
        }
    }

    /// Whether a content is there: in the file, or left out because another file has it.
    pub fn has(&self, hash: &Hash) -> bool {
        self.output.known.contains(hash)
    }

    /// How many bytes of content are going to be added in all calls, for the progress reports.
    pub fn expect(&mut self, bytes: u64) {
        self.output.total = bytes;
    }

    /// Adds contents of another image file. Resources that are stored as this file stores them are
    /// copied as they are, in runs; others are decompressed, checked and compressed on all cores.
    /// What is there already is skipped. In a solid file, recompressed content is stored in the
    /// order given, as far as it was not solid before.
    ///
    /// # Errors
    /// [`Error::ContentMissing`] and [`Error::PartMissing`] for content that `from` lacks.
    pub fn add_stored(
        &mut self,
        from: &Arc<ImageFile>,
        hashes: &[Hash],
        observer: Observer<'_>,
    ) -> Result<()> {
        self.add_from(from, hashes, observer)
    }

    /// Adds contents, in the order given. `done` is told the tag, SHA-1 (all zero for none) and
    /// size of each, in that order too, whether it was new or not.
    pub fn add_content(
        &mut self,
        items: &mut dyn Iterator<Item = Incoming>,
        done: &mut dyn FnMut(u64, Hash, u64),
        observer: Observer<'_>,
    ) -> Result<()> {
        self.take_content(items, &mut Listeners { done, observer })
    }

    /// Adds an image behind the others and counts its references; returns its index. `xml` is what
    /// its `IMAGE` element holds; for a tree the counts (`DIRCOUNT` and so on) are set here, and
    /// times that are not there. The content it refers to must have been added before.
    ///
    /// # Errors
    /// [`Error::ImageNameExists`]. An empty name may occur several times.
    pub fn add_image(
        &mut self,
        metadata: ImageMetadata<'_>,
        xml: Element,
        observer: Observer<'_>,
    ) -> Result<u32> {
        self.put_image(metadata, xml, observer)
    }

    /// Takes images out of a file that is appended to; later ones move down. Content that no other
    /// image needs is no longer in the blob table. To be called before images are added.
    ///
    /// # Errors
    /// [`Error::IndexNotFound`]; damage of the images' metadata.
    pub fn remove_images(&mut self, indexes: &[u32], observer: Observer<'_>) -> Result<()> {
        self.take_images(indexes, observer)
    }

    /// Says how often a content that was added is referred to, for parts of a split set, whose
    /// images are in part 1.
    pub fn set_references(&mut self, hash: &Hash, count: u32) {
        if let Some(blob) = self.output.table.get_mut(hash) {
            blob.references = count;
        }
    }

    /// The XML document.
    pub fn xml(&self) -> &XmlDocument {
        &self.xml
    }

    /// The XML document, to be changed or replaced as a whole. How many images it has is what the
    /// header will say.
    pub fn xml_mut(&mut self) -> &mut XmlDocument {
        &mut self.xml
    }

    /// Which image boots, from 1; `None`: no image does.
    ///
    /// # Errors
    /// [`Error::IndexNotFound`].
    pub fn set_boot_index(&mut self, index: Option<u32>) -> Result<()> {
        let count = self.xml.image_count();
        match index {
            Some(index) if index == 0 || index > count => Err(Error::IndexNotFound { index, count }),
            index => {
                self.header.boot_index = index.unwrap_or(0);
                Ok(())
            }
        }
    }

    /// Another GUID than the options said, for one that depends on what was added.
    pub fn set_guid(&mut self, guid: [u8; 16]) {
        self.header.guid = guid;
    }

    /// Says in the header that targets of links are relative to the images' roots where that was
    /// possible.
    pub fn set_links_fixed(&mut self) {
        self.header.flags |= header_flags::REPARSE_POINT_FIX;
    }

    /// Takes over what the header of `file` says of it besides its format: how links were captured,
    /// and what this engine does not know.
    pub fn keep_flags_of(&mut self, file: &ImageFile) {
        let header = file.archive().header();
        let own = header_flags::REPARSE_POINT_FIX;
        self.header.flags = self.header.flags & !own | header.flags & own;
        self.header.unused = header.unused;
    }

    /// Bytes of the file so far, without what follows the content.
    pub fn position(&self) -> u64 {
        self.output.target.position()
    }

    /// Writes what follows the content, makes it all durable, and gives the file its name or its
    /// header. From then on it is the new file.
    pub fn finish(mut self, observer: Observer<'_>) -> Result<Finished> {
        self.close_solid(observer)?;
        let Self { mut output, mut header, mut xml, references, source, integrity_table, .. } = self;
        let same_images = source
            .as_deref()
            .is_some_and(|file| file.archive().blobs().metadata() == output.table.metadata());
        // Then the table in front of the new XML document says all that is to be said.
        let keep_table = same_images && references.is_empty() && output.target.written() == 0;
        let mut table = output.table;
        count_references(&mut table, references, source.as_deref());
        output.target.flush()?;
        let integrity = match (&source, integrity_table) {
            (_, false) => None,
            (None, true) => Some(None),
            (Some(image), true) => Some(image.archive().integrity_table(1)?),
        };
        let tail = Tail { table, xml: &mut xml, integrity, keep_table };
        let position = output.target.position();
        let end = tail.write(output.target.file(), position, &mut header, observer)?;
        output.target.move_to(end)?;
        let bytes_written = output.target.written();
        let path = output.target.finish(&header.to_bytes())?;
        Ok(Finished { path, bytes_written, file_size: end })
    }

    /// Finishes the solid resource that is being written, if there is one.
    fn close_solid(&mut self, observer: Observer<'_>) -> Result<()> {
        match &mut self.solid {
            Some(solid) => {
                let mut done = |_: u64, _: Hash, _: u64| {};
                solid.close(&mut self.output, &mut Listeners { done: &mut done, observer })
            }
            None => Ok(()),
        }
    }
}

/// Adds the references of new images. New content that no image refers to leaves the table.
fn count_references(table: &mut BlobTable, references: HashMap<Hash, u32>, source: Option<&ImageFile>) {
    for (hash, count) in references {
        if let Some(blob) = table.get_mut(&hash) {
            blob.references = blob.references.saturating_add(count);
        }
    }
    let was_there = |hash: &Hash| source.is_some_and(|file| file.archive().blobs().get(hash).is_some());
    let unused = table.iter().filter(|blob| blob.references == 0 && !was_there(&blob.hash));
    let unused: Vec<Hash> = unused.map(|blob| blob.hash).collect();
    for hash in unused {
        table.remove(&hash);
    }
}

fn check_chunk_size(compression: Compression, chunk_size: u32) -> Result<()> {
    if compression.allows_chunk_size(chunk_size) {
        return Ok(());
    }
    let reason = format!("{} does not allow chunks of {chunk_size} bytes", compression.name());
    Err(Error::InvalidArgument { parameter: "chunkSize", reason })
}

/// A file that has sessions is not to be replaced by another one.
fn refuse_mounted(path: &Path) -> Result<()> {
    let (Ok(path), Ok(file), Ok(state)) =
        (host::canonical(path), HostFile::open(path), StateDirectory::locate())
    else {
        return Ok(());
    };
    match state.on_file(&path, file.identity()?)?.into_iter().next() {
        Some((_, record)) => {
            let session = record.path.display().to_string();
            Err(Error::AlreadyMounted { index: record.image_index, session })
        }
        None => Ok(()),
    }
}
