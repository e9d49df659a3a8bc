//! Ctrl-C as an observer's wish to stop: the job then ends itself, and leaves things as they were.

use imgsvc::progress::Progress;
use std::ops::ControlFlow;

/// An observer that goes on until SIGINT.
#[cfg(unix)]
pub fn observer() -> impl FnMut(Progress) -> ControlFlow<()> {
    use nix::sys::signal::{SigSet, Signal};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::Arc;

    let interrupted = Arc::new(AtomicBool::new(false));
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    // Blocked here, and in every thread that is started from here on: one of them waits for it.
    if signals.thread_block().is_ok() {
        let interrupted = Arc::clone(&interrupted);
        std::thread::spawn(move || interrupted.store(signals.wait().is_ok(), Ordering::Relaxed));
    }
    move |_| match interrupted.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// An observer that goes on.
#[cfg(not(unix))]
pub fn observer() -> impl FnMut(Progress) -> ControlFlow<()> {
    imgsvc::progress::unobserved
}
