//! Stops the engine at a chosen step, for tests of what a crash or a full disk leaves behind.
//!
//! Every change of a host file asks here first. Without a plan (always, outside tests) the answer
//! is yes. A plan belongs to one thread, so that tests run side by side; the image layer changes
//! host files on its caller's thread only.

use std::cell::Cell;
use std::io;

/// A kind of change of the host's file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A file or directory comes to be.
    Create,
    /// Bytes are written.
    Write,
    /// A file is cut or extended.
    Truncate,
    /// Content or names are made durable.
    Sync,
    /// A name is replaced.
    Rename,
    /// A file or directory goes.
    Remove,
}

/// What happens at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Count only.
    Count,
    /// The process is as good as dead from this step on: it and all later ones fail. A write
    /// puts down half its bytes first.
    Crash { at: u64 },
    /// Writes fail for want of space from this step on, other steps work.
    Full { at: u64 },
}

thread_local! {
    static PLAN: Cell<Option<(Plan, u64)>> = const { Cell::new(None) };
}

/// Counts the steps of `work`.
pub fn count<T>(work: impl FnOnce() -> T) -> (T, u64) {
    with(Plan::Count, work)
}

/// Runs `work` and lets step `at` (0-based) and all later ones fail, as if the process had died.
pub fn crash_at<T>(at: u64, work: impl FnOnce() -> T) -> T {
    with(Plan::Crash { at }, work).0
}

/// Runs `work` on a disk that has no space left from step `at` (0-based) on.
pub fn full_at<T>(at: u64, work: impl FnOnce() -> T) -> T {
    with(Plan::Full { at }, work).0
}

fn with<T>(plan: Plan, work: impl FnOnce() -> T) -> (T, u64) {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            PLAN.set(None);
        }
    }
    let _reset = Reset;
    PLAN.set(Some((plan, 0)));
    let value = work();
    let steps = PLAN.get().map_or(0, |(_, steps)| steps);
    (value, steps)
}

/// Asks whether a change may happen.
pub(super) fn step(step: Step) -> io::Result<()> {
    let Some((plan, steps)) = PLAN.get() else { return Ok(()) };
    PLAN.set(Some((plan, steps.saturating_add(1))));
    match plan {
        Plan::Crash { at } if steps >= at => Err(io::Error::other("stopped by a test")),
        Plan::Full { at } if steps >= at && step == Step::Write => {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        _ => Ok(()),
    }
}

/// Writes, or in a crash writes half.
pub(super) fn write(bytes: &[u8], write: impl FnOnce(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let crashing = matches!(PLAN.get(), Some((Plan::Crash { at }, steps)) if steps == at);
    match step(Step::Write) {
        Ok(()) => write(bytes),
        // A header is one sector and goes down whole or not at all; anything longer may tear.
        Err(error) if crashing && bytes.len() > 512 => {
            write(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}
