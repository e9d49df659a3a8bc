//! `Configurations`, `Descriptors` and `Strings` of a package whose driver starts at boot: what
//! user-mode Plug and Play would read from the INF, in the form the kernel reads.
//!
//! Windows itself leaves them out for a package that no device has used yet; then user-mode Plug and
//! Play reads the INF when a device arrives. A boot device cannot wait for that.
//!
//! Value types carry a flag of their AddReg line in the high half: 0x2 keep what is there, 0x4 append.
//! Device properties that Windows keeps as `DEVPROP` values are written for `DeviceCharacteristics`
//! only; a security descriptor of the device is not (it would have to be made from SDDL).
//!
//! Reference: docs/formats/driver-database.md; equal to what Windows wrote for vmci (docs/evidence.md).

use super::database::{Configuration, Descriptor, Setting, SettingValue};
use super::traits::Traits;
use crate::formats::inf::{Install, Model, RegistryChange, RegistryOperation, RegistryRoot, Text};
use crate::formats::regf::{multi_sz, read_multi_sz, read_sz, REG_DWORD, REG_MULTI_SZ, REG_SZ};
use std::collections::BTreeMap;

/// In a value's type: leave a value alone that is there.
const KEEP_EXISTING: u32 = 0x0002_0000;
/// In a value's type: append to the strings that are there.
const APPEND: u32 = 0x0004_0000;
/// Type of a device property: `0xFFFF` and `DEVPROP_TYPE_UINT32`.
const PROPERTY_UINT32: u32 = 0xFFFF_0007;
/// `DEVPKEY_Device_Characteristics`: format id and property id.
const CHARACTERISTICS: &str = r"Properties\{a45c254e-df1c-4efd-8020-67d146a850e0}\001D";
/// Values of `.HW` that are device properties, not values of the device's key.
const DEVICE_PROPERTIES: [&str; 5] =
    ["Security", "DeviceCharacteristics", "DeviceType", "Exclusive", "UpperFilterLevels"];

/// The configuration of an install section.
pub fn configuration(install: &Install, traits: Traits) -> Configuration {
    let service = install.services.iter().find(|service| service.is_associated());
    let mut settings = Vec::new();
    filters(&install.hardware_registry, &mut settings);
    section(&install.hardware_registry, "Device", &mut settings);
    section(&install.registry, "Driver", &mut settings);
    characteristics(&install.hardware_registry, &mut settings);
    for service in &install.services {
        section(&service.registry, &format!(r"Services\{}", service.name), &mut settings);
    }
    Configuration {
        name: install.section.clone(),
        service: service.map(|service| service.name.clone()),
        scope: scope(install),
        flags: traits.config_flags(),
        included_infs: install.includes.clone(),
        settings,
    }
}

/// `ConfigScope`: a bit for each part that the section has.
fn scope(install: &Install) -> u32 {
    /// The section itself.
    const SECTION: u32 = 0x1;
    const PARTS: [(&str, u32); 4] = [("HW", 0x2), ("Services", 0x4), ("Interfaces", 0x8), ("Wdf", 0x100)];
    let has = |part: &str| install.parts.contains(&part);
    PARTS.iter().filter(|(part, _)| has(part)).fold(SECTION, |scope, (_, bit)| scope | bit)
}

/// `UpperFilters` and `LowerFilters` of the device become values of the configuration itself.
fn filters(changes: &[RegistryChange], settings: &mut Vec<Setting>) {
    for name in ["UpperFilters", "LowerFilters"] {
        let mut services: Vec<String> = Vec::new();
        for change in relative(changes).filter(|change| is_filter(change, name)) {
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

fn is_filter(change: &RegistryChange, name: &str) -> bool {
    change.key.is_empty() && change.value.eq_ignore_ascii_case(name)
}

fn characteristics(changes: &[RegistryChange], settings: &mut Vec<Setting>) {
    let found = relative(changes).filter(|change| is_filter(change, "DeviceCharacteristics"));
    for change in found {
        if let RegistryOperation::Set(data) = &change.operation {
            if data.kind == REG_DWORD {
                settings.push(setting(CHARACTERISTICS, "", PROPERTY_UINT32, data.bytes.clone()));
            }
        }
    }
}

fn section(changes: &[RegistryChange], place: &str, settings: &mut Vec<Setting>) {
    for change in relative(changes) {
        let lifted = ["UpperFilters", "LowerFilters"];
        let is_property = lifted.iter().chain(&DEVICE_PROPERTIES).any(|name| is_filter(change, name));
        if place == "Device" && is_property {
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
