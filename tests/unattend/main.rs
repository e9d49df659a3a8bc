//! Answer files: read and written back, addressed, edited, checked, made; real ones and hostile ones.
#![allow(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod author;
mod check;
mod documents;
mod exchange;
mod expat;
mod famous;
mod homes;
mod hostile;
mod image;
mod model;
mod random;
mod real;
mod rebuilt;

#[path = "../support/mod.rs"]
mod support;
