//! What Windows Setup will find in an image: its state, and answer files.
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

mod answer_files;
mod apply;
mod first_logon;
mod hostile;
mod offline_table;
mod packages;
mod scripts;
mod state;

#[path = "../support/mod.rs"]
mod support;
