//! libwim's progress messages, as values, and how they stop a call.
//!
//! libwim calls its progress function on the thread that called libwim, also while its own threads
//! compress: the watcher needs no lock, and may be an observer of the caller's thread.
//!
//! Reference: `wimlib.h`, `enum wimlib_progress_msg`; `ebiggers/wimlib` `src/progress.c`.

use crate::diagnostics;
use crate::error::Result;
use crate::raw;
use libc::{c_char, c_int, c_void};
use std::any::Any;
use std::ffi::{CStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStringExt;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

/// What libwim is doing. Paths in the volume are written `/Windows/System32`, in WTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file or directory was found: [`Answer::LeaveOut`] excludes it, with all it holds.
    Found(OsString),
    /// A file or directory was looked at; how many so far. The numbers count names.
    Scanned {
        /// Directories so far.
        directories: u64,
        /// Other names so far.
        files: u64,
        /// Bytes of their contents so far, each file once.
        bytes: u64,
    },
    /// libwim cannot capture this (an encrypted file) and leaves it out.
    Unsupported(OsString),
    /// Content is read, compressed and written.
    Writing {
        /// Bytes done, as they are before compression.
        done: u64,
        /// Bytes in all; falls when duplicates are found.
        total: u64,
    },
    /// Files and directories are made, still empty.
    Creating {
        /// Names made.
        done: u64,
        /// Names in all.
        total: u64,
    },
    /// Content is extracted.
    Extracting {
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Anything else: a chance to stop.
    Other,
}

/// What libwim is to do after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Continue,
    /// Go on without what was found.
    LeaveOut,
    /// Stop: the call fails with [`crate::error::Error::ABORTED`].
    Stop,
}

impl From<ControlFlow<()>> for Answer {
    fn from(flow: ControlFlow<()>) -> Self {
        match flow {
            ControlFlow::Continue(()) => Self::Continue,
            ControlFlow::Break(()) => Self::Stop,
        }
    }
}

/// Told of every event, on the thread that makes the call. libwim says something of every name when
/// it scans, and otherwise about every 5 MB of content, every 1/128 of it or every 500 names,
/// whichever comes first.
pub type Watcher<'a> = &'a mut dyn FnMut(Event) -> Answer;

struct Watch<'a> {
    watcher: Watcher<'a>,
    panic: Option<Box<dyn Any + Send>>,
}

/// Calls libwim with a watcher of `wim`. A panic of the watcher stops the call and goes on from here.
///
/// # Safety
/// `wim` is a live `WIMStruct` that no other thread uses.
pub(crate) unsafe fn watched(
    wim: *mut raw::WIMStruct,
    watcher: Watcher<'_>,
    function: impl FnOnce() -> c_int,
) -> Result<()> {
    let mut watch = Watch { watcher, panic: None };
    let context: *mut Watch<'_> = &mut watch;
    // SAFETY: `wim` is live; the function is told below to forget the context before it ends.
    unsafe { raw::wimlib_register_progress_function(wim, Some(on_message), context.cast()) };
    let answer = diagnostics::call(function);
    // SAFETY: as above; without a function libwim calls nothing.
    unsafe { raw::wimlib_register_progress_function(wim, None, std::ptr::null_mut()) };
    match watch.panic {
        Some(panic) => resume_unwind(panic),
        None => answer,
    }
}

