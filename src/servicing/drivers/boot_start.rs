//! What a package whose driver starts at boot needs besides its database entry: services, the file in
//! `System32\drivers`, lockdown of that file, and on images that have it the critical device database.
//!
//! Reference: docs/formats/driver-database.md, "Boot-start drivers".

use super::database::services;
use super::remove::withdraw::LOCKDOWN;
use super::store::FILE_REPOSITORY;
use crate::error::Result;
use crate::formats::inf::{Configuration, CopyFile, Dirid, Guid, Service};
use crate::formats::regf::{dword, sz, Hive, REG_DWORD, REG_EXPAND_SZ, REG_SZ};
use serde::{Deserialize, Serialize};

/// Which packages get what a driver needs to start at boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BootCritical {
    /// Those with a service that starts at boot.
    #[default]
    Auto,
    /// None: Windows sets devices up when it sees them.
    Never,
    /// All with a function driver's service, which keeps the start type that its INF says.
    Force,
}

/// The part of a package that starts at boot.
#[derive(Debug, Clone)]
pub struct BootStart {
    /// Install sections that have a boot-start service, or were chosen to be treated so, each with its models.
    pub sections: Vec<Configuration>,
}

/// The install sections of a package that have drivers.
#[derive(Debug, Default)]
pub struct DriverSections {
    boot: Vec<Configuration>,
    /// With the service of a function driver that does not start at boot.
    other: Vec<Configuration>,
}

impl DriverSections {
    /// Sorts install sections; those without a driver are left out.
    pub fn of(sections: Vec<Configuration>) -> Self {
        let is_boot = |service: &Service| service.is_boot_start() && services::is_driver(service);
        let is_function = |service: &Service| {
            service.is_associated() && service.section.is_some() && services::is_driver(service)
        };
        let mut found = Self::default();
        for section in sections {
            if section.install.services.iter().any(is_boot) {
                found.boot.push(section);
            } else if section.install.services.iter().any(is_function) {
                found.other.push(section);
            }
        }
        found
    }

    /// Whether a driver starts at boot.
    pub fn start_at_boot(&self) -> bool {
        !self.boot.is_empty()
    }

    /// The sections that are treated as starting at boot; `None` if there are none.
    pub fn choose(self, which: BootCritical) -> Option<BootStart> {
        let mut sections = match which {
            BootCritical::Never => Vec::new(),
            BootCritical::Auto => self.boot,
            BootCritical::Force => self.boot.into_iter().chain(self.other).collect(),
        };
        sections.sort_by_key(|found| found.models.first().map(|model| model.line));
        (!sections.is_empty()).then_some(BootStart { sections })
    }
}

impl BootStart {
    /// The drivers' services, each name once.
    pub fn services(&self) -> Vec<&Service> {
        let mut found: Vec<&Service> = Vec::new();
        for service in self.sections.iter().flat_map(|found| &found.install.services) {
            let described = service.section.is_some() && !service.name.is_empty();
            let known = found.iter().any(|known| known.name.eq_ignore_ascii_case(&service.name));
            if described && !known && services::is_driver(service) {
                found.push(service);
            }
        }
        found
    }

    /// The files for `System32\drivers`, each target once.
    pub fn driver_files(&self) -> Vec<&CopyFile> {
        let mut found: Vec<&CopyFile> = Vec::new();
        for copy in self.sections.iter().flat_map(|found| &found.install.copy_files) {
            let same = |known: &&CopyFile| target(known).eq_ignore_ascii_case(&target(copy));
            if copy.dirid == Dirid::DRIVERS && !found.iter().any(same) {
                found.push(copy);
            }
        }
        found
    }

    /// Writes services, and the critical device database where there is one, into every control set.
    pub fn write_system(&self, system: &mut Hive, class: Guid, label: &str, published: &str) -> Result<()> {
        for control_set in services::control_sets(system)? {
            for service in self.services() {
                services::write(system, control_set, service, label, published)?;
            }
            let Some(database) = system.find(control_set, r"Control\CriticalDeviceDatabase")? else {
                continue;
            };
            for Configuration { install, models } in &self.sections {
                let service = install.services.iter().find(|service| service.is_associated());
                let Some(service) = service.filter(|service| !service.name.is_empty()) else { continue };
                let ids =
                    models.iter().flat_map(|model| model.hardware_id.iter().chain(&model.compatible_ids));
                for id in ids.filter(|id| !id.trim().is_empty()) {
                    let key = system.create_key(database, &id.trim().replace('\\', "#"))?;
                    system.set_value(key, "ClassGUID", REG_SZ, &sz(&class.to_string()))?;
                    system.set_value(key, "Service", REG_SZ, &sz(&service.name))?;
                }
            }
        }
        Ok(())
    }

    /// Notes in SOFTWARE who owns the files in `System32\drivers`, and where they came from.
    pub fn write_lockdown(
        &self,
        software: &mut Hive,
        locked: bool,
        label: &str,
        published: &str,
    ) -> Result<()> {
        for copy in self.driver_files() {
            let name = target(copy).replace('\\', "/");
            let key = software
                .create_key(software.root(), &format!(r"{LOCKDOWN}\%SystemRoot%/System32/drivers/{name}"))?;
            let class = if locked { 4 } else { 5 };
            software.set_value(key, "Class", REG_DWORD, &dword(class))?;
            services::own(software, key, published)?;
            let source = format!(r"%SystemRoot%\{FILE_REPOSITORY}\{label}\{}", copy.source);
            software.set_value(key, "Source", REG_EXPAND_SZ, &sz(&source))?;
        }
        Ok(())
    }
}

/// A copy's path below its directory id.
pub fn target(copy: &CopyFile) -> String {
    if copy.subdirectory.is_empty() {
        copy.name.clone()
    } else {
        format!(r"{}\{}", copy.subdirectory, copy.name)
    }
}
