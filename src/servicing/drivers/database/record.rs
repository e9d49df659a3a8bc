//! From a package to what the driver database says of it.

use super::configuration::{configuration, descriptors};
use super::version::PackageVersion;
use super::Record;
use crate::error::Result;
use crate::formats::inf::{Configuration, Target};
use crate::formats::regf::Hive;
use crate::servicing::drivers::package::{Package, PackageInf};
use std::collections::BTreeMap;

/// The database's record of a package that is published under a name. `now` is a FILETIME.
pub fn record(source: &PackageInf, package: &Package, target: &Target, published: &str, now: u64) -> Record {
    let driver_ver = package.driver_ver;
    let class = package.class_guid;
    let mut record = Record {
        label: package.label.clone(),
        published_name: published.to_owned(),
        inf_name: source.name.clone(),
        provider: package.provider.clone(),
        version: PackageVersion {
            traits: package.traits.version_traits,
            ..PackageVersion::third_party(target.architecture, class, driver_ver.date, driver_ver.version)
        },
        catalog: package.catalog.as_ref().map(|file| file.path.clone()),
        signer_name: package.signature.recorded_signer(),
        signer_score: package.signature.score(),
        extension_id: source.version.extension_id,
        status_flags: package.traits.status_flags,
        import_date: now,
        device_ids: package.device_ids.clone(),
        configurations: Vec::new(),
        descriptors: Vec::new(),
        strings: Vec::new(),
    };
    if let Some(boot_start) = &package.boot_start {
        let mut strings = BTreeMap::new();
        for Configuration { install, models } in &boot_start.sections {
            record.configurations.push(configuration(install, package.traits, target.build));
            record.descriptors.extend(descriptors(models, &install.section, &mut strings));
        }
        record.strings = strings.into_iter().collect();
    }
    record
}

/// Writes the record into an empty hive that is thrown away: what a registry cannot hold (names that are
/// too long, keys that are too deep) shows before a hive of the image is touched.
pub fn rehearse(record: &Record, source: &PackageInf, package: &Package) -> Result<()> {
    let mut hive = Hive::new("rehearsal", 5, None)?;
    super::write(&mut hive, record)?;
    if let Some(boot_start) = &package.boot_start {
        hive.create_key(hive.root(), "ControlSet001")?;
        let published = &record.published_name;
        boot_start.write_system(&mut hive, package.class_guid, &record.label, published)?;
        boot_start.write_lockdown(&mut hive, source.version.pnp_lockdown, &record.label, published)?;
    }
    Ok(())
}
