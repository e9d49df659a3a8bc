//! The registry hives of a sample image: the keys that servicing reads, as Windows set-up leaves them.

use crate::catalog::SIGNER;
use imgsvc::error::Result;
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::formats::regf::{data, Hive, KeyId};

const SZ: u32 = 1;
const EXPAND_SZ: u32 = 2;
const BINARY: u32 = 3;
const DWORD: u32 = 4;
const MULTI_SZ: u32 = 7;
const NONE: u32 = 0;

/// 2022-09-20, when this "Windows" was built.
pub const BUILT: u64 = 133_081_056_000_000_000;

const DISK_CLASS: &str = "{4d36e967-e325-11ce-bfc1-08002be10318}";
const DISK_CLASS_BYTES: [u8; 16] =
    [0x67, 0xe9, 0x36, 0x4d, 0x25, 0xe3, 0xce, 0x11, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18];
const CLASSES: &[(&str, &str)] = &[
    ("{4d36e967-e325-11ce-bfc1-08002be10318}", "DiskDrive"),
    ("{4d36e972-e325-11ce-bfc1-08002be10318}", "Net"),
    ("{4d36e97b-e325-11ce-bfc1-08002be10318}", "SCSIAdapter"),
    ("{4d36e97d-e325-11ce-bfc1-08002be10318}", "System"),
];

/// `System32\config\SYSTEM`. `inbox` is the store folder of the one inbox driver, `disk.inf`.
pub fn system(inbox: &str) -> Result<Vec<u8>> {
    let mut hive = Hive::new("ROOT", 5, None)?;
    for (name, number) in [("Current", 1), ("Default", 1), ("Failed", 0), ("LastKnownGood", 1)] {
        set(&mut hive, "Select", name, DWORD, &data::dword(number))?;
    }
    for (guid, class) in CLASSES {
        let key = format!("ControlSet001\\Control\\Class\\{guid}");
        set(&mut hive, &key, "Class", SZ, &data::sz(class))?;
    }
    let options = "ControlSet001\\Control\\ProductOptions";
    set(&mut hive, options, "ProductType", SZ, &data::sz("WinNT"))?;
    set(&mut hive, options, "ProductSuite", MULTI_SZ, &data::multi_sz(["Terminal Server"]))?;
    set(&mut hive, "ControlSet001\\Control\\Nls\\Language", "InstallLanguage", SZ, &data::sz("0409"))?;
    let language = "ControlSet001\\Control\\MUI\\UILanguages\\en-US";
    set(&mut hive, language, "LCID", DWORD, &data::dword(0x409))?;
    for (name, number) in [("CSDBuildNumber", 525), ("CSDVersion", 0)] {
        set(&mut hive, "ControlSet001\\Control\\Windows", name, DWORD, &data::dword(number))?;
    }
    let disk = "ControlSet001\\Services\\disk";
    set(&mut hive, disk, "Type", DWORD, &data::dword(1))?;
    set(&mut hive, disk, "Start", DWORD, &data::dword(0))?;
    set(&mut hive, disk, "ErrorControl", DWORD, &data::dword(1))?;
    set(&mut hive, disk, "ImagePath", EXPAND_SZ, &data::sz("System32\\drivers\\disk.sys"))?;
    set(&mut hive, "Setup\\Status\\SysprepStatus", "GeneralizationState", DWORD, &data::dword(7))?;
    driver_database(&mut hive)?;
    inbox_driver(&mut hive, inbox)?;
    finish(hive)
}

/// `System32\config\DRIVERS`: the driver database for the classes that are not needed at boot.
pub fn drivers() -> Result<Vec<u8>> {
    let mut hive = Hive::new("ROOT", 5, None)?;
    driver_database(&mut hive)?;
    finish(hive)
}

