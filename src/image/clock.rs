//! The time, as FILETIME.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_SECONDS: u64 = 11_644_473_600;
const TICKS_PER_SECOND: u64 = 10_000_000;

/// `$SOURCE_DATE_EPOCH`, seconds since 1970: the time that stands for now, so that the same input
/// gives the same image.
/// Reference: <https://reproducible-builds.org/specs/source-date-epoch/>.
pub fn fixed_seconds() -> Option<u64> {
    std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok())
}

/// Now, or the time that stands for it ([`fixed_seconds`]).
pub fn now() -> u64 {
    let time = match fixed_seconds() {
        Some(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        None => Some(SystemTime::now()),
    };
    time.map_or(0, from_system_time)
}

/// A host's time as FILETIME; 0 for what lies before 1601.
pub fn from_system_time(time: SystemTime) -> u64 {
    let ticks = |duration: Duration| {
        let whole = duration.as_secs().saturating_mul(TICKS_PER_SECOND);
        whole.saturating_add(u64::from(duration.subsec_nanos() / 100))
    };
    let epoch = UNIX_EPOCH_SECONDS.saturating_mul(TICKS_PER_SECOND);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => epoch.saturating_add(ticks(after)),
        Err(before) => epoch.saturating_sub(ticks(before.duration())),
    }
}

/// A time of Unix as FILETIME; 0 for what lies before 1601.
pub fn from_unix(seconds: i64, nanoseconds: u32) -> u64 {
    let whole = UNIX_EPOCH_SECONDS.checked_add_signed(seconds);
    whole.map_or(0, |seconds| {
        seconds.saturating_mul(TICKS_PER_SECOND).saturating_add(u64::from(nanoseconds / 100))
    })
}

/// A FILETIME as a host's time; `None` for what the host cannot express.
pub fn to_system_time(time: u64) -> Option<SystemTime> {
    let duration = |ticks: u64| {
        let nanoseconds = u32::try_from((ticks % TICKS_PER_SECOND).saturating_mul(100)).unwrap_or(0);
        Duration::new(ticks / TICKS_PER_SECOND, nanoseconds)
    };
    let epoch = UNIX_EPOCH_SECONDS.saturating_mul(TICKS_PER_SECOND);
    match time.checked_sub(epoch) {
        Some(after) => UNIX_EPOCH.checked_add(duration(after)),
        None => UNIX_EPOCH.checked_sub(duration(epoch.saturating_sub(time))),
    }
}
