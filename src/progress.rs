//! Progress and cancellation: one callback, called on the caller's thread only.

use crate::error::{Error, Result};
use std::ops::ControlFlow;

/// How far an operation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done now.
    pub phase: Phase,
    /// Units done; bytes unless the phase says otherwise.
    pub done: u64,
    /// Units in all, 0 when not known.
    pub total: u64,
}

/// The part of an operation that progress speaks of. The numbers are part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// Reading the image file's metadata.
    Opening = 0,
    /// Compressing and storing new content in the session (bytes).
    Staging = 1,
    /// Copying staged content into the image file (bytes).
    WritingContent = 2,
    /// Compressing and writing metadata (bytes).
    WritingMetadata = 3,
    /// Hashing or checking content (bytes).
    Verifying = 4,
    /// Reading content out of the image (bytes).
    Extracting = 5,
    /// Servicing driver packages (packages).
    Drivers = 6,
    /// Listing what is to be captured (files; how many there are is not known).
    Scanning = 7,
}

/// Where an operation reports to; breaking cancels it.
pub type Observer<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// An observer for callers that neither watch nor cancel.
pub fn unobserved(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Reports and turns a request to stop into [`Error::Cancelled`].
pub fn report(observer: Observer<'_>, phase: Phase, done: u64, total: u64) -> Result<()> {
    match observer(Progress { phase, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}
