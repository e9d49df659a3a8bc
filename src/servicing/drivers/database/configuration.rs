//! `Configurations`, `Descriptors` and `Strings` of a package whose driver starts at boot: what
//! user-mode Plug and Play would read from the INF, in the form the kernel reads.
//!
//! Windows itself leaves them out for a package that no device has used yet; then user-mode Plug and
//! Play reads the INF when a device arrives. A boot device cannot wait for that.
//!
//! Value types carry a flag of their AddReg line in the high half: 0x2 keep what is there, 0x4 append.
//! Windows keeps some values as device properties (`DEVPROP`): characteristics, security descriptor (SDDL in
//! the INF), property pages and hints for resources are written; friendly names and some rare ones are not.
//!
//! Reference: docs/formats/driver-database.md; equal to what Windows wrote for vmci (docs/evidence.md).

use super::traits::Traits;
use super::{Configuration, Descriptor, Setting, SettingValue};
use crate::formats::inf::{Install, Model, RegistryChange, RegistryOperation, RegistryRoot, Text};
use crate::formats::regf::{dword, multi_sz, read_multi_sz, read_sz, REG_DWORD, REG_MULTI_SZ, REG_SZ};
use crate::formats::security::SecurityDescriptor;
use std::collections::BTreeMap;

/// In a value's type: leave a value alone that is there.
const KEEP_EXISTING: u32 = 0x0002_0000;
/// In a value's type: append to the strings that are there.
const APPEND: u32 = 0x0004_0000;
/// Type of a device property: `0xFFFF` and `DEVPROP_TYPE_UINT32`.
const PROPERTY_UINT32: u32 = 0xFFFF_0007;
/// `DEVPKEY_Device_Characteristics`: format id and property id.
const CHARACTERISTICS: &str = r"Properties\{a45c254e-df1c-4efd-8020-67d146a850e0}\001D";
/// Type of a device property: `0xFFFF` and `DEVPROP_TYPE_STRING`.
const PROPERTY_STRING: u32 = 0xFFFF_0012;
/// Values of the section's AddReg that are device properties, not values of the driver's key.
const DRIVER_PROPERTIES: [(&str, &str); 3] = [
    ("EnumPropPages32", r"Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000A"),
    ("ResourcePickerTags", r"Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000C"),
    ("ResourcePickerExceptions", r"Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000D"),
];
/// Type of a device property: `0xFFFF` and `DEVPROP_TYPE_SECURITY_DESCRIPTOR`.
const PROPERTY_SECURITY: u32 = 0xFFFF_0013;
/// `DEVPKEY_Device_Security`.
const SECURITY: &str = r"Properties\{a45c254e-df1c-4efd-8020-67d146a850e0}\0019";
/// Values of `.HW` that are device properties, not values of the device's key.
const DEVICE_PROPERTIES: [&str; 5] =
    ["Security", "DeviceCharacteristics", "DeviceType", "Exclusive", "UpperFilterLevels"];

/// The configuration of an install section, as Windows of that build writes it.
pub fn configuration(install: &Install, traits: Traits, build: u32) -> Configuration {
    let service = install.services.iter().find(|service| service.is_associated());
    let mut settings = Vec::new();
    if install.reboot {
        settings.push(setting("", "Reboot", REG_DWORD, dword(1)));
    }
    if !install.exclude_ids.is_empty() {
        settings.push(setting("", "ExcludeIds", REG_MULTI_SZ, multi_sz(&install.exclude_ids)));
    }
    filters(&install.hardware_registry, &mut settings);
    section(&install.hardware_registry, "Device", &mut settings);
    section(&install.registry, "Driver", &mut settings);
    security(&install.hardware_registry, &mut settings);
    let characteristics = ("DeviceCharacteristics", REG_DWORD);
    lifted(&install.hardware_registry, characteristics, (CHARACTERISTICS, PROPERTY_UINT32), &mut settings);
    for (name, path) in DRIVER_PROPERTIES {
        lifted(&install.registry, (name, REG_SZ), (path, PROPERTY_STRING), &mut settings);
    }
    for service in &install.services {
        section(&service.registry, &format!(r"Services\{}", service.name), &mut settings);
    }
    Configuration {
        name: install.section.clone(),
        service: service.map(|service| service.name.clone()),
        scope: scope(install, build),
        flags: traits.config_flags(),
        included_infs: install.includes.clone(),
        settings,
    }
}

/// `ConfigScope`: a bit for each part that the section has; newer builds set all bits they know.
fn scope(install: &Install, build: u32) -> u32 {
    /// The first build that is known to: Windows Server 2025.
    const FIRST_WITH_ALL: u32 = 26100;
    const ALL: u32 = 0xF7F;
    /// The section itself.
    const SECTION: u32 = 0x1;
    const PARTS: [(&str, u32); 4] = [("HW", 0x2), ("Services", 0x4), ("Interfaces", 0x8), ("Wdf", 0x100)];
    if build >= FIRST_WITH_ALL {
        return ALL;
    }
    let has = |part: &str| install.parts.contains(&part);
    PARTS.iter().filter(|(part, _)| has(part)).fold(SECTION, |scope, (_, bit)| scope | bit)
}

