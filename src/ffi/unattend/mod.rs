//! Answer files.

mod create;
mod differences;
mod settings;
mod test;

pub use create::*;
pub use differences::*;
pub use settings::*;
pub use test::*;
