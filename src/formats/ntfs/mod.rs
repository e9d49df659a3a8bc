//! NTFS volumes, as far as one must look before an image is applied to one: geometry, free
//! clusters, and what is in the root directory. Nothing is written, and no file's content is read.
//!
//! Reference: `docs/formats/ntfs.md`.

mod boot_sector;
mod index;
mod record;
mod runs;
mod volume;

pub use boot_sector::{is_boot_sector, BootSector, BOOT_SECTOR_SIZE};
pub use volume::Volume;

/// The format's name in errors.
const FORMAT: &str = "NTFS volume";
