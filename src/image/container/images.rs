//! Images of a file that is being written: their metadata, their elements in the XML document, and
//! what they refer to.

use super::options::ImageMetadata;
use super::references::release;
use super::tail::metadata_blob;
use super::ContainerWriter;
use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::Totals;
use crate::formats::wim::xml::Element;
use crate::formats::wim::{BlobLocation, Hash, ResourceHeader};
use crate::image::clock;
use crate::image::compress::Nothing;
use crate::image::file::ImageFile;
use crate::image::metadata::{read_metadata, read_tree};
use crate::image::resource::{ResourceWriter, Written};
use crate::progress::{report, Observer, Phase};
use std::collections::HashMap;
use std::io::Read;

impl ContainerWriter {
    /// See [`ContainerWriter::add_image`].
    pub(super) fn put_image(
        &mut self,
        metadata: ImageMetadata<'_>,
        mut xml: Element,
        observer: Observer<'_>,
    ) -> Result<u32> {
        self.begin_image(&xml, observer)?;
        let (written, references) = match metadata {
            ImageMetadata::Tree(tree) => {
                let totals = tree.totals(|hash| self.size_of(hash));
                set_totals(&mut xml, &totals)?;
                set_times(&mut xml);
                let mut reader = tree.to_reader()?;
                let size = reader.size();
                (self.write_metadata(&mut reader, size, observer)?, tree.blob_references())
            }
            ImageMetadata::Stored { file, index } => {
                let references = read_tree(file.archive(), index, observer)
                    .in_file(file.path().display().to_string())?
                    .blob_references();
                (self.take_metadata(file, index, observer)?, references)
            }
        };
        self.end_image(&written, references, xml)
    }

    /// As [`ContainerWriter::add_image`] for an image of another file, whose references were
    /// counted before.
    pub(crate) fn add_counted_image(
        &mut self,
        file: &ImageFile,
        index: u32,
        references: HashMap<Hash, u32>,
        xml: Element,
        observer: Observer<'_>,
    ) -> Result<u32> {
        self.begin_image(&xml, observer)?;
        let written = self.take_metadata(file, index, observer)?;
        self.end_image(&written, references, xml)
    }

    fn begin_image(&mut self, xml: &Element, observer: Observer<'_>) -> Result<()> {
        self.check_name(xml.text_at("NAME").as_deref().unwrap_or_default(), None)?;
        self.close_solid(observer)?;
        self.output.target.flush()
    }

    fn end_image(&mut self, written: &Written, references: HashMap<Hash, u32>, xml: Element) -> Result<u32> {
        self.output.target.move_to(written.end)?;
        self.output.table.metadata_mut().push(metadata_blob(written, self.output.part));
        self.refer(references);
        Ok(self.xml.append_image(xml))
    }

    /// Refuses a name that another image has.
    ///
    /// # Errors
    /// [`Error::ImageNameExists`]. `own` is the image, from 1, that may have it.
    pub(crate) fn check_name(&self, name: &str, own: Option<u32>) -> Result<()> {
        match self.xml.image_named(name).filter(|index| Some(*index) != own) {
            Some(index) => Err(Error::ImageNameExists { name: name.to_owned(), index }),
            None => Ok(()),
        }
    }

    fn size_of(&self, hash: &Hash) -> Option<u64> {
        let here = self.output.table.get(hash).map(|blob| blob.size);
        let elsewhere = || self.left_out.iter().find_map(|file| Some(file.find_blob(hash)?.size));
        here.or_else(elsewhere)
    }

    fn refer(&mut self, references: HashMap<Hash, u32>) {
        for (hash, count) in references {
            let total = self.references.entry(hash).or_default();
            *total = total.saturating_add(count);
        }
    }

    fn write_metadata(&self, content: &mut dyn Read, size: u64, observer: Observer<'_>) -> Result<Written> {
        let mut writer = ResourceWriter::new(self.storage, super::encode::level_or_default(self.level))?;
        let target = &self.output.target;
        let mut done = 0u64;
        writer.write(target.file(), target.position(), size, content, &Nothing, &mut |bytes| {
            done = done.saturating_add(bytes);
            report(observer, Phase::WritingMetadata, done, size)
        })
    }

    /// Takes over another file's metadata: as it is if it is stored as this file stores it.
    fn take_metadata(&self, file: &ImageFile, index: u32, observer: Observer<'_>) -> Result<Written> {
        let blob = file.archive().metadata_blob(index)?;
        let header = match blob.location {
            BlobLocation::Resource(header) if file.storage() == self.storage => header,
            _ => {
                let bytes = read_metadata(file.archive(), index, observer)
                    .in_file(file.path().display().to_string())?;
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                return self.write_metadata(&mut &*bytes, size, observer);
            }
        };
        let target = &self.output.target;
        let source = file.part_file(blob.part)?;
        let offset = target.position();
        let size = header.size_in_file;
        target.file().copy_from(source, header.offset, offset, size, &mut |_| {
            report(observer, Phase::WritingMetadata, size, size)
        })?;
        let end = offset.saturating_add(size);
        Ok(Written { hash: blob.hash, header: ResourceHeader { offset, ..header }, end })
    }

    /// See [`ContainerWriter::remove_images`].
    pub(super) fn take_images(&mut self, indexes: &[u32], observer: Observer<'_>) -> Result<()> {
        let Some(image) = self.source.clone() else {
            return Err(Error::InvalidArgument {
                parameter: "indexes",
                reason: "only images of an existing file can be removed".to_owned(),
            });
        };
        let count = image.archive().header().image_count;
        let mut indexes = indexes.to_vec();
        indexes.sort_unstable();
        indexes.dedup();
        let mut lost: HashMap<Hash, u32> = HashMap::new();
        for index in &indexes {
            let tree = read_tree(image.archive(), *index, observer)?;
            for (hash, references) in tree.blob_references() {
                let sum = lost.entry(hash).or_default();
                *sum = sum.saturating_add(references);
            }
        }
        release(&mut self.output.table, image.archive(), &indexes, lost)?;
        for index in indexes.iter().rev() {
            let position = index.checked_sub(1).and_then(|position| usize::try_from(position).ok());
            let metadata = self.output.table.metadata_mut();
            match position.filter(|position| *position < metadata.len()) {
                Some(position) => drop(metadata.remove(position)),
                None => return Err(Error::IndexNotFound { index: *index, count }),
            }
            self.xml.delete_image(*index);
            self.header.boot_index = match self.header.boot_index {
                boot if boot == *index => 0,
                boot if boot > *index => boot.saturating_sub(1),
                boot => boot,
            };
        }
        Ok(())
    }
}

/// Sets what an `IMAGE` element says of the sizes of a tree.
pub(crate) fn set_totals(image: &mut Element, totals: &Totals) -> Result<()> {
    image.set_text("DIRCOUNT", &totals.directories.to_string())?;
    image.set_text("FILECOUNT", &totals.files.to_string())?;
    image.set_text("TOTALBYTES", &totals.total_bytes.to_string())?;
    image.set_text("HARDLINKBYTES", &totals.hard_link_bytes.to_string())
}

/// Sets the times of a new image that are not there.
fn set_times(image: &mut Element) {
    let now = clock::now();
    for name in ["CREATIONTIME", "LASTMODIFICATIONTIME"] {
        if image.find(name).is_none() {
            image.replace(Element::with_time(name, now));
        }
    }
}
