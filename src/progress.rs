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

/// Progress over several steps: what a step reports of itself is added to what is done before it.
pub struct Meter<'a> {
    observer: Observer<'a>,
    phase: Phase,
    done: u64,
    total: u64,
}

impl<'a> Meter<'a> {
    /// Nothing is done of `total` units of `phase`.
    pub fn new(observer: Observer<'a>, phase: Phase, total: u64) -> Self {
        Self { observer, phase, done: 0, total }
    }

    /// There is more to do.
    pub fn expect(&mut self, units: u64) {
        self.total = self.total.saturating_add(units);
    }

    /// An observer for one step. Other phases are passed on as they are.
    pub fn observe(&mut self, now: Progress) -> ControlFlow<()> {
        if now.phase != self.phase {
            return (self.observer)(now);
        }
        let done = self.done.saturating_add(now.done);
        (self.observer)(Progress { phase: self.phase, done, total: self.total })
    }

    /// A step of so many units is done.
    pub fn advance(&mut self, units: u64) -> Result<()> {
        self.done = self.done.saturating_add(units);
        self.wait()
    }

    /// Nothing new; the caller may want to stop.
    pub fn wait(&mut self) -> Result<()> {
        report(self.observer, self.phase, self.done, self.total)
    }
}
