//! INF files: read, evaluated, and compared with wine.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod corpus;
mod evaluate;
mod hostile;
mod syntax;
mod views;
mod wine;

#[path = "../support/mod.rs"]
mod support;
