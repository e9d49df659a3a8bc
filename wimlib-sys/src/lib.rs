//! Bindings to libwim (<https://wimlib.net>), and safe wrappers of the parts the engine uses: the
//! codecs, and on Unix-like hosts, where libwim is built with NTFS-3G, what reads and writes NTFS
//! volumes.
//!
//! The raw declarations follow `wimlib.h` of version 1.13 and are private.
#![allow(unsafe_code)]
#![cfg_attr(test, allow(clippy::as_conversions, clippy::cast_possible_truncation))]

#[cfg(unix)]
pub mod archive;
pub mod codec;
#[cfg(unix)]
mod diagnostics;
#[cfg(unix)]
pub mod error;
#[cfg(unix)]
mod level;
#[cfg(unix)]
pub mod progress;
mod raw;
