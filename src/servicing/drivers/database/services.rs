//! Services of drivers that start at boot: the boot loader reads `ControlSetNNN\Services`, not the
//! driver database, so they must be there before Plug and Play ever sees the device.
//!
//! Written into every control set: after a failed start Windows may use another than the default.
//!
//! Reference: docs/formats/driver-database.md, "Services"; equal to what Windows wrote for vmci.

use crate::error::Result;
use crate::formats::inf::{
    Dirid, EventLog, Kept, RegistryChange, RegistryData, RegistryOperation, RegistryRoot, Service, Text,
};
use crate::formats::regf::{
    dword, multi_sz, read_multi_sz, sz, Hive, KeyId, REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ,
    REG_SZ,
};
use crate::servicing::drivers::store::FILE_REPOSITORY;

/// Services of a driver have one of these bits in their type: kernel or file system driver.
const DRIVER_TYPES: u32 = 0x3;
/// `SERVICE_ERROR_NORMAL`, when the INF does not say.
const ERROR_NORMAL: u32 = 1;
/// `SERVICE_DEMAND_START`, when the INF does not say.
const DEMAND_START: u32 = 3;
/// `SERVICE_KERNEL_DRIVER`, when the INF does not say.
const KERNEL_DRIVER: u32 = 1;

/// Whether the service is a driver, not a program.
pub fn is_driver(service: &Service) -> bool {
    service.service_type.unwrap_or(KERNEL_DRIVER) & DRIVER_TYPES != 0
}

/// The control sets of a SYSTEM hive: keys `ControlSet` and three digits.
pub fn control_sets(hive: &Hive) -> Result<Vec<KeyId>> {
    let mut sets = Vec::new();
    for key in hive.subkeys(hive.root())? {
        let name = hive.name_text(key)?.to_ascii_lowercase();
        let digits = name.strip_prefix("controlset").unwrap_or_default();
        if digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            sets.push(key);
        }
    }
    Ok(sets)
}

/// Writes a service and its event log source into one control set. `label` and `published_name` are the
/// package's.
pub fn write(
    hive: &mut Hive,
    control_set: KeyId,
    service: &Service,
    label: &str,
    published: &str,
) -> Result<()> {
    let services = hive.create_key(control_set, "Services")?;
    let known = hive.find(services, &service.name)?;
    let sets = |what| known.is_none() || !service.keeps(what);
    let group = service.load_order_group.as_ref().filter(|_| sets(Kept::LoadOrderGroup));
    let tag = match group {
        Some(group) => Some(tag(hive, services, &service.name, group)?),
        None => None,
    };
    // A service that no package owns is not taken over: it stays when this package goes.
    let foreign = match known {
        Some(known) => hive.value(known, "Owners")?.is_none(),
        None => false,
    };
    let key = hive.create_key(services, &service.name)?;
    let start = service.start_type.unwrap_or(DEMAND_START);
    let kind = service.service_type.unwrap_or(KERNEL_DRIVER);
    hive.set_value(key, "Type", REG_DWORD, &dword(kind))?;
    if sets(Kept::StartType) {
        hive.set_value(key, "Start", REG_DWORD, &dword(start))?;
    }
    if sets(Kept::ErrorControl) {
        let error_control = service.error_control.unwrap_or(ERROR_NORMAL);
        hive.set_value(key, "ErrorControl", REG_DWORD, &dword(error_control))?;
    }
    if let Some(tag) = tag {
        hive.set_value(key, "Tag", REG_DWORD, &dword(tag))?;
    }
    if let Some(path) = image_path(service, label) {
        hive.set_value(key, "ImagePath", REG_EXPAND_SZ, &sz(&path))?;
    }
    if let Some(name) = service.display_name.as_ref().filter(|_| sets(Kept::DisplayName)) {
        hive.set_value(key, "DisplayName", REG_SZ, &sz(&indirect(name, published)))?;
    }
    if let Some(description) = service.description.as_ref().filter(|_| sets(Kept::Description)) {
        hive.set_value(key, "Description", REG_SZ, &sz(&indirect(description, published)))?;
    }
    if let Some(group) = group {
        hive.set_value(key, "Group", REG_SZ, &sz(group))?;
    }
    if let Some(flags) = service.boot_flags {
        hive.set_value(key, "BootFlags", REG_DWORD, &dword(flags))?;
    }
    if let Some(name) = &service.start_name {
        hive.set_value(key, "ObjectName", REG_SZ, &sz(name))?;
    }
    if sets(Kept::Dependencies) {
        dependencies(hive, key, &service.dependencies)?;
    }
    if !foreign {
        own(hive, key, published)?;
    }
    change(hive, key, &service.registry)?;
    match &service.event_log {
        Some(log) => write_event_log(hive, services, log),
        None => Ok(()),
    }
}

