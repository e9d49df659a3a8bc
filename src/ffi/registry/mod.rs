//! The registry of a session's image, and hive files of the host.
//!
//! Where a function takes a session and a hive path, exactly one of them is not NULL. Keys of an image
//! have their Windows names (`HKLM\SOFTWARE\…`), those of a hive file start at its root.

mod compare;
mod edit;
mod files;
mod health;
mod read;

pub use compare::*;
pub use edit::*;
pub use files::*;
pub use health::*;
pub use read::*;

use super::guard::handle;
use super::session::imgsvc_session;
use super::text::{optional_path, required_text as name};
use crate::error::{Error, Result};
use crate::servicing::registry::{Access, Place};
use serde::Deserialize;

/// The place that a pair of parameters names.
///
/// # Safety
/// `session` is NULL or a live handle that no other thread uses; `hive_path` is NULL or NUL-terminated
/// UTF-16.
unsafe fn at<R>(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    work: impl FnOnce(Place<'_>) -> Result<R>,
) -> Result<R> {
    // SAFETY: the caller's promise.
    match unsafe { optional_path(hive_path, "hive_path") }? {
        Some(_) if !session.is_null() => Err(Error::InvalidArgument {
            parameter: "hive_path",
            reason: "it is given beside a session; one of them must be NULL".to_owned(),
        }),
        Some(path) => work(Place::HiveFile(path)),
        None => {
            // SAFETY: the caller's promise.
            let session = unsafe { handle(session, "session") }?;
            session.inner.with(|session| work(Place::Session(session)))
        }
    }
}

/// As [`name`], where NULL stands for none.
///
/// # Safety
/// As for [`name`].
unsafe fn optional_name(text: *const u16, parameter: &'static str) -> Result<Option<String>> {
    match text.is_null() {
        true => Ok(None),
        // SAFETY: the caller's promise.
        false => unsafe { name(text, parameter) }.map(Some),
    }
}

/// The options of calls that have no others.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AccessOptions {
    force: bool,
    current_user: Option<String>,
}

impl AccessOptions {
    fn access(&self) -> Access {
        access(self.force, self.current_user.as_ref())
    }
}

fn access(force: bool, current_user: Option<&String>) -> Access {
    Access { force, current_user: current_user.cloned() }
}