unsafe extern "C" fn on_message(message: c_int, info: *mut c_void, context: *mut c_void) -> c_int {
    // SAFETY: `watched` registered this function with a `Watch` that lives until the call returns,
    // and libwim calls back on the calling thread only, so nothing else refers to it now.
    let Some(watch) = (unsafe { context.cast::<Watch<'_>>().as_mut() }) else {
        return raw::WIMLIB_PROGRESS_STATUS_CONTINUE;
    };
    // SAFETY: `info` belongs to `message`, as libwim promises.
    let event = unsafe { event(message, info) };
    match catch_unwind(AssertUnwindSafe(|| (watch.watcher)(event))) {
        Ok(Answer::Continue) => raw::WIMLIB_PROGRESS_STATUS_CONTINUE,
        Ok(Answer::Stop) => raw::WIMLIB_PROGRESS_STATUS_ABORT,
        Ok(Answer::LeaveOut) => {
            if message == raw::WIMLIB_PROGRESS_MSG_TEST_FILE_EXCLUSION {
                // SAFETY: this message comes with `test_file_exclusion`, which may be changed, and
                // which nothing else refers to during the call.
                if let Some(info) = unsafe { info.cast::<raw::test_file_exclusion>().as_mut() } {
                    info.will_exclude = true;
                }
            }
            raw::WIMLIB_PROGRESS_STATUS_CONTINUE
        }
        Err(panic) => {
            watch.panic = Some(panic);
            raw::WIMLIB_PROGRESS_STATUS_ABORT
        }
    }
}

/// # Safety
/// `info` is NULL or points to what libwim says goes with `message`.
unsafe fn event(message: c_int, info: *mut c_void) -> Event {
    match message {
        raw::WIMLIB_PROGRESS_MSG_EXTRACT_FILE_STRUCTURE | raw::WIMLIB_PROGRESS_MSG_EXTRACT_METADATA => {
            // SAFETY: these messages come with `extract`.
            match unsafe { info.cast::<raw::extract>().as_ref() } {
                Some(info) => Event::Creating { done: info.current_file_count, total: info.end_file_count },
                None => Event::Other,
            }
        }
        raw::WIMLIB_PROGRESS_MSG_EXTRACT_STREAMS => {
            // SAFETY: this message comes with `extract`.
            match unsafe { info.cast::<raw::extract>().as_ref() } {
                Some(info) => Event::Extracting { done: info.completed_bytes, total: info.total_bytes },
                None => Event::Other,
            }
        }
        raw::WIMLIB_PROGRESS_MSG_WRITE_STREAMS => {
            // SAFETY: this message comes with `write_streams`.
            match unsafe { info.cast::<raw::write_streams>().as_ref() } {
                Some(info) => Event::Writing { done: info.completed_bytes, total: info.total_bytes },
                None => Event::Other,
            }
        }
        raw::WIMLIB_PROGRESS_MSG_TEST_FILE_EXCLUSION => {
            // SAFETY: this message comes with `test_file_exclusion`.
            match unsafe { info.cast::<raw::test_file_exclusion>().as_ref() } {
                // SAFETY: the path is valid with this message.
                Some(info) => Event::Found(unsafe { text(info.path) }),
                None => Event::Other,
            }
        }
        raw::WIMLIB_PROGRESS_MSG_SCAN_DENTRY | raw::WIMLIB_PROGRESS_MSG_SCAN_END => {
            // SAFETY: these messages come with `scan`.
            let Some(info) = (unsafe { info.cast::<raw::scan>().as_ref() }) else { return Event::Other };
            let is_entry = message == raw::WIMLIB_PROGRESS_MSG_SCAN_DENTRY;
            match info.status {
                raw::WIMLIB_SCAN_DENTRY_UNSUPPORTED if is_entry => {
                    // SAFETY: `cur_path` is valid with this message.
                    Event::Unsupported(unsafe { text(info.cur_path) })
                }
                _ => Event::Scanned {
                    directories: info.num_dirs_scanned,
                    files: info.num_nondirs_scanned,
                    bytes: info.num_bytes_scanned,
                },
            }
        }
        _ => Event::Other,
    }
}

/// # Safety
/// `text` is NULL or a NUL-terminated string.
unsafe fn text(text: *const c_char) -> OsString {
    if text.is_null() {
        return OsString::new();
    }
    // SAFETY: not NULL, and NUL-terminated as the caller promises.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    OsString::from_vec(bytes.to_vec())
}
