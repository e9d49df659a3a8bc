//! Checking hives and salvaging damaged ones.

use super::{access, at, optional_name, AccessOptions};
use crate::error::Error;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::optional_path;
use crate::progress::Observer;
use crate::servicing::registry::{
    check_hive_file, check_image_hives, repair_hive_file, repair_image_hive, Place,
};
use serde::Deserialize;
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RepairOptions {
    overwrite: bool,
    force: bool,
    current_user: Option<String>,
}

/// Checks every structure of hives. Nothing is changed.
///
/// `key` leads to the hive of the image; NULL stands for all of them, and is all there is to say of a
/// hive file. `options`: `{force, currentUser}`. `*out_document`: `{hives: [{hive (its path in the image
/// or on the host), key (the name of its root in an image, or null), length (bytes), state:
/// "Clean"|"Dirty"|"Recovered" (what its logs make of it), sound, keys, values, defectCount, damageCount,
/// leakedCells, leakedBytes, defects: [{offset, severity: "Damage"|"Tolerated", text}] (the first
/// thousand), recovery (as in `imgsvc_registry_list_keys`, or null), error (why it could not be read at
/// all, or null)}]}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`; `key` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_check(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &AccessOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let key = unsafe { optional_name(key, "key") }?;
        let check = |place: Place<'_>| match (place, key) {
            (Place::Session(session), key) => {
                check_image_hives(session, key.as_deref(), &options.access(), observer)
            }
            (Place::HiveFile(path), None) => check_hive_file(&path, observer),
            (Place::HiveFile(_), Some(_)) => Err(Error::InvalidArgument {
                parameter: "key",
                reason: "a hive file is checked whole; it must be NULL".to_owned(),
            }),
        };
        // SAFETY: promised by the caller.
        unsafe { at(session, hive_path, check) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Salvages what can be reached of a hive into a new one, with its transaction logs applied.
///
/// A hive file stays as it is: `target_path` is the new file, `key` NULL. In a session the hive that `key`
/// leads to is replaced, as one transaction, and `target_path` is NULL. `options`: `{overwrite (a file at
/// `target_path`), force, currentUser}`. `*out_document`: `{hive, target, keys, values, lostCount, lost:
/// [{path, what, offset, reason}] (the first ten thousand), recovery}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`; `key` and `target_path` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_repair(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    target_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &RepairOptions, observer: Observer<'_>| {
        let access = access(options.force, options.current_user.as_ref());
        // SAFETY: promised by the caller.
        let key = unsafe { optional_name(key, "key") }?;
        // SAFETY: promised by the caller.
        let target = unsafe { optional_path(target_path, "target_path") }?;
        let repair = |place: Place<'_>| match (place, key, target) {
            (Place::Session(session), Some(key), None) => repair_image_hive(session, &key, &access, observer),
            (Place::HiveFile(path), None, Some(target)) => {
                repair_hive_file(&path, &target, options.overwrite, observer)
            }
            _ => Err(Error::InvalidArgument {
                parameter: "target_path",
                reason: "a hive file needs it and no key; a session's hive needs a key and not this"
                    .to_owned(),
            }),
        };
        // SAFETY: promised by the caller.
        unsafe { at(session, hive_path, repair) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
