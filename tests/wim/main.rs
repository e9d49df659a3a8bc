//! WIM files: read, written, damaged, and compared with wimlib and 7-Zip.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod captures;
mod damage;
mod decode;
mod random_trees;
mod testdata;
mod testdata_jobs;
mod tree;
mod write;
mod written;

#[path = "../support/mod.rs"]
mod support;
