//! From what was found in a directory to an image in the file that is being written.

use super::options::{CaptureOptions, CaptureReport};
use super::scan::{FoundFile, Scan};
use super::{contents, describe};
use crate::error::{Error, Result};
use crate::formats::bytes::to_hex;
use crate::formats::wim::xml::Element;
use crate::formats::wim::Hash;
use crate::formats::ReadRange;
use crate::image::clock;
use crate::image::container::{ContainerWriter, ImageMetadata};
use crate::image::file::ImageFile;
use crate::image::host::HostFile;
use crate::progress::Observer;
use sha1::{Digest, Sha1};
use std::io;
use std::sync::Arc;

/// What is to become of a directory.
pub(super) struct Captured<'a> {
    pub options: &'a CaptureOptions,
    /// The image's name.
    pub name: &'a str,
    /// The time that everything later becomes.
    pub latest: Option<u64>,
    /// The image file has no other images.
    pub is_fresh: bool,
    /// Files of one kind are written behind each other.
    pub similar_together: bool,
}

impl Captured<'_> {
    /// Writes the contents and the image; `known` are files whose contents need not be written.
    pub fn add(
        &self,
        scan: &mut Scan,
        known: &[Arc<ImageFile>],
        writer: &mut ContainerWriter,
        told: &mut CaptureReport,
        observer: Observer<'_>,
    ) -> Result<()> {
        let sizes = contents::add(scan, known, writer, self.similar_together, observer)?;
        let size_of = |hash: &Hash| {
            let stored = || known.iter().find_map(|file| Some(file.archive().blobs().get(hash)?.size));
            sizes.get(hash).copied().or_else(stored)
        };
        let totals = scan.tree.totals(size_of);
        told.files = totals.files;
        told.directories = totals.directories;
        told.bytes = totals.total_bytes;
        let contents = scan.tree.blob_references();
        told.unique_bytes = contents.keys().filter_map(size_of).fold(0, u64::saturating_add);
        let time = self.latest.unwrap_or_else(clock::now);
        let mut open = |hash: &Hash| open(scan, known, hash);
        let (image, notes) = describe::element(self.options, self.name, time, &scan.tree, &mut open)?;
        told.notes.extend(notes);
        if self.is_fresh {
            self.mark(scan, &image, writer)?;
        }
        told.name = self.name.to_owned();
        told.index = writer.add_image(ImageMetadata::Tree(&scan.tree), image, observer)?;
        Ok(())
    }

    /// What a new image file says of itself as a whole.
    fn mark(&self, scan: &Scan, image: &Element, writer: &mut ContainerWriter) -> Result<()> {
        if !self.options.no_link_fix {
            writer.set_links_fixed();
        }
        if self.latest.is_some() {
            // Made of everything that can differ, where otherwise chance makes it.
            let mut digest = Sha1::new();
            io::copy(&mut scan.tree.to_reader()?, &mut digest).map_err(Error::Stream)?;
            digest.update(image.to_xml());
            writer.set_guid(uuid::Builder::from_sha1_bytes(first_bytes(digest)).into_uuid().to_bytes_le());
        }
        Ok(())
    }
}

fn first_bytes(digest: Sha1) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    bytes
}

/// Opens a content that was captured, or that an image file has.
fn open(scan: &Scan, known: &[Arc<ImageFile>], hash: &Hash) -> Result<Box<dyn ReadRange>> {
    let has_it = |file: &&FoundFile| scan.tree.inode(file.inode).unnamed_hash() == *hash;
    if let Some(file) = scan.files.iter().find(has_it) {
        return Ok(Box::new(Arc::new(HostFile::open(&scan.host_path(file.name))?)));
    }
    let stored = known.iter().find(|file| file.archive().blobs().get(hash).is_some());
    match stored {
        Some(file) => Ok(Box::new(file.archive().open_blob(hash)?)),
        None => Err(Error::ContentMissing { hash: to_hex(hash) }),
    }
}
