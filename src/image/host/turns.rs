//! Which files this process is writing: its threads take turns, other processes are refused.

use super::FileId;
use std::collections::HashSet;
use std::io;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread waits before it asks its caller whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

static WRITTEN: LazyLock<Mutex<HashSet<FileId>>> = LazyLock::new(Mutex::default);
static ENDED: Condvar = Condvar::new();

fn written() -> MutexGuard<'static, HashSet<FileId>> {
    // A set cannot be left half changed.
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an attempt to write a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The file is the caller's.
    Taken,
    /// Another thread of this process writes it.
    Ours,
    /// Another process does.
    Others,
}

/// Takes the file with `lock`, which says whether it could.
pub(super) fn begin(file: FileId, lock: impl FnOnce() -> io::Result<bool>) -> io::Result<Turn> {
    let mut written = written();
    if written.contains(&file) {
        return Ok(Turn::Ours);
    }
    if !lock()? {
        return Ok(Turn::Others);
    }
    written.insert(file);
    Ok(Turn::Taken)
}

/// Gives the file up with `unlock`.
pub(super) fn end(file: FileId, unlock: impl FnOnce()) {
    let mut written = written();
    unlock();
    written.remove(&file);
    ENDED.notify_all();
}

/// Waits a moment for a thread of this process that writes the file.
pub(super) fn wait(file: FileId) {
    let written = written();
    if written.contains(&file) {
        drop(ENDED.wait_timeout(written, PATIENCE).unwrap_or_else(PoisonError::into_inner));
    }
}
