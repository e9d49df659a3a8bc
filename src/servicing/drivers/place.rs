//! An image to look at: that of a session as it is now, as it was saved last, or one of a file.

use crate::error::Result;
use crate::image::{ImageDetails, SavedImage, Session, View};
use crate::progress::unobserved;
use std::path::PathBuf;

/// Where the image is.
#[derive(Debug)]
pub enum DriverPlace<'a> {
    /// The session's image, with what was done to it.
    Session(&'a mut Session),
    /// What the session's image was when it was saved last, or mounted.
    Saved(&'a mut Session),
    /// An image of a file.
    Image {
        /// The image file.
        path: PathBuf,
        /// The image's number, from 1.
        index: u32,
    },
}

impl DriverPlace<'_> {
    /// Looks at the image.
    ///
    /// # Errors
    /// Those of opening it, and of `look`.
    pub fn look<T>(self, look: impl FnOnce(&View<'_>, &ImageDetails) -> Result<T>) -> Result<T> {
        match self {
            Self::Session(session) => {
                session.refresh()?;
                look(&session.view()?, session.image())
            }
            Self::Saved(session) => {
                session.refresh()?;
                let saved = SavedImage::of(session, &mut unobserved)?;
                look(&saved.view(), saved.details())
            }
            Self::Image { path, index } => {
                let saved = SavedImage::open(&path, index, &mut unobserved)?;
                look(&saved.view(), saved.details())
            }
        }
    }
}
