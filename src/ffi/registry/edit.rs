//! Creating and deleting keys, setting and deleting values.

use super::{access, at, name, AccessOptions};
use crate::error::{Error, Result};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::registry::{KeyInfo, Registry, ValueData, ValueInfo, ValueKind};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CreateOptions {
    parents: bool,
    force: bool,
    current_user: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DeleteOptions {
    recurse: bool,
    force: bool,
    current_user: Option<String>,
}

#[derive(Serialize)]
struct Created {
    key: KeyInfo,
}

#[derive(Serialize)]
struct Set {
    value: ValueInfo,
}

#[derive(Serialize)]
struct Deleted {
    key: String,
    name: String,
}

/// A value to set.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewValue {
    kind: Option<ValueKind>,
    kind_number: Option<u32>,
    #[serde(flatten)]
    data: ValueData,
}

impl NewValue {
    /// # Safety
    /// `text` is NULL or NUL-terminated UTF-16.
    unsafe fn lift(text: *const u16) -> Result<Self> {
        // SAFETY: the caller's promise.
        let text = unsafe { name(text, "value") }?;
        serde_json::from_str(&text)
            .map_err(|error| Error::InvalidArgument { parameter: "value", reason: error.to_string() })
    }

    /// The type number and the data as they are stored.
    fn stored(&self) -> Result<(u32, Vec<u8>)> {
        let kind = self.kind.unwrap_or(ValueKind::Unknown);
        let missing = || Error::InvalidArgument {
            parameter: "value",
            reason: "it has neither a kind nor a kindNumber".to_owned(),
        };
        let number = kind.number().or(self.kind_number).ok_or_else(missing)?;
        Ok((number, self.data.encode(ValueKind::of(number))?))
    }
}

/// Creates a key.
///
/// `options`: `{parents (create what is missing above, and take a key that is there), force (keys of SAM
/// and SECURITY; a hive that was not closed cleanly and has no usable logs, which loses what only they
/// hold), currentUser}`. `*out_document`: `{key, recoveries}`, with a key and recoveries as
/// `imgsvc_registry_list_keys` gives them.
///
/// # Safety
/// `session` is NULL or a live handle; texts are NUL-terminated UTF-16, `options` may be NULL. `progress`
/// may be called with `context` during the call. `out_document` is writable. `out_error` is NULL or
/// writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_create_key(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &CreateOptions, observer: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        let change =
            |registry: &mut Registry<'_>| Ok(Created { key: registry.create_key(&key, options.parents)? });
        // SAFETY: promised by the caller.
        unsafe {
            at(session, hive_path, |place| place.edit("create a registry key", &access, observer, change))
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Deletes a key.
///
/// `options`: `{recurse (with all below it; otherwise subkeys are an error), force, currentUser}`.
/// `*out_document`: `{key (full name), keys (how many went), recoveries}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_delete_key(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &DeleteOptions, observer: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        let change = |registry: &mut Registry<'_>| registry.delete_key(&key, options.recurse);
        // SAFETY: promised by the caller.
        unsafe {
            at(session, hive_path, |place| place.edit("delete a registry key", &access, observer, change))
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Sets a value. The key is created when only it is missing.
///
/// `value_name` is empty for the default value. `value` is a JSON object as text: `{kind, kindNumber (for
/// a kind without a name), form, value}` as `imgsvc_registry_list_values` gives them; bytes are stored as
/// they are, whatever the kind. `options`: `{parents (create what is missing above), force,
/// currentUser}`. `*out_document`: `{value, recoveries}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_set_value(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    value_name: *const u16,
    value: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &CreateOptions, observer: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        // SAFETY: promised by the caller.
        let value_name = unsafe { name(value_name, "value_name") }?;
        // SAFETY: promised by the caller.
        let (number, data) = unsafe { NewValue::lift(value) }?.stored()?;
        let change = |registry: &mut Registry<'_>| {
            Ok(Set { value: registry.set_value(&key, &value_name, number, &data, options.parents)? })
        };
        // SAFETY: promised by the caller.
        unsafe {
            at(session, hive_path, |place| place.edit("set a registry value", &access, observer, change))
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Deletes a value; `value_name` is empty for the default value.
///
/// `options`: `{force, currentUser}`. `*out_document`: `{key, name, recoveries}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_delete_value(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    value_name: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &AccessOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        // SAFETY: promised by the caller.
        let value_name = unsafe { name(value_name, "value_name") }?;
        let change = |registry: &mut Registry<'_>| {
            let located = registry.locate(&key)?;
            registry.delete_value(&key, &value_name)?;
            Ok(Deleted { key: registry.full_name(&located), name: value_name.clone() })
        };
        let access = options.access();
        // SAFETY: promised by the caller.
        unsafe {
            at(session, hive_path, |place| place.edit("delete a registry value", &access, observer, change))
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
