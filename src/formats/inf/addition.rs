//! Directives that add one named thing described by a section of settings: software components and
//! software, event providers with their channels, KMDF and UMDF services, COM servers, power settings.
//!
//! The settings are kept as the INF has them, because Windows hands them on to the subsystem that the
//! directive is for, at device installation.
//!
//! Reference: MicrosoftDocs "INF AddComponent", "AddSoftware", "AddEventProvider", "AddComServer",
//! "AddPowerSetting Directive", "Specifying WDF Directives in INF Files", "INF DDInstall.WMI Section".

use super::finding::Code;
use super::line::Section;
use super::reader::{plain, Entry, Reader, Source};
use super::RegistryChange;
use crate::error::Result;

/// Sections that are described within each other: a provider's channel, a server's class.
const DEPTH_LIMIT: usize = 4;

/// Which field of a directive has what.
#[derive(Debug, Clone, Copy)]
struct Shape {
    directive: &'static str,
    /// The field of the section that describes the thing.
    section: usize,
    /// The field of the flags or type.
    flags: Option<usize>,
}

const fn shape(directive: &'static str, section: usize, flags: Option<usize>) -> Shape {
    Shape { directive, section, flags }
}

/// Every directive of this kind, in install sections, their parts, and the sections they name.
const SHAPES: [Shape; 12] = [
    shape("AddComponent", 2, Some(1)),
    shape("AddSoftware", 2, Some(1)),
    shape("AddEventProvider", 1, None),
    shape("AddAutoLogger", 1, None),
    shape("UpdateAutoLogger", 1, None),
    shape("AddChannel", 2, Some(1)),
    shape("AddComServer", 2, Some(1)),
    shape("AddComClass", 2, Some(1)),
    shape("KmdfService", 1, None),
    shape("UmdfService", 1, None),
    shape("AddPowerSetting", 0, None),
    shape("WMIInterface", 2, Some(1)),
];

/// A thing that a directive adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The directive, in Microsoft's spelling: `AddComponent`, `KmdfService`…
    pub directive: &'static str,
    /// The thing's name: a component's, a service's, a provider's GUID; a power setting's section.
    pub name: String,
    /// The flags, or a channel's type; 0 if the directive has none.
    pub flags: u32,
    /// The section that describes it.
    pub section: Option<String>,
    /// Its settings: keys, and values with tokens replaced and directory ids kept.
    pub settings: Vec<(String, Vec<String>)>,
    /// What its section adds in turn: a provider's channels, a COM server's classes.
    pub parts: Vec<Addition>,
    /// AddReg, DelReg and BitReg of its section.
    pub registry: Vec<RegistryChange>,
    /// The line.
    pub line: u32,
}

impl Addition {
    /// The values of a setting, whatever its case; of its first entry, if it has several.
    pub fn setting(&self, key: &str) -> Option<&[String]> {
        let mut settings = self.settings.iter();
        settings.find(|(found, _)| super::same(found, key)).map(|(_, values)| values.as_slice())
    }
}

impl<'a> Reader<'a> {
    /// What the directives of this kind among the entries add.
    pub(super) fn additions(&mut self, entries: &[Entry<'a>]) -> Result<Vec<Addition>> {
        self.additions_within(entries, DEPTH_LIMIT)
    }

    fn additions_within(&mut self, entries: &[Entry<'a>], depth: usize) -> Result<Vec<Addition>> {
        let mut additions = Vec::new();
        for entry in entries {
            let Some(shape) = SHAPES.iter().find(|shape| entry.is(shape.directive)) else { continue };
            let flags = match shape.flags {
                Some(field) => entry.number(field, &format!("flags in {}", shape.directive)),
                None => Ok(None),
            };
            let Some(flags) = self.check(Code::Directive, entry, flags)? else { continue };
            let mut addition = Addition {
                directive: shape.directive,
                name: entry.value(0).unwrap_or_default(),
                flags: flags.unwrap_or(0),
                section: entry.value(shape.section),
                settings: Vec::new(),
                parts: Vec::new(),
                registry: Vec::new(),
                line: entry.line.number,
            };
            if let Some(name) = addition.section.clone() {
                if let Some((source, section)) = self.named(entry, shape.section, &name) {
                    self.describe_addition(&mut addition, source, section, depth)?;
                }
            }
            additions.push(addition);
        }
        Ok(additions)
    }

    fn describe_addition(
        &mut self,
        addition: &mut Addition,
        source: Source<'a>,
        section: &'a Section,
        depth: usize,
    ) -> Result<()> {
        self.charge(source, section)?;
        let entries: Vec<_> = plain(source, section).collect();
        for entry in &entries {
            let Some(key) = entry.line.key() else { continue };
            addition.settings.push((source.inf.expand(key), entry.values()));
        }
        addition.registry = self.registry(&entries)?;
        if let Some(depth) = depth.checked_sub(1) {
            addition.parts = self.additions_within(&entries, depth)?;
        }
        Ok(())
    }
}
