//! Answer files.

mod test;

pub use test::*;
