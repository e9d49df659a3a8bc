//! AddService and DelService: the services a package installs and removes.
//!
//! Reference: MicrosoftDocs "INF AddService Directive", "INF DelService Directive".

use super::dirid::{is_documented, Dirid};
use super::finding::Code;
use super::line::Section;
use super::reader::{plain, Entry, Reader, Source};
use super::service_control::{FailureActions, Trigger};
use super::{bad, Position, RegistryChange, Text};
use crate::error::Result;

/// `SPSVCINST_ASSOCSERVICE`: the service is the device's function driver.
const ASSOCIATED_SERVICE: u32 = 0x2;
/// `SPSVCINST_DELETEEVENTLOGENTRY`: with the service goes its event log source.
const DELETE_EVENT_SOURCE: u32 = 0x4;
/// UTF-16 units of a key's name.
const KEY_NAME_LIMIT: usize = 255;

/// What an AddService line may leave as it is in a service that exists already: bits of its flags
/// (`SPSVCINST_NOCLOBBER_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// `DisplayName`.
    DisplayName,
    /// `Start`.
    StartType,
    /// `ErrorControl`.
    ErrorControl,
    /// `Group`, and the tag in it.
    LoadOrderGroup,
    /// `DependOnService` and `DependOnGroup`.
    Dependencies,
    /// `Description`.
    Description,
}

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
    /// `RequiredPrivileges` of a program.
    pub required_privileges: Vec<String>,
    /// `ServiceSidType` of a program.
    pub sid_type: Option<u32>,
    /// `DelayedAutoStart` of a program.
    pub delayed_auto_start: Option<u32>,
    /// `AddTrigger`: what starts or stops a program.
    pub triggers: Vec<Trigger>,
    /// `FailureActions` of a program.
    pub failure_actions: Option<FailureActions>,
    /// AddReg, DelReg and BitReg of the service, relative to its key.
    pub registry: Vec<RegistryChange>,
    /// The event log source.
    pub event_log: Option<EventLog>,
    /// The INF: empty for the package's own, else the name that `Include` has.
    pub file: String,
    /// The AddService line.
    pub line: u32,
}

/// A service of a DelService directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedService {
    /// The service's key name.
    pub name: String,
    /// `SPSVCINST_*`.
    pub flags: u32,
    /// The event log source that goes with it: log and name.
    pub event_source: Option<(String, String)>,
    /// The line.
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

    /// Whether a value of a service that exists already is left as it is.
    pub fn keeps(&self, what: Kept) -> bool {
        let bit = match what {
            Kept::DisplayName => 0x8,
            Kept::StartType => 0x10,
            Kept::ErrorControl => 0x20,
            Kept::LoadOrderGroup => 0x40,
            Kept::Dependencies => 0x80,
            Kept::Description => 0x100,
        };
        self.flags & bit != 0
    }

    /// Whether the boot loader loads it.
    pub fn is_boot_start(&self) -> bool {
        self.start_type == Some(0)
    }

    /// Directory id and rest of the path of the binary: `(12, "driver.sys")`.
    pub fn binary_path(&self) -> Option<(Dirid, &str)> {
        split_dirid(self.binary.as_deref()?)
    }
}

impl<'a> Reader<'a> {
    /// Reads one AddService line.
    pub(super) fn service(&mut self, entry: &Entry<'a>) -> Result<Service> {
        let flags = entry.number(1, "flags in AddService")?.unwrap_or(0);
        let mut service = Service {
            name: entry.value(0).unwrap_or_default(),
            flags,
            section: entry.value(2),
            file: entry.source.file.to_owned(),
            line: entry.line.number,
            ..Service::default()
        };
        if !service.name.is_empty() {
            check_key_name("the name of a service", &service.name, entry.line.field_position(0))?;
        }
        if let Some(section) = service.section.clone() {
            if let Some((source, section)) = self.named(entry, 2, &section) {
                self.describe(&mut service, source, section)?;
            }
        }
        if let Some(section) = entry.value(3) {
            let registry = match self.named(entry, 3, &section) {
                Some((source, section)) => self.registry_of(source, section)?,
                None => Vec::new(),
            };
            let log = entry.value(4).unwrap_or_else(|| "System".to_owned());
            let source = entry.value(5).unwrap_or_else(|| service.name.clone());
            check_key_name("the name of an event log", &log, entry.line.field_position(4))?;
            check_key_name("the name of an event log source", &source, entry.line.field_position(5))?;
            service.event_log = Some(EventLog { log, source, registry });
        }
        Ok(service)
    }

