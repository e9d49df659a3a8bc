//! DDInstall sections: what installing a device means.
//!
//! The section named by a model is sought with `.NT<architecture>`, with `.NT`, and as it is; its
//! parts (`.Services`, `.HW`…) have the same decorated name in front. `Needs` reads further sections,
//! in this INF or in one that `Include` names.
//!
//! Reference: MicrosoftDocs "INF DDInstall Section" and its companions; internals of the choice in
//! "Creating INF Files for Multiple Platforms and Operating Systems".

use super::addition::Addition;
use super::copy_files::{CopyFile, FileChange};
use super::filter::Filter;
use super::finding::{Code, Severity, Strictness};
use super::interface::Interface;
use super::property::Property;
use super::reader::{Entry, Needs, Reader, Source};
use super::service::{deleted_service, DeletedService, Service};
use super::version::{driver_ver, DriverVer};
use super::{bad, Architecture, Inf, RegistryChange, Section};
use crate::error::Result;

/// Parts a DDInstall section can have.
pub const INSTALL_PARTS: [&str; 12] = [
    "Services",
    "HW",
    "CoInstallers",
    "Wdf",
    "Events",
    "Filters",
    "Interfaces",
    "Components",
    "Software",
    "COM",
    "LogConfigOverride",
    "WMI",
];

/// Directives that do something when a device is installed, and nothing to an offline image.
const NOT_OFFLINE: [&str; 8] = [
    "LogConfig",
    "ProfileItems",
    "UpdateInis",
    "UpdateIniFields",
    "Ini2Reg",
    "RegisterDlls",
    "UnregisterDlls",
    "Reboot",
];

/// An install section with all it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Install {
    /// The section's decorated name, as its header has it: what the registry calls the configuration.
    pub section: String,
    /// The section's line; 0 if it does not exist.
    pub line: u32,
    /// The INFs that `Include` names, in the section and its parts.
    pub includes: Vec<String>,
    /// Sections that `Needs` names and that were not found.
    pub unresolved_needs: Vec<String>,
    /// CopyFiles of the section and of its co-installers.
    pub copy_files: Vec<CopyFile>,
    /// DelFiles and RenFiles of the section and of its co-installers.
    pub file_changes: Vec<FileChange>,
    /// AddReg, DelReg and BitReg of the section: relative to the driver key (the software key).
    pub registry: Vec<RegistryChange>,
    /// The same of `.HW`: relative to the device key (the hardware key).
    pub hardware_registry: Vec<RegistryChange>,
    /// The same of `.CoInstallers`: relative to the driver key.
    pub coinstaller_registry: Vec<RegistryChange>,
    /// AddProperty and DelProperty of the section and its parts.
    pub properties: Vec<Property>,
    /// AddService of `.Services`.
    pub services: Vec<Service>,
    /// DelService of `.Services`.
    pub deleted_services: Vec<DeletedService>,
    /// AddFilter of `.Filters`.
    pub filters: Vec<Filter>,
    /// AddInterface of `.Interfaces`.
    pub interfaces: Vec<Interface>,
    /// What the section, `.Wdf`, `.Events`, `.Components`, `.Software`, `.COM` and `.WMI` add.
    pub additions: Vec<Addition>,
    /// INFs that `CopyINF` installs with this one.
    pub copy_infs: Vec<String>,
    /// `DriverVer` of the section, which goes before that of `[Version]`.
    pub driver_ver: Option<DriverVer>,
    /// `FeatureScore`, 0xFF if not given; lower is better.
    pub feature_score: u8,
    /// `ExcludeID`.
    pub exclude_ids: Vec<String>,
    /// `Reboot` is asked for.
    pub reboot: bool,
    /// The parts there are, of [`INSTALL_PARTS`].
    pub parts: Vec<&'static str>,
}

impl Inf {
    /// The section Windows uses for `base` on an architecture: its name as the header has it.
    pub fn install_section_name(&self, base: &str, architecture: Architecture) -> Option<String> {
        let reader = Reader::new(self, Vec::new(), architecture, Strictness::Refuse);
        reader.decorated(reader.package, base).map(|(_, section)| section.name.clone())
    }

    /// Reads the install section `base` (as a model names it) with its parts; `None` if it does not exist.
    ///
    /// `included` are the INFs that `Include` names, as far as the caller has them: a section that
    /// `Needs` asks for is sought here first, then in them.
    ///
    /// # Errors
    /// The first mistake in what the section leads to, with its place.
    pub fn install(
        &self,
        base: &str,
        architecture: Architecture,
        included: &[&Inf],
    ) -> Result<Option<Install>> {
        let included = included.iter().map(|&inf| Source { inf, file: "included INF" }).collect();
        Reader::new(self, included, architecture, Strictness::Refuse).install(base)
    }
}

