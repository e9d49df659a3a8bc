//! Answer files in images: found, placed, applied.

use super::document::imgsvc_document;
use super::driver::ReportList;
use super::error::imgsvc_error;
use super::guard::handle;
use super::job::Job;
use super::progress::imgsvc_progress_fn;
use super::session::imgsvc_session;
use super::source::ImageOptions;
use super::status::imgsvc_status;
use super::text::{optional_path, required_path};
use crate::progress::Observer;
use crate::servicing::drivers::DriverReport;
use crate::servicing::unattend::{
    apply, find, place, AnswerFileInfo, ApplyOptions, PlaceOptions, PlaceReport, SettingResult,
};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FindOptions {
    image_path: Option<PathBuf>,
    index: u32,
    all: bool,
}

#[derive(Serialize)]
struct Files {
    files: Vec<AnswerFileInfo>,
}

/// Finds the answer files of an image where Windows Setup looks, in the order in which it looks, and says which
/// of them it uses in which pass.
///
/// The image is that of `session`, or, if it is NULL, the one that `options` name: `{imagePath, index, all (the
/// places without a file too)}`. `*out_document`: `{files: [{order (Microsoft's number of the place), location:
/// "Registry"|"PantherUnattend"|"Panther"|"Sysprep"|"Root", itemPath, exists, length, lastWriteTime, isValid,
/// message (why it is not), passes, processedPasses, usedPasses, wins, reason}]}`.
///
/// # Safety
/// `session` is NULL or a live handle. `options` is NULL or a NUL-terminated UTF-16 text. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_answer_file_find(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &FindOptions, observer: Observer<'_>| {
        let image = ImageOptions { image_path: options.image_path.clone(), index: options.index };
        // SAFETY: promised by the caller.
        let files = unsafe { image.source(session, |source| find(source, options.all, observer)) }?;
        Ok(Files { files })
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Puts an answer file of the host where Windows Setup looks in the image, as one transaction of the session.
///
/// `file` is the host file; NULL, with `audit`, for one that only starts audit mode. `options`: `{location:
/// "Panther" (the default)|"PantherUnattend"|"Sysprep"|"Root", force (replace another file), audit (set
/// Reseal/Mode of pass oobeSystem to Audit)}`. `*out_document`: `{itemPath, location, order, replaced, length,
/// passes, usedPasses (in which Setup will use it), audit (what was set for it), warnings, notes}`.
///
/// # Safety
/// `session` is a live handle. `file` is NULL or a NUL-terminated UTF-16 text, `options` too. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_answer_file_place(
    session: *mut imgsvc_session,
    file: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &PlaceOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let file = unsafe { optional_path(file, "file") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| place(session, file.as_deref(), *options, observer))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// A setting with its drivers' errors lowered.
#[derive(Serialize)]
struct SettingRow {
    #[serde(flatten)]
    setting: SettingResult,
    #[serde(flatten)]
    drivers: ReportList<DriverReport>,
}

#[derive(Serialize)]
struct Applied {
    settings: Vec<SettingRow>,
    placed: Option<PlaceReport>,
}

/// Applies an answer file of the host to the image, as one transaction of the session: adds the drivers that its
/// pass offlineServicing names, writes settings with an offline home to the registry, places the file where
/// Setup reads the later passes, and puts packages and features of the servicing section into the first-boot plan.
///
/// `options`: `{location, force (as imgsvc_answer_file_place has them), noPlace, sourceRoot (the folder below
/// which paths of other computers, to drivers and packages, are looked for), forceUnsigned, trustedRoots (as imgsvc_driver_add has
/// them), preview (change nothing)}`. `*out_document`: `{settings: [{pass, component, architecture, setting,
/// value (of a secret stars), line, column, result: "Applied"|"Placed"|"Deferred"|"NotApplicable"|"Failed",
/// reason, target, drivers (of a driver path, as imgsvc_driver_add reports them)}], placed (as
/// imgsvc_answer_file_place reports it, or null)}`.
///
/// # Safety
/// `session` is a live handle. `file` is a NUL-terminated UTF-16 text; `options` is NULL or one. `progress` may
/// be called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_answer_file_apply(
    session: *mut imgsvc_session,
    file: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ApplyOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let file = unsafe { required_path(file, "file") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let report = session.inner.with(|session| apply(session, &file, options, observer))?;
        let row = |mut setting: SettingResult| {
            let drivers = std::mem::take(&mut setting.drivers);
            SettingRow { setting, drivers: ReportList::of(drivers, |report| report.error.as_ref()) }
        };
        Ok(Applied { settings: report.settings.into_iter().map(row).collect(), placed: report.placed })
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
