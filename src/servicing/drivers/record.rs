//! From a package to what the driver database says of it.

use super::configuration::{configuration, descriptors};
use super::database::Record;
use super::package::{Package, PackageInf};
use super::version::PackageVersion;
use crate::formats::inf::Architecture;
use std::collections::BTreeMap;

/// The database's record of a package that is published under a name. `now` is a FILETIME.
pub fn record(
    source: &PackageInf,
    package: &Package,
    architecture: Architecture,
    published: &str,
    now: u64,
) -> Record {
    let driver_ver = package.driver_ver;
    let class = package.class_guid;
    let mut record = Record {
        label: package.label.clone(),
        published_name: published.to_owned(),
        inf_name: source.name.clone(),
        provider: package.provider.clone(),
        version: PackageVersion::third_party(architecture, class, driver_ver.date, driver_ver.version),
        catalog: package.catalog.as_ref().map(|file| file.path.clone()),
        signer_name: package.signature.signer.clone(),
        signer_score: package.signature.score(),
        import_date: now,
        device_ids: package.device_ids.clone(),
        configurations: Vec::new(),
        descriptors: Vec::new(),
        strings: Vec::new(),
    };
    if let Some(boot_start) = &package.boot_start {
        let mut strings = BTreeMap::new();
        for (install, models) in &boot_start.sections {
            record.configurations.push(configuration(install));
            record.descriptors.extend(descriptors(models, &install.section, &mut strings));
        }
        record.strings = strings.into_iter().collect();
    }
    record
}