/// `UpperFilters` and `LowerFilters` of the device become values of the configuration itself.
fn filters(changes: &[RegistryChange], settings: &mut Vec<Setting>) {
    for name in ["UpperFilters", "LowerFilters"] {
        let mut services: Vec<String> = Vec::new();
        for change in relative(changes).filter(|change| is_named(change, name)) {
            let found = match &change.operation {
                RegistryOperation::Set(data) if data.kind == REG_MULTI_SZ => read_multi_sz(&data.bytes),
                RegistryOperation::Set(data) if data.kind == REG_SZ => vec![read_sz(&data.bytes)],
                RegistryOperation::Append(strings) => strings.clone(),
                _ => Vec::new(),
            };
            services.extend(found.into_iter().filter(|service| !service.is_empty()));
        }
        if !services.is_empty() {
            settings.push(setting("", name, REG_MULTI_SZ, multi_sz(&services)));
        }
    }
}

fn is_named(change: &RegistryChange, name: &str) -> bool {
    change.key.is_empty() && change.value.eq_ignore_ascii_case(name)
}

/// The device's descriptor. One that cannot be read is left to user-mode Plug and Play.
fn security(changes: &[RegistryChange], settings: &mut Vec<Setting>) {
    for change in relative(changes).filter(|change| is_named(change, "Security")) {
        let RegistryOperation::Set(data) = &change.operation else { continue };
        if data.kind != REG_SZ {
            continue;
        }
        let descriptor = SecurityDescriptor::from_sddl(&read_sz(&data.bytes));
        if let Ok(bytes) = descriptor.and_then(|descriptor| descriptor.to_bytes()) {
            settings.push(setting(SECURITY, "", PROPERTY_SECURITY, bytes));
        }
    }
}

/// Values of a name and type become a property.
fn lifted(
    changes: &[RegistryChange],
    (name, kind): (&str, u32),
    (path, property): (&str, u32),
    settings: &mut Vec<Setting>,
) {
    for change in relative(changes).filter(|change| is_named(change, name)) {
        if let RegistryOperation::Set(data) = &change.operation {
            if data.kind == kind {
                settings.push(setting(path, "", property, data.bytes.clone()));
            }
        }
    }
}

fn section(changes: &[RegistryChange], place: &str, settings: &mut Vec<Setting>) {
    for change in relative(changes) {
        let lifted = ["UpperFilters", "LowerFilters"];
        let is_property = lifted.iter().chain(&DEVICE_PROPERTIES).any(|name| is_named(change, name));
        let is_driver_property = DRIVER_PROPERTIES.iter().any(|(name, _)| is_named(change, name));
        if (place == "Device" && is_property) || (place == "Driver" && is_driver_property) {
            continue;
        }
        let path = if change.key.is_empty() { place.to_owned() } else { format!(r"{place}\{}", change.key) };
        match &change.operation {
            RegistryOperation::CreateKey => settings.push(Setting { path, value: None }),
            RegistryOperation::Set(data) => {
                let flag = if change.keeps_existing() { KEEP_EXISTING } else { 0 };
                settings.push(setting(&path, &change.value, data.kind | flag, data.bytes.clone()));
            }
            RegistryOperation::Append(strings) => {
                settings.push(setting(&path, &change.value, REG_MULTI_SZ | APPEND, multi_sz(strings)));
            }
            // There is nothing to delete or change on a device that was never set up.
            RegistryOperation::RemoveString(_)
            | RegistryOperation::DeleteValue
            | RegistryOperation::DeleteKey
            | RegistryOperation::ChangeBits { .. } => {}
        }
    }
}

fn relative(changes: &[RegistryChange]) -> impl Iterator<Item = &RegistryChange> {
    changes.iter().filter(|change| change.root == RegistryRoot::Relative)
}

fn setting(path: &str, name: &str, kind: u32, data: Vec<u8>) -> Setting {
    Setting { path: path.to_owned(), value: Some(SettingValue { name: name.to_owned(), kind, data }) }
}

/// Descriptors of the models of one configuration, and the strings they use.
pub fn descriptors<'a>(
    models: impl IntoIterator<Item = &'a Model>,
    configuration: &str,
    strings: &mut BTreeMap<String, String>,
) -> Vec<Descriptor> {
    let mut found = Vec::new();
    for model in models {
        let manufacturer = token(&model.manufacturer, strings);
        let description = token(&model.description, strings);
        let ids = model.hardware_id.iter().chain(&model.compatible_ids);
        for device_id in ids.filter(|id| !id.trim().is_empty()) {
            found.push(Descriptor {
                device_id: device_id.trim().to_owned(),
                configuration: configuration.to_owned(),
                manufacturer: manufacturer.clone(),
                description: description.clone(),
            });
        }
    }
    found
}

/// `%token%` in lower case, its text noted; or the text itself.
fn token(text: &Text, strings: &mut BTreeMap<String, String>) -> String {
    match text.token() {
        Some(token) => {
            let token = token.to_lowercase();
            let reference = format!("%{token}%");
            strings.insert(token, text.text.clone());
            reference
        }
        None => text.text.clone(),
    }
}
