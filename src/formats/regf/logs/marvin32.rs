//! Marvin32, the hash of log entries.
//!
//! Reference: `msuhanov/regf` "Log entries" notes 1 to 3; the algorithm: US patent 8,555,057.

use crate::formats::bytes::u32_at;

/// The seed of log entries; the description gives its bytes most significant first.
const SEED: (u32, u32) = (0x7A4E_55C5, 0x82EF_4D88);

fn mix((mut low, mut high): (u32, u32), word: u32) -> (u32, u32) {
    low = low.wrapping_add(word);
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

/// The hash of `data`, with the seed of log entries.
pub(super) fn hash(data: &[u8]) -> u64 {
    let words = data.chunks_exact(4);
    let mut last = [0; 4];
    for (place, &byte) in last.iter_mut().zip(words.remainder().iter().chain(&[0x80])) {
        *place = byte;
    }
    let state = words.fold(SEED, |state, word| mix(state, u32_at(word, 0).unwrap_or(0)));
    let (low, high) = mix(mix(state, u32::from_le_bytes(last)), 0);
    u64::from(high) << 32 | u64::from(low)
}
