//! What calls with options have in common: options as JSON text in, one document out, progress.

use super::document::{imgsvc_document, to_json};
use super::error::imgsvc_error;
use super::guard::{enter, enter_giving};
use super::item::imgsvc_batch_fn;
use super::progress::{imgsvc_progress_fn, Reporter};
use super::status::imgsvc_status;
use super::text::optional;
use crate::error::{Error, Result};
use crate::progress::Observer;
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::ffi::c_void;

/// The options of a call: a JSON object, or NULL for all defaults.
///
/// # Safety
/// `options` is NULL or NUL-terminated UTF-16.
unsafe fn options<O: DeserializeOwned + Default>(options: *const u16) -> Result<O> {
    let refused = |reason: String| Error::InvalidArgument { parameter: "options", reason };
    // SAFETY: the caller's promise.
    let Some(text) = (unsafe { optional(options) }) else { return Ok(O::default()) };
    let text = text.to_string().map_err(|_| refused("it is not valid UTF-16".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| refused(error.to_string()))
}

/// The parameters that end every call with a report that is there at once.
pub(super) struct Call {
    pub options: *const u16,
    pub out_document: *mut *mut imgsvc_document,
    pub out_error: *mut *mut imgsvc_error,
}

impl Call {
    /// Lifts the options, does `work`, lowers its report.
    ///
    /// # Safety
    /// `options` is NULL or NUL-terminated UTF-16. `out_document` is writable. `out_error` is NULL or writable.
    pub(super) unsafe fn run<O, R>(self, work: impl FnOnce(&O) -> Result<R>) -> imgsvc_status
    where
        O: DeserializeOwned + Default,
        R: Serialize,
    {
        let body = || {
            // SAFETY: promised by the caller.
            let options = unsafe { options(self.options) }?;
            imgsvc_document::of(&work(&options)?)
        };
        // SAFETY: promised by the caller.
        unsafe { enter_giving(self.out_document, "out_document", self.out_error, body) }
    }
}

/// The parameters that end every call with a report that takes its time.
pub(super) struct Job {
    pub options: *const u16,
    pub progress: imgsvc_progress_fn,
    pub context: *mut c_void,
    pub out_document: *mut *mut imgsvc_document,
    pub out_error: *mut *mut imgsvc_error,
}

impl Job {
    /// Lifts the options, does `work`, lowers its report.
    ///
    /// # Safety
    /// As for [`Call::run`]; `progress` may be called with `context`.
    pub(super) unsafe fn run<O, R>(self, work: impl FnOnce(&O, Observer<'_>) -> Result<R>) -> imgsvc_status
    where
        O: DeserializeOwned + Default,
        R: Serialize,
    {
        let Self { options, progress, context, out_document, out_error } = self;
        let work = |options: &O| {
            // SAFETY: promised by the caller.
            let mut reporter = unsafe { Reporter::new(progress, context) };
            work(options, &mut |now| reporter.observe(now))
        };
        // SAFETY: promised by the caller.
        unsafe { Call { options, out_document, out_error }.run(work) }
    }
}

/// The parameters that end every call that answers in batches.
pub(super) struct Listing {
    pub options: *const u16,
    pub batch: imgsvc_batch_fn,
    pub context: *mut c_void,
    pub out_error: *mut *mut imgsvc_error,
}

impl Listing {
    /// Lifts the options and does `work`, which hands each batch to the caller.
    ///
    /// # Safety
    /// `options` is NULL or NUL-terminated UTF-16. `batch` may be called with `context`. `out_error`
    /// is NULL or writable.
    pub(super) unsafe fn run<O, T>(
        self,
        work: impl FnOnce(&O, &mut dyn FnMut(&[T]) -> Result<()>) -> Result<()>,
    ) -> imgsvc_status
    where
        O: DeserializeOwned + Default,
        T: Serialize,
    {
        let body = || {
            let missing = Error::InvalidArgument { parameter: "batch", reason: "it is NULL".to_owned() };
            let batch = self.batch.ok_or(missing)?;
            // SAFETY: promised by the caller.
            let options = unsafe { options(self.options) }?;
            work(&options, &mut |rows| {
                let json = to_json(&rows)?;
                // SAFETY: promised by the caller; `json` lives through the call.
                match unsafe { batch(self.context, json.as_ptr(), json.len()) } {
                    0 => Ok(()),
                    _ => Err(Error::Cancelled),
                }
            })
        };
        // SAFETY: promised by the caller.
        unsafe { enter(self.out_error, body) }
    }
}

/// Rows handed over at a time.
const ROWS: usize = 256;

/// The parameters that end every call that answers in batches, and with a document at the end.
pub(super) struct Rows {
    pub options: *const u16,
    pub progress: imgsvc_progress_fn,
    pub batch: imgsvc_batch_fn,
    pub context: *mut c_void,
    pub out_document: *mut *mut imgsvc_document,
    pub out_error: *mut *mut imgsvc_error,
}

impl Rows {
    /// Lifts the options and does `work`, whose rows are handed over in batches.
    ///
    /// # Safety
    /// `options` is NULL or NUL-terminated UTF-16. `progress` and `batch` may be called with `context`.
    /// `out_document` is writable. `out_error` is NULL or writable.
    pub(super) unsafe fn run<O, T, R>(
        self,
        work: impl FnOnce(&O, &mut dyn FnMut(T) -> Result<()>, Observer<'_>) -> Result<R>,
    ) -> imgsvc_status
    where
        O: DeserializeOwned + Default,
        T: Serialize,
        R: Serialize,
    {
        let body = || {
            let missing = Error::InvalidArgument { parameter: "batch", reason: "it is NULL".to_owned() };
            let batch = self.batch.ok_or(missing)?;
            // SAFETY: promised by the caller.
            let options = unsafe { options(self.options) }?;
            // SAFETY: promised by the caller.
            let mut reporter = unsafe { Reporter::new(self.progress, self.context) };
            let hand_over = |rows: &mut Vec<T>| {
                let json = to_json(&rows)?;
                rows.clear();
                // SAFETY: promised by the caller; `json` lives through the call.
                match unsafe { batch(self.context, json.as_ptr(), json.len()) } {
                    0 => Ok(()),
                    _ => Err(Error::Cancelled),
                }
            };
            let mut rows = Vec::new();
            let mut visit = |row: T| {
                rows.push(row);
                if rows.len() < ROWS {
                    Ok(())
                } else {
                    hand_over(&mut rows)
                }
            };
            let report = work(&options, &mut visit, &mut |now| reporter.observe(now))?;
            if !rows.is_empty() {
                hand_over(&mut rows)?;
            }
            imgsvc_document::of(&report)
        };
        // SAFETY: promised by the caller.
        unsafe { enter_giving(self.out_document, "out_document", self.out_error, body) }
    }
}
