//! Sessions: images that are open for servicing.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::guard::{enter, enter_giving, handle, Guarded};
use super::job::Job;
use super::progress::{imgsvc_progress_fn, Reporter};
use super::status::imgsvc_status;
use super::text::{optional, optional_path, required_path};
use crate::error::{Error, Result};
use crate::image::jobs::AppendSessionOptions;
use crate::image::{ImageSelector, MountOptions, SaveOptions, Session};
use crate::progress::Observer;
use serde::Serialize;
use std::ffi::c_void;

/// A handle on a session. Made by `imgsvc_session_mount` or `imgsvc_session_open`, closed by
/// `imgsvc_session_free`; the session itself lives on disk until it is discarded. One thread at a
/// time per handle.
pub struct imgsvc_session {
    pub(super) inner: Guarded<Session>,
}

impl imgsvc_session {
    fn new(session: Session) -> Self {
        Self { inner: Guarded::new(session) }
    }
}

/// Mount flag: nothing may be changed.
pub const IMGSVC_MOUNT_READ_ONLY: u32 = 1;
/// Mount flag: check the file's integrity table first, if it has one.
pub const IMGSVC_MOUNT_CHECK_INTEGRITY: u32 = 2;
/// Save flag: write a fresh file without dead space, and put it in the old one's place.
pub const IMGSVC_SAVE_COMPACT: u32 = 1;
/// Save flag: write an integrity table even if the file had none.
pub const IMGSVC_SAVE_ADD_INTEGRITY: u32 = 2;

/// Refuses flags that this version does not know: they may mean something to the caller.
pub(super) fn known_flags(flags: u32, known: u32) -> Result<()> {
    if flags & !known == 0 {
        return Ok(());
    }
    Err(Error::InvalidArgument { parameter: "flags", reason: format!("{flags:#x} has unknown bits") })
}

/// Opens an image for servicing and makes a session of it.
///
/// `index` is 1-based; 0 means the image is chosen by `name` (which is NULL otherwise).
/// `session_path` is the public name of the session, as other calls and `imgsvc_session_open` take
/// it; NULL lets the engine choose one. `flags` are `IMGSVC_MOUNT_…`. On success `*out_session` owns
/// a new handle.
///
/// # Safety
/// Texts are NUL-terminated UTF-16, or NULL where said. `progress` may be called with `context`
/// during the call. `out_session` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_mount(
    image_path: *const u16,
    index: u32,
    name: *const u16,
    session_path: *const u16,
    flags: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_session: *mut *mut imgsvc_session,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_MOUNT_READ_ONLY | IMGSVC_MOUNT_CHECK_INTEGRITY)?;
        // SAFETY: texts are as promised by the caller.
        let image_path = unsafe { required_path(image_path, "image_path") }?;
        // SAFETY: as above.
        let name = unsafe { optional(name) };
        // SAFETY: as above.
        let session_path = unsafe { optional_path(session_path, "session_path") }?;
        let options = MountOptions {
            image_path,
            image: image_choice(index, name.map(|name| name.to_string_lossy()))?,
            session_path,
            read_only: flags & IMGSVC_MOUNT_READ_ONLY != 0,
            check_integrity: flags & IMGSVC_MOUNT_CHECK_INTEGRITY != 0,
        };
        // SAFETY: promised by the caller.
        let mut reporter = unsafe { Reporter::new(progress, context) };
        let session = Session::mount(&options, &mut |now| reporter.observe(now))?;
        Ok(imgsvc_session::new(session))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_session, "out_session", out_error, body) }
}

fn image_choice(index: u32, name: Option<String>) -> Result<ImageSelector> {
    match (index, name) {
        (0, Some(name)) => Ok(ImageSelector::Name(name)),
        (0, None) => Err(Error::InvalidArgument {
            parameter: "index",
            reason: "it is 0 and no name was given; indexes start at 1".to_owned(),
        }),
        (index, None) => Ok(ImageSelector::Index(index)),
        (_, Some(_)) => Err(Error::InvalidArgument {
            parameter: "name",
            reason: "an index was given too; give one of them".to_owned(),
        }),
    }
}

