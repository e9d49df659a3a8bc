//! The registry of an offline image, and single hives: keys, values, registration files, differences.
//!
//! A [`Target`] is a session or a hive; it gives a [`Registry`], whose functions take names as Windows
//! has them. All that one [`Target::edit`] changes is one transaction: the hives are opened once, edited
//! in memory, and staged at the end, with their transaction logs emptied.
//!
//! ```no_run
//! # use imgsvc::{image::Session, servicing::registry::*, progress::unobserved, error::Result};
//! # fn example(session: &mut Session) -> Result<()> {
//! let access = Access::default();
//! Target::Session(session).edit("registry", &access, &mut unobserved, |registry| {
//!     let data = ValueData::Number(5).encode(ValueKind::DWord)?;
//!     registry.set_value(r"HKLM\SOFTWARE\Contoso", "Level", 4, &data, true)
//! })?;
//! # Ok(()) }
//! ```
//!
//! Reference: docs/formats/regf.md, docs/formats/reg.md; names: [`Mounts`].

mod compare;
mod edit;
mod export;
mod health;
mod import;
mod name;
mod offline;
mod place;
mod profile;
mod read;
mod report;
mod target;
mod value;

pub use compare::compare;
pub use export::ExportOptions;
pub use health::{
    check_hive_file, check_image_hives, repair_hive_file, repair_image_hive, CheckReport, DefectInfo,
    HiveCheck, HiveState, LossInfo, RepairReport,
};
pub use import::{ImportOptions, KeyMapping};
pub use name::{Mount, Mounts};
pub use offline::{Access, Located, Registry};
pub use place::{compare_places, compare_session, Answer, Compared, Place};
pub use report::{
    Change, ChangeKind, DeleteReport, EntryError, ExportReport, HiveInfo, ImportReport, KeyInfo, LogInfo,
    RecoveryInfo, UnreadableHive, ValueContent, ValueInfo,
};
pub use target::{edit_transaction, Target};
pub use value::{ValueData, ValueKind};