/// `ImagePath`. Windows writes the path of a boot driver without `\SystemRoot\`, which the boot loader
/// does not know.
fn image_path(service: &Service, label: &str) -> Option<String> {
    let (dirid, file) = service.binary_path()?;
    let path = match dirid {
        Dirid::DRIVERS => format!(r"System32\drivers\{file}"),
        Dirid::DRIVER_STORE => format!(r"{FILE_REPOSITORY}\{label}\{file}"),
        Dirid::SYSTEM => format!(r"System32\{file}"),
        Dirid::WINDOWS => file.to_owned(),
        _ => return None,
    };
    Some(if service.is_boot_start() { path } else { format!(r"\SystemRoot\{path}") })
}

/// A text that Windows looks up in the published INF: `@oem4.inf,%Token%;text`.
fn indirect(text: &Text, published: &str) -> String {
    match text.token() {
        Some(token) => format!("@{published},%{token}%;{}", text.text),
        None => text.text.clone(),
    }
}

/// The service's number in its load order group: the one it has, else the next free one.
fn tag(hive: &Hive, services: KeyId, name: &str, group: &str) -> Result<u32> {
    let number_of = |key| -> Result<Option<u32>> {
        let tag = hive.value(key, "Tag")?.and_then(|value| value.as_number());
        Ok(tag.and_then(|tag| u32::try_from(tag).ok()))
    };
    let mut highest = 0;
    for key in hive.subkeys(services)? {
        let found = hive.value(key, "Group")?.and_then(|value| value.as_text());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(group)) {
            let tag = number_of(key)?;
            if let Some(tag) = tag.filter(|_| hive.name_text(key).is_ok_and(|found| same_name(&found, name)))
            {
                return Ok(tag);
            }
            highest = highest.max(tag.unwrap_or(0));
        }
    }
    Ok(highest.saturating_add(1))
}

/// Whether two names are the same to Windows.
pub fn same_name(left: &str, right: &str) -> bool {
    left.to_uppercase() == right.to_uppercase()
}

fn dependencies(hive: &mut Hive, key: KeyId, dependencies: &[String]) -> Result<()> {
    let (groups, services): (Vec<_>, Vec<_>) =
        dependencies.iter().map(String::as_str).partition(|name| name.starts_with('+'));
    if !services.is_empty() {
        hive.set_value(key, "DependOnService", REG_MULTI_SZ, &multi_sz(services))?;
    }
    if !groups.is_empty() {
        let groups = groups.iter().map(|group| group.trim_start_matches('+'));
        hive.set_value(key, "DependOnGroup", REG_MULTI_SZ, &multi_sz(groups))?;
    }
    Ok(())
}

/// Puts the INF in front of a key's owners.
pub fn own(hive: &mut Hive, key: KeyId, published: &str) -> Result<()> {
    let known = hive.value(key, "Owners")?.and_then(|value| value.as_texts()).unwrap_or_default();
    let others = known.into_iter().filter(|owner| !same_name(owner, published));
    let owners: Vec<String> = std::iter::once(published.to_owned()).chain(others).collect();
    hive.set_value(key, "Owners", REG_MULTI_SZ, &multi_sz(&owners))
}

