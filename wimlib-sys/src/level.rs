//! The compression level of a write, which libwim keeps for the whole process.

use crate::codec::Format;
use crate::raw;
use std::sync::{Mutex, MutexGuard, PoisonError};

static WRITES: Mutex<()> = Mutex::new(());

/// While it lives, `wimlib_write` compresses with this level; other writes wait for its end.
pub(crate) struct Level {
    format: Option<Format>,
    _turn: MutexGuard<'static, ()>,
}

impl Level {
    /// Waits for writes of other threads. `level` 0 is libwim's default.
    pub(crate) fn set(format: Option<Format>, level: u32) -> Self {
        let turn = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
        let this = Self { format, _turn: turn };
        this.store(level);
        this
    }

    fn store(&self, level: u32) {
        if let Some(format) = self.format {
            // SAFETY: the format is one that libwim has; only holders of the mutex get here, and
            // the codecs of this crate never ask for the default level.
            unsafe { raw::wimlib_set_default_compression_level(format.number(), level) };
        }
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.store(0);
    }
}
