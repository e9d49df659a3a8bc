//! The driver packages that an image records, in both of its hives.

pub(super) mod detail;
pub(super) mod export;
pub(super) mod list;
pub(super) mod select;

use super::database::classes::{well_known_name, BootClasses, DatabaseHive};
use super::database::device_index::{self, IndexEntry};
use super::database::version::{parts, text};
use super::database::{self, KnownPackage};
use super::deferred;
use super::report::{DriverInfo, DriverSignature, DriverState};
use super::store::FILE_REPOSITORY;
use super::target::class_name;
use crate::error::{Error, InFile, Result};
use crate::formats::inf::{Guid, ParseOptions, Target};
use crate::image::{ImageDetails, ImagePath, TextPattern, View};
use crate::servicing::hives::ImageHive;
use crate::servicing::setup::FirstBoot;
use crate::servicing::windows::{hive_path, WindowsImage};
use std::cell::RefCell;
use std::collections::HashMap;

/// The driver database of an image, opened to be read.
#[derive(Debug)]
pub struct Inventory {
    /// The Windows directory.
    pub windows: ImagePath,
    /// What the image is.
    pub target: Target,
    /// Language and code page of INFs.
    pub inf_text: ParseOptions,
    packages: Vec<Recorded>,
    first_boot: FirstBoot,
    system: ImageHive,
    drivers: Option<ImageHive>,
    classes: BootClasses,
    class_names: RefCell<HashMap<Guid, Option<String>>>,
}

/// A package and the hive that records it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The hive.
    pub hive: DatabaseHive,
    /// What it says.
    pub package: KnownPackage,
}

impl Inventory {
    /// Reads what the image's hives record.
    ///
    /// # Errors
    /// [`Error::NotServiceable`] if the image holds no Windows with a driver database in its registry.
    pub fn open(view: &View<'_>, details: &ImageDetails) -> Result<Self> {
        let WindowsImage { directory, target, inf_text, system } = WindowsImage::open(view, details)?;
        let first_boot = FirstBoot::open(view, &directory)?;
        if database::find(&system.hive)?.is_none() && first_boot.steps().is_empty() {
            return Err(Error::NotServiceable {
                reason: "its registry has no driver database, which Windows 8 and newer have".to_owned(),
            });
        }
        let drivers = ImageHive::open(view, &hive_path(&directory, "DRIVERS")?)?;
        let mut packages = Vec::new();
        let hives = [(DatabaseHive::System, Some(&system)), (DatabaseHive::Drivers, drivers.as_ref())];
        for (kind, file) in hives {
            let Some(file) = file else { continue };
            for package in database::packages(&file.hive).in_file(file.path().to_string())? {
                packages.push(Recorded { hive: kind, package });
            }
        }
        let inbox = packages.iter().filter_map(|recorded| {
            let version = recorded.package.version.filter(|version| version.inbox)?;
            (recorded.hive == DatabaseHive::System).then_some(version.class_guid)
        });
        let classes = BootClasses::new(inbox);
        let class_names = RefCell::default();
        Ok(Self {
            windows: directory,
            target,
            inf_text,
            packages,
            first_boot,
            system,
            drivers,
            classes,
            class_names,
        })
    }

    /// All packages.
    pub fn packages(&self) -> &[Recorded] {
        &self.packages
    }

    /// What is told of the packages that Windows Setup is to install.
    pub fn deferred(&self) -> Result<Vec<DriverInfo>> {
        let info = |package: deferred::Deferred| {
            package.info(self.first_boot.folder(), self.classes.contains(package.class()))
        };
        deferred::packages(&self.first_boot).map(|(_, package)| info(package)).collect()
    }

    /// Done: the hives are kept for the next use.
    pub fn close(self, view: &View<'_>) {
        self.drivers.into_iter().chain([self.system]).for_each(|hive| hive.close(view));
    }

    fn databases(&self) -> impl Iterator<Item = (DatabaseHive, &ImageHive)> {
        let drivers = self.drivers.iter().map(|hive| (DatabaseHive::Drivers, hive));
        std::iter::once((DatabaseHive::System, &self.system)).chain(drivers)
    }

    /// The INFs that ids like `wanted` lead to.
    pub fn look_up(&self, wanted: &TextPattern) -> Result<Vec<(DatabaseHive, IndexEntry)>> {
        let mut found = Vec::new();
        for (kind, file) in self.databases() {
            let entries = device_index::look_up(&file.hive, wanted).in_file(file.path().to_string())?;
            found.extend(entries.into_iter().map(|entry| (kind, entry)));
        }
        Ok(found)
    }

    /// The package that a published name of a hive means: of several the one that is active.
    pub fn published(&self, hive: DatabaseHive, name: &str) -> Result<Option<&Recorded>> {
        let file = self.databases().find(|(kind, _)| *kind == hive).map(|(_, file)| file);
        let active = match file {
            Some(file) => database::active_label(&file.hive, name).in_file(file.path().to_string())?,
            None => None,
        };
        let same =
            |found: &Option<String>| found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let of_name = || {
            let here = self.packages.iter().filter(|recorded| recorded.hive == hive);
            here.filter(|recorded| same(&recorded.package.published_name))
        };
        let is_active = |recorded: &&Recorded| {
            active.as_ref().is_some_and(|active| active.eq_ignore_ascii_case(&recorded.package.label))
        };
        Ok(of_name().find(is_active).or_else(|| of_name().next()))
    }

    /// What is told of a package.
    pub fn info(&self, Recorded { hive, package }: &Recorded) -> Result<DriverInfo> {
        let version = package.version;
        let class = version.map(|version| version.class_guid);
        let published = package.published_name.clone().unwrap_or_default();
        let is_oem = super::database::oem_map::number_of(&published).is_some();
        // Without `InfName` (inbox packages), the label starts with the name in lower case.
        let from_label = || package.label.rsplitn(3, '_').last().unwrap_or(&package.label).to_owned();
        let inf = package.inf_name.clone().unwrap_or_else(from_label);
        let folder = self.windows.join(FILE_REPOSITORY)?;
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
            hive: Some(*hive),
            label: package.label.clone(),
            detail: None,
        })
    }

    /// The class's name as the image has it, else its usual one.
    pub fn class_name(&self, class: Guid) -> Result<Option<String>> {
        if let Some(name) = self.class_names.borrow().get(&class) {
            return Ok(name.clone());
        }
        let name =
            class_name(&self.system.hive, class)?.or_else(|| well_known_name(class).map(str::to_owned));
        self.class_names.borrow_mut().insert(class, name.clone());
        Ok(name)
    }

    /// The record of a package in a hive.
    pub fn recorded(&self, hive: Option<DatabaseHive>, label: &str) -> Option<&Recorded> {
        let hive = hive?;
        self.packages.iter().find(|recorded| recorded.hive == hive && recorded.package.label == label)
    }
}
