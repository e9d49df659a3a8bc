//! Driver packages in an offline image: find them on the host, add them, list them.
//!
//! [`find()`] says which INFs a call would service, [`add()`] puts their packages into an image as one
//! transaction, [`list()`] reads what the image records, [`remove()`] takes packages out again. Each folder is one
//! concern: `package` is a package on the host, `database` values and keys of a hive's driver database, `inventory`
//! what an image records, `matching` which package a device gets; `add` and `remove` change the image.
//!
//! Reference: docs/formats/driver-store.md, docs/formats/driver-database.md; what is known to be
//! accepted by Windows, and how well, stands in docs/evidence.md.

mod add;
pub mod boot_start;
mod compare;
pub mod database;
mod deferred;
mod inventory;
pub mod matching;
pub mod package;
mod remove;
mod report;
pub mod store;
mod target;
mod test;

pub(crate) use add::add_to;
pub use add::plan::{Finding, PackagePlan, PlannedChange, PlannedFile, RegistryAction, SignatureInfo};
pub use add::{add, AddOptions};
pub use boot_start::BootCritical;
pub use compare::{Compared, ComparedDriver, Comparison, DriverChange, DriverDifference};
pub use inventory::detail::{DriverDetail, StoredFile};
pub use inventory::export::{export, ExportOptions};
pub use inventory::list::{list, query, DriverList, ListOptions};
pub use matching::{find_matches, DriverMatch, MatchOptions, Matches};
pub use package::contents::{DriverDevice, DriverService};
pub use package::find::{find, FoundPackage, FoundPackages};
pub use package::nominal::NominalTarget;
pub use package::signature::{Coverage, FileCheck};
pub use remove::{remove, RemoveOptions};
pub use report::{
    DriverInfo, DriverReport, DriverSignature, DriverState, DriverStatus, ExportReport, ExportStatus,
    RemoveReport, RemoveStatus,
};
pub use test::{test, DriverTest, TestOptions};
