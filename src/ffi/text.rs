//! Text and paths from C: NUL-terminated UTF-16.

use crate::error::{Error, Result};
use std::path::PathBuf;
use widestring::{U16CStr, U16String};

/// Lifts a text that must be there.
///
/// # Safety
/// `text` is NULL or points to NUL-terminated UTF-16 units.
pub(super) unsafe fn required(text: *const u16, parameter: &'static str) -> Result<U16String> {
    // SAFETY: the caller's promise.
    unsafe { optional(text) }.ok_or(Error::InvalidArgument { parameter, reason: "it is NULL".to_owned() })
}

/// Lifts a text that may be NULL.
///
/// # Safety
/// As for [`required`].
pub(super) unsafe fn optional(text: *const u16) -> Option<U16String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, and NUL-terminated by the caller's promise.
    Some(unsafe { U16CStr::from_ptr_str(text) }.to_ustring())
}

/// A path of the host.
///
/// # Safety
/// As for [`required`].
pub(super) unsafe fn required_path(text: *const u16, parameter: &'static str) -> Result<PathBuf> {
    // SAFETY: the caller's promise.
    let text = unsafe { required(text, parameter) }?;
    if text.is_empty() {
        return Err(Error::InvalidArgument { parameter, reason: "it is empty".to_owned() });
    }
    host_path(&text, parameter)
}

/// A path of the host that may be NULL.
///
/// # Safety
/// As for [`required`].
pub(super) unsafe fn optional_path(text: *const u16, parameter: &'static str) -> Result<Option<PathBuf>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { required_path(text, parameter) }.map(Some)
}

/// A list of host paths.
///
/// # Safety
/// `paths` is NULL or points to `count` texts as for [`required`].
pub(super) unsafe fn required_paths(
    paths: *const *const u16,
    count: usize,
    parameter: &'static str,
) -> Result<Vec<PathBuf>> {
    if paths.is_null() {
        return Err(Error::InvalidArgument { parameter, reason: "it is NULL".to_owned() });
    }
    // SAFETY: not NULL, and `count` elements by the caller's promise.
    let paths = unsafe { std::slice::from_raw_parts(paths, count) };
    // SAFETY: each element is a text by the caller's promise.
    paths.iter().map(|&path| unsafe { required_path(path, parameter) }).collect()
}

/// A list of texts that are no paths.
///
/// # Safety
/// `texts` is NULL or points to `count` texts as for [`required`].
pub(super) unsafe fn required_texts(
    texts: *const *const u16,
    count: usize,
    parameter: &'static str,
) -> Result<Vec<String>> {
    if texts.is_null() {
        return Err(Error::InvalidArgument { parameter, reason: "it is NULL".to_owned() });
    }
    // SAFETY: not NULL, and `count` elements by the caller's promise.
    let texts = unsafe { std::slice::from_raw_parts(texts, count) };
    // SAFETY: each element is a text by the caller's promise.
    texts.iter().map(|&text| unsafe { required_text(text, parameter) }).collect()
}

/// A text that is no path.
///
/// # Safety
/// As for [`required`].
pub(super) unsafe fn required_text(text: *const u16, parameter: &'static str) -> Result<String> {
    // SAFETY: the caller's promise.
    let text = unsafe { required(text, parameter) }?;
    text.to_string()
        .map_err(|_| Error::InvalidArgument { parameter, reason: "it is not valid UTF-16".to_owned() })
}

#[cfg(windows)]
fn host_path(text: &U16String, _parameter: &'static str) -> Result<PathBuf> {
    Ok(PathBuf::from(text.to_os_string()))
}

/// Elsewhere a path is bytes; UTF-16 text stands for its UTF-8 form.
#[cfg(not(windows))]
fn host_path(text: &U16String, parameter: &'static str) -> Result<PathBuf> {
    text.to_string()
        .map(PathBuf::from)
        .map_err(|_| Error::InvalidArgument { parameter, reason: "it is not valid UTF-16".to_owned() })
}
