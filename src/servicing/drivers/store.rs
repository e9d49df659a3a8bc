//! Where the parts of a driver package stand in an image, below the Windows directory.
//!
//! The name of a package's folder is [`crate::formats::inf::label`].
//!
//! Reference: docs/formats/driver-store.md.

/// The driver store: one folder for each package.
pub const FILE_REPOSITORY: &str = r"System32\DriverStore\FileRepository";

/// Catalogues of drivers; the GUID is `DRIVER_ACTION_VERIFY` of softpub.h.
pub const CATALOG_ROOT: &str = r"System32\CatRoot\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";

/// Published INFs.
pub const INF_DIRECTORY: &str = "INF";

/// Where drivers are loaded from that do not run from the store.
pub const DRIVERS_DIRECTORY: &str = r"System32\drivers";
