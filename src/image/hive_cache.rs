//! Registry hives that a session's handle keeps in memory from one edit to the next.
//!
//! What a kept hive stands for is its content: it is handed out only while the file has content of
//! that SHA-1, whatever other handles, or a transaction that failed, did meanwhile.

use crate::formats::regf::Hive;
use crate::formats::wim::Hash;
use crate::image::ImagePath;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of hives that are kept: what the hives of a Windows image take together.
const LIMIT: u64 = 256 << 20;

/// Kept hives, the one used last at the end.
#[derive(Default)]
pub struct HiveCache {
    hives: Mutex<Vec<Kept>>,
}

struct Kept {
    path: ImagePath,
    hash: Hash,
    hive: Hive,
}

impl HiveCache {
    /// Takes out the hive of the file at `path` whose content has that SHA-1.
    pub fn take(&self, path: &ImagePath, hash: &Hash) -> Option<Hive> {
        let mut hives = self.hives();
        let at = hives.iter().position(|kept| kept.hash == *hash && kept.path == *path)?;
        Some(hives.remove(at).hive)
    }

    /// Keeps a hive whose bytes, all of which are in memory, have that SHA-1. It takes the place of what
    /// was kept for the path; those used longest ago make room.
    pub fn put(&self, path: ImagePath, hash: Hash, hive: Hive) {
        let mut hives = self.hives();
        hives.retain(|kept| kept.path != path);
        let Some(mut room) = LIMIT.checked_sub(hive.size()) else { return };
        let mut first = hives.len();
        for kept in hives.iter().rev() {
            let Some(left) = room.checked_sub(kept.hive.size()) else { break };
            (room, first) = (left, first.saturating_sub(1));
        }
        hives.drain(..first);
        hives.push(Kept { path, hash, hive });
    }

    fn hives(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.hives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without what the hives hold.
impl fmt::Debug for HiveCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HiveCache").field("hives", &self.hives().len()).finish()
    }
}
