//! Files and directories of a session.

use super::document::{imgsvc_document, to_json};
use super::error::imgsvc_error;
use super::guard::{enter, enter_giving, handle};
use super::progress::{imgsvc_progress_fn, Reporter};
use super::session::{imgsvc_session, known_flags};
use super::status::imgsvc_status;
use super::text::{required, required_path};
use crate::error::{Error, Result};
use crate::image::transfer::{self, TransferOptions};
use crate::image::{ImagePath, Session, TransferReport};
use crate::progress::Observer;
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::path::Path;

/// Item flag: with everything below a directory.
pub const IMGSVC_ITEM_RECURSE: u32 = 1;
/// Item flag: replace what exists.
pub const IMGSVC_ITEM_OVERWRITE: u32 = 2;

/// Receives a batch of a listing: a JSON array (UTF-8, `length` bytes), valid during the call.
/// Returns 0 to go on; any other value cancels. It must not unwind, and must not use the handle.
pub type imgsvc_batch_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, json: *const u8, length: usize) -> i32>;

/// A path inside the image.
///
/// # Safety
/// `path` is NULL or NUL-terminated UTF-16.
unsafe fn image_path(path: *const u16, parameter: &'static str) -> Result<ImagePath> {
    // SAFETY: the caller's promise.
    ImagePath::from_utf16(unsafe { required(path, parameter) }?.as_slice())
}

fn options(flags: u32, known: u32) -> Result<TransferOptions> {
    known_flags(flags, known)?;
    Ok(TransferOptions {
        recurse: flags & IMGSVC_ITEM_RECURSE != 0,
        overwrite: flags & IMGSVC_ITEM_OVERWRITE != 0,
    })
}

/// What importing and exporting have in common.
struct Transfer {
    host_path: *const u16,
    image_path: *const u16,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
}

/// The engine's function for one direction.
type Direction =
    fn(&mut Session, &Path, &ImagePath, &TransferOptions, Observer<'_>) -> Result<TransferReport>;

impl Transfer {
    /// # Safety
    /// The promises of `imgsvc_item_import`.
    unsafe fn run(
        self,
        session: *mut imgsvc_session,
        out_document: *mut *mut imgsvc_document,
        out_error: *mut *mut imgsvc_error,
        direction: Direction,
    ) -> imgsvc_status {
        let body = || {
            let options = options(self.flags, IMGSVC_ITEM_RECURSE | IMGSVC_ITEM_OVERWRITE)?;
            // SAFETY: promised by the caller.
            let host = unsafe { required_path(self.host_path, "host_path") }?;
            // SAFETY: promised by the caller.
            let path = unsafe { image_path(self.image_path, "image_path") }?;
            // SAFETY: promised by the caller.
            let session = unsafe { handle(session, "session") }?;
            // SAFETY: promised by the caller.
            let mut reporter = unsafe { Reporter::new(self.progress, self.context) };
            session.inner.with(|session| {
                let observer = &mut |now| reporter.observe(now);
                imgsvc_document::of(&direction(session, &host, &path, &options, observer)?)
            })
        };
        // SAFETY: promised by the caller.
        unsafe { enter_giving(out_document, "out_document", out_error, body) }
    }
}

/// Lists the children of a directory, or the item itself if `path` is a file, in batches.
///
/// `path` is inside the image (`\Windows\INF` or `/Windows/INF`; an empty path or `\` is the root).
/// `flags`: `IMGSVC_ITEM_RECURSE`. An item is `{path, name, shortName, itemType:
/// "File"|"Directory"|"ReparsePoint", length, attributes, creationTime, lastAccessTime,
/// lastWriteTime, linkCount, reparseTag, hash, streams: [{name, length, hash}], securityDescriptor}`,
/// with hashes as hexadecimal SHA-1 and the descriptor as SDDL.
///
/// # Safety
/// `session` is a live handle. `path` is NUL-terminated UTF-16. `batch` may be called with `context`
/// during the call. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_item_list(
    session: *mut imgsvc_session,
    path: *const u16,
    flags: u32,
    batch: imgsvc_batch_fn,
    context: *mut c_void,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        let batch =
            batch.ok_or(Error::InvalidArgument { parameter: "batch", reason: "it is NULL".to_owned() })?;
        let recurse = options(flags, IMGSVC_ITEM_RECURSE)?.recurse;
        // SAFETY: promised by the caller.
        let path = unsafe { image_path(path, "path") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| {
            transfer::list(session, &path, recurse, &mut |items| {
                let json = to_json(&items)?;
                // SAFETY: promised by the caller; `json` lives through the call.
                match unsafe { batch(context, json.as_ptr(), json.len()) } {
                    0 => Ok(ControlFlow::Continue(())),
                    _ => Ok(ControlFlow::Break(())),
                }
            })
        })
    };
    // SAFETY: promised by the caller.
    unsafe { enter(out_error, body) }
}

/// One item; `*out_document` is an item as `imgsvc_item_list` gives it.
///
/// # Safety
/// `session` is a live handle. `path` is NUL-terminated UTF-16. `out_document` is writable.
/// `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_item_get(
    session: *mut imgsvc_session,
    path: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let path = unsafe { image_path(path, "path") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| imgsvc_document::of(&transfer::get(session, &path)?))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Copies a file or directory of the host into the image, as one transaction of the session.
///
/// `image_path` is the new item's path, or an existing directory to put it in. A replaced file keeps
/// its descriptor, attributes, creation time, short name and hard links; a new one inherits from its
/// directory. `flags`: `IMGSVC_ITEM_RECURSE` for a directory, `IMGSVC_ITEM_OVERWRITE`.
/// `*out_document`: `{path, hostPath, files, directories, bytes, items: [{path, action}]}`.
///
/// # Safety
/// `session` is a live handle. Texts are NUL-terminated UTF-16. `progress` may be called with
/// `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_item_import(
    session: *mut imgsvc_session,
    host_path: *const u16,
    image_path: *const u16,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let call = Transfer { host_path, image_path, flags, progress, context };
    // SAFETY: promised by the caller.
    unsafe {
        call.run(session, out_document, out_error, |session, host, path, options, observer| {
            transfer::import(session, host, path, options, observer)
        })
    }
}

/// Copies a file or directory of the image to the host.
///
/// `host_path` is the new item's path, or an existing directory to put it in. `flags` and the
/// document are as for `imgsvc_item_import`. Reparse points are not followed.
///
/// # Safety
/// As for `imgsvc_item_import`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_item_export(
    session: *mut imgsvc_session,
    image_path: *const u16,
    host_path: *const u16,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let call = Transfer { host_path, image_path, flags, progress, context };
    // SAFETY: promised by the caller.
    unsafe {
        call.run(session, out_document, out_error, |session, host, path, options, observer| {
            transfer::export(session, path, host, options, observer)
        })
    }
}

/// Removes a file or directory from the image, as one transaction of the session.
///
/// `flags`: `IMGSVC_ITEM_RECURSE` for a directory that is not empty. The document is as for
/// `imgsvc_item_import`.
///
/// # Safety
/// `session` is a live handle. `path` is NUL-terminated UTF-16. `out_document` is writable.
/// `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_item_remove(
    session: *mut imgsvc_session,
    path: *const u16,
    flags: u32,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        let options = options(flags, IMGSVC_ITEM_RECURSE)?;
        // SAFETY: promised by the caller.
        let path = unsafe { image_path(path, "path") }?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| imgsvc_document::of(&transfer::remove(session, &path, options.recurse)?))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}
