//! Removing driver packages from an image.

use super::ReportList;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_texts;
use crate::progress::Observer;
use crate::servicing::drivers;
use serde::Deserialize;
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RemoveOptions {
    force: bool,
}

/// Removes third-party driver packages from the image, as one transaction of the session: the reverse of
/// adding. A package that cannot be removed is reported, the others go; if the call fails, none does.
///
/// `names` are `count` published names (`oem3.inf`), names of INFs, or paths of INFs in the driver store,
/// with wildcards. `options`: `{force (packages that may be needed to boot go too)}`. `*out_document`: `{drivers: [{driver,
/// originalFileName, providerName, className, version, status: "Removed"|"Failed", reason, files (and
/// folders that went), error}]}`, with errors as `imgsvc_driver_add` gives them.
///
/// # Safety
/// `session` is a live handle. `names` points to `count` NUL-terminated UTF-16 texts. `options` is NULL or
/// a NUL-terminated UTF-16 text. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_remove(
    session: *mut imgsvc_session,
    names: *const *const u16,
    count: usize,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &RemoveOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let names = unsafe { required_texts(names, count, "names") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let options = drivers::RemoveOptions { force: options.force };
        let reports = session.inner.with(|session| drivers::remove(session, &names, options, observer))?;
        Ok(ReportList::of(reports, |report| report.error.as_ref()))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
