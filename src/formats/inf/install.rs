//! DDInstall sections: what installing a device means.
//!
//! The section named by a model is sought with `.NT<architecture>`, with `.NT`, and as it is; its
//! parts (`.Services`, `.HW`…) have the same decorated name in front. `Needs` reads further sections,
//! in this INF or in one that `Include` names.
//!
//! Reference: MicrosoftDocs "INF DDInstall Section" and its companions; internals of the choice in
//! "Creating INF Files for Multiple Platforms and Operating Systems".

use super::{bad, limit, same, Architecture, CopyFile, Inf, Line, RegistryChange, Service};
use crate::error::Result;
use std::collections::HashSet;

/// Parts a DDInstall section can have.
pub const INSTALL_PARTS: [&str; 11] = [
    "Services",
    "HW",
    "CoInstallers",
    "Wdf",
    "Events",
    "Filters",
    "Interfaces",
    "Components",
    "Software",
    "LogConfigOverride",
    "WMI",
];

/// Sections one install section may need, directly and indirectly.
const NEEDS_LIMIT: usize = 1000;
/// Registry changes one install section may make in all, and lines its services may be described in;
/// the largest graphics drivers have some ten thousand.
pub(super) const CHANGE_LIMIT: usize = 200_000;
/// INFs an install section may include, and sections it may need that are not found.
const NAME_LIMIT: usize = 1000;

/// A directive of an install section, with the INF it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Directive<'a> {
    /// The INF, which its sections and strings are from.
    pub inf: &'a Inf,
    /// The entry.
    pub line: &'a Line,
}

/// An install section with all it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Install {
    /// The section's decorated name, as its header has it: what the registry calls the configuration.
    pub section: String,
    /// The section's line.
    pub line: u32,
    /// The INFs that `Include` names, in the section and its parts.
    pub includes: Vec<String>,
    /// Sections that `Needs` names and that were not found.
    pub unresolved_needs: Vec<String>,
    /// CopyFiles of the section and of its co-installers.
    pub copy_files: Vec<CopyFile>,
    /// AddReg and DelReg of the section: relative to the driver key.
    pub registry: Vec<RegistryChange>,
    /// AddReg and DelReg of `.HW`: relative to the device key.
    pub hardware_registry: Vec<RegistryChange>,
    /// AddService of `.Services`.
    pub services: Vec<Service>,
    /// `FeatureScore`, 0xFF if not given; lower is better.
    pub feature_score: u8,
    /// `ExcludeID`.
    pub exclude_ids: Vec<String>,
    /// AddFilter of `.Filters`: the services, and whether each is an upper filter.
    pub filters: Vec<(String, bool)>,
    /// `Reboot` is asked for.
    pub reboot: bool,
    /// The parts there are, of [`INSTALL_PARTS`].
    pub parts: Vec<&'static str>,
}

impl Inf {
    /// The section Windows uses for `base` on an architecture: its name as the header has it.
    pub fn install_section_name(&self, base: &str, architecture: Architecture) -> Option<String> {
        let names = [format!("{base}.NT{architecture}"), format!("{base}.NT"), base.to_owned()];
        names.iter().find_map(|name| self.section(name)).map(|section| section.name.clone())
    }

    /// Reads the install section `base` (as a model names it) with its parts; `None` if it does not exist.
    ///
    /// `included` are the INFs that `Include` names, as far as the caller has them: a section that
    /// `Needs` asks for is sought here first, then in them.
    pub fn install(
        &self,
        base: &str,
        architecture: Architecture,
        included: &[&Inf],
    ) -> Result<Option<Install>> {
        let Some(name) = self.install_section_name(base, architecture) else { return Ok(None) };
        let line = self.section(&name).map_or(0, |section| section.number);
        let mut install = Install { section: name.clone(), line, feature_score: 0xFF, ..Install::default() };
        let directives = self.directives(&name, included, &mut install)?;
        install.registry = registry(&directives)?;
        install.reboot = directives.iter().any(|directive| directive.is("Reboot"))
            || self.section(&name).is_some_and(|section| {
                section.lines.iter().any(|line| line.key().is_none() && line.field(0) == Some("Reboot"))
            });
        for directive in &directives {
            if directive.is("FeatureScore") {
                install.feature_score = directive.feature_score()?;
            } else if directive.is("ExcludeID") {
                install.exclude_ids.extend(directive.values());
            }
        }
        install.copy_files = copy_files(&directives, architecture)?;
        for part in INSTALL_PARTS {
            let section = format!("{name}.{part}");
            if self.section(&section).is_none() {
                continue;
            }
            install.parts.push(part);
            let directives = self.directives(&section, included, &mut install)?;
            match part {
                "HW" => install.hardware_registry = registry(&directives)?,
                "CoInstallers" => install.copy_files.extend(copy_files(&directives, architecture)?),
                "Services" => {
                    let mut work = 0_usize;
                    for directive in directives.iter().filter(|directive| directive.is("AddService")) {
                        // A section that many services share is read once for each.
                        let lines = directive.line.field(2).map(|raw| directive.inf.expand(raw));
                        let lines = lines
                            .and_then(|section| self.section(&section))
                            .map_or(1, |found| found.lines.len());
                        let service = directive.inf.service(directive.line, included)?;
                        let log = service.event_log.as_ref().map_or(0, |log| log.registry.len());
                        work = [lines, service.registry.len(), log]
                            .into_iter()
                            .fold(work, usize::saturating_add);
                        if work > CHANGE_LIMIT {
                            return Err(bad(
                                directive.line.position(),
                                "services with at most 200000 entries",
                                "more",
                            ));
                        }
                        install.services.push(service);
                    }
                }
                "Filters" => {
                    for directive in directives.iter().filter(|directive| directive.is("AddFilter")) {
                        install.filters.extend(directive.filter());
                    }
                }
                _ => {}
            }
        }
        Ok(Some(install))
    }