fn write_event_log(hive: &mut Hive, services: KeyId, log: &EventLog) -> Result<()> {
    if log.registry.is_empty() {
        return Ok(());
    }
    let key = hive.create_key(services, &format!(r"EventLog\{}\{}", log.log, log.source))?;
    change(hive, key, &log.registry)
}

/// Does what AddReg and DelReg lines say, as far as they are relative to `base`.
pub fn change(hive: &mut Hive, base: KeyId, changes: &[RegistryChange]) -> Result<()> {
    for change in changes.iter().filter(|change| change.root == RegistryRoot::Relative) {
        match &change.operation {
            RegistryOperation::CreateKey => {
                hive.create_key(base, &change.key)?;
            }
            RegistryOperation::Set(data) => set(hive, base, change, data)?,
            RegistryOperation::Append(strings) => {
                let key = hive.create_key(base, &change.key)?;
                let known = strings_of(hive, key, &change.value)?;
                let new = strings.iter().filter(|new| !known.iter().any(|old| same_name(old, new)));
                let all: Vec<&String> = known.iter().chain(new).collect();
                hive.set_value(key, &change.value, REG_MULTI_SZ, &multi_sz(all))?;
            }
            RegistryOperation::RemoveString(string) => {
                let Some(key) = hive.find(base, &change.key)? else { continue };
                let mut known = strings_of(hive, key, &change.value)?;
                let before = known.len();
                known.retain(|found| !same_name(found, string));
                if known.len() != before {
                    hive.set_value(key, &change.value, REG_MULTI_SZ, &multi_sz(&known))?;
                }
            }
            RegistryOperation::DeleteValue => {
                if let Some(key) = hive.find(base, &change.key)? {
                    hive.delete_value(key, &change.value)?;
                }
            }
            RegistryOperation::ChangeBits { mask, byte, set } => {
                change_bits(hive, base, change, (*mask, *byte, *set))?;
            }
            RegistryOperation::DeleteKey => {
                // The service's own key is never deleted: it is being written.
                if let Some(key) = hive.find(base, &change.key)?.filter(|&key| key != base) {
                    hive.delete_key(key, true)?;
                }
            }
        }
    }
    Ok(())
}

fn set(hive: &mut Hive, base: KeyId, change: &RegistryChange, data: &RegistryData) -> Result<()> {
    let exists = match hive.find(base, &change.key)? {
        Some(key) => hive.value(key, &change.value)?.is_some(),
        None => false,
    };
    if (exists && change.keeps_existing()) || (!exists && change.only_if_existing()) {
        return Ok(());
    }
    let key = hive.create_key(base, &change.key)?;
    hive.set_value(key, &change.value, data.kind, &data.bytes)
}

/// Changes bits of a REG_BINARY value that has the byte; others are left alone.
fn change_bits(
    hive: &mut Hive,
    base: KeyId,
    change: &RegistryChange,
    (mask, byte, set): (u8, u32, bool),
) -> Result<()> {
    let Some(key) = hive.find(base, &change.key)? else { return Ok(()) };
    let value = hive.value(key, &change.value)?.filter(|value| value.kind == REG_BINARY);
    let Some(mut data) = value.map(|value| value.data) else { return Ok(()) };
    let place = usize::try_from(byte).ok().and_then(|byte| data.get_mut(byte));
    let Some(place) = place else { return Ok(()) };
    *place = if set { *place | mask } else { *place & !mask };
    hive.set_value(key, &change.value, REG_BINARY, &data)
}

fn strings_of(hive: &Hive, key: KeyId, value: &str) -> Result<Vec<String>> {
    let value = hive.value(key, value)?.filter(|value| value.kind == REG_MULTI_SZ);
    Ok(value.map(|value| read_multi_sz(&value.data)).unwrap_or_default())
}
