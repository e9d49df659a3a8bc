//! Driver packages in an offline image: find them on the host, add them, list them.
//!
//! Reference: docs/formats/driver-store.md, docs/formats/driver-database.md; what is known to be
//! accepted by Windows, and how well, stands in docs/evidence.md.

pub mod classes;
pub mod database;
pub mod device_ids;
pub mod oem_map;
pub mod store;
pub mod version;
