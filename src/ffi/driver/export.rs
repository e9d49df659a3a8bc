//! Taking driver packages out of an image.

use super::ReportList;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::{required_path, required_texts};
use crate::progress::Observer;
use crate::servicing::drivers;
use serde::Deserialize;
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ExportOptions {
    overwrite: bool,
}

/// Writes driver packages of the image to folders of a host directory, called as in the driver store.
///
/// `names` as for `imgsvc_driver_remove`; with `count` 0 all third-party packages. `destination` is made
/// if need be. `options`: `{overwrite (files that are there are replaced)}`. `*out_document`: `{drivers: [{driver,
/// originalFileName, status: "Exported"|"Failed", hostPath, files, bytes, intact (the INF has the hash
/// that its folder's name says), reason, error}]}`.
///
/// # Safety
/// As for `imgsvc_driver_remove`; `destination` is NUL-terminated UTF-16, and with `count` 0 `names` may
/// be NULL.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_export(
    session: *mut imgsvc_session,
    names: *const *const u16,
    count: usize,
    destination: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ExportOptions, observer: Observer<'_>| {
        let names = match count {
            0 => Vec::new(),
            // SAFETY: promised by the caller.
            _ => unsafe { required_texts(names, count, "names") }?,
        };
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let options = drivers::ExportOptions { overwrite: options.overwrite };
        let reports = session
            .inner
            .with(|session| drivers::export(session, &names, &destination, options, observer))?;
        Ok(ReportList::of(reports, |report| report.error.as_ref()))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
