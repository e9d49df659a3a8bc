//! Directories and NTFS volumes captured and applied.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

#[cfg(unix)]
mod apply_directory;
#[cfg(unix)]
mod apply_target;
#[cfg(unix)]
mod capture_directory;
mod capture_exclusions;
#[cfg(unix)]
mod capture_faults;
#[cfg(unix)]
mod capture_random;
#[cfg(unix)]
mod ntfs_apply;
#[cfg(unix)]
mod ntfs_capture;
#[cfg(unix)]
mod ntfs_image;
#[cfg(unix)]
mod ntfs_volume;

#[path = "../support/mod.rs"]
mod support;
