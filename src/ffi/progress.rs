//! Progress and cancellation through a C callback.

use crate::progress::Progress;
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How far a call has come.
#[repr(C)]
pub struct imgsvc_progress {
    /// What is being done: 0 opening, 1 staging, 2 writing content, 3 writing metadata,
    /// 4 verifying, 5 extracting (all in bytes), 6 drivers (packages).
    pub phase: u32,
    /// Units done.
    pub done: u64,
    /// Units in all, 0 when not known.
    pub total: u64,
}

/// Called on the thread that made the call, at most every 50 ms and at each phase's start and end.
/// Returns 0 to go on; any other value cancels: the call then leaves the image as it was and returns
/// `IMGSVC_STATUS_CANCELLED`. It must not unwind, and must not use the handle.
pub type imgsvc_progress_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, now: *const imgsvc_progress) -> i32>;

/// Time between two calls: short enough for a cancel within 200 ms.
const INTERVAL: Duration = Duration::from_millis(50);

/// An engine observer over a C callback.
pub(super) struct Reporter {
    callback: imgsvc_progress_fn,
    context: *mut c_void,
    last: Option<(Instant, Progress)>,
}

impl Reporter {
    /// # Safety
    /// `callback` may be called with `context` until the reporter is dropped.
    pub(super) unsafe fn new(callback: imgsvc_progress_fn, context: *mut c_void) -> Self {
        Self { callback, context, last: None }
    }

    pub(super) fn observe(&mut self, now: Progress) -> ControlFlow<()> {
        let Some(callback) = self.callback else { return ControlFlow::Continue(()) };
        let due = match &self.last {
            None => true,
            Some((at, before)) => {
                before.phase != now.phase || now.done >= now.total || at.elapsed() >= INTERVAL
            }
        };
        if !due {
            return ControlFlow::Continue(());
        }
        self.last = Some((Instant::now(), now));
        let record = imgsvc_progress { phase: phase_number(now), done: now.done, total: now.total };
        // SAFETY: promised when the reporter was made; `record` lives through the call.
        match unsafe { callback(self.context, &record) } {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
}

fn phase_number(now: Progress) -> u32 {
    use crate::progress::Phase;
    match now.phase {
        Phase::Opening => 0,
        Phase::Staging => 1,
        Phase::WritingContent => 2,
        Phase::WritingMetadata => 3,
        Phase::Verifying => 4,
        Phase::Extracting => 5,
        Phase::Drivers => 6,
        Phase::Scanning => 7,
    }
}
