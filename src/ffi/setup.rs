//! Windows Setup's view of an image.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::job::Job;
use super::progress::imgsvc_progress_fn;
use super::session::imgsvc_session;
use super::source::ImageOptions;
use super::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::setup_state::setup_state;
use std::ffi::c_void;

/// Says how far Windows Setup has come with an image: installed, generalised, in audit mode.
///
/// The image is that of `session`, or, if it is NULL, the one that `options` name: `{imagePath, index}`.
/// `*out_document`: `{state: "Complete"|"Generalized"|"GeneralizedToAudit"|"OobePending"|"Audit"|
/// "Installing"|"WindowsPE"|"Unknown", isGeneralized (null where nothing tells), isAudit, isOobePending,
/// reason, notes, facts: [{key, name, value (a number or a text), meaning}]}`.
///
/// # Safety
/// `session` is NULL or a live handle. `options` is NULL or a NUL-terminated UTF-16 text. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_setup_state(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ImageOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        unsafe { options.source(session, |source| setup_state(source, observer)) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