impl<'a> Reader<'a> {
    /// As [`Inf::install`].
    pub(super) fn install(&mut self, base: &str) -> Result<Option<Install>> {
        let Some((source, section)) = self.decorated(self.package, base) else { return Ok(None) };
        self.begin_section();
        let name = section.name.clone();
        let mut install = Install {
            section: name.clone(),
            line: section.number,
            feature_score: 0xFF,
            ..Install::default()
        };
        let mut needs = Needs::default();
        let entries = self.entries(source, section, &mut needs)?;
        self.main(section, &entries, &mut install)?;
        for part in INSTALL_PARTS {
            let Some((source, section)) = self.holder(source, &format!("{name}.{part}")) else { continue };
            install.parts.push(part);
            let entries = self.entries(source, section, &mut needs)?;
            self.part(part, &entries, &mut install, &mut needs)?;
        }
        install.includes = needs.includes;
        install.unresolved_needs = needs.unresolved;
        Ok(Some(install))
    }

    fn main(&mut self, section: &Section, entries: &[Entry<'a>], install: &mut Install) -> Result<()> {
        // Windows takes these from the section itself, not from those it needs.
        let own = section.lines.as_ptr_range();
        let is_own = |entry: &Entry<'_>| own.contains(&std::ptr::from_ref(entry.line));
        install.registry = self.registry(entries)?;
        install.copy_files = self.copy_files(entries)?;
        install.file_changes = self.file_changes(entries)?;
        install.properties = self.properties(entries)?;
        install.additions = self.additions(entries)?;
        for entry in entries {
            install.reboot |= entry.is_alone("Reboot");
            if entry.is("FeatureScore") && is_own(entry) {
                if let Some(score) = self.check(Code::Directive, entry, feature_score(entry))? {
                    install.feature_score = score;
                }
            } else if entry.is("DriverVer") {
                install.driver_ver = self.check(Code::DriverVer, entry, driver_ver(entry))?;
            } else if entry.is("ExcludeID") && is_own(entry) {
                install.exclude_ids.extend(entry.values());
            } else if entry.is("CopyINF") {
                install.copy_infs.extend(entry.values());
            }
        }
        self.note_not_offline(entries);
        Ok(())
    }

    fn part(
        &mut self,
        part: &str,
        entries: &[Entry<'a>],
        install: &mut Install,
        needs: &mut Needs,
    ) -> Result<()> {
        match part {
            "HW" => {
                install.hardware_registry = self.registry(entries)?;
                install.properties.extend(self.properties(entries)?);
            }
            "CoInstallers" => {
                install.coinstaller_registry = self.registry(entries)?;
                install.copy_files.extend(self.copy_files(entries)?);
                install.file_changes.extend(self.file_changes(entries)?);
                install.properties.extend(self.properties(entries)?);
                self.note_not_offline(entries);
            }
            "Services" => self.services(entries, install)?,
            "Filters" => {
                for entry in entries.iter().filter(|entry| entry.is("AddFilter")) {
                    install.filters.extend(self.filter(entry)?);
                }
            }
            "Interfaces" => {
                for entry in entries.iter().filter(|entry| entry.is("AddInterface")) {
                    install.interfaces.extend(self.interface(entry, needs)?);
                }
            }
            _ => install.additions.extend(self.additions(entries)?),
        }
        Ok(())
    }

    fn services(&mut self, entries: &[Entry<'a>], install: &mut Install) -> Result<()> {
        for entry in entries {
            if entry.is("AddService") {
                let service = self.service(entry);
                install.services.extend(self.check(Code::Service, entry, service)?);
            } else if entry.is("DelService") {
                let service = deleted_service(entry);
                install.deleted_services.extend(self.check(Code::Service, entry, service)?);
            }
        }
        Ok(())
    }

    fn note_not_offline(&mut self, entries: &[Entry<'a>]) {
        for entry in entries {
            if let Some(directive) = NOT_OFFLINE.iter().find(|directive| entry.is_alone(directive)) {
                let text = format!("{directive} is done when a device is installed, not in an offline image");
                let at = entry.line.position();
                self.findings.add(Severity::Note, Code::NotOffline, entry.source.file, at, text);
            }
        }
    }
}

/// An 8-bit hexadecimal number, with or without `0x`.
fn feature_score(entry: &Entry<'_>) -> Result<u8> {
    let text = entry.value(0).unwrap_or_default();
    let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
    let wrong = || bad(entry.line.field_position(0), "a feature score from 00 to FF", format!("'{text}'"));
    u8::from_str_radix(digits, 16).map_err(|_| wrong())
}
