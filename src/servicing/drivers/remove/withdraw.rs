//! Taking a package out of the hives again: the reverse of [`database::write`](crate::servicing::drivers::database::write)
//! and of [`BootStart`]'s writing.
//!
//! A service, a lockdown entry or a class that other packages own as well stays, without this owner.
//!
//! Reference: docs/formats/driver-database.md.

use crate::error::Result;
use crate::formats::regf::{multi_sz, Hive, KeyId, REG_MULTI_SZ};
use crate::servicing::drivers::boot_start::{target, BootStart};
use crate::servicing::drivers::database::services::{self, same_name};
use crate::servicing::drivers::database::DATABASE;
use crate::servicing::drivers::store::FILE_REPOSITORY;
use std::collections::HashSet;

/// Where the owners of files in `System32\drivers` are noted, in SOFTWARE.
pub const LOCKDOWN: &str = r"Microsoft\Windows\CurrentVersion\Setup\PnpLockdownFiles";

/// Deletes a package's record and what points to it.
pub fn database(hive: &mut Hive, label: &str, published: &str) -> Result<()> {
    let Some(database) = hive.find(hive.root(), DATABASE)? else { return Ok(()) };
    for path in [format!(r"DriverPackages\{label}"), format!(r"DriverInfFiles\{published}")] {
        if let Some(key) = hive.find(database, &path)? {
            hive.delete_key(key, true)?;
        }
    }
    match hive.find(database, "DeviceIds")? {
        Some(ids) => device_ids(hive, ids, published),
        None => Ok(()),
    }
}

/// Deletes the values of a published name below `DeviceIds`, and the keys that are empty without them.
fn device_ids(hive: &mut Hive, ids: KeyId, published: &str) -> Result<()> {
    // What is left of the subkeys of a key shows when all of them were visited.
    let mut open = vec![(ids, false)];
    let mut lost_subkeys = HashSet::new();
    while let Some((key, visited)) = open.pop() {
        if !visited {
            open.push((key, true));
            open.extend(hive.subkeys(key)?.into_iter().map(|subkey| (subkey, false)));
            continue;
        }
        let changed = hive.delete_value(key, published)? || lost_subkeys.contains(&key);
        if changed && key != ids && is_empty(hive, key)? {
            lost_subkeys.extend(hive.parent(key)?);
            hive.delete_key(key, false)?;
        }
    }
    Ok(())
}

fn is_empty(hive: &Hive, key: KeyId) -> Result<bool> {
    Ok(hive.subkeys(key)?.is_empty() && hive.values(key)?.next().is_none())
}

/// A service that runs from the package and that another package owns too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedService {
    /// The service.
    pub name: String,
    /// Who else owns it.
    pub owners: Vec<String>,
}

