//! Driver packages in an offline image: find them on the host, add them, list them.
//!
//! [`find()`] says which INFs a call would service, [`add()`] puts their packages into an image as one
//! transaction, [`list()`] reads what the image records, [`remove()`] takes packages out again. The modules below are the parts: values and
//! keys of the driver database, which work on a hive alone, and the package on the host.
//!
//! Reference: docs/formats/driver-store.md, docs/formats/driver-database.md; what is known to be
//! accepted by Windows, and how well, stands in docs/evidence.md.

mod add;
pub mod boot_start;
pub mod classes;
mod compare;
pub mod configuration;
pub mod database;
mod deferred;
mod detail;
pub mod device_ids;
pub mod device_index;
pub mod device_query;
mod export;
mod find;
mod inventory;
mod list;
mod match_host;
mod match_image;
mod match_line;
mod matching;
mod nominal;
pub mod oem_map;
pub mod package;
mod placement;
mod plan;
mod prepare;
mod queue;
pub mod rank;
pub mod record;
mod remove;
mod report;
mod select;
pub mod services;
pub mod signature;
pub mod store;
mod target;
mod test;
pub mod traits;
pub mod trust;
pub mod version;
mod withdraw;

pub(crate) use add::add_to;
pub use add::{add, AddOptions};
pub use boot_start::BootCritical;
pub use compare::{Compared, ComparedDriver, Comparison, DriverChange, DriverDifference};
pub use detail::{DriverDetail, StoredFile};
pub use export::{export, ExportOptions};
pub use find::{find, FoundPackage, FoundPackages};
pub use list::{list, query, query_image, DriverList, ListOptions};
pub use matching::{find_matches, DriverMatch, MatchOptions, Matches};
pub use nominal::NominalTarget;
pub use plan::{
    Finding, PackagePlan, PlannedChange, PlannedDevice, PlannedFile, PlannedService, RegistryAction,
    SignatureInfo,
};
pub use remove::{remove, RemoveOptions};
pub use report::{
    DriverInfo, DriverReport, DriverSignature, DriverState, DriverStatus, ExportReport, ExportStatus,
    RemoveReport, RemoveStatus,
};
pub use signature::{Coverage, FileCheck};
pub use test::{test, DriverTest, TestOptions};
