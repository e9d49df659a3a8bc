//! The driver database (`DriverDatabase`) of one hive: which packages it knows, and writing one.
//!
//! Works on a [`Hive`] alone: which of the image's hives it is, and where files go, is decided above.
//!
//! Reference: docs/formats/driver-database.md.

pub mod classes;
pub mod configuration;
pub mod device_ids;
pub mod device_index;
pub mod oem_map;
pub mod record;
pub mod services;
pub mod traits;
pub mod version;

use crate::error::Result;
use crate::formats::inf::Guid;
use crate::formats::regf::{
    dword, multi_sz, qword, sz, Hive, KeyId, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_NONE, REG_SZ,
};
use device_ids::{key_path, DeviceIds};
use oem_map::OemInfMap;
use version::PackageVersion;

/// The database's key below the root of SYSTEM and of DRIVERS.
pub const DATABASE: &str = "DriverDatabase";

/// How much Plug and Play trusts a package; better signatures have smaller numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerScore {
    /// Came with Windows.
    Inbox,
    /// Signed by the Windows Hardware Compatibility Publisher.
    HardwareCompatibility,
    /// Signed by its maker.
    Authenticode,
    /// Not signed.
    Unsigned,
}

impl SignerScore {
    /// The registry value.
    pub fn number(self) -> u32 {
        match self {
            Self::Inbox => 0x0D00_0003,
            Self::HardwareCompatibility => 0x0D00_0005,
            Self::Authenticode => 0x0F00_0000,
            Self::Unsigned => 0x8000_0000,
        }
    }

    /// Whether a package of that score counts as signed.
    pub fn is_signed(number: u32) -> bool {
        number < Self::Unsigned.number()
    }
}

/// A package as a hive records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPackage {
    /// Store folder name.
    pub label: String,
    /// `oemN.inf`, or the INF's own name for inbox packages.
    pub published_name: Option<String>,
    /// The decoded `Version` value.
    pub version: Option<PackageVersion>,
    /// `Provider`.
    pub provider: Option<String>,
    /// The INF's name in the package; only third-party packages have it.
    pub inf_name: Option<String>,
    /// The catalogue's name in the package; not written by older builds.
    pub catalog: Option<String>,
    /// Name of the signer, for third-party packages.
    pub signer_name: Option<String>,
    /// See [`SignerScore`].
    pub signer_score: Option<u32>,
    /// Of extension INFs.
    pub extension_id: Option<Guid>,
    /// When the package was added (FILETIME).
    pub import_date: Option<u64>,
}

/// What is to be recorded of a package.
#[derive(Debug, Clone)]
pub struct Record {
    /// Store folder name.
    pub label: String,
    /// `oemN.inf`.
    pub published_name: String,
    /// The INF's name in the package.
    pub inf_name: String,
    /// `Provider` of the INF.
    pub provider: String,
    /// The `Version` value.
    pub version: PackageVersion,
    /// The catalogue's name in the package.
    pub catalog: Option<String>,
    /// Name of the signer.
    pub signer_name: Option<String>,
    /// See [`SignerScore`].
    pub signer_score: SignerScore,
    /// `ExtensionId` of an extension INF.
    pub extension_id: Option<Guid>,
    /// `StatusFlags`; 0 writes none.
    pub status_flags: u32,
    /// When the package is added (FILETIME).
    pub import_date: u64,
    /// The devices the package is for.
    pub device_ids: DeviceIds,
    /// How devices are set up, for packages that start before user mode; empty leaves it to
    /// user-mode Plug and Play, as Windows does for a package no device has used yet.
    pub configurations: Vec<Configuration>,
    /// The devices' names and configurations, if there are configurations.
    pub descriptors: Vec<Descriptor>,
    /// Tokens in lower case with their texts, as the descriptors use them.
    pub strings: Vec<(String, String)>,
}

/// One install section, as it stands under `Configurations`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The section with its decoration: `vmci.install.x64.NT`.
    pub name: String,
    /// The function driver's service, empty for the null driver; `None` if the section says nothing of one.
    pub service: Option<String>,
    /// `ConfigScope`: which parts the section has.
    pub scope: u32,
    /// `ConfigFlags`.
    pub flags: u32,
    /// INFs that the section includes.
    pub included_infs: Vec<String>,
    /// Keys and values below the configuration, in the INF's order.
    pub settings: Vec<Setting>,
}

