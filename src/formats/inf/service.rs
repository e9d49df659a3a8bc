//! AddService: the services a package installs.
//!
//! Reference: MicrosoftDocs "INF AddService Directive".

use super::{bad, number32, Inf, Line, RegistryChange, Text};
use crate::error::{Error, Result};

/// `SPSVCINST_ASSOCSERVICE`: the service is the device's function driver.
const ASSOCIATED_SERVICE: u32 = 0x2;

/// A service of an AddService directive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// The service's key name; empty for the null driver (`AddService = ,2`).
    pub name: String,
    /// `SPSVCINST_*`.
    pub flags: u32,
    /// The section that describes it. Without one, or if no INF at hand has it, the values below are
    /// absent: the service is to exist already.
    pub section: Option<String>,
    /// `ServiceType`: 1 kernel driver, 2 file system driver, 0x10 own process…
    pub service_type: Option<u32>,
    /// `StartType`: 0 boot, 1 system, 2 automatic, 3 demand, 4 disabled.
    pub start_type: Option<u32>,
    /// `ErrorControl`: 0 ignore, 1 normal, 2 severe, 3 critical.
    pub error_control: Option<u32>,
    /// `ServiceBinary` as it stands: `%12%\driver.sys`, tokens replaced, the directory id kept.
    pub binary: Option<String>,
    /// `LoadOrderGroup`.
    pub load_order_group: Option<String>,
    /// `DisplayName`.
    pub display_name: Option<Text>,
    /// `Description`.
    pub description: Option<Text>,
    /// `Dependencies`; groups keep their `+`.
    pub dependencies: Vec<String>,
    /// `StartName`: the account or driver object.
    pub start_name: Option<String>,
    /// `BootFlags`.
    pub boot_flags: Option<u32>,
    /// `Security` as SDDL.
    pub security: Option<String>,
    /// AddReg and DelReg of the service, relative to its key.
    pub registry: Vec<RegistryChange>,
    /// The event log source.
    pub event_log: Option<EventLog>,
    /// The AddService line.
    pub line: u32,
}

/// The event log source of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    /// The log: `System` unless written otherwise.
    pub log: String,
    /// The source's name: the service's unless written otherwise.
    pub source: String,
    /// AddReg and DelReg, relative to the source's key.
    pub registry: Vec<RegistryChange>,
}

impl Service {
    /// Whether it is the device's function driver.
    pub fn is_associated(&self) -> bool {
        self.flags & ASSOCIATED_SERVICE != 0
    }

    /// Whether the boot loader loads it.
    pub fn is_boot_start(&self) -> bool {
        self.start_type == Some(0)
    }

    /// Directory id and rest of the path of the binary: `(12, "driver.sys")`.
    pub fn binary_path(&self) -> Option<(super::Dirid, &str)> {
        let (dirid, rest) = self.binary.as_deref()?.strip_prefix('%')?.split_once('%')?;
        Some((super::Dirid(dirid.parse().ok()?), rest.trim_start_matches('\\')))
    }
}

impl Inf {
    /// Reads one AddService line. Its sections are sought here, then in the included INFs, as Windows
    /// reads all of them as one.
    pub(super) fn service(&self, line: &Line, included: &[&Self]) -> Result<Service> {
        let field = |index| line.field(index).map(|raw| self.expand(raw)).filter(|text| !text.is_empty());
        let holder = |section: &str| {
            let mut infs = std::iter::once(self).chain(included.iter().copied());
            infs.find(|inf| inf.section(section).is_some())
        };
        let flags = match field(1) {
            None => 0,
            Some(text) => number32(&text)
                .ok_or_else(|| bad(line.position(), "flags in AddService", format!("'{text}'")))?,
        };
        let name = field(0).unwrap_or_default();
        let mut service = Service { name, flags, section: field(2), line: line.number, ..Service::default() };
        if !service.name.is_empty() {
            check_service_name(&service.name)?;
        }
        if let Some(section) = service.section.clone() {
            if let Some(inf) = holder(&section) {
                inf.describe(&mut service, &section)?;
            }
        }
        if let Some(section) = field(3) {
            service.event_log = Some(EventLog {
                log: field(4).unwrap_or_else(|| "System".to_owned()),
                source: field(5).unwrap_or_else(|| service.name.clone()),
                registry: holder(&section).map_or_else(|| Ok(Vec::new()), |inf| inf.registry_of(&section))?,
            });
        }
        Ok(service)
    }

    fn describe(&self, service: &mut Service, section: &str) -> Result<()> {
        let text = |key| self.value(section, key);
        let string = |key| text(key).map(|text: Text| text.text);
        let number = |key: &'static str| -> Result<Option<u32>> {
            let Some(line) = self.entries(section, key).find(|line| line.field(0).is_some()) else {
                return Ok(None);
            };
            let text = self.expand(line.field(0).unwrap_or_default());
            let number = number32(&text)
                .ok_or_else(|| bad(line.position(), format!("a number as {key}"), format!("'{text}'")))?;
            Ok(Some(number))
        };
        service.service_type = number("ServiceType")?;
        service.start_type = number("StartType")?;
        service.error_control = number("ErrorControl")?;
        service.boot_flags = number("BootFlags")?;
        service.binary = string("ServiceBinary");
        service.load_order_group = string("LoadOrderGroup");
        service.display_name = text("DisplayName");
        service.description = text("Description");
        service.start_name = string("StartName");
        service.security = string("Security");
        for line in self.entries(section, "Dependencies") {
            let names = line.fields().map(|raw| self.expand(raw)).filter(|name| !name.is_empty());
            service.dependencies.extend(names);
        }
        service.registry = self.registry_of(section)?;
        Ok(())
    }
}

/// A service's name becomes a key's: it may not hold `\`, `/` or control characters, nor be longer
/// than 256 characters.
fn check_service_name(name: &str) -> Result<()> {
    let bad_character = |character: char| matches!(character, '\\' | '/') || character < ' ';
    if name.contains(bad_character) || name.encode_utf16().count() > 256 {
        return Err(Error::InvalidName {
            what: "service name",
            name: name.to_owned(),
            reason: "it holds a slash or a control character, or is longer than 256 characters",
        });
    }
    Ok(())
}
