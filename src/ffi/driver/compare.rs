//! Comparing the driver packages of images and folders.

use super::UnreadRow;
use crate::error::Error;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::handle;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::source::ImageOptions;
use crate::ffi::status::imgsvc_status;
use crate::progress::Observer;
use crate::servicing::drivers::{Compared, Comparison, DriverDifference};
use crate::servicing::source::Source;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CompareOptions {
    reference: ImageOptions,
    difference: ImageOptions,
    difference_paths: Option<Vec<PathBuf>>,
    all: bool,
    include_equal: bool,
    recurse: bool,
}

#[derive(Serialize)]
struct DifferenceList {
    differences: Vec<DriverDifference>,
    unread: Vec<UnreadRow>,
    missing: Vec<String>,
}

/// Compares the driver packages of two images, or of an image and of INFs of the host.
///
/// The first side is `reference`, or the option `reference: {imagePath, index}`; with neither, it is the
/// image of `difference` as it was saved last. The second is `difference`, or the option `difference:
/// {imagePath, index}`, or `differencePaths: [path (INF files and directories; those that are for the first
/// side's image)]`. Further options: `{all (packages that came with Windows too), includeEqual, recurse}`.
/// `*out_document`: `{differences: [{change: "Newer"|"Older"|"Changed"|"Missing"|"Added"|"Same" (the second
/// side), infName, providerName, className, classGuid, extensionId, reference: {driver, infPath, version,
/// date}, difference}], unread: [{path, error}], missing: [path]}`.
///
/// # Safety
/// `reference` and `difference` are NULL or live handles. `options` is NULL or a NUL-terminated UTF-16 text.
/// `progress` may be called with `context` during the call. `out_document` is writable. `out_error` is NULL
/// or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_compare(
    reference: *mut imgsvc_session,
    difference: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let refused = |reason: &str| Error::InvalidArgument { parameter: "options", reason: reason.to_owned() };
    let work = |options: &CompareOptions, observer: Observer<'_>| {
        // One side after the other, because both may be the same handle.
        let before = match (reference.is_null(), options.reference.file()) {
            (true, Some(image)) => Compared::read(image, options.all)?,
            (true, None) => {
                // SAFETY: promised by the caller.
                let session = unsafe { handle(difference, "difference") }?;
                session.inner.with(|session| Compared::read(Source::Saved(session), options.all))?
            }
            (false, None) => {
                // SAFETY: promised by the caller.
                let session = unsafe { handle(reference, "reference") }?;
                session.inner.with(|session| Compared::read(Source::Session(session), options.all))?
            }
            (false, Some(_)) => return Err(refused("the first side is given twice")),
        };
        let sides = (difference.is_null(), options.difference.file(), &options.difference_paths);
        let found = match sides {
            (false, None, None) => {
                // SAFETY: promised by the caller.
                let session = unsafe { handle(difference, "difference") }?;
                let after =
                    session.inner.with(|session| Compared::read(Source::Session(session), options.all))?;
                before.against(after)
            }
            (true, Some(image), None) => before.against(Compared::read(image, options.all)?),
            (true, None, Some(paths)) => before.against_paths(paths, options.recurse, observer)?,
            _ => return Err(refused("the second side is to be one of session, image and paths")),
        };
        Ok(lower(found, options.include_equal))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

fn lower(mut found: Comparison, include_equal: bool) -> DifferenceList {
    if !include_equal {
        found.leave_out_equal();
    }
    DifferenceList {
        unread: found.unread.iter().map(|(path, error)| UnreadRow::of(path, error)).collect(),
        missing: found.missing.iter().map(|path| path.display().to_string()).collect(),
        differences: found.differences,
    }
}
