//! Catalogues: read, judged, and compared with osslsigncode.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod build;
mod corpus;
mod verdicts;

#[path = "../support/mod.rs"]
mod support;
