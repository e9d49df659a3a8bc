//! Answer files: what Windows Setup does to an image by itself.

mod apply;
pub mod author;
pub mod check;
mod find;
pub mod knowledge;
mod locations;
mod place;
mod test;

pub use apply::{apply, ApplyOptions, ApplyReport, SettingOutcome, SettingResult};
pub use find::{find, AnswerFileInfo};
pub use locations::Location;
pub use place::{place, PlaceOptions, PlaceReport};
pub use test::{test, Against, TestReport};
