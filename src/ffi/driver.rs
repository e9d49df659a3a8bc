//! Driver packages of a session.

use super::document::imgsvc_document;
use super::error::{imgsvc_error, message_of, subject_of};
use super::guard::{enter_giving, handle};
use super::progress::{imgsvc_progress_fn, Reporter};
use super::session::{imgsvc_session, known_flags};
use super::status::{imgsvc_status, verdict};
use super::text::{optional_path, required_path, required_paths, required_texts};
use crate::error::Error;
use crate::servicing::drivers::{self, AddOptions, DriverInfo, ExportOptions, RemoveOptions};
use serde::Serialize;
use std::ffi::c_void;

/// Driver flag: look for INFs in sub-directories too.
pub const IMGSVC_DRIVER_RECURSE: u32 = 1;
/// Driver flag of `imgsvc_driver_add`: unsigned and tampered packages go in too.
pub const IMGSVC_DRIVER_FORCE_UNSIGNED: u32 = 2;
/// Driver flag of `imgsvc_driver_remove`: packages that may be needed to boot go too.
pub const IMGSVC_DRIVER_FORCE: u32 = 4;
/// Driver flag of `imgsvc_driver_export`: files that are there are replaced.
pub const IMGSVC_DRIVER_OVERWRITE: u32 = 8;
/// Driver flag of `imgsvc_driver_add`: only packages that Microsoft signed go in.
pub const IMGSVC_DRIVER_REQUIRE_WHQL: u32 = 16;
/// Driver flag of `imgsvc_driver_list`: the drivers that came with Windows too.
pub const IMGSVC_DRIVER_ALL: u32 = 1;

/// An error inside a document, with what an error object would say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorRow {
    status: imgsvc_status,
    id: &'static str,
    message: String,
    subject: Option<String>,
    remedy: Option<&'static str>,
    hresult: i32,
}

impl ErrorRow {
    fn of(error: &Error) -> Self {
        let verdict = verdict(error);
        Self {
            status: verdict.status,
            id: verdict.id,
            message: message_of(error),
            subject: subject_of(error),
            remedy: verdict.remedy,
            hresult: verdict.hresult.cast_signed(),
        }
    }
}

/// A report with its error lowered.
#[derive(Serialize)]
struct ReportRow<'a, R> {
    #[serde(flatten)]
    report: &'a R,
    error: Option<ErrorRow>,
}

#[derive(Serialize)]
struct ReportList<'a, R> {
    drivers: Vec<ReportRow<'a, R>>,
}

impl<'a, R: Serialize> ReportList<'a, R> {
    fn of(reports: &'a [R], error: impl Fn(&R) -> Option<&Error>) -> Self {
        let row = |report| ReportRow { report, error: error(report).map(ErrorRow::of) };
        Self { drivers: reports.iter().map(row).collect() }
    }
}

#[derive(Serialize)]
struct InfoList {
    drivers: Vec<DriverInfo>,
}

