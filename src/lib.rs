//! Offline servicing of Windows images.
//!
//! The layers, lowest first: [`error`] and [`progress`], [`formats`] (bytes to values),
//! `image` (the offline image as a place: container file, session, tree), `servicing`
//! (drivers, registry…), `ffi` (the C ABI). A lower one never names a higher one.

#![cfg_attr(test, allow(clippy::as_conversions, clippy::cast_possible_truncation))]

pub mod error;
pub mod ffi;
pub mod formats;
pub mod image;
pub mod progress;
pub mod servicing;
