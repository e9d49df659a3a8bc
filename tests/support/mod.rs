//! What test programs share; none uses all of it.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code
)]

#[cfg(unix)]
pub mod applied;
pub mod authority;
#[cfg(unix)]
pub mod capture;
pub mod database_dump;
pub mod hives;
pub mod images;
pub mod inf_oracle;
#[cfg(unix)]
pub mod ntfs;
pub mod packages;
pub mod planned;
pub mod python;
pub mod random_tree;
pub mod wim;
pub mod windows;
