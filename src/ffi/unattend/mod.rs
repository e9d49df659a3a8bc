//! Answer files.

mod create;
mod test;

pub use create::*;
pub use test::*;
