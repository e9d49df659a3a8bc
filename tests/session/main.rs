//! Sessions: their life, what a crash leaves, what a save writes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::single_range_in_vec_init,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod crash;
mod full_disk;
mod kill;
mod life;
mod operations;
mod patches;
mod save;
mod transfer;

#[path = "../support/mod.rs"]
mod support;
