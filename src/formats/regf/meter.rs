//! How far a pass over a hive has come.

use crate::error::{Error, Result};
use crate::progress::{report, Observer, Phase};

/// Bytes of work between two calls of the observer: a few milliseconds.
const STEP: u64 = 128 * 1024;

/// Counts bytes of a hive and reports them.
pub(super) struct Meter<'o> {
    observer: Observer<'o>,
    phase: Phase,
    done: u64,
    total: u64,
    /// Bytes of work since the last report.
    work: u64,
    cancelled: bool,
}

impl<'o> Meter<'o> {
    /// A meter for `total` bytes.
    pub fn new(observer: Observer<'o>, phase: Phase, total: u64) -> Self {
        // The first work is reported at once.
        Self { observer, phase, done: 0, total, work: STEP, cancelled: false }
    }

    /// Notes bytes that are done with.
    ///
    /// # Errors
    /// [`Error::Cancelled`], from now on.
    pub fn advance(&mut self, bytes: u64) -> Result<()> {
        self.done = self.done.saturating_add(bytes).min(self.total);
        self.look(bytes)
    }

    /// Notes bytes that were looked at and will be again.
    ///
    /// # Errors
    /// [`Error::Cancelled`], from now on.
    pub fn look(&mut self, bytes: u64) -> Result<()> {
        if self.cancelled {
            return Err(Error::Cancelled);
        }
        self.work = self.work.saturating_add(bytes);
        if self.work < STEP {
            return Ok(());
        }
        self.work = 0;
        let reported = report(self.observer, self.phase, self.done, self.total);
        self.cancelled = reported.is_err();
        reported
    }

    /// Notes that all is done.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn finish(mut self) -> Result<()> {
        self.done = self.total;
        self.look(STEP)
    }
}
