//! Listing keys and values.

use super::{access, at, name, optional_name};
use crate::error::Result;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::item::imgsvc_batch_fn;
use crate::ffi::job::Rows;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::registry::{KeyInfo, Registry, UnreadableHive, ValueInfo};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct KeyOptions {
    levels: u32,
    force: bool,
    current_user: Option<String>,
}

#[derive(Serialize)]
struct KeyReport {
    unreadable: Vec<UnreadableHive>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ValueOptions {
    name: Option<String>,
    force: bool,
    current_user: Option<String>,
}

#[derive(Serialize)]
struct Nothing {}

/// Lists a key and those below it, in batches; each comes before its subkeys, which are sorted by name.
///
/// `key` NULL stands for the root keys of all hives of the image, or of the hive file.
/// `options`: `{levels (0: how deep below the key), force, currentUser}`. A key is `{key (full name),
/// name, subKeyCount, valueCount, lastWriteTime, className, hive (its file in the image, or null)}`.
/// `*out_document`: `{unreadable: [{key, hive, message}] (hives, with `key` NULL), recoveries: [{hive,
/// recovered, logs: [{name, entries, pages, reason}]}]}`: the hives that were not closed cleanly, and
/// what their transaction logs did.
///
/// # Safety
/// `session` is NULL or a live handle; texts are NUL-terminated UTF-16, or NULL where said. `batch` may
/// be called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_list_keys(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    options: *const u16,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &KeyOptions, visit: &mut dyn FnMut(KeyInfo) -> Result<()>, _: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { optional_name(key, "key") }?;
        let look = |registry: &mut Registry<'_>| {
            let unreadable = match &key {
                Some(key) => registry.keys(key, options.levels, visit).map(|()| Vec::new())?,
                None => registry.all_keys(options.levels, visit)?,
            };
            Ok(KeyReport { unreadable })
        };
        // SAFETY: promised by the caller.
        unsafe { at(session, hive_path, |place| place.read(&access, look)) }
    };
    let rows = Rows { options, progress: None, batch, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { rows.run(work) }
}

/// Lists the values of a key, in batches, in the hive's order.
///
/// `options`: `{name (null for all, "" for the default value), force (values of SAM and SECURITY),
/// currentUser}`. A value is `{key (full name), name, kind: "None"|"String"|"ExpandString"|"Binary"|
/// "DWord"|"MultiString"|"QWord"|"Unknown", kindNumber, size (bytes), form: "text"|"texts"|"number"|
/// "bytes", value}`; bytes are hexadecimal digits, and numbers are signed.
/// `*out_document`: `{recoveries}` as for `imgsvc_registry_list_keys`.
///
/// # Safety
/// As for `imgsvc_registry_list_keys`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_list_values(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    options: *const u16,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ValueOptions, visit: &mut dyn FnMut(ValueInfo) -> Result<()>, _: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        let look = |registry: &mut Registry<'_>| {
            let values = registry.values(&key, options.name.as_deref())?;
            values.into_iter().try_for_each(visit)?;
            Ok(Nothing {})
        };
        // SAFETY: promised by the caller.
        unsafe { at(session, hive_path, |place| place.read(&access, look)) }
    };
    let rows = Rows { options, progress: None, batch, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { rows.run(work) }
}
