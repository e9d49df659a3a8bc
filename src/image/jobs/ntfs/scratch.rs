//! A captured volume on its way into an image file.

use super::capture::{capture_volume, Captured, Excludes, VolumeCapture};
use crate::error::Result;
use crate::formats::wim::{Compression, Hash};
use crate::image::container::ContainerWriter;
use crate::image::file::ImageFile;
use crate::image::host;
use crate::image::resource::Storage;
use crate::progress::Observer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Quick, for contents that are compressed again.
const SCRATCH_LEVEL: u32 = 20;

/// A volume captured into a file that nobody sees, ready to be put into an image file: its contents
/// by [`Scratch::store`], its metadata as image 1 of [`Scratch::image`].
#[derive(Debug)]
pub struct Scratch {
    image: Arc<ImageFile>,
    captured: Captured,
}

impl VolumeCapture {
    /// Stores contents as the file does that they are for, so that they are copied there as they
    /// are. Of a solid file they are not: they are stored quickly.
    pub fn towards(storage: Storage, solid: bool, level: u32) -> Self {
        let quick = Compression::Xpress;
        let (compression, chunk_size, level) = match solid {
            true => (quick, quick.default_chunk_size(), SCRATCH_LEVEL),
            false => (storage.compression, storage.chunk_size, level),
        };
        Self { compression, chunk_size, level, ..Self::default() }
    }
}

impl Scratch {
    /// Captures a volume into a hidden file beside `destination`, whose name is gone when this
    /// returns, and whose space when the `Scratch` is dropped.
    ///
    /// # Errors
    /// As [`capture_volume`].
    pub fn capture(
        volume: &Path,
        destination: &Path,
        options: &VolumeCapture,
        excludes: Excludes<'_>,
        observer: Observer<'_>,
    ) -> Result<Self> {
        let path = hidden_name(destination);
        let captured = capture_volume(volume, &path, options, excludes, observer)?;
        let image = ImageFile::open_with(&path, &options.references);
        // Where an open file cannot be removed there are no captures of volumes either.
        host::remove_file(&path)?;
        Ok(Self { image: Arc::new(image?), captured })
    }

    /// What was captured.
    pub fn captured(&self) -> &Captured {
        &self.captured
    }

    /// The file, with one image; it refers to the files that the capture referred to.
    pub fn image(&self) -> &Arc<ImageFile> {
        &self.image
    }

    /// Puts the contents that the capture stored into an image file.
    pub fn store(&self, writer: &mut ContainerWriter, observer: Observer<'_>) -> Result<()> {
        let hashes: Vec<Hash> = self.image.archive().blobs().iter().map(|blob| blob.hash).collect();
        writer.add_stored(&self.image, &hashes, observer)
    }
}

fn hidden_name(destination: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(destination.file_name().unwrap_or_default());
    name.push(format!(".imgsvc-{}.tmp", uuid::Uuid::new_v4().simple()));
    destination.with_file_name(name)
}
