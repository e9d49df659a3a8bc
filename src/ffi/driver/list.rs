//! Listing the driver packages of an image.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::{enter_giving, handle};
use crate::ffi::job::options as lift;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::servicing::drivers::{self, DriverInfo};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListOptions {
    all: bool,
}

#[derive(Serialize)]
struct InfoList {
    drivers: Vec<DriverInfo>,
}

/// Lists the driver packages of the image.
///
/// `options`: `{all (those that came with Windows too)}`. `*out_document`: `{drivers:
/// [{driver, originalFileName, inbox, catalogFile, className, classGuid, bootCritical,
/// driverSignature, signerName, providerName, date, version, majorVersion, minorVersion, build,
/// revision, hive: "SYSTEM"|"DRIVERS"}]}`.
///
/// # Safety
/// `session` is a live handle. `options` is NULL or a NUL-terminated UTF-16 text. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_list(
    session: *mut imgsvc_session,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let options: ListOptions = unsafe { lift(options) }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let drivers = session.inner.with(|session| drivers::list(session, options.all))?;
        imgsvc_document::of(&InfoList { drivers })
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}