/// `System32\config\SOFTWARE`.
pub fn software(product: &str, edition: &str) -> Result<Vec<u8>> {
    let mut hive = Hive::new("ROOT", 5, None)?;
    let key = "Microsoft\\Windows NT\\CurrentVersion";
    for (name, text) in [
        ("ProductName", product),
        ("EditionID", edition),
        ("InstallationType", "Client"),
        ("CurrentVersion", "6.3"),
        ("CurrentBuild", "22621"),
        ("CurrentBuildNumber", "22621"),
        ("BuildBranch", "ni_release"),
        ("DisplayVersion", "22H2"),
        ("SystemRoot", "C:\\Windows"),
    ] {
        set(&mut hive, key, name, SZ, &data::sz(text))?;
    }
    for (name, number) in [("CurrentMajorVersionNumber", 10), ("CurrentMinorVersionNumber", 0), ("UBR", 525)]
    {
        set(&mut hive, key, name, DWORD, &data::dword(number))?;
    }
    set(
        &mut hive,
        "Microsoft\\Windows\\CurrentVersion\\Setup\\State",
        "ImageState",
        SZ,
        &data::sz("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"),
    )?;
    // The signer of the sample packages is a root of this Windows: as the registry keeps one, property 32.
    let certificate = CatalogBuilder::sample_certificate(SIGNER);
    let length = u32::try_from(certificate.len()).unwrap_or(u32::MAX);
    let blob = [&[32, 1, length].map(u32::to_le_bytes).concat(), certificate.as_slice()].concat();
    set(&mut hive, "Microsoft\\SystemCertificates\\ROOT\\Certificates\\53616D706C65", "Blob", BINARY, &blob)?;
    finish(hive)
}

/// A hive that holds nothing but its root.
pub fn empty() -> Result<Vec<u8>> {
    finish(Hive::new("ROOT", 5, None)?)
}

/// The root of the database, with every `oemN.inf` number free.
fn driver_database(hive: &mut Hive) -> Result<()> {
    let key = "DriverDatabase";
    set(hive, key, "Version", DWORD, &data::dword(0x0A00_0000))?;
    set(hive, key, "SchemaVersion", DWORD, &data::dword(0x0001_0000))?;
    set(hive, key, "Architecture", DWORD, &data::dword(9))?; // PROCESSOR_ARCHITECTURE_AMD64
    set(hive, key, "UpdateDate", BINARY, &BUILT.to_le_bytes())?;
    set(hive, key, "SetupStatus", DWORD, &data::dword(0))?;
    set(hive, key, "OemInfMap", BINARY, &[0; 4])?;
    for name in ["DeviceIds", "DriverFiles", "DriverInfFiles", "DriverPackages"] {
        create(hive, &format!("{key}\\{name}"))?;
    }
    Ok(())
}

/// `disk.inf`, so that `Get-Driver -All` has an inbox driver to show.
fn inbox_driver(hive: &mut Hive, label: &str) -> Result<()> {
    let mut version = vec![0xFF, 0xFF, 0x09, 0x00, 0, 0, 0, 0]; // inbox, amd64
    version.extend(DISK_CLASS_BYTES);
    version.extend(127_953_216_000_000_000u64.to_le_bytes()); // 2006-06-21, as every inbox driver
    version.extend(0x000A_0000_585D_020Du64.to_le_bytes()); // 10.0.22621.525
    version.extend([0; 8]);

    let file = "DriverDatabase\\DriverInfFiles\\disk.inf";
    set(hive, file, "", MULTI_SZ, &data::multi_sz([label]))?;
    set(hive, file, "Active", SZ, &data::sz(label))?;
    let package = format!("DriverDatabase\\DriverPackages\\{label}");
    set(hive, &package, "", SZ, &data::sz("disk.inf"))?;
    set(hive, &package, "Version", BINARY, &version)?;
    set(hive, &package, "Provider", SZ, &data::sz("Microsoft"))?;
    set(hive, &package, "SignerScore", DWORD, &data::dword(0x0D00_0003))?;
    set(hive, &package, "StatusFlags", DWORD, &data::dword(0x12))?;
    set(hive, &format!("DriverDatabase\\DeviceIds\\{DISK_CLASS}"), "disk.inf", NONE, &[])?;
    set(hive, "DriverDatabase\\DeviceIds\\GenDisk", "disk.inf", BINARY, &[1, 0xFF, 0, 0])
}

fn create(hive: &mut Hive, path: &str) -> Result<KeyId> {
    let root = hive.root();
    hive.create_key(root, path)
}

fn set(hive: &mut Hive, path: &str, name: &str, kind: u32, bytes: &[u8]) -> Result<()> {
    let key = create(hive, path)?;
    hive.set_value(key, name, kind, bytes)
}

fn finish(mut hive: Hive) -> Result<Vec<u8>> {
    Ok(hive.finish(BUILT)?.bytes)
}
