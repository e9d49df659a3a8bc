//! Answer files: what Windows Setup does to an image by itself.

mod apply;
pub mod author;
pub mod check;
mod differences;
mod find;
pub mod knowledge;
mod locations;
mod place;
mod settings;
mod test;
mod values;

pub use apply::{apply, ApplyOptions, ApplyReport, SettingOutcome, SettingResult};
pub use differences::{compare, from_json, merge, to_json, DifferenceRow, MergeOptions, MergeReport};
pub(in crate::servicing) use find::survey;
pub use find::{find, AnswerFileInfo};
pub use locations::Location;
pub use place::{place, PlaceOptions, PlaceReport};
pub use settings::{list, read, remove, set, write, RemoveReport, SetReport, SettingRow};
pub use test::{test, TestReport};
pub use values::{known_values, KnownValues};
