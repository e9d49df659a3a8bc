//! An image that looks like Windows to the driver engine: hives made here, captured by wimlib-imagex.
#![allow(dead_code)] // Each test binary uses a part.

use super::images::{read, Bench};
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::formats::regf::{dword, multi_sz, sz, Hive, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_SZ};
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{add, AddOptions, DriverReport};
use std::path::{Path, PathBuf};

/// What the transaction logs hold before.
pub const OLD_LOG: &[u8] = b"an old transaction log";

/// Adds packages; the call itself must work, whatever becomes of each package.
pub fn add_all(session: &mut Session, paths: &[PathBuf], options: AddOptions) -> Vec<DriverReport> {
    add(session, paths, options, &mut unobserved).unwrap()
}

/// A hive of the session's image.
pub fn hive(session: &Session, name: &str) -> Hive {
    Hive::open(read(session, &format!(r"\Windows\System32\config\{name}")).unwrap()).unwrap()
}

pub fn has_key(hive: &Hive, path: &str) -> bool {
    hive.find(hive.root(), path).unwrap().is_some()
}

pub struct WindowsBench {
    pub images: Bench,
}

impl WindowsBench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// `change` gets the tree's root before it is captured.
    pub fn with(change: impl FnOnce(&Path)) -> Self {
        let images = Bench::new();
        let tree = images.path("tree");
        write_tree(&tree);
        change(&tree);
        images.capture(&[]);
        std::fs::create_dir_all(images.path("drivers")).unwrap();
        Self { images }
    }

    /// A host folder for packages.
    pub fn drivers(&self) -> PathBuf {
        self.images.path("drivers")
    }

    pub fn mount(&self) -> Session {
        self.images.mount(1)
    }
}

/// A tree with a Windows directory: hives, logs, and a system file for the architecture.
pub fn write_tree(tree: &Path) {
    for directory in ["config", "drivers", "DriverStore/FileRepository"] {
        std::fs::create_dir_all(tree.join("Windows/System32").join(directory)).unwrap();
    }
    std::fs::create_dir_all(tree.join("Windows/INF")).unwrap();
    std::fs::write(tree.join("Windows/System32/ntdll.dll"), b"MZ").unwrap();
    let config = tree.join("Windows/System32/config");
    for (name, mut hive) in [("SYSTEM", system()), ("DRIVERS", drivers()), ("SOFTWARE", software())] {
        std::fs::write(config.join(name), hive.finish(1).unwrap().bytes).unwrap();
        std::fs::write(config.join(format!("{name}.LOG1")), OLD_LOG).unwrap();
        std::fs::write(config.join(format!("{name}.LOG2")), b"").unwrap();
    }
}

/// Changes a hive of the tree.
pub fn edit_hive(path: &Path, change: impl FnOnce(&mut Hive)) {
    let mut hive = Hive::open(std::fs::read(path).unwrap()).unwrap();
    change(&mut hive);
    std::fs::write(path, hive.finish(2).unwrap().bytes).unwrap();
}

/// Makes a SOFTWARE hive say that it is of Windows 7.
pub fn make_windows_7(hive: &mut Hive) {
    let key = hive.require(hive.root(), r"Microsoft\Windows NT\CurrentVersion").unwrap();
    for name in ["CurrentMajorVersionNumber", "CurrentMinorVersionNumber"] {
        hive.delete_value(key, name).unwrap();
    }
    hive.set_value(key, "CurrentVersion", REG_SZ, &sz("6.1")).unwrap();
    hive.set_value(key, "CurrentBuild", REG_SZ, &sz("7601")).unwrap();
}

fn database(hive: &mut Hive) {
    let key = hive.create_key(hive.root(), "DriverDatabase").unwrap();
    hive.set_value(key, "Version", REG_DWORD, &dword(0x0A00_0000)).unwrap();
    hive.set_value(key, "Architecture", REG_DWORD, &dword(9)).unwrap();
    for name in ["DeviceIds", "DriverInfFiles", "DriverPackages"] {
        hive.create_key(key, name).unwrap();
    }
}

