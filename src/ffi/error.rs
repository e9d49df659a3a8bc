//! The error object: owned by the caller, freed once, readable from any thread.

use super::status::{imgsvc_status, verdict, Verdict, IMGSVC_STATUS_OK, PANIC};
use crate::error::Error;
use widestring::U16CString;

/// What went wrong. Made by a failing function, owned by the caller, freed by `imgsvc_error_free`.
pub struct imgsvc_error {
    verdict: Verdict,
    id: U16CString,
    message: U16CString,
    subject: Option<U16CString>,
    remedy: Option<U16CString>,
}

/// Text with embedded NULs cut out, so that it fits a C string whole.
fn c_text(text: &str) -> U16CString {
    U16CString::from_str(text.replace('\0', "\u{2400}")).unwrap_or_default()
}

/// The whole chain of causes, joined: `a: b: c`. Causes already in a message are not repeated.
pub(super) fn message_of(error: &Error) -> String {
    error.to_string()
}

/// The file or item an error is about.
pub(super) fn subject_of(error: &Error) -> Option<String> {
    match error {
        Error::InFile { file, source } => subject_of(source)
            .filter(|inner| !inner.is_empty() && file.is_empty())
            .or_else(|| Some(file.clone())),
        Error::Io { path, .. } => Some(path.display().to_string()),
        Error::ItemNotFound { path }
        | Error::ItemExists { path }
        | Error::WrongItemKind { path, .. }
        | Error::DirectoryNotEmpty { path }
        | Error::RegistryNotFound { path, .. } => Some(path.clone()),
        Error::AlreadyMounted { session, .. }
        | Error::SessionExists { session }
        | Error::SessionNotFound { session }
        | Error::SessionReadOnly { session } => Some(session.clone()),
        Error::Busy { what } => Some(what.clone()),
        Error::InvalidName { name, .. } => Some(name.clone()),
        Error::DriverFileMissing { file } => Some(file.clone()),
        _ => None,
    }
}

impl imgsvc_error {
    pub(super) fn of(error: &Error) -> Self {
        Self::new(verdict(error), &message_of(error), subject_of(error).as_deref())
    }

    pub(super) fn of_panic(message: &str) -> Self {
        Self::new(PANIC, message, None)
    }

    fn new(verdict: Verdict, message: &str, subject: Option<&str>) -> Self {
        Self {
            verdict,
            id: c_text(verdict.id),
            message: c_text(message),
            subject: subject.map(c_text),
            remedy: verdict.remedy.map(c_text),
        }
    }

    pub(super) fn status(&self) -> imgsvc_status {
        self.verdict.status
    }
}

/// Borrows the error, or `None` for NULL.
///
/// # Safety
/// `error` is NULL or was made by this library and not freed.
unsafe fn borrow<'a>(error: *const imgsvc_error) -> Option<&'a imgsvc_error> {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }
}

/// The status the failing function returned; `IMGSVC_STATUS_OK` for NULL.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_status(error: *const imgsvc_error) -> imgsvc_status {
    // SAFETY: as above.
    unsafe { borrow(error) }.map_or(IMGSVC_STATUS_OK, imgsvc_error::status)
}

/// The HRESULT that DISM gives for the same situation, or Windows' own; 0 for NULL.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_hresult(error: *const imgsvc_error) -> i32 {
    // SAFETY: as above.
    unsafe { borrow(error) }.map_or(0, |error| error.verdict.hresult.cast_signed())
}

/// A stable id for scripts, such as `ImageAlreadyMounted`. NUL-terminated UTF-16, borrowed until
/// the error is freed; NULL for NULL.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_id(error: *const imgsvc_error) -> *const u16 {
    // SAFETY: as above.
    unsafe { borrow(error) }.map_or(std::ptr::null(), |error| error.id.as_ptr())
}

/// The message, causes included. NUL-terminated UTF-16, borrowed until the error is freed; NULL for
/// NULL.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_message(error: *const imgsvc_error) -> *const u16 {
    // SAFETY: as above.
    unsafe { borrow(error) }.map_or(std::ptr::null(), |error| error.message.as_ptr())
}

/// The file or item the error is about, or NULL. NUL-terminated UTF-16, borrowed until the error is
/// freed.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_subject(error: *const imgsvc_error) -> *const u16 {
    // SAFETY: as above.
    let subject = unsafe { borrow(error) }.and_then(|error| error.subject.as_ref());
    subject.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// What the user can do about it, or NULL. NUL-terminated UTF-16, borrowed until the error is freed.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_remedy(error: *const imgsvc_error) -> *const u16 {
    // SAFETY: as above.
    let remedy = unsafe { borrow(error) }.and_then(|error| error.remedy.as_ref());
    remedy.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// Frees an error. NULL is fine.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed; nothing borrowed from it is used
/// afterwards.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_error_free(error: *mut imgsvc_error) {
    if !error.is_null() {
        // SAFETY: the caller owns it, and gives it up.
        drop(unsafe { Box::from_raw(error) });
    }
}
