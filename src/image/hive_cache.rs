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
        self.put_within(LIMIT, Kept { path, hash, hive });
    }

    fn put_within(&self, limit: u64, new: Kept) {
        let mut hives = self.hives();
        hives.retain(|kept| kept.path != new.path);
        let Some(mut room) = limit.checked_sub(new.hive.size()) else { return };
        let mut first = hives.len();
        for kept in hives.iter().rev() {
            let Some(left) = room.checked_sub(kept.hive.size()) else { break };
            (room, first) = (left, first.saturating_sub(1));
        }
        hives.drain(..first);
        hives.push(new);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_hives_used_last_are_kept_as_far_as_there_is_room() {
        let cache = HiveCache::default();
        let hive = || Hive::new("ROOT", 5, None).unwrap();
        let limit = hive().size() * 3;
        let path = |number: u8| ImagePath::parse(&format!(r"\{number}")).unwrap();
        let put = |number: u8| {
            cache.put_within(limit, Kept { path: path(number), hash: [number; 20], hive: hive() });
        };
        (0..3).for_each(put);
        assert!(cache.take(&path(0), &[1; 20]).is_none(), "of other content");
        assert!(cache.take(&path(0), &[0; 20]).is_some());
        assert!(cache.take(&path(0), &[0; 20]).is_none(), "it is taken out");
        put(0);
        put(3);
        assert!(cache.take(&path(1), &[1; 20]).is_none(), "used longest ago");
        let newer = Kept { path: path(0), hash: [9; 20], hive: hive() };
        cache.put_within(limit, newer);
        assert!(cache.take(&path(0), &[0; 20]).is_none(), "one for each path");
        assert_eq!(cache.hives().len(), 3);
        cache.put_within(1, Kept { path: path(5), hash: [5; 20], hive: hive() });
        assert_eq!(cache.hives().len(), 3, "what is larger than all room is not kept");
    }
}
