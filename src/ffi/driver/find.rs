//! Finding INF files on the host.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Call;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_paths;
use crate::servicing::drivers;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FindOptions {
    recurse: bool,
}

/// Finds the INF files that `imgsvc_driver_add` would service.
///
/// `paths` are `count` INF files or directories of the host. `options`: `{recurse (look
/// in sub-directories too)}`.
/// `*out_document`: `{packages: [{path}], missing: [path]}`.
///
/// # Safety
/// `paths` points to `count` NUL-terminated UTF-16 texts. `options` is NULL or a NUL-terminated
/// UTF-16 text. `out_document` is writable. `out_error` is
/// NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_find(
    paths: *const *const u16,
    count: usize,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &FindOptions| {
        // SAFETY: promised by the caller.
        let paths = unsafe { required_paths(paths, count, "paths") }?;
        drivers::find(&paths, options.recurse)
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}
