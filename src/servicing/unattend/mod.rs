//! Answer files: what Windows Setup does to an image by itself.

pub mod check;
pub mod knowledge;
mod test;

pub use test::{test, Against, TestReport};
