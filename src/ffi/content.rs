//! What image files hold: listing, comparing, checking, repairing.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::guard::handle;
use super::item::imgsvc_batch_fn;
use super::job::{Job, Listing};
use super::progress::imgsvc_progress_fn;
use super::session::imgsvc_session;
use super::status::imgsvc_status;
use super::text::{required, required_path};
use crate::error::Result;
use crate::image::jobs;
use crate::image::Item;
use crate::progress::Observer;
use std::ffi::c_void;

/// Lists what is in image `index` (from 1) of a file, in batches, without reading more of it than the
/// answer needs.
///
/// `pattern` is a path inside the image whose names may hold wildcards (`/Windows/*.dll`); a directory
/// without wildcards lists its children. `options`: `{recurse (match the last name at every depth),
/// referencePaths: [path]}`. An item is as `imgsvc_item_list` gives it, with `linkCount` null when it
/// is not known.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `batch` may be called with `context` during
/// the call. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_list(
    image_path: *const u16,
    index: u32,
    pattern: *const u16,
    options: *const u16,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::ListOptions, batch: &mut dyn FnMut(&[Item]) -> Result<()>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let pattern = unsafe { required(pattern, "pattern") }?;
        jobs::list(&image_path, index, &pattern.to_string_lossy(), options, batch)
    };
    let listing = Listing { options, batch, context, out_error };
    // SAFETY: promised by the caller.
    unsafe { listing.run(work) }
}

/// Checks an image file on all cores: header, blob table, XML, integrity table, the SHA-1 of every blob,
/// and the metadata of every image.
///
/// `options`: `{indexes: [number] (all), referencePaths: [path]}`.
/// `*out_document`: `{imagePath, findings: [{severity: "Error"|"Warning", item, message, dependents:
/// [path], dependentCount}], bytesVerified, blobs}`. Without findings the file is sound.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_test(
    image_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::TestOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::test(&image_path, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Writes what can be saved of a damaged image file into a new one.
///
/// `options`: `{overwrite}`.
/// `*out_document`: `{imagePath, findings, lost: [{path, imageIndex, reason}], images}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_repair(
    image_path: *const u16,
    destination: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::RepairOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        jobs::repair(&image_path, &destination, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Compares two images, of one file or of two, and hands out the differences in batches, by path.
///
/// `options`: `{includeEqual, referencePaths: [path], path (below this one), ignoreTimes}`. A difference
/// is `{change: "Added"|"Removed"|"Changed"|"Equal", path, itemType, what: ["Content", "Attributes",
/// "Times", "SecurityDescriptor", "ShortName", "Streams", "ReparsePoint", "Links"], referenceLength,
/// differenceLength}`. "Added" is what only the second image has.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `batch` may be called with `context` during
/// the call. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_compare(
    reference_path: *const u16,
    reference_index: u32,
    difference_path: *const u16,
    difference_index: u32,
    options: *const u16,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::CompareOptions, batch: &mut dyn FnMut(&[jobs::Difference]) -> Result<()>| {
        // SAFETY: promised by the caller.
        let reference = unsafe { required_path(reference_path, "reference_path") }?;
        // SAFETY: promised by the caller.
        let difference = unsafe { required_path(difference_path, "difference_path") }?;
        jobs::compare(&reference, reference_index, &difference, difference_index, options, batch)
    };
    let listing = Listing { options, batch, context, out_error };
    // SAFETY: promised by the caller.
    unsafe { listing.run(work) }
}

/// Compares a session with the image it was made of: what its pending work changes. Options and
/// differences are those of `imgsvc_image_compare`.
///
/// # Safety
/// `session` is a live handle. `options` is NULL or NUL-terminated UTF-16. `batch` may be called with
/// `context` during the call, and must not use the handle. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_compare(
    session: *mut imgsvc_session,
    options: *const u16,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::CompareOptions, batch: &mut dyn FnMut(&[jobs::Difference]) -> Result<()>| {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| jobs::compare_session(session, options, batch))
    };
    let listing = Listing { options, batch, context, out_error };
    // SAFETY: promised by the caller.
    unsafe { listing.run(work) }
}
