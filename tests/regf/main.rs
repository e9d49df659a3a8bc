//! Registry hives: the engine, and what other readers make of its work.
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

mod check;
mod edit;
mod hostile;
mod lazy;
mod limits;
mod logs;
mod mutated;
mod peek;
mod random;
mod readers;
mod real;

#[path = "../support/mod.rs"]
mod support;
