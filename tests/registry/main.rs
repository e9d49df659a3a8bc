//! The registry of an image and of hive files: names, edits, .reg files, health.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod edits;
mod files;
mod health;
mod hive_file;
mod reg_files;
mod servicing;

#[path = "../support/mod.rs"]
mod support;
