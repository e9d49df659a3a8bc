//! Calls that look at an image: that of a session, or one of a file.

use super::guard::handle;
use super::session::imgsvc_session;
use crate::error::{Error, Result};
use crate::servicing::source::Source;
use serde::Deserialize;
use std::path::PathBuf;

/// The image of a file, in the options of a call that takes it instead of a session.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ImageOptions {
    pub image_path: Option<PathBuf>,
    pub index: u32,
}

impl ImageOptions {
    /// The image that a session and options name: exactly one of them does.
    ///
    /// # Safety
    /// `session` is NULL or a live handle that no other thread uses.
    pub(super) unsafe fn source<R>(
        &self,
        session: *mut imgsvc_session,
        work: impl FnOnce(Source<'_>) -> Result<R>,
    ) -> Result<R> {
        match &self.image_path {
            Some(_) if !session.is_null() => Err(Error::InvalidArgument {
                parameter: "imagePath",
                reason: "it is given beside a session; one of them must be NULL".to_owned(),
            }),
            Some(path) => work(Source::File { path: path.clone(), index: self.index }),
            None => {
                // SAFETY: the caller's promise.
                let session = unsafe { handle(session, "session") }?;
                session.inner.with(|session| work(Source::Session(session)))
            }
        }
    }
}
