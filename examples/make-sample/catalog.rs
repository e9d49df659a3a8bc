//! The catalogue of a sample package. It names a signer and is not signed by anyone: hashes match, and
//! that is all.

use imgsvc::formats::cat::CatalogBuilder;

/// A catalogue over `members` (name and bytes) for one device.
pub fn over(members: &[(String, Vec<u8>)], hardware_id: &str) -> Vec<u8> {
    let mut catalog = CatalogBuilder::new();
    for (name, bytes) in members {
        catalog = catalog.file(name, bytes);
    }
    catalog
        .attribute("OS", "_v100_X64")
        .attribute("HWID1", &hardware_id.to_lowercase())
        .placeholder_signer("ImageServicing Samples")
        .to_bytes()
}
