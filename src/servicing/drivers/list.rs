//! Listing the driver packages of an image.

use super::classes::{well_known_name, BootClasses, DatabaseHive};
use super::database::{self, KnownPackage};
use super::deferred;
use super::report::{DriverInfo, DriverSignature, DriverState};
use super::store::FILE_REPOSITORY;
use super::target::class_name;
use super::version::{parts, text};
use crate::error::{Error, InFile, Result};
use crate::formats::inf::Guid;
use crate::formats::regf::Hive;
use crate::image::{ImagePath, Session};
use crate::servicing::hives::ImageHive;
use crate::servicing::setup::FirstBoot;
use crate::servicing::windows::{hive_path, WindowsImage};
use std::collections::HashMap;

/// The packages that the image's driver database records: third-party ones, with `all` inbox ones too.
/// Sorted by published name, `oemN.inf` by number. What other handles committed counts.
///
/// # Errors
/// [`Error::NotServiceable`] if the image holds no Windows with a driver database in its registry.
pub fn list(session: &mut Session, all: bool) -> Result<Vec<DriverInfo>> {
    session.refresh()?;
    let view = session.view()?;
    let WindowsImage { directory, system, .. } = WindowsImage::open(&view, session.image())?;
    let first_boot = FirstBoot::open(&view, &directory)?;
    if database::find(&system.hive)?.is_none() && first_boot.steps().is_empty() {
        return Err(Error::NotServiceable {
            reason: "its registry has no driver database, which Windows 8 and newer have".to_owned(),
        });
    }
    let drivers = ImageHive::open(&view, &hive_path(&directory, "DRIVERS")?)?;
    let mut found = Vec::new();
    let hives = [(DatabaseHive::System, Some(&system)), (DatabaseHive::Drivers, drivers.as_ref())];
    for (kind, file) in hives {
        let Some(file) = file else { continue };
        for package in database::packages(&file.hive).in_file(file.path().to_string())? {
            found.push((kind, package));
        }
    }
    let inbox = found.iter().filter_map(|(kind, package)| {
        let version = package.version.filter(|version| version.inbox)?;
        (*kind == DatabaseHive::System).then_some(version.class_guid)
    });
    let mut reader =
        Reader { directory, classes: BootClasses::new(inbox), names: HashMap::new(), system: &system.hive };
    let mut infos = Vec::new();
    for (kind, package) in &found {
        let info = reader.info(*kind, package)?;
        if all || !info.inbox {
            infos.push(info);
        }
    }
    for (_, package) in deferred::packages(&first_boot) {
        let is_boot = reader.classes.contains(package.class());
        infos.push(package.info(first_boot.folder(), is_boot)?);
    }
    infos.sort_by_cached_key(|info| (sort_key(&info.driver), info.original_file_name.clone()));
    drivers.into_iter().chain([system]).for_each(|hive| hive.close(&view));
    Ok(infos)
}

/// Numbers in order, then names.
fn sort_key(published: &str) -> (u32, String) {
    (super::oem_map::number_of(published).unwrap_or(u32::MAX), published.to_lowercase())
}

struct Reader<'a> {
    directory: ImagePath,
    classes: BootClasses,
    names: HashMap<Guid, Option<String>>,
    system: &'a Hive,
}

impl Reader<'_> {
    fn info(&mut self, hive: DatabaseHive, package: &KnownPackage) -> Result<DriverInfo> {
        let version = package.version;
        let class = version.map(|version| version.class_guid);
        let published = package.published_name.clone().unwrap_or_default();
        let is_oem = super::oem_map::number_of(&published).is_some();
        // Without `InfName` (inbox packages), the label starts with the name in lower case.
        let from_label = || package.label.rsplitn(3, '_').last().unwrap_or(&package.label).to_owned();
        let inf = package.inf_name.clone().unwrap_or_else(from_label);
        let folder = self.directory.join(FILE_REPOSITORY)?;
        let numbers = version.map(|version| parts(version.version));
        let number = |index: usize| numbers.and_then(|numbers| numbers.get(index).copied());
        Ok(DriverInfo {
            state: DriverState::Installed,
            driver: if published.is_empty() { inf.clone() } else { published },
            original_file_name: format!(r"{folder}\{}\{inf}", package.label),
            inbox: version.map_or(!is_oem, |version| version.inbox),
            catalog_file: package.catalog.clone(),
            class_name: match class {
                Some(class) => self.class_name(class)?,
                None => None,
            },
            class_guid: class.map(|class| class.to_string()),
            boot_critical: class.is_some_and(|class| self.classes.contains(class)),
            driver_signature: DriverSignature::recorded(package.signer_score),
            signer_name: package.signer_name.clone(),
            provider_name: package.provider.clone(),
            date: version.map(|version| version.date).filter(|&date| date != 0),
            version: version.map(|version| text(version.version)),
            major_version: number(0),
            minor_version: number(1),
            build: number(2),
            revision: number(3),
            hive: Some(hive),
        })
    }

    fn class_name(&mut self, class: Guid) -> Result<Option<String>> {
        if let Some(name) = self.names.get(&class) {
            return Ok(name.clone());
        }
        let name = class_name(self.system, class)?.or_else(|| well_known_name(class).map(str::to_owned));
        self.names.insert(class, name.clone());
        Ok(name)
    }
}
