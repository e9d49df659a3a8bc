//! Work on all cores, with the results in the order of the jobs.
//!
//! Threads are started as there is work for them. A pool that is dropped with work in hand does
//! not wait for it: compressing one chunk of 64 MiB takes many seconds, and who cancels wants an
//! answer at once. That is why jobs own what they work on and threads are not scoped.

use crate::error::{Error, Result};
use std::collections::{HashMap, VecDeque};
use std::num::NonZero;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a caller waits before it is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a thread does with each job; it may keep a codec and buffers.
pub type Worker<J, R> = Box<dyn FnMut(J) -> R + Send>;

/// How many threads make sense for this process.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Threads that work on jobs of one kind.
pub struct Pool<J, R> {
    shared: Arc<Shared<J, R>>,
    make: Box<dyn Fn() -> Result<Worker<J, R>>>,
    threads: Vec<JoinHandle<()>>,
    limit: usize,
    submitted: u64,
    taken: u64,
}

struct Shared<J, R> {
    state: Mutex<State<J, R>>,
    work: Condvar,
    done: Condvar,
}

struct State<J, R> {
    jobs: VecDeque<(u64, J)>,
    results: HashMap<u64, std::thread::Result<R>>,
    idle: usize,
    closed: bool,
}

impl<J, R> Shared<J, R> {
    /// A worker's panic is caught before the lock is taken, so it is never poisoned.
    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, worker: &mut Worker<J, R>) {
        loop {
            let mut state = self.lock();
            let (number, job) = loop {
                if state.closed {
                    return;
                }
                if let Some(job) = state.jobs.pop_front() {
                    break job;
                }
                state.idle = state.idle.saturating_add(1);
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle = state.idle.saturating_sub(1);
            };
            drop(state);
            let result = catch_unwind(AssertUnwindSafe(|| worker(job)));
            let panicked = result.is_err();
            self.lock().results.insert(number, result);
            self.done.notify_one();
            if panicked {
                return;
            }
        }
    }
}

impl<J: Send + 'static, R: Send + 'static> Pool<J, R> {
    /// A pool of up to `limit` threads, each with a worker that `make` gives.
    pub fn new(limit: usize, make: impl Fn() -> Result<Worker<J, R>> + 'static) -> Self {
        let state = State { jobs: VecDeque::new(), results: HashMap::new(), idle: 0, closed: false };
        let shared = Shared { state: Mutex::new(state), work: Condvar::new(), done: Condvar::new() };
        Self {
            shared: Arc::new(shared),
            make: Box::new(make),
            threads: Vec::new(),
            limit: limit.max(1),
            submitted: 0,
            taken: 0,
        }
    }

    /// The most threads there will be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Jobs whose results were not taken yet.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.submitted.saturating_sub(self.taken)).unwrap_or(usize::MAX)
    }

    /// Hands over a job. It does not wait; the caller bounds how many are in flight.
    ///
    /// # Errors
    /// When there is no thread at all and no worker can be made.
    pub fn submit(&mut self, job: J) -> Result<()> {
        let mut state = self.shared.lock();
        state.jobs.push_back((self.submitted, job));
        self.submitted = self.submitted.saturating_add(1);
        let more = state.idle < state.jobs.len() && self.threads.len() < self.limit;
        drop(state);
        self.shared.work.notify_one();
        if more {
            match self.start() {
                Err(error) if self.threads.is_empty() => return Err(error),
                // Fewer threads do it too, above all when memory is short.
                Err(_) => self.limit = self.threads.len(),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let mut worker = (self.make)()?;
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("imgsvc".into()).spawn(move || shared.run(&mut worker));
        self.threads.push(thread.map_err(Error::Stream)?);
        Ok(())
    }

    /// The result of the oldest job, when it is there.
    pub fn ready(&mut self) -> Option<R> {
        let result = self.shared.lock().results.remove(&self.taken)?;
        self.taken = self.taken.saturating_add(1);
        Some(result.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// Waits for the result of the oldest job; `None` when nothing is in flight. `wait` is called
    /// every 50 ms meanwhile and can stop the waiting.
    pub fn next(&mut self, wait: &mut dyn FnMut() -> Result<()>) -> Result<Option<R>> {
        while self.in_flight() > 0 {
            if let Some(result) = self.ready() {
                return Ok(Some(result));
            }
            let state = self.shared.lock();
            let waiting = !state.results.contains_key(&self.taken);
            if waiting {
                drop(self.shared.done.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner));
            } else {
                drop(state);
            }
            wait()?;
        }
        Ok(None)
    }
}

impl<J, R> Drop for Pool<J, R> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.jobs.clear();
        drop(state);
        self.shared.work.notify_all();
        if self.submitted == self.taken {
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }
}

impl<J, R> std::fmt::Debug for Pool<J, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(limit: usize) -> Pool<u32, u32> {
        Pool::new(limit, || Ok(Box::new(|job| if job == 13 { panic!("unlucky") } else { job * 2 })))
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let mut pool = pool(4);
        (100..200).for_each(|job| pool.submit(job).unwrap());
        for job in 100..200 {
            assert_eq!(pool.next(&mut || Ok(())).unwrap(), Some(job * 2));
        }
        assert_eq!(pool.next(&mut || Ok(())).unwrap(), None);
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let mut pool = pool(1);
        pool.submit(13).unwrap();
        let taken = catch_unwind(AssertUnwindSafe(|| pool.next(&mut || Ok(()))));
        assert!(taken.is_err());
    }

    #[test]
    fn who_waits_can_stop() {
        let mut pool: Pool<(), ()> = Pool::new(1, || {
            Ok(Box::new(|()| loop {
                std::thread::park();
            }))
        });
        pool.submit(()).unwrap();
        assert!(matches!(pool.next(&mut || Err(Error::Cancelled)), Err(Error::Cancelled)));
    }
}