/// A key or a value to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Key path below the place the settings are for: `Device\Interrupt Management`.
    pub path: String,
    /// The value; `None` for the key alone.
    pub value: Option<SettingValue>,
}

/// The value of a [`Setting`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingValue {
    /// Empty for the default value.
    pub name: String,
    /// The registry type, with the flags the database keeps in its high half.
    pub kind: u32,
    /// The data.
    pub data: Vec<u8>,
}

/// One device id's entry under `Descriptors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The device id as the INF spells it.
    pub device_id: String,
    /// Name of the configuration.
    pub configuration: String,
    /// `%token%` in lower case, or the text itself.
    pub manufacturer: String,
    /// `%token%` in lower case, or the text itself.
    pub description: String,
}

/// The database's key, if the hive has one.
pub fn find(hive: &Hive) -> Result<Option<KeyId>> {
    hive.find(hive.root(), DATABASE)
}

/// All packages the hive records, in the order of their labels.
pub fn packages(hive: &Hive) -> Result<Vec<KnownPackage>> {
    let Some(key) = hive.find(hive.root(), &format!(r"{DATABASE}\DriverPackages"))? else {
        return Ok(Vec::new());
    };
    hive.subkeys(key)?.into_iter().map(|package| known(hive, package)).collect()
}

/// The package of that label, if the hive records it.
pub fn package(hive: &Hive, label: &str) -> Result<Option<KnownPackage>> {
    match hive.find(hive.root(), &format!(r"{DATABASE}\DriverPackages\{label}"))? {
        Some(key) => known(hive, key).map(Some),
        None => Ok(None),
    }
}

