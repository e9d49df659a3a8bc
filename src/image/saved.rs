//! An image as its file has it: without, or from before, the work of a session.

use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::Tree;
use crate::image::content::ContentStore;
use crate::image::file::ImageFile;
use crate::image::info::ImageDetails;
use crate::image::metadata::read_tree;
use crate::image::session::Session;
use crate::image::view::View;
use crate::progress::Observer;
use std::path::Path;
use std::sync::Arc;

/// An image to look at.
pub struct SavedImage {
    tree: Tree,
    content: ContentStore,
    details: ImageDetails,
}

impl SavedImage {
    /// Image `index`, 1-based, of a file.
    ///
    /// # Errors
    /// [`Error::IndexNotFound`]; a file that is no image file, or damaged.
    pub fn open(path: &Path, index: u32, observer: Observer<'_>) -> Result<Self> {
        Self::read(Arc::new(ImageFile::open(path)?), index, observer)
    }

    /// What the session's image was when the session was saved last, or mounted.
    pub fn of(session: &Session, observer: Observer<'_>) -> Result<Self> {
        Self::read(session.image_file()?, session.image_index(), observer)
    }

    fn read(image: Arc<ImageFile>, index: u32, observer: Observer<'_>) -> Result<Self> {
        let name = image.path().display().to_string();
        let count = image.archive().header().image_count;
        let details = image.image_details(index).ok_or(Error::IndexNotFound { index, count });
        let details = details.in_file(&name)?;
        let tree = read_tree(image.archive(), index, observer).in_file(name)?;
        Ok(Self { tree, content: ContentStore::new(image), details })
    }

    /// The image.
    pub fn view(&self) -> View<'_> {
        View::new(&self.tree, &self.content)
    }

    /// What the image file's XML says of it.
    pub fn details(&self) -> &ImageDetails {
        &self.details
    }
}

impl std::fmt::Debug for SavedImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SavedImage").field("index", &self.details.index).finish_non_exhaustive()
    }
}