fn system() -> Hive {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    database(&mut hive);
    let select = hive.create_key(hive.root(), "Select").unwrap();
    hive.set_value(select, "Default", REG_DWORD, &dword(1)).unwrap();
    for set in ["ControlSet001", "ControlSet002"] {
        let options = hive.create_key(hive.root(), &format!(r"{set}\Control\ProductOptions")).unwrap();
        hive.set_value(options, "ProductType", REG_SZ, &sz("WinNT")).unwrap();
        hive.set_value(options, "ProductSuite", REG_MULTI_SZ, &multi_sz(["Terminal Server"])).unwrap();
        let environment =
            hive.create_key(hive.root(), &format!(r"{set}\Control\Session Manager\Environment")).unwrap();
        hive.set_value(environment, "PROCESSOR_ARCHITECTURE", REG_SZ, &sz("AMD64")).unwrap();
        hive.create_key(hive.root(), &format!(r"{set}\Services\disk")).unwrap();
        let class = format!(r"{set}\Control\Class\{{4d36e967-e325-11ce-bfc1-08002be10318}}");
        let class = hive.create_key(hive.root(), &class).unwrap();
        hive.set_value(class, "Class", REG_SZ, &sz("DiskDrive")).unwrap();
    }
    let inbox = r"DriverDatabase\DriverPackages\disk.inf_amd64_0123456789abcdef";
    let inbox = hive.create_key(hive.root(), inbox).unwrap();
    hive.set_value(inbox, "", REG_SZ, &sz("disk.inf")).unwrap();
    // Inbox, amd64, class DiskDrive, 06/21/2006, 10.0.19041.1: the form of real values.
    let mut version = vec![0xFF, 0xFF, 9, 0, 0, 0, 0, 0, 0x67, 0xE9, 0x36, 0x4D, 0x25, 0xE3, 0xCE, 0x11];
    version.extend([0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18]);
    version.extend([0x00, 0x80, 0x8C, 0xA3, 0xC5, 0x94, 0xC6, 0x01, 1, 0, 0x61, 0x4A, 0, 0, 10, 0]);
    version.extend([0; 8]);
    hive.set_value(inbox, "Version", REG_BINARY, &version).unwrap();
    hive.set_value(inbox, "SignerScore", REG_DWORD, &dword(0x0D00_0003)).unwrap();
    hive
}

fn drivers() -> Hive {
    let mut hive = Hive::new("DRIVERS", 5, None).unwrap();
    database(&mut hive);
    hive
}

fn software() -> Hive {
    let mut hive = Hive::new("SOFTWARE", 5, None).unwrap();
    let key = hive.create_key(hive.root(), r"Microsoft\Windows NT\CurrentVersion").unwrap();
    hive.set_value(key, "CurrentMajorVersionNumber", REG_DWORD, &dword(10)).unwrap();
    hive.set_value(key, "CurrentMinorVersionNumber", REG_DWORD, &dword(0)).unwrap();
    hive.set_value(key, "CurrentVersion", REG_SZ, &sz("6.3")).unwrap();
    hive.set_value(key, "CurrentBuild", REG_SZ, &sz("26100")).unwrap();
    // The signer of the sample packages is a root of this Windows.
    let certificate = CatalogBuilder::sample_certificate("Sample Publisher");
    let root = r"Microsoft\SystemCertificates\ROOT\Certificates\53616D706C65";
    let root = hive.create_key(hive.root(), root).unwrap();
    let length = u32::try_from(certificate.len()).unwrap();
    let head = [32, 1, length].map(u32::to_le_bytes).concat();
    hive.set_value(root, "Blob", REG_BINARY, &[head, certificate].concat()).unwrap();
    hive
}
