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
    /// The image of a file, if one is named.
    pub(super) fn file(&self) -> Option<Source<'static>> {
        self.image_path.clone().map(|path| Source::File { path, index: self.index })
    }

    /// The image that a session and options name: exactly one of them does.
    ///
    /// # Safety
    /// `session` is NULL or a live handle that no other thread uses.
    pub(super) unsafe fn source<R>(
        &self,
        session: *mut imgsvc_session,
        work: impl FnOnce(Source<'_>) -> Result<R>,
    ) -> Result<R> {
        let none = || Error::InvalidArgument { parameter: "session", reason: "it is NULL".to_owned() };
        // SAFETY: the caller's promise.
        unsafe { self.optional_source(session, |source| work(source.ok_or_else(none)?)) }
    }

    /// The image that a session or options name; at most one of them does.
    ///
    /// # Safety
    /// `session` is NULL or a live handle that no other thread uses.
    pub(super) unsafe fn optional_source<R>(
        &self,
        session: *mut imgsvc_session,
        work: impl FnOnce(Option<Source<'_>>) -> Result<R>,
    ) -> Result<R> {
        match (self.file(), session.is_null()) {
            (Some(_), false) => Err(Error::InvalidArgument {
                parameter: "imagePath",
                reason: "it is given beside a session; one of them must be NULL".to_owned(),
            }),
            (None, true) if self.index != 0 => Err(Error::InvalidArgument {
                parameter: "index",
                reason: "it is given without imagePath".to_owned(),
            }),
            (file, true) => work(file),
            (None, false) => {
                // SAFETY: the caller's promise.
                let session = unsafe { handle(session, "session") }?;
                session.inner.with(|session| work(Some(Source::Session(session))))
            }
        }
    }
}
