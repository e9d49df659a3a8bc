//! Where an attribute that is not in its record lies: runs of clusters.
//!
//! Reference: `docs/formats/ntfs.md` "Runs".

use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// Consecutive clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The first cluster; `None` for a hole, which reads as zeros.
    pub start: Option<u64>,
    /// How many.
    pub length: u64,
}

/// Reads mapping pairs. `clusters` is the size of the volume: no run leaves it.
pub(super) fn parse_runs(pairs: &[u8], clusters: u64) -> Result<Vec<Run>> {
    let mut reader = Reader::new(FORMAT, pairs);
    let mut runs = Vec::new();
    let mut position = 0i64;
    while !reader.is_empty() {
        let header = reader.u8()?;
        if header == 0 {
            break;
        }
        let length = u64::try_from(number(reader.take(usize::from(header & 0x0F))?)?).unwrap_or(0);
        let distance = reader.take(usize::from(header >> 4))?;
        let start = match distance.is_empty() {
            true => None,
            false => {
                position = position.checked_add(number(distance)?).unwrap_or(-1);
                Some(u64::try_from(position).unwrap_or(u64::MAX))
            }
        };
        let end = start.unwrap_or(0).checked_add(length);
        if length == 0 || end.is_none_or(|end| end > clusters) {
            let place = format!("run {}", runs.len());
            let found = format!("{length} clusters from {start:?}");
            return Err(Error::malformed(FORMAT, place, "clusters of the volume", found));
        }
        runs.push(Run { start, length });
    }
    Ok(runs)
}

/// A little-endian number of up to eight bytes, with sign.
fn number(bytes: &[u8]) -> Result<i64> {
    let mut whole = match bytes.last() {
        Some(last) if last & 0x80 != 0 => [0xFF; 8],
        _ => [0; 8],
    };
    match whole.get_mut(..bytes.len()) {
        Some(part) => part.copy_from_slice(bytes),
        None => return Err(Error::malformed(FORMAT, "a run", "up to 8 bytes", bytes.len().to_string())),
    }
    Ok(i64::from_le_bytes(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_from_the_run_before_and_may_go_back() {
        let runs =
            parse_runs(&[0x21, 0x18, 0x34, 0x56, 0x11, 0x05, 0xF0, 0x01, 0x07, 0x00], 1 << 20).unwrap();
        let start = 0x5634;
        let expected = [(Some(start), 0x18), (Some(start - 0x10), 5), (None, 7)];
        assert_eq!(runs, expected.map(|(start, length)| Run { start, length }));
    }

    #[test]
    fn a_run_outside_the_volume_is_refused() {
        assert!(parse_runs(&[0x11, 0x10, 0x70], 0x7F).is_err());
        assert!(parse_runs(&[0x11, 0x10, 0x80], 1 << 20).is_err(), "before the volume");
        assert!(parse_runs(&[0x11, 0x00, 0x10], 1 << 20).is_err(), "empty");
        assert!(parse_runs(&[0x19, 1, 2, 3], 1 << 20).is_err(), "cut off");
    }
}
