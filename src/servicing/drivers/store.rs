//! Names in the driver store: the folder of a package, and the names it is published under.
//!
//! The folder is `<inf name, lower case>_<architecture>_<16 hex digits>`. The digits are a 64-bit hash
//! of the INF's bytes as they are on disk (encoding and line ends included): start with 0, for each
//! byte multiply by 39 and add it, wrapping; the eight bytes of the result, least significant first.
//!
//! Reference: docs/formats/driver-store.md; equal to names that Windows gave (docs/evidence.md).

use super::architecture::Architecture;

/// `DriverStore\FileRepository` below the Windows directory.
pub const FILE_REPOSITORY: &str = r"System32\DriverStore\FileRepository";

/// Where catalogues of drivers live below the Windows directory: the GUID is `DRIVER_ACTION_VERIFY`.
pub const CATALOG_ROOT: &str = r"System32\CatRoot\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";

/// Where INFs are published, below the Windows directory.
pub const INF_DIRECTORY: &str = "INF";

/// The hash in a store folder name.
pub fn inf_hash(inf: &[u8]) -> u64 {
    inf.iter().fold(0_u64, |hash, &byte| hash.wrapping_mul(39).wrapping_add(u64::from(byte)))
}

/// The store folder of a package: `pvscsi.inf_amd64_b0d59727d712523f`.
pub fn label(inf_name: &str, architecture: Architecture, inf: &[u8]) -> String {
    let digits = inf_hash(inf).swap_bytes();
    format!("{}_{}_{digits:016x}", inf_name.to_lowercase(), architecture.name())
}
