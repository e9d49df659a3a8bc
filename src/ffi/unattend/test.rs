//! Testing answer files.

use crate::error::{Error, Result};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_path;
use crate::progress::Observer;
use crate::servicing::unattend::{test, Against};
use serde::Deserialize;
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TestOptions {
    image_path: Option<PathBuf>,
    index: Option<u32>,
}

impl TestOptions {
    /// The image of an image file, if one is named.
    fn image(&self) -> Result<Option<(&PathBuf, u32)>> {
        match (&self.image_path, self.index) {
            (None, None) => Ok(None),
            (Some(path), Some(index)) => Ok(Some((path, index))),
            _ => Err(refused("imagePath and index belong together")),
        }
    }
}

fn refused(reason: &str) -> Error {
    Error::InvalidArgument { parameter: "options", reason: reason.to_owned() }
}

/// Tests an answer file of the host. Nothing is changed, and what is wrong with the file is no error.
///
/// With a session, or with `options`: `{imagePath, index}` (an image file and which of its images, from 1), the
/// file is tested against that image too; `session` is NULL otherwise. `*out_document`: `{file, findings: [{rule (a
/// stable id), severity: "Error"|"Warning"|"Information", line, column (from 1), pass, component, architecture,
/// setting (its path below the component), message, remedy}]}`, in the order of the file.
///
/// # Safety
/// `session` is NULL or a live handle that no other thread uses. `file_path` is NUL-terminated UTF-16. `options` is
/// NULL or NUL-terminated UTF-16. `progress` may be called with `context`. `out_document` is writable. `out_error`
/// is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_test(
    session: *mut imgsvc_session,
    file_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &TestOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let file = unsafe { required_path(file_path, "file_path") }?;
        match options.image()? {
            Some(_) if !session.is_null() => Err(refused("an image file is given beside a session")),
            Some((path, index)) => test(&file, &Against::File { path, index }, observer),
            None if session.is_null() => test(&file, &Against::Nothing, observer),
            None => {
                // SAFETY: promised by the caller.
                let session = unsafe { handle(session, "session") }?;
                session.inner.with(|session| test(&file, &Against::Session(session), observer))
            }
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
