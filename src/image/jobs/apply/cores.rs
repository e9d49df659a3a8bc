//! Work on all cores, while the caller's thread reports and can cancel.

use crate::error::{Error, Result};
use crate::image::pool::cores;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often the caller's thread is asked meanwhile.
const TICK: Duration = Duration::from_millis(50);
/// Small items taken at a time.
const BATCH: usize = 64;
/// More threads than this only wait for the disk.
const WORKER_LIMIT: usize = 32;

/// How many threads there is work for.
pub(super) fn workers() -> usize {
    cores().min(WORKER_LIMIT)
}

/// Tells the workers that the work is over.
#[derive(Debug, Default)]
pub(super) struct Stop(AtomicBool);

impl Stop {
    /// # Errors
    /// [`Error::Cancelled`] when the work is over; the reason is another worker's or the caller's.
    pub fn check(&self) -> Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Hands the numbers below `count` out to `workers` threads, in order. Each thread makes itself a
/// state with `start`. `tick` is called on this thread, at least every [`TICK`]; its error, or the
/// first one of the work, stops everything and is returned.
pub(super) fn run<S>(
    count: usize,
    workers: usize,
    stop: &Stop,
    start: &(dyn Fn() -> S + Sync),
    work: &(dyn Fn(&mut S, usize) -> Result<()> + Sync),
    tick: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let fail = |error| {
        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        stop.set();
    };
    let worker = || {
        let mut state = start();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count || stop.check().is_err() {
                return;
            }
            if let Err(error) = work(&mut state, number) {
                fail(error);
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let (running, finished) = channel::<()>();
        let threads: Vec<_> = (0..workers.clamp(1, count.max(1)))
            .map(|_| {
                let running = running.clone();
                scope.spawn(|| {
                    let _running = running;
                    // A worker that others wait for must not go without a word.
                    let alarm = Alarm(stop);
                    worker();
                    std::mem::forget(alarm);
                })
            })
            .collect();
        drop(running);
        while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(TICK) {
            if stop.check().is_ok() {
                if let Err(error) = tick() {
                    fail(error);
                }
            }
        }
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => tick(),
    }
}

/// Does `work` for each of `items`, in any order.
pub(super) fn each<T: Sync>(
    items: &[T],
    stop: &Stop,
    work: &(dyn Fn(&T) -> Result<()> + Sync),
    tick: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let batches: Vec<_> = items.chunks(BATCH).collect();
    let batch = |(): &mut (), number: usize| match batches.get(number) {
        Some(batch) => batch.iter().try_for_each(|item| stop.check().and_then(|()| work(item))),
        None => Ok(()),
    };
    run(batches.len(), workers(), stop, &|| (), &batch, tick)
}

/// Stops everything when a worker panics.
struct Alarm<'s>(&'s Stop);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}
