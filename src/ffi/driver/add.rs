//! Adding driver packages to an image.

use super::ReportList;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_paths;
use crate::progress::Observer;
use crate::servicing::drivers;
use serde::Deserialize;
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AddOptions {
    recurse: bool,
    force_unsigned: bool,
    require_whql: bool,
    trusted_roots: Option<PathBuf>,
    boot_critical: drivers::BootCritical,
    defer: bool,
    preview: bool,
}

/// Adds driver packages to the image, as one transaction of the session: a package that cannot go in
/// is reported, the others go in; if the call fails, none does.
///
/// `paths` are `count` INF files or directories of the host. `options`: `{recurse (look for INFs in
/// sub-directories too), forceUnsigned (unsigned and tampered packages go in too), requireWhql (only
/// packages that Microsoft signed go in), trustedRoots (a file of certificates (PEM, DER or PKCS#7), or a
/// directory of such files, that are roots beside Microsoft's and the image's), bootCritical: "Auto" (default:
/// packages with a driver that starts at boot get what that needs)|"Never"|"Force" (all with a function driver's
/// service), defer (leave what only a running Windows can install to Windows Setup), preview (nothing is
/// changed; each package is planned on top of those before it)}`. `*out_document`: `{drivers: [{path, status:
/// "Added"|"Planned"|"Deferred"|"AlreadyPresent"|"NotApplicable"|"Failed", driver, originalFileName, providerName,
/// className, classGuid, version, date, catalogFile, driverSignature:
/// "Signed"|"Unsigned"|"Tampered"|"Unknown", signatureVerdict: "Whql"|"Authenticode"|"TestSigned"|
/// "SelfSigned"|"Unsigned"|"Tampered", signerName, bootCritical, reason, files, plan, error: {status, id,
/// message, subject, remedy, hresult}}]}`, one entry per INF. "Signed" means that every file's hash
/// is in the catalogue and that its signature, chain and time stamp are trusted; revocation is not checked.
///
/// `plan` is there for previews: `{files: [{source, target, size, replaces}], registry: [{action:
/// "CreateKey"|"DeleteKey"|"SetValue"|"DeleteValue", key, name, value: {kind, kindNumber, size, form,
/// value}}], devices: [{architecture, hardwareId, compatibleIds, description, manufacturer, section,
/// featureScore}], services: [{name, start, type, binary, displayName}], findings: [{file, line, column,
/// severity: "Note"|"Warning"|"Error", code, text}], signature: {verdict, reason, signer, chain (names, the
/// signer's first), timeStamp, usages (object identifiers), files: [{file, coverage:
/// "Covered"|"NotCovered"|"Different"}], unreferenced}, remarks}`.
///
/// # Safety
/// `session` is a live handle. `paths` points to `count` NUL-terminated UTF-16 texts. `options` is NULL or a
/// NUL-terminated UTF-16 text. `progress` may be called with `context` during the call. `out_document` is
/// writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_add(
    session: *mut imgsvc_session,
    paths: *const *const u16,
    count: usize,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &AddOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let paths = unsafe { required_paths(paths, count, "paths") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let options = drivers::AddOptions {
            recurse: options.recurse,
            force_unsigned: options.force_unsigned,
            require_whql: options.require_whql,
            trusted_roots: options.trusted_roots.clone(),
            preview: options.preview,
            boot_critical: options.boot_critical,
            defer: options.defer,
        };
        let reports = session.inner.with(|session| drivers::add(session, &paths, options, observer))?;
        Ok(ReportList::of(reports, |report| report.error.as_ref()))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
