//! Jobs on image files: capture, export, split, join, optimize, test, compare.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod change;
mod compare;
mod contents;
mod copy;
mod export;
mod parallel;
mod references;
mod repair;
#[cfg(unix)]
mod split_join;
mod test;

#[path = "../support/mod.rs"]
mod support;