    fn describe(&mut self, service: &mut Service, source: Source<'a>, section: &'a Section) -> Result<()> {
        self.charge(source, section)?;
        let find = |key: &str| plain(source, section).find(|entry| entry.is(key) && entry.value(0).is_some());
        let text = |key: &str| find(key).and_then(|entry| entry.text(0));
        let string = |key: &str| text(key).map(|text: Text| text.text);
        let number = |key: &str| -> Result<Option<u32>> {
            find(key).map_or(Ok(None), |entry| entry.number(0, &format!("a number as {key}")))
        };
        service.service_type = number("ServiceType")?;
        service.start_type = number("StartType")?;
        service.error_control = number("ErrorControl")?;
        service.boot_flags = number("BootFlags")?;
        service.sid_type = number("ServiceSidType")?;
        service.delayed_auto_start = number("DelayedAutoStart")?;
        service.binary = string("ServiceBinary");
        service.load_order_group = string("LoadOrderGroup");
        service.display_name = text("DisplayName");
        service.description = text("Description");
        service.start_name = string("StartName");
        service.security = string("Security");
        for entry in plain(source, section) {
            if entry.is("Dependencies") {
                service.dependencies.extend(entry.values());
            } else if entry.is("RequiredPrivileges") {
                service.required_privileges.extend(entry.values());
            } else if entry.is("AddTrigger") {
                let triggers = self.triggers(&entry)?;
                service.triggers.extend(triggers);
            } else if entry.is("FailureActions") {
                service.failure_actions = self.failure_actions(&entry)?;
            }
        }
        if let Some(entry) = find("ServiceBinary") {
            self.check_binary(&entry, service.binary_path());
        }
        service.registry = self.registry_of(source, section)?;
        Ok(())
    }

    /// Notes a `ServiceBinary` that does not begin with a directory id that is known.
    fn check_binary(&mut self, entry: &Entry<'a>, path: Option<(Dirid, &str)>) {
        let system_root = |text: String| text.to_lowercase().starts_with("%systemroot%");
        match path {
            None if entry.value(0).is_some_and(system_root) => {}
            None => {
                let text = "the path does not begin with a directory id such as %12%".to_owned();
                self.warn(Code::UnknownDirid, entry, 0, text);
            }
            Some((dirid, _)) if !is_documented(dirid) => {
                self.warn(
                    Code::UnknownDirid,
                    entry,
                    0,
                    format!("directory id {} is not documented", dirid.0),
                );
            }
            Some(_) => {}
        }
    }
}

/// Reads one DelService line.
pub(super) fn deleted_service(entry: &Entry<'_>) -> Result<DeletedService> {
    let name = entry.value(0).unwrap_or_default();
    check_key_name("the name of a service", &name, entry.line.field_position(0))?;
    let flags = entry.number(1, "flags in DelService")?.unwrap_or(0);
    // With SPSVCINST_DELETEEVENTLOGENTRY the source goes too, whatever else the line says.
    let event = flags & DELETE_EVENT_SOURCE != 0 || entry.value(2).is_some() || entry.value(3).is_some();
    let log = || entry.value(2).unwrap_or_else(|| "System".to_owned());
    let source = || entry.value(3).unwrap_or_else(|| name.clone());
    let event_source = event.then(|| (log(), source()));
    Ok(DeletedService { name, flags, event_source, line: entry.line.number })
}

/// Directory id and rest of a path such as `%12%\driver.sys`.
pub(super) fn split_dirid(path: &str) -> Option<(Dirid, &str)> {
    let (dirid, rest) = path.strip_prefix('%')?.split_once('%')?;
    Some((Dirid(dirid.parse().ok()?), rest.trim_start_matches('\\')))
}

/// A name that becomes one key's: it may not hold `\`, `/` or control characters, nor be longer than 255
/// characters, which is what a key's may have.
fn check_key_name(what: &str, name: &str, at: Position) -> Result<()> {
    let bad_character = |character: char| matches!(character, '\\' | '/') || character.is_control();
    let reason = match name {
        "" => "it is empty",
        "." | ".." => "it is no name",
        name if name.contains(bad_character) => "it holds a slash or a control character",
        name if name.encode_utf16().count() > KEY_NAME_LIMIT => "it is longer than 255 characters",
        _ => return Ok(()),
    };
    Err(bad(at, what, format!("'{}': {reason}", name.escape_debug())))
}
