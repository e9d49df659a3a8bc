//! Image files: making, changing, splitting, joining and applying them.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::job::Job;
use super::progress::imgsvc_progress_fn;
use super::status::imgsvc_status;
use super::text::{required_path, required_paths};
use crate::image::jobs;
use crate::progress::Observer;
use std::ffi::c_void;

/// Captures a directory or an NTFS volume into a new image file with one image.
///
/// `source` is a directory of the host, a raw disk file or a block device with an NTFS volume.
/// `image_path` is the file to make; it appears when it is whole.
/// `options`: `{name, description, displayName, displayDescription, flags, compression:
/// "None"|"Fast"|"Max"|"Recovery" ("Fast"; none, XPRESS, LZX, solid LZMS), level (libwim's scale, 0 for
/// the default), chunkSize (0), exclude (path of a WimScript.ini), noExclusions, bootable,
/// integrityTable, deltaFrom: [path] (content of these files is left out), overwrite, timestamp (seconds
/// since 1970: the output then depends on nothing but the source), verify, source:
/// "Auto"|"Directory"|"Ntfs"}`.
/// `*out_document`: `{imagePath, index, name, files, directories, excluded: [path], skipped: [{path,
/// reason}], bytes, uniqueBytes, bytesWritten, fileSize}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_capture(
    source: *const u16,
    image_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::CaptureOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let source = unsafe { required_path(source, "source") }?;
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::capture(&source, &image_path, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Captures a directory or an NTFS volume into a further image of an existing file. Until the call
/// succeeds the file is the old one.
///
/// `options`: those of `imgsvc_image_capture` that are not about the file as a whole, and `updateOf`:
/// the index of an image whose unchanged files (same path, size and time of last change) are not read
/// again. `*out_document`: as for `imgsvc_image_capture`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_append(
    source: *const u16,
    image_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::AppendOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let source = unsafe { required_path(source, "source") }?;
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::append(&source, &image_path, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Applies image `index` (from 1) to a directory, or to an NTFS volume in a raw disk file or a block
/// device. What was extracted of a directory that did not exist is removed when the call fails; a volume
/// is left as it is then, and must be formatted again.
///
/// `options`: `{include: [path with wildcards] (all), referencePaths: [path], target:
/// "Auto"|"Directory"|"Ntfs", checkIntegrity, overwrite}`.
/// `*out_document`: `{imagePath, index, target, targetKind: "Directory"|"Ntfs", files, directories,
/// links, bytes, notApplied: [{path, what}], notAppliedCounts: {securityDescriptors, namedStreams,
/// shortNames, attributes, reparsePoints}}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_apply(
    image_path: *const u16,
    index: u32,
    target: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::ApplyOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let target = unsafe { required_path(target, "target") }?;
        jobs::apply(&image_path, index, &target, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Copies images to another image file: a new one, or an existing one that they are added to.
///
/// `options`: `{indexes: [number] (all), name, description (with one image), compression:
/// "None"|"Fast"|"Max"|"Recovery" (the source's, or the existing destination's), level, bootable,
/// integrityTable, referencePaths: [path], deltaFrom: [path], overwrite (replace the destination)}`.
/// `*out_document`: `{imagePath, destinationPath, images: [{sourceIndex, index, name}], blobsCopied,
/// bytesWritten, fileSize, recompressed}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_export(
    image_path: *const u16,
    destination: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::ExportOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        jobs::export(&image_path, &destination, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Splits an image file into parts of at most `part_size` bytes; a single content that is larger makes a
/// larger part.
///
/// `destination` is the first part (`install.swm`); the others get numbers (`install2.swm`).
/// `options`: `{integrityTable, overwrite}`.
/// `*out_document`: `{imagePath, parts: [{path, partNumber, fileSize}]}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_split(
    image_path: *const u16,
    destination: *const u16,
    part_size: u64,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::SplitOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        jobs::split(&image_path, &destination, part_size, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Joins the parts of a split set into one file. `parts` are `count` parts; those that are not given are
/// looked for beside them.
///
/// `options`: `{integrityTable, overwrite}`.
/// `*out_document`: `{imagePath, parts: [path], bytesWritten, fileSize}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_join(
    parts: *const *const u16,
    count: usize,
    destination: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::JoinOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let parts = unsafe { required_paths(parts, count, "parts") }?;
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        jobs::join(&parts, &destination, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Removes images from a file; later images move up.
///
/// `options`: `{indexes: [number], compact (write the file anew, without the space that they took)}`.
/// `*out_document`: `{imagePath, removed: [{index, name}], fileSizeBefore, fileSizeAfter, compacted}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_remove(
    image_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::RemoveOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::remove(&image_path, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Writes an image file anew, without dead space, and puts it in the old one's place.
///
/// `options`: `{compression, level, recompress, dryRun (tell what it would save, and change nothing),
/// integrityTable (null: as it is), destination (null: the file itself)}`.
/// `*out_document`: `{imagePath, fileSizeBefore, fileSizeAfter, reclaimed, recompressed, dryRun}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_optimize(
    image_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::OptimizeOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::optimize(&image_path, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Copies an image file, or all parts of a split set, and reads the copy back to compare it.
///
/// `options`: `{overwrite}`.
/// `*out_document`: `{imagePath, destinationPath, bytes, parts: [path]}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_copy(
    image_path: *const u16,
    destination: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::CopyOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: promised by the caller.
        let destination = unsafe { required_path(destination, "destination") }?;
        jobs::copy(&image_path, &destination, options, observer)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Changes what an image file says of image `index` (from 1): names, description, flags, properties,
/// and whether it is the one that boots. Its content is not touched.
///
/// `options`: `{name, description, displayName, displayDescription, flags (each null to leave it, empty
/// to remove it), properties: {path below IMAGE: text}, bootable, integrityTable}`.
/// `*out_document`: the image, as `imgsvc_file_get_info` gives it.
///
/// # Safety
/// Texts are NUL-terminated UTF-16; `options` may be NULL. `out_document` is writable. `out_error` is
/// NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_image_describe(
    image_path: *const u16,
    index: u32,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &jobs::DescribeOptions, _: Observer<'_>| {
        // SAFETY: promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        jobs::describe(&image_path, index, options)
    };
    let job = Job { options, progress: None, context: std::ptr::null_mut(), out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