/// The services that would be left without their file if the package went.
pub fn shared_services(system: &Hive, label: &str, published: &str) -> Result<Vec<SharedService>> {
    let folder = format!(r"{FILE_REPOSITORY}\{label}\").to_lowercase();
    let mut shared = Vec::new();
    for control_set in services::control_sets(system)? {
        for service in owned(system, control_set, published)? {
            let path = system.value(service, "ImagePath")?.and_then(|value| value.as_text());
            let owners = others(&owners(system, service)?, published);
            if !owners.is_empty() && path.is_some_and(|path| path.to_lowercase().contains(&folder)) {
                let found = SharedService { name: system.name_text(service)?, owners };
                if !shared.contains(&found) {
                    shared.push(found);
                }
            }
        }
    }
    Ok(shared)
}

/// Whether a control set has a service of the package.
pub fn has_services(system: &Hive, published: &str) -> Result<bool> {
    for control_set in services::control_sets(system)? {
        if !owned(system, control_set, published)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes the package's services, their event log sources and critical devices from every control set.
pub fn system(system: &mut Hive, boot_start: Option<&BootStart>, published: &str) -> Result<()> {
    for control_set in services::control_sets(system)? {
        let mut deleted = Vec::new();
        for service in owned(system, control_set, published)? {
            let left = others(&owners(system, service)?, published);
            if left.is_empty() {
                deleted.push(system.name_text(service)?);
                system.delete_key(service, true)?;
            } else {
                system.set_value(service, "Owners", REG_MULTI_SZ, &multi_sz(&left))?;
            }
        }
        if let Some(boot_start) = boot_start {
            let is_deleted = |name: &str| deleted.iter().any(|deleted| same_name(deleted, name));
            event_logs(system, control_set, boot_start, &is_deleted)?;
            critical_devices(system, control_set, boot_start, &is_deleted)?;
        }
    }
    Ok(())
}

fn event_logs(
    system: &mut Hive,
    control_set: KeyId,
    boot_start: &BootStart,
    is_deleted: &dyn Fn(&str) -> bool,
) -> Result<()> {
    for service in boot_start.services() {
        let Some(log) = service.event_log.as_ref().filter(|_| is_deleted(&service.name)) else { continue };
        let path = format!(r"Services\EventLog\{}\{}", log.log, log.source);
        if let Some(key) = system.find(control_set, &path)? {
            system.delete_key(key, true)?;
        }
    }
    Ok(())
}

fn critical_devices(
    system: &mut Hive,
    control_set: KeyId,
    boot_start: &BootStart,
    is_deleted: &dyn Fn(&str) -> bool,
) -> Result<()> {
    let Some(database) = system.find(control_set, r"Control\CriticalDeviceDatabase")? else {
        return Ok(());
    };
    for found in &boot_start.sections {
        for id in found.models.iter().flat_map(|model| model.hardware_id.iter().chain(&model.compatible_ids))
        {
            let Some(key) = system.find(database, &id.trim().replace('\\', "#"))? else { continue };
            let service = system.value(key, "Service")?.and_then(|value| value.as_text());
            if key != database && service.is_some_and(|service| is_deleted(&service)) {
                system.delete_key(key, true)?;
            }
        }
    }
    Ok(())
}

/// Takes the package off the owners of files in `System32\drivers`. Gives the paths below that directory
/// that nobody owns any more.
pub fn lockdown(software: &mut Hive, boot_start: &BootStart, published: &str) -> Result<Vec<String>> {
    let mut orphans = Vec::new();
    let Some(files) = software.find(software.root(), LOCKDOWN)? else { return Ok(orphans) };
    for copy in boot_start.driver_files() {
        let path = target(copy);
        let name = format!("%SystemRoot%/System32/drivers/{}", path.replace('\\', "/"));
        let Some(key) = software.find(files, &name)? else { continue };
        let owners = owners(software, key)?;
        let left = others(&owners, published);
        match (left.len() == owners.len(), left.is_empty()) {
            (true, _) => {}
            (false, true) => {
                software.delete_key(key, true)?;
                orphans.push(path);
            }
            (false, false) => software.set_value(key, "Owners", REG_MULTI_SZ, &multi_sz(&left))?,
        }
    }
    Ok(orphans)
}

/// Whether a service loads the file at `path`, below `System32\drivers`.
pub fn is_loaded(system: &Hive, path: &str) -> Result<bool> {
    let end = format!(r"system32\drivers\{}", path.to_lowercase());
    for control_set in services::control_sets(system)? {
        let Some(services) = system.find(control_set, "Services")? else { continue };
        for service in system.subkeys(services)? {
            let image = system.value(service, "ImagePath")?.and_then(|value| value.as_text());
            if image.is_some_and(|image| image.to_lowercase().ends_with(&end)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The services of a control set that the package owns.
fn owned(system: &Hive, control_set: KeyId, published: &str) -> Result<Vec<KeyId>> {
    let Some(services) = system.find(control_set, "Services")? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for service in system.subkeys(services)? {
        if owners(system, service)?.iter().any(|owner| same_name(owner, published)) {
            found.push(service);
        }
    }
    Ok(found)
}

fn owners(hive: &Hive, key: KeyId) -> Result<Vec<String>> {
    Ok(hive.value(key, "Owners")?.and_then(|value| value.as_texts()).unwrap_or_default())
}

fn others(owners: &[String], published: &str) -> Vec<String> {
    owners.iter().filter(|owner| !same_name(owner, published)).cloned().collect()
}
