//! Windows Setup's view of an image.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::guard::handle;
use super::job::Job;
use super::progress::imgsvc_progress_fn;
use super::session::imgsvc_session;
use super::source::ImageOptions;
use super::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::setup::{add_script, remove_script, scripts, ScriptInfo, ScriptOptions};
use crate::servicing::setup_state::setup_state;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

/// Says how far Windows Setup has come with an image: installed, generalised, in audit mode.
///
/// The image is that of `session`, or, if it is NULL, the one that `options` name: `{imagePath, index}`.
/// `*out_document`: `{state: "Complete"|"Generalized"|"GeneralizedToAudit"|"OobePending"|"Audit"|
/// "Installing"|"WindowsPE"|"Unknown", isGeneralized (null where nothing tells), isAudit, isOobePending,
/// reason, notes, facts: [{key, name, value (a number or a text), meaning}]}`.
///
/// # Safety
/// `session` is NULL or a live handle. `options` is NULL or a NUL-terminated UTF-16 text. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_setup_state(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ImageOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        unsafe { options.source(session, |source| setup_state(source, observer)) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Adds a script or command to the image's first-boot plan, as one transaction of the session, behind the steps
/// that are there.
///
/// `options`: `{name (the script's own without it), phase: "Specialize" (the default: by Windows Setup in its
/// specialize pass, as SYSTEM, or else by SetupComplete.cmd)|"SetupComplete" (by that only)|"FirstLogon" (when a user
/// logs on for the first time, as that user), script (a host file that goes into the image), command (how it is run;
/// `%ROOT%scripts\<name>\` is its folder), description, success (exit codes), force (replace a step of that name)}`.
/// `*out_document`: `{name, order (in the plan, from 1), phase, description, command, success, itemPath (the folder of
/// the script), remarks}`.
///
/// # Safety
/// `session` is a live handle. `options` is a NUL-terminated UTF-16 text. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_setup_script_add(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ScriptOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| add_script(session, options, observer))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

#[derive(Serialize)]
struct Scripts {
    scripts: Vec<ScriptInfo>,
}

/// Lists the scripts and commands of the image's first-boot plan, in the order in which they run.
///
/// The image is that of `session`, or, if it is NULL, the one that `options` name: `{imagePath, index}`.
/// `*out_document`: `{scripts: [as imgsvc_setup_script_add gives them]}`.
///
/// # Safety
/// As for `imgsvc_setup_state`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_setup_script_list(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &ImageOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let scripts = unsafe { options.source(session, |source| scripts(source, observer)) }?;
        Ok(Scripts { scripts })
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RemoveScriptOptions {
    name: String,
}

/// Takes a script or command out of the image's first-boot plan, as one transaction of the session; with the last
/// step of the plan, all that was put into the image for it.
///
/// `options`: `{name}`. `*out_document`: what it was, as `imgsvc_setup_script_add` gives it.
///
/// # Safety
/// As for `imgsvc_setup_script_add`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_setup_script_remove(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &RemoveScriptOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| remove_script(session, &options.name, observer))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
