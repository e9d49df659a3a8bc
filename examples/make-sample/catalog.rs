//! The catalogue of a sample package, signed by a key that is in the sources for everyone to read: it proves
//! nothing, and images trust it only where they have its certificate as a root.

use imgsvc::formats::cat::CatalogBuilder;

/// The name that sample packages are signed by.
pub const SIGNER: &str = "ImageServicing Samples";

/// A catalogue over `members` (name and bytes) for one device.
pub fn over(members: &[(String, Vec<u8>)], hardware_id: &str) -> Vec<u8> {
    let mut catalog = CatalogBuilder::new();
    for (name, bytes) in members {
        catalog = catalog.file(name, bytes);
    }
    catalog
        .attribute("OS", "_v100_X64")
        .attribute("HWID1", &hardware_id.to_lowercase())
        .sample_signer(SIGNER)
        .to_bytes()
}
