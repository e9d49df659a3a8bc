//! An image to look at: that of a session as it is now or as it was saved last, or one of an image file.

use crate::error::Result;
use crate::image::{ImageDetails, SavedImage, Session, View};
use crate::progress::Observer;
use std::path::{Path, PathBuf};

/// Where an image is.
#[derive(Debug)]
pub enum Source<'a> {
    /// The session's image as it is now.
    Session(&'a mut Session),
    /// What the session's image was when it was saved last, or mounted.
    Saved(&'a mut Session),
    /// An image of a file, as it was saved last.
    File {
        /// The image file.
        path: PathBuf,
        /// The image's number, from 1.
        index: u32,
    },
}

impl Source<'_> {
    /// The image file.
    pub fn image_path(&self) -> &Path {
        match self {
            Self::Session(session) | Self::Saved(session) => session.image_path(),
            Self::File { path, .. } => path,
        }
    }

    /// Looks at the image, with what other handles did to the session meanwhile.
    ///
    /// # Errors
    /// Those of opening it, and of `work`.
    pub fn look<T>(
        self,
        observer: Observer<'_>,
        work: impl FnOnce(&View<'_>, &ImageDetails) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Session(session) => {
                session.refresh()?;
                work(&session.view()?, session.image())
            }
            Self::Saved(session) => {
                session.refresh()?;
                let image = SavedImage::of(session, observer)?;
                work(&image.view(), image.details())
            }
            Self::File { path, index } => {
                let image = SavedImage::open(&path, index, observer)?;
                work(&image.view(), image.details())
            }
        }
    }
}
