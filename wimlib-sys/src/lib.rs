//! Bindings to libwim (<https://wimlib.net>), and safe wrappers of the parts the engine uses.
//!
//! The raw declarations follow `wimlib.h` of version 1.13 and are private; callers get [`codec`].
#![allow(unsafe_code)]
#![cfg_attr(test, allow(clippy::as_conversions, clippy::cast_possible_truncation))]

pub mod codec;
mod raw;
