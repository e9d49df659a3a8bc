//! From what was found to an image in the file that is being written.

use super::options::{CaptureOptions, CaptureReport};
use super::scan::{FoundFile, Scan};
use super::volume::VolumeImage;
use super::{contents, describe};
use crate::error::{Error, Result};
use crate::formats::bytes::to_hex;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::xml::Element;
use crate::formats::wim::Hash;
use crate::formats::ReadRange;
use crate::image::clock;
use crate::image::container::{ContainerWriter, ImageMetadata};
use crate::image::file::ImageFile;
use crate::image::host::HostFile;
use crate::image::identity::{self, OpenContent};
use crate::progress::Observer;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// What is to become of what was found.
pub(super) struct Job<'a> {
    pub options: &'a CaptureOptions,
    /// The image's name.
    pub name: &'a str,
    /// The time that everything later becomes.
    pub latest: Option<u64>,
    /// The image file has no other images.
    pub is_fresh: bool,
    /// Files of one kind are written behind each other.
    pub similar_together: bool,
    /// Image files whose contents need not be written.
    pub known: &'a [Arc<ImageFile>],
}

impl Job<'_> {
    /// Writes what was found in a directory.
    pub fn add_directory(
        &self,
        mut scan: Scan,
        writer: &mut ContainerWriter,
        told: &mut CaptureReport,
        observer: Observer<'_>,
    ) -> Result<()> {
        let sizes = contents::add(&mut scan, self.known, writer, self.similar_together, observer)?;
        let mut open = |hash: &Hash| self.open_found(&scan, hash);
        self.add_image(ImageMetadata::Tree(&scan.tree), &scan.tree, &sizes, &mut open, writer, told, observer)
    }

    /// Writes what was captured of a volume.
    pub fn add_volume(
        &self,
        volume: &VolumeImage,
        writer: &mut ContainerWriter,
        told: &mut CaptureReport,
        observer: Observer<'_>,
    ) -> Result<()> {
        let file = volume.file();
        let blobs = || file.archive().blobs().iter();
        let hashes: Vec<Hash> = blobs().map(|blob| blob.hash).collect();
        writer.add_stored(file, &hashes, observer)?;
        let sizes = blobs().map(|blob| (blob.hash, blob.size)).collect();
        let mut open = |hash: &Hash| -> Result<Box<dyn ReadRange>> {
            match file.archive().blobs().get(hash) {
                Some(_) => Ok(Box::new(file.archive().open_blob(hash)?)),
                None => self.open_known(hash),
            }
        };
        self.add_image(volume.metadata(), volume.tree(), &sizes, &mut open, writer, told, observer)
    }

    #[allow(clippy::too_many_arguments)] // One call with what both kinds of sources end in.
    fn add_image(
        &self,
        metadata: ImageMetadata<'_>,
        tree: &Tree,
        sizes: &HashMap<Hash, u64>,
        open: OpenContent<'_>,
        writer: &mut ContainerWriter,
        told: &mut CaptureReport,
        observer: Observer<'_>,
    ) -> Result<()> {
        let size_of = |hash: &Hash| {
            let stored = || self.known.iter().find_map(|file| Some(file.archive().blobs().get(hash)?.size));
            sizes.get(hash).copied().or_else(stored)
        };
        let totals = tree.totals(size_of);
        told.files = totals.files;
        told.directories = totals.directories;
        told.bytes = totals.total_bytes;
        let contents = tree.blob_references();
        told.unique_bytes = contents.keys().filter_map(size_of).fold(0, u64::saturating_add);
        let time = self.latest.unwrap_or_else(clock::now);
        let (image, notes) = describe::element(self.options, self.name, time, tree, open)?;
        told.notes.extend(notes);
        self.note_setup_state(tree, open, told);
        if self.is_fresh {
            self.mark(tree, &image, writer)?;
        }
        told.name = self.name.to_owned();
        told.index = writer.add_image(metadata, image, observer)?;
        if self.options.bootable {
            writer.set_boot_index(Some(told.index))?;
        }
        Ok(())
    }

    /// A Windows that was not generalised makes every computer it is applied to the same one.
    fn note_setup_state(&self, tree: &Tree, open: OpenContent<'_>, told: &mut CaptureReport) {
        let Some(found) = identity::setup(tree, open) else { return };
        told.setup_state = Some(found.state);
        if found.state.is_generalized() == Some(false) {
            told.notes.push(format!(
                "the Windows in it is not generalised ({}): run 'sysprep /generalize' before capturing it \
                 for other computers",
                found.reason
            ));
        }
    }

    /// What a new image file says of itself as a whole.
    fn mark(&self, tree: &Tree, image: &Element, writer: &mut ContainerWriter) -> Result<()> {
        if !self.options.no_link_fix {
            writer.set_links_fixed();
        }
        if self.latest.is_some() {
            // Made of everything that can differ, where otherwise chance makes it.
            let mut digest = Sha1::new();
            io::copy(&mut tree.to_reader()?, &mut digest).map_err(Error::Stream)?;
            digest.update(image.to_xml());
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, hashed)| *byte = hashed);
            writer.set_guid(uuid::Builder::from_sha1_bytes(bytes).into_uuid().to_bytes_le());
        }
        Ok(())
    }

    /// Opens a content that was found, or that an image file has.
    fn open_found(&self, scan: &Scan, hash: &Hash) -> Result<Box<dyn ReadRange>> {
        let has_it = |file: &&FoundFile| scan.tree.inode(file.inode).unnamed_hash() == *hash;
        match scan.files.iter().find(has_it) {
            Some(file) => Ok(Box::new(Arc::new(HostFile::open(&scan.host_path(file.name))?))),
            None => self.open_known(hash),
        }
    }

    fn open_known(&self, hash: &Hash) -> Result<Box<dyn ReadRange>> {
        let stored = self.known.iter().find(|file| file.archive().blobs().get(hash).is_some());
        match stored {
            Some(file) => Ok(Box::new(file.archive().open_blob(hash)?)),
            None => Err(Error::ContentMissing { hash: to_hex(hash) }),
        }
    }
}
