//! Driver packages in an offline image: find them on the host, add them, list them.
//!
//! [`find()`] says which INFs a call would service, [`add()`] puts their packages into an image as one
//! transaction, [`list()`] reads what the image records. The modules below are the parts: values and
//! keys of the driver database, which work on a hive alone, and the package on the host.
//!
//! Reference: docs/formats/driver-store.md, docs/formats/driver-database.md; what is known to be
//! accepted by Windows, and how well, stands in docs/evidence.md.

mod add;
pub mod boot_start;
pub mod classes;
pub mod configuration;
pub mod database;
pub mod device_ids;
mod find;
mod list;
pub mod oem_map;
pub mod package;
mod placement;
pub mod record;
mod report;
pub mod services;
pub mod signature;
pub mod store;
mod target;
pub mod version;

pub use add::{add, AddOptions};
pub use find::{find, FoundPackage, FoundPackages};
pub use list::list;
pub use report::{DriverInfo, DriverReport, DriverSignature, DriverStatus};
