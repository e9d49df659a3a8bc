//! SHA-1s as keys of hash tables.
//!
//! A SHA-1 needs no further hashing, but those in a file are what its maker wants them to be: mixed
//! with numbers that nobody knows, they cannot be chosen to meet in one place of a table.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Makes [`KeyHasher`]s that all give the same numbers.
#[derive(Debug, Clone)]
pub(super) struct KeyState {
    keys: [u64; 2],
}

impl Default for KeyState {
    fn default() -> Self {
        let random = RandomState::new();
        Self { keys: [random.hash_one(0), random.hash_one(1)] }
    }
}

impl BuildHasher for KeyState {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher { keys: self.keys, mixed: 0 }
    }
}

/// Mixes eight bytes at a time by one multiplication.
#[derive(Debug)]
pub(super) struct KeyHasher {
    keys: [u64; 2],
    mixed: u64,
}

impl KeyHasher {
    #[inline]
    fn mix(&mut self, word: u64) {
        let [one, other] = self.keys;
        let product = u128::from(word ^ one).wrapping_mul(u128::from(self.mixed ^ other | 1));
        let [low, high] = [0, 64].map(|shift| u64::try_from(product >> shift & u128::from(u64::MAX)));
        self.mixed = low.unwrap_or(0) ^ high.unwrap_or(0);
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            self.mix(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    // The length of a SHA-1 says nothing.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_that_differ_in_one_bit_differ() {
        let state = KeyState::default();
        let mut seen = HashSet::new();
        for bit in 0..160 {
            let mut key = [0u8; 20];
            key[bit / 8] |= 1 << (bit % 8);
            assert!(seen.insert(state.hash_one(key)), "bit {bit}");
            assert_eq!(state.hash_one(key), state.hash_one(key));
        }
    }
}
