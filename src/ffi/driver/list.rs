//! Listing the driver packages of an image.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::drivers::{self, DriverInfo};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListOptions {
    names: Vec<String>,
    hardware_ids: Vec<String>,
    classes: Vec<String>,
    all: bool,
    detailed: bool,
}

#[derive(Serialize)]
struct InfoList {
    drivers: Vec<DriverInfo>,
    missing: Vec<String>,
}

/// Lists the driver packages of the image.
///
/// `options`: `{names (as for `imgsvc_driver_remove`), hardwareIds (hardware or compatible ids), classes
/// (names or GUIDs of device setup classes), all (those that came with Windows too), detailed}`; names, ids
/// and classes are lists, may have wildcards, and one of each that is given must fit. `*out_document`:
/// `{drivers: [{driver, originalFileName, inbox, catalogFile, className, classGuid, bootCritical,
/// driverSignature, signerName, providerName, date, version, majorVersion, minorVersion, build,
/// revision, hive: "SYSTEM"|"DRIVERS", state: "Installed"|"Deferred" (Windows Setup will install it; it has
/// no hive yet)}], missing: [name (without wildcards, of no package)]}`. With `detailed` a driver has in
/// addition `{architecture, extensionId, signerScore, importDate, storePath, intact (its INF has the hash
/// that the folder's name says), devices: [{architecture, hardwareId, compatibleIds, description,
/// manufacturer, section, featureScore}], files: [{path, size, present}], services: [{name, start, type,
/// binary, displayName}], excludeIds, reason (what is missing or wrong)}`.
///
/// # Safety
/// `session` is a live handle. `options` is NULL or a NUL-terminated UTF-16 text. `progress` may be called
/// with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_list(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ListOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let options = drivers::ListOptions {
            names: options.names.clone(),
            hardware_ids: options.hardware_ids.clone(),
            classes: options.classes.clone(),
            all: options.all,
            detailed: options.detailed,
        };
        let found = session.inner.with(|session| drivers::query(session, &options, observer))?;
        Ok(InfoList { drivers: found.drivers, missing: found.missing })
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
