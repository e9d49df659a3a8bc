//! NTFS volumes without mounting them: an image applied to one, and one captured as an image, with
//! all that NTFS holds (descriptors, streams, short names, hard links, reparse points, attributes,
//! object ids, times).
//!
//! A volume is a block device (a partition), or a file that starts with an NTFS boot sector.
//! libwim does the work, through libntfs-3g; where libwim has no NTFS-3G (Windows) every call is
//! [`Error::Unsupported`](crate::error::Error::Unsupported).
//!
//! Reference: `docs/formats/ntfs.md`; `wimlib.h` 1.13, `WIMLIB_ADD_FLAG_NTFS` and
//! `WIMLIB_EXTRACT_FLAG_NTFS`.

mod apply;
mod capture;
#[cfg(unix)]
#[path = "libwim.rs"]
mod engine;
#[cfg(not(unix))]
#[path = "no_libwim.rs"]
mod engine;
mod volume;

pub use apply::{apply_volume, VolumeTarget};
pub use capture::{capture_volume, Captured, Excludes, VolumeCapture};
pub use volume::is_volume;
