//! Small formats: security descriptors, PE files, upper case.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod pe_authenticode;
mod pe_version;
mod security_descriptors;
mod upcase;

#[path = "../support/mod.rs"]
mod support;
