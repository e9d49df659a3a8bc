//! `OemInfMap`: the bitmap in the SYSTEM hive's driver database that says which `oemN.inf` names are
//! taken, also by packages that the DRIVERS hive holds. Bit 7 − (N mod 8) of byte N / 8 stands for N.
//!
//! Reference: docs/formats/driver-database.md; read from three real hives (`e0`, `fffc`, `fff0`).

/// Highest N that is ever given: names stay short and the bitmap small (8 KiB).
const MAX_NUMBER: u32 = 0xFFFF;

/// The decoded bitmap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OemInfMap {
    bytes: Vec<u8>,
}

impl OemInfMap {
    /// The map in the bytes of the registry value.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// The bytes for the registry value.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `oemN.inf` is taken.
    pub fn is_taken(&self, number: u32) -> bool {
        let (index, mask) = position(number);
        self.bytes.get(index).is_some_and(|byte| byte & mask != 0)
    }

    /// Marks `oemN.inf` as taken; the map grows as needed.
    pub fn take(&mut self, number: u32) {
        let (index, mask) = position(number);
        if self.bytes.len() <= index {
            self.bytes.resize(index.saturating_add(1), 0);
        }
        if let Some(byte) = self.bytes.get_mut(index) {
            *byte |= mask;
        }
    }

    /// Marks `oemN.inf` as free; the map has no bytes without a bit at its end.
    pub fn give_back(&mut self, number: u32) {
        let (index, mask) = position(number);
        if let Some(byte) = self.bytes.get_mut(index) {
            *byte &= !mask;
        }
        let used = self.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        self.bytes.truncate(used);
    }

    /// The lowest free number for which `in_use` (is there such a file, or such a key) is false.
    /// `None` when every name is taken.
    pub fn lowest_free(&self, mut in_use: impl FnMut(u32) -> bool) -> Option<u32> {
        (0..=MAX_NUMBER).find(|&number| !self.is_taken(number) && !in_use(number))
    }
}

/// The byte and the bit of a number.
fn position(number: u32) -> (usize, u8) {
    let index = usize::try_from(number / 8).unwrap_or(usize::MAX);
    (index, 0x80 >> (number % 8))
}

/// The number in a published name: 12 for `oem12.inf`, in any case of letters.
pub fn number_of(published_name: &str) -> Option<u32> {
    let name = published_name.to_ascii_lowercase();
    let digits = name.strip_prefix("oem")?.strip_suffix(".inf")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}