    /// The entries of a section and of all that `Needs` leads to. Included INFs and sections that were
    /// not found are noted in `install`.
    pub(super) fn directives<'a>(
        &'a self,
        section: &str,
        included: &[&'a Inf],
        install: &mut Install,
    ) -> Result<Vec<Directive<'a>>> {
        let mut found = Vec::new();
        let mut waiting = vec![(self, section.to_owned())];
        let mut seen = HashSet::new();
        while let Some((inf, name)) = waiting.pop() {
            if !seen.insert((std::ptr::from_ref(inf), name.to_lowercase())) {
                continue;
            }
            if seen.len() > NEEDS_LIMIT {
                return Err(limit(
                    "the number of sections an install section needs",
                    NEEDS_LIMIT,
                    seen.len(),
                ));
            }
            let lines = inf.section(&name).map(|section| section.lines.as_slice()).unwrap_or_default();
            let mut needed = Vec::new();
            for line in lines {
                if install.includes.len() > NAME_LIMIT || install.unresolved_needs.len() > NAME_LIMIT {
                    return Err(bad(
                        line.position(),
                        "at most 1000 included INFs and needed sections",
                        "more",
                    ));
                }
                let directive = Directive { inf, line };
                if directive.is("Include") {
                    for file in directive.values() {
                        if !install.includes.iter().any(|known| same(known, &file)) {
                            install.includes.push(file);
                        }
                    }
                } else if directive.is("Needs") {
                    for section in directive.values() {
                        match std::iter::once(&inf)
                            .chain(included)
                            .find(|inf| inf.section(&section).is_some())
                        {
                            Some(inf) => needed.push((*inf, section)),
                            None if install.unresolved_needs.iter().any(|known| same(known, &section)) => {}
                            None => install.unresolved_needs.push(section),
                        }
                    }
                } else {
                    found.push(directive);
                }
            }
            waiting.extend(needed.into_iter().rev());
        }
        Ok(found)
    }

    /// DelReg and AddReg of a section, in that order.
    pub(super) fn registry_of(&self, section: &str) -> Result<Vec<RegistryChange>> {
        let lines = self.section(section).map(|section| section.lines.as_slice()).unwrap_or_default();
        let directives: Vec<_> = lines.iter().map(|line| Directive { inf: self, line }).collect();
        registry(&directives)
    }
}

impl Directive<'_> {
    /// Whether it is the directive of that name.
    pub fn is(&self, name: &str) -> bool {
        self.line.key().is_some_and(|key| same(key, name))
    }

    /// Its values, tokens replaced, without empty ones.
    pub fn values(&self) -> Vec<String> {
        self.line.fields().map(|raw| self.inf.expand(raw)).filter(|text| !text.is_empty()).collect()
    }

    /// An 8-bit hexadecimal number, with or without `0x`.
    fn feature_score(&self) -> Result<u8> {
        let text = self.inf.expand(self.line.field(0).unwrap_or_default());
        let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
        u8::from_str_radix(digits, 16)
            .map_err(|_| bad(self.line.position(), "a feature score from 00 to FF", format!("'{text}'")))
    }

    /// The service of an AddFilter (`name, flags, section`) and whether the section says `upper`.
    fn filter(&self) -> Option<(String, bool)> {
        let values: Vec<_> = self.line.fields().map(|raw| self.inf.expand(raw)).collect();
        let name = values.first().filter(|name| !name.is_empty())?;
        let section = values.get(2)?;
        let value = |key| self.inf.value(section, key).map(|text| text.text);
        let position = value("FilterPosition").map(|position| same(&position, "Upper"));
        // Filter levels are named too; those above the function driver begin with `upper`.
        let level = value("FilterLevel").map(|level| level.to_lowercase().contains("upper"));
        let upper = position.or(level).unwrap_or(false);
        Some((name.clone(), upper))
    }
}

/// All DelReg sections, then all AddReg sections, as SetupAPI does; each section once.
fn registry(directives: &[Directive<'_>]) -> Result<Vec<RegistryChange>> {
    let mut changes = Vec::new();
    type Read = fn(&Inf, &str) -> Result<Vec<RegistryChange>>;
    let kinds: [(&str, Read); 2] = [("DelReg", Inf::del_reg), ("AddReg", Inf::add_reg)];
    for (name, read) in kinds {
        let mut seen = HashSet::new();
        for directive in directives.iter().filter(|directive| directive.is(name)) {
            for section in directive.values() {
                if seen.insert((std::ptr::from_ref(directive.inf), section.to_lowercase())) {
                    changes.extend(read(directive.inf, &section)?);
                }
                if changes.len() > CHANGE_LIMIT {
                    return Err(bad(directive.line.position(), "at most 200000 registry changes", "more"));
                }
            }
        }
    }
    Ok(changes)
}

fn copy_files(directives: &[Directive<'_>], architecture: Architecture) -> Result<Vec<CopyFile>> {
    let mut copies = Vec::new();
    let mut seen = HashSet::new();
    let mut sources: Option<(*const Inf, std::collections::HashMap<String, String>)> = None;
    for directive in directives.iter().filter(|directive| directive.is("CopyFiles")) {
        let this = std::ptr::from_ref(directive.inf);
        let known = match sources.take().filter(|(inf, _)| std::ptr::eq(*inf, this)) {
            Some((_, known)) => known,
            None => directive.inf.source_paths(architecture)?,
        };
        copies.extend(directive.inf.copy_files(directive.line, &known, &mut seen)?);
        sources = Some((this, known));
    }
    Ok(copies)
}
