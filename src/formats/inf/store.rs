//! The name of a package's folder in the driver store.
//!
//! `<inf file name in lower case>_<architecture>_<16 hexadecimal digits>`, where the digits are a
//! polynomial hash of the INF's bytes: multiply by 39, add the byte, modulo 2^64; printed least
//! significant byte first. Neither the payload nor the catalogue matter.
//!
//! Reference: `docs/formats/inf.md`; confirmed on folders that Windows named (tests/inf/corpus.rs).

use super::target::Architecture;
use std::fmt::Write;

/// The hash part of the folder's name. `bytes` are those of the file: a checkout that changed the
/// line ends changes the hash.
pub fn driver_store_hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0_u64, |hash, &byte| hash.wrapping_mul(39).wrapping_add(u64::from(byte)));
    let mut digits = String::with_capacity(16);
    for byte in hash.to_le_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The folder's name for a package whose INF has that file name and those bytes.
pub fn label(inf_name: &str, architecture: Architecture, bytes: &[u8]) -> String {
    format!("{}_{}_{}", inf_name.to_lowercase(), architecture.name(), driver_store_hash(bytes))
}
