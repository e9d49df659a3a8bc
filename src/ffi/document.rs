//! Structured results: one owned UTF-8 JSON document per call.

use crate::error::{Error, Result};
use serde::Serialize;

/// A JSON document (UTF-8, no BOM, not NUL-terminated). Owned by the caller, freed by
/// `imgsvc_document_free`. Readers ignore properties they do not know.
pub struct imgsvc_document {
    bytes: Vec<u8>,
}

impl imgsvc_document {
    pub(super) fn of(value: &impl Serialize) -> Result<Self> {
        Ok(Self { bytes: to_json(value)? })
    }
}

/// A value as JSON bytes.
pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Stream(error.into()))
}

/// The document's first byte, borrowed until it is freed; NULL for NULL.
///
/// # Safety
/// `document` is NULL or a document of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_document_data(document: *const imgsvc_document) -> *const u8 {
    // SAFETY: the caller's promise.
    unsafe { document.as_ref() }.map_or(std::ptr::null(), |document| document.bytes.as_ptr())
}

/// The document's length in bytes; 0 for NULL.
///
/// # Safety
/// `document` is NULL or a document of this library that was not freed.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_document_length(document: *const imgsvc_document) -> usize {
    // SAFETY: the caller's promise.
    unsafe { document.as_ref() }.map_or(0, |document| document.bytes.len())
}

/// Frees a document. NULL is fine.
///
/// # Safety
/// `document` is NULL or a document of this library that was not freed; its data is not used
/// afterwards.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_document_free(document: *mut imgsvc_document) {
    if !document.is_null() {
        // SAFETY: the caller owns it, and gives it up.
        drop(unsafe { Box::from_raw(document) });
    }
}