fn known(hive: &Hive, key: KeyId) -> Result<KnownPackage> {
    let mut found = KnownPackage {
        label: hive.name_text(key)?,
        published_name: None,
        version: None,
        provider: None,
        inf_name: None,
        catalog: None,
        signer_name: None,
        signer_score: None,
        extension_id: None,
        import_date: None,
    };
    for value in hive.values(key)? {
        let value = value?;
        match value.name_text().to_ascii_lowercase().as_str() {
            "" => found.published_name = value.as_text(),
            "version" => found.version = PackageVersion::parse(&value.data),
            "provider" => found.provider = value.as_text(),
            "infname" => found.inf_name = value.as_text(),
            "catalog" => found.catalog = value.as_text(),
            "signername" => found.signer_name = value.as_text(),
            "extensionid" => found.extension_id = value.data.as_slice().try_into().ok().map(Guid),
            "importdate" => found.import_date = value.as_filetime(),
            "signerscore" => {
                found.signer_score = value.as_number().and_then(|number| u32::try_from(number).ok());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether the hive has an entry for a published name.
pub fn is_published(hive: &Hive, published_name: &str) -> Result<bool> {
    Ok(hive.find(hive.root(), &format!(r"{DATABASE}\DriverInfFiles\{published_name}"))?.is_some())
}

/// The label of the package that a published name means now, if the hive says so.
pub fn active_label(hive: &Hive, published_name: &str) -> Result<Option<String>> {
    let key = hive.find(hive.root(), &format!(r"{DATABASE}\DriverInfFiles\{published_name}"))?;
    let Some(key) = key else { return Ok(None) };
    Ok(hive.value(key, "Active")?.and_then(|value| value.as_text()))
}

/// The map of taken `oemN.inf` names; empty if there is none yet.
pub fn oem_map(hive: &Hive) -> Result<OemInfMap> {
    let value = match find(hive)? {
        Some(key) => hive.value(key, "OemInfMap")?,
        None => None,
    };
    Ok(value.map(|value| OemInfMap::from_bytes(&value.data)).unwrap_or_default())
}

/// Stores the map of taken `oemN.inf` names; one of none is no value.
pub fn set_oem_map(hive: &mut Hive, map: &OemInfMap) -> Result<()> {
    let key = hive.create_key(hive.root(), DATABASE)?;
    if map.as_bytes().is_empty() {
        return hive.delete_value(key, "OemInfMap").map(drop);
    }
    hive.set_value(key, "OemInfMap", REG_BINARY, map.as_bytes())
}

/// Records a package. An entry of the same label or published name is brought up to date.
pub fn write(hive: &mut Hive, record: &Record) -> Result<()> {
    let database = hive.create_key(hive.root(), DATABASE)?;
    write_package(hive, database, record)?;
    write_published(hive, database, record)?;
    write_device_ids(hive, database, record)
}

fn write_package(hive: &mut Hive, database: KeyId, record: &Record) -> Result<()> {
    let key = hive.create_key(database, &format!(r"DriverPackages\{}", record.label))?;
    hive.set_value(key, "Version", REG_BINARY, &record.version.to_bytes())?;
    hive.set_value(key, "Provider", REG_SZ, &sz(&record.provider))?;
    hive.set_value(key, "InfName", REG_SZ, &sz(&record.inf_name))?;
    if let Some(signer) = &record.signer_name {
        hive.set_value(key, "SignerName", REG_SZ, &sz(signer))?;
    }
    hive.set_value(key, "ImportDate", REG_BINARY, &qword(record.import_date))?;
    if let Some(catalog) = &record.catalog {
        hive.set_value(key, "Catalog", REG_SZ, &sz(catalog))?;
    }
    hive.set_value(key, "SignerScore", REG_DWORD, &dword(record.signer_score.number()))?;
    if let Some(extension) = record.extension_id {
        hive.set_value(key, "ExtensionId", REG_BINARY, &extension.0)?;
    }
    if record.status_flags != 0 {
        hive.set_value(key, "StatusFlags", REG_DWORD, &dword(record.status_flags))?;
    }
    hive.set_value(key, "", REG_SZ, &sz(&record.published_name))?;
    if record.configurations.is_empty() {
        return Ok(());
    }
    for configuration in &record.configurations {
        write_configuration(hive, key, configuration)?;
    }
    for descriptor in &record.descriptors {
        let path = format!(r"Descriptors\{}", key_path(&descriptor.device_id));
        let device = hive.create_key(key, &path)?;
        hive.set_value(device, "Configuration", REG_SZ, &sz(&descriptor.configuration))?;
        hive.set_value(device, "Manufacturer", REG_SZ, &sz(&descriptor.manufacturer))?;
        hive.set_value(device, "Description", REG_SZ, &sz(&descriptor.description))?;
    }
    let strings = hive.create_key(key, "Strings")?;
    for (token, text) in &record.strings {
        hive.set_value(strings, token, REG_SZ, &sz(text))?;
    }
    Ok(())
}

fn write_configuration(hive: &mut Hive, package: KeyId, configuration: &Configuration) -> Result<()> {
    let configurations = hive.create_key(package, "Configurations")?;
    let key = hive.create_key(configurations, &configuration.name)?;
    if let Some(service) = &configuration.service {
        hive.set_value(key, "Service", REG_SZ, &sz(service))?;
    }
    hive.set_value(key, "ConfigScope", REG_DWORD, &dword(configuration.scope))?;
    if !configuration.included_infs.is_empty() {
        hive.set_value(key, "IncludedInfs", REG_MULTI_SZ, &multi_sz(&configuration.included_infs))?;
    }
    hive.set_value(key, "ConfigFlags", REG_DWORD, &dword(configuration.flags))?;
    apply(hive, key, &configuration.settings)
}

/// Makes keys and values below a key.
pub fn apply(hive: &mut Hive, below: KeyId, settings: &[Setting]) -> Result<()> {
    for setting in settings {
        let key = hive.create_key(below, &setting.path)?;
        if let Some(value) = &setting.value {
            hive.set_value(key, &value.name, value.kind, &value.data)?;
        }
    }
    Ok(())
}

fn write_published(hive: &mut Hive, database: KeyId, record: &Record) -> Result<()> {
    let key = hive.create_key(database, &format!(r"DriverInfFiles\{}", record.published_name))?;
    hive.set_value(key, "", REG_MULTI_SZ, &multi_sz([&record.label]))?;
    hive.set_value(key, "Active", REG_SZ, &sz(&record.label))?;
    if !record.configurations.is_empty() {
        let names = record.configurations.iter().map(|configuration| &configuration.name);
        hive.set_value(key, "Configurations", REG_MULTI_SZ, &multi_sz(names))?;
    }
    Ok(())
}

fn write_device_ids(hive: &mut Hive, database: KeyId, record: &Record) -> Result<()> {
    let ids = hive.create_key(database, "DeviceIds")?;
    for (id, found) in record.device_ids.iter() {
        let key = hive.create_key(ids, &key_path(id))?;
        hive.set_value(key, &record.published_name, REG_BINARY, &found.to_bytes())?;
    }
    let class = hive.create_key(ids, &record.version.class_guid.to_string())?;
    hive.set_value(class, &record.published_name, REG_NONE, &[])
}
