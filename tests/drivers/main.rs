//! Driver packages: added, listed, taken out, removed, compared with what Windows wrote.
#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod add;
mod corpus;
mod database;
mod database_values;
mod faults;
mod find;
#[cfg(unix)]
mod hostile;
mod images;
mod oracle;
mod package;
mod plan;
mod remove;
mod setup;
mod variety;

#[path = "../support/mod.rs"]
mod support;
