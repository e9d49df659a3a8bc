//! Testing answer files.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::source::ImageOptions;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_path;
use crate::progress::Observer;
use crate::servicing::unattend::test;
use std::ffi::c_void;

/// Tests an answer file of the host. Nothing is changed, and what is wrong with the file is no error.
///
/// With a session, or with `options`: `{imagePath, index}` (an image file and which of its images, from 1), the
/// file is tested against that image too; `session` is NULL otherwise. `*out_document`: `{file, findings: [{rule (a
/// stable id), severity: "Error"|"Warning"|"Information", line, column (from 1), pass, component, architecture,
/// setting (its path below the component), settingPath (the whole path of a setting with a value), message,
/// remedy}]}`, in the order of the file.
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
    let work = |options: &ImageOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let file = unsafe { required_path(file_path, "file_path") }?;
        // SAFETY: promised by the caller.
        unsafe { options.optional_source(session, |image| test(&file, image, observer)) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
