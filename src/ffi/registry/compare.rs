//! Comparing registries.

use super::{access, name};
use crate::error::{Error, Result};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::item::imgsvc_batch_fn;
use crate::ffi::job::Rows;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::registry::{compare_places, compare_session, Change, Compared, RecoveryInfo};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CompareOptions {
    key: Option<String>,
    force: bool,
    current_user: Option<String>,
}

#[derive(Serialize)]
struct Recoveries {
    recoveries: Vec<RecoveryInfo>,
}

/// # Safety
/// `text` is NULL or NUL-terminated UTF-16.
unsafe fn compared(text: *const u16, parameter: &'static str) -> Result<Compared> {
    // SAFETY: the caller's promise.
    let text = unsafe { name(text, parameter) }?;
    serde_json::from_str(&text)
        .map_err(|error| Error::InvalidArgument { parameter, reason: error.to_string() })
}

/// Compares the registries of two hive files or images, and hands out the differences in batches: a key,
/// its values, its subkeys.
///
/// `before` and `after` are JSON objects as text: `{hivePath}`, or `{imagePath, index}`.
/// `options`: `{key (the key to compare with all below it; null for everything: of images all hives that
/// differ), force (SAM and SECURITY too), currentUser}`. A difference is `{change: "Added"|"Removed"|
/// "Changed", item: "Key"|"Value", key, name (of the value), before: {kind, kindNumber, size, form,
/// value}, after, parts: ["ClassName"|"SecurityDescriptor"]}`, with values as
/// `imgsvc_registry_list_values` gives them. Times are not compared.
/// `*out_document`: `{recoveries}` as for `imgsvc_registry_list_keys`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16, or NULL where said. `progress` and `batch` may be called with
/// `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_compare(
    before: *const u16,
    after: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &CompareOptions,
                visit: &mut dyn FnMut(Change) -> Result<()>,
                observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let before = unsafe { compared(before, "before") }?;
        // SAFETY: promised by the caller.
        let after = unsafe { compared(after, "after") }?;
        let access = access(options.force, options.current_user.as_ref());
        let recoveries = compare_places(&before, &after, options.key.as_deref(), &access, visit, observer)?;
        Ok(Recoveries { recoveries })
    };
    let rows = Rows { options, progress, batch, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { rows.run(work) }
}

/// Compares the registry of a session's image as it was saved last with what the session made of it.
/// Options, differences and document are those of `imgsvc_registry_compare`.
///
/// # Safety
/// `session` is a live handle; `batch` and `progress` must not use it. Otherwise as for
/// `imgsvc_registry_compare`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_compare_session(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work =
        |options: &CompareOptions, visit: &mut dyn FnMut(Change) -> Result<()>, observer: Observer<'_>| {
            // SAFETY: promised by the caller.
            let session = unsafe { handle(session, "session") }?;
            let access = access(options.force, options.current_user.as_ref());
            let recoveries = session
                .inner
                .with(|session| compare_session(session, options.key.as_deref(), &access, visit, observer))?;
            Ok(Recoveries { recoveries })
        };
    let rows = Rows { options, progress, batch, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { rows.run(work) }
}