/// Opens a session that exists, by its path or its id.
///
/// # Safety
/// `path_or_id` is NUL-terminated UTF-16. `out_session` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_open(
    path_or_id: *const u16,
    out_session: *mut *mut imgsvc_session,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path_or_id, "path_or_id") }?;
        let session = Session::open(&path)?;
        Ok(imgsvc_session::new(session))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_session, "out_session", out_error, body) }
}

/// Lists all sessions of this user's state directory.
///
/// `*out_document`: `{sessions: [session]}`, each as `imgsvc_session_get_info` gives it.
///
/// # Safety
/// `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_list(
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    #[derive(Serialize)]
    struct List<T> {
        sessions: Vec<T>,
    }
    let body = || imgsvc_document::of(&List { sessions: Session::list()? });
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// What a session is and holds.
///
/// `*out_document`: `{id, path, imagePath, imageIndex, imageName, mountMode: "ReadWrite"|"ReadOnly",
/// mountStatus: "Ok"|"NeedsRemount"|"Invalid", statusReason, createdTime, pendingTransactions,
/// pendingOperations, stagedBytes, architecture, editionId, version}`.
///
/// # Safety
/// `session` is a live handle. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_get_info(
    session: *mut imgsvc_session,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| imgsvc_document::of(&session.info()?))
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Commits the session to the image file; the session lives on, on the new state. A crash at any
/// point leaves the old image or the new one.
///
/// `flags` are `IMGSVC_SAVE_…`. `level` is the compression level of new metadata on libwim's scale
/// (20 fast, 50 default of libwim, 100 slow), 0 for this library's default. Content was compressed
/// when it was staged.
/// `*out_document`: `{path, imagePath, imageIndex, saved, compacted, blobsAdded, bytesWritten,
/// metadataBytes, fileSizeBefore, fileSizeAfter, integrityTable, notes: [text]}`; `saved` is false when
/// there was nothing to save; the notes say what the image's hives did not tell for its XML, and why.
///
/// # Safety
/// `session` is a live handle. `progress` may be called with `context` during the call.
/// `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_save(
    session: *mut imgsvc_session,
    flags: u32,
    level: u32,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        known_flags(flags, IMGSVC_SAVE_COMPACT | IMGSVC_SAVE_ADD_INTEGRITY)?;
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        // SAFETY: promised by the caller.
        let mut reporter = unsafe { Reporter::new(progress, context) };
        let options = SaveOptions {
            compact: flags & IMGSVC_SAVE_COMPACT != 0,
            add_integrity: flags & IMGSVC_SAVE_ADD_INTEGRITY != 0,
            level,
        };
        let report = session.inner.with(|session| session.save(options, &mut |now| reporter.observe(now)))?;
        imgsvc_document::of(&report)
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}

/// Writes the session's state into the image file as a further image. The image it was made of stays as
/// it is, and the session goes on, with its work still pending.
///
/// `options`: `{name, description, displayName, displayDescription, level, integrityTable}`.
/// `*out_document`: `{path, imagePath, imageIndex (the new image's), imageName, blobsAdded,
/// bytesWritten, fileSize}`.
///
/// # Safety
/// `session` is a live handle. `options` is NULL or NUL-terminated UTF-16. `progress` may be called with
/// `context` during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_append(
    session: *mut imgsvc_session,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &AppendSessionOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.with(|session| session.append(options, observer))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Ends the session: its state is deleted, with everything that was not saved. The image file stays
/// as it was last saved. Afterwards the handle serves `imgsvc_session_free` only.
///
/// # Safety
/// `session` is a live handle. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_discard(
    session: *mut imgsvc_session,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let session = unsafe { handle(session, "session") }?;
        session.inner.take()?.discard()
    };
    // SAFETY: promised by the caller.
    unsafe { enter(out_error, body) }
}

/// Closes a handle; the session lives on. NULL is fine.
///
/// # Safety
/// `session` is NULL or a handle that was not freed, and no thread uses it.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_session_free(session: *mut imgsvc_session) {
    let body = || {
        if !session.is_null() {
            // SAFETY: the caller owns it, and gives it up.
            drop(unsafe { Box::from_raw(session) });
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { enter(std::ptr::null_mut(), body) };
}