/// Finds the INF files that `imgsvc_driver_add` would service.
///
/// `paths` are `count` INF files or directories of the host. `flags`: `IMGSVC_DRIVER_RECURSE`.
/// `*out_document`: `{packages: [{path}], missing: [path]}`.
///
/// # Safety
/// `paths` points to `count` NUL-terminated UTF-16 texts. `out_document` is writable. `out_error` is
/// NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_find(
    paths: *const *const u16,
    count: usize,
    flags: u32,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_DRIVER_RECURSE)?;
        // SAFETY: promised by the caller.
        let paths = unsafe { required_paths(paths, count, "paths") }?;
        let found = drivers::find(&paths, flags & IMGSVC_DRIVER_RECURSE != 0)?;
        imgsvc_document::of(&found)
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Adds driver packages to the image, as one transaction of the session: a package that cannot go in
/// is reported, the others go in; if the call fails, none does.
///
/// `paths` are `count` INF files or directories of the host. `flags`: `IMGSVC_DRIVER_RECURSE`,
/// `IMGSVC_DRIVER_FORCE_UNSIGNED`, `IMGSVC_DRIVER_REQUIRE_WHQL`. `trusted_roots` is a file of certificates
/// (PEM, DER or PKCS#7), or a directory of such files, that are roots beside Microsoft's and the image's;
/// NULL for none. `*out_document`: `{drivers: [{path, status:
/// "Added"|"AlreadyPresent"|"NotApplicable"|"Failed", driver, originalFileName, providerName,
/// className, classGuid, version, date, catalogFile, driverSignature:
/// "Signed"|"Unsigned"|"Tampered"|"Unknown", signatureVerdict: "Whql"|"Authenticode"|"TestSigned"|
/// "SelfSigned"|"Unsigned"|"Tampered", signerName, bootCritical, reason, files, error: {status, id,
/// message, subject, remedy, hresult}}]}`, one entry per INF. "Signed" means that every file's hash
/// is in the catalogue and that its signature, chain and time stamp are trusted; revocation is not checked.
///
/// # Safety
/// `session` is a live handle. `paths` points to `count` NUL-terminated UTF-16 texts. `trusted_roots` is NULL
/// or a NUL-terminated UTF-16 text. `progress` may be called with `context` during the call. `out_document` is writable. `out_error` is NULL or
/// writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_add(
    session: *mut imgsvc_session,
    paths: *const *const u16,
    count: usize,
    flags: u32,
    trusted_roots: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        const KNOWN: u32 = IMGSVC_DRIVER_RECURSE | IMGSVC_DRIVER_FORCE_UNSIGNED | IMGSVC_DRIVER_REQUIRE_WHQL;
        known_flags(flags, KNOWN)?;
        // SAFETY: promised by the caller.
        let paths = unsafe { required_paths(paths, count, "paths") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        // SAFETY: promised by the caller.
        let mut reporter = unsafe { Reporter::new(progress, context) };
        let options = AddOptions {
            recurse: flags & IMGSVC_DRIVER_RECURSE != 0,
            force_unsigned: flags & IMGSVC_DRIVER_FORCE_UNSIGNED != 0,
            require_whql: flags & IMGSVC_DRIVER_REQUIRE_WHQL != 0,
            // SAFETY: promised by the caller.
            trusted_roots: unsafe { optional_path(trusted_roots, "trusted_roots") }?,
        };
        let reports = session
            .inner
            .with(|session| drivers::add(session, &paths, options, &mut |now| reporter.observe(now)))?;
        imgsvc_document::of(&ReportList::of(&reports, |report| report.error.as_ref()))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Lists the driver packages of the image.
///
/// `flags`: `IMGSVC_DRIVER_ALL` for those that came with Windows too. `*out_document`: `{drivers:
/// [{driver, originalFileName, inbox, catalogFile, className, classGuid, bootCritical,
/// driverSignature, signerName, providerName, date, version, majorVersion, minorVersion, build,
/// revision, hive: "SYSTEM"|"DRIVERS"}]}`.
///
/// # Safety
/// `session` is a live handle. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_list(
    session: *mut imgsvc_session,
    flags: u32,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_DRIVER_ALL)?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        let drivers = session.inner.with(|session| drivers::list(session, flags & IMGSVC_DRIVER_ALL != 0))?;
        imgsvc_document::of(&InfoList { drivers })
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Removes third-party driver packages from the image, as one transaction of the session: the reverse of
/// adding. A package that cannot be removed is reported, the others go; if the call fails, none does.
///
/// `names` are `count` published names (`oem3.inf`), names of INFs, or paths of INFs in the driver store,
/// with wildcards. `flags`: `IMGSVC_DRIVER_FORCE`. `*out_document`: `{drivers: [{driver,
/// originalFileName, providerName, className, version, status: "Removed"|"Failed", reason, files (and
/// folders that went), error}]}`, with errors as `imgsvc_driver_add` gives them.
///
/// # Safety
/// `session` is a live handle. `names` points to `count` NUL-terminated UTF-16 texts. `progress` may be
/// called with `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_remove(
    session: *mut imgsvc_session,
    names: *const *const u16,
    count: usize,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_DRIVER_FORCE)?;
        // SAFETY: promised by the caller.
        let names = unsafe { required_texts(names, count, "names") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        // SAFETY: promised by the caller.
        let mut reporter = unsafe { Reporter::new(progress, context) };
        let options = RemoveOptions { force: flags & IMGSVC_DRIVER_FORCE != 0 };
        let reports = session
            .inner
            .with(|session| drivers::remove(session, &names, options, &mut |now| reporter.observe(now)))?;
        imgsvc_document::of(&ReportList::of(&reports, |report| report.error.as_ref()))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Writes driver packages of the image to folders of a host directory, called as in the driver store.
///
/// `names` as for `imgsvc_driver_remove`; with `count` 0 all third-party packages. `destination` is made
/// if need be. `flags`: `IMGSVC_DRIVER_OVERWRITE`. `*out_document`: `{drivers: [{driver,
/// originalFileName, status: "Exported"|"Failed", hostPath, files, bytes, intact (the INF has the hash
/// that its folder's name says), reason, error}]}`.
///
/// # Safety
/// As for `imgsvc_driver_remove`; `destination` is NUL-terminated UTF-16, and with `count` 0 `names` may
/// be NULL.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_export(
    session: *mut imgsvc_session,
    names: *const *const u16,
    count: usize,
    destination: *const u16,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_DRIVER_OVERWRITE)?;
        let names = match count {
            0 => Vec::new(),
            // SAFETY: promised by the caller.
            _ => unsafe { required_texts(names, count, "names") }?,
        };
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        // SAFETY: promised by the caller.
        let mut reporter = unsafe { Reporter::new(progress, context) };
        let options = ExportOptions { overwrite: flags & IMGSVC_DRIVER_OVERWRITE != 0 };
        let observer = &mut |now| reporter.observe(now);
        let reports = session
            .inner
            .with(|session| drivers::export(session, &names, &destination, options, observer))?;
        imgsvc_document::of(&ReportList::of(&reports, |report| report.error.as_ref()))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}
