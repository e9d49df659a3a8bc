//! Small driver packages: an INF, a file that is no driver, and a catalogue over both.
#![allow(dead_code)] // Each test binary uses a part.

use imgsvc::formats::cat::CatalogBuilder;
use std::path::{Path, PathBuf};

/// The signer that sample catalogues name.
pub const SIGNER: &str = "Sample Publisher";

/// What the sample INF says; every field can be changed before it is written.
#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    pub class: String,
    pub class_guid: String,
    pub architecture: String,
    pub catalog: bool,
    pub start: u32,
    pub dirid: u32,
    /// Lines appended to the INF.
    pub more: String,
}

impl Sample {
    /// A signed network driver for amd64 that starts on demand and runs from the driver store.
    pub fn network(name: &str) -> Self {
        Self {
            name: name.into(),
            class: "Net".into(),
            class_guid: "{4d36e972-e325-11ce-bfc1-08002be10318}".into(),
            architecture: "amd64".into(),
            catalog: true,
            start: 3,
            dirid: 13,
            more: String::new(),
        }
    }

    /// A signed storage driver for amd64 that starts at boot.
    pub fn storage(name: &str) -> Self {
        Self {
            class: "SCSIAdapter".into(),
            class_guid: "{4d36e97b-e325-11ce-bfc1-08002be10318}".into(),
            start: 0,
            dirid: 12,
            ..Self::network(name)
        }
    }

    pub fn inf(&self) -> String {
        let Self { name, class, class_guid, architecture, start, dirid, more, .. } = self;
        let catalog = if self.catalog { format!("CatalogFile = {name}.cat\n") } else { String::new() };
        format!(
            r#"[Version]
Signature = "$WINDOWS NT$"
Class = {class}
ClassGuid = {class_guid}
Provider = %Maker%
DriverVer = 08/02/2019,1.3.15.0
PnpLockdown = 1
{catalog}
[Manufacturer]
%Maker% = Models, NT{architecture}

[Models.NT{architecture}]
%Device% = Install, PCI\VEN_FFFF&DEV_0001&SUBSYS_{name}, PCI\VEN_FFFF&DEV_{name}

[Install.NT]
CopyFiles = Files

[Install.NT.HW]
AddReg = Interrupts

[Install.NT.Services]
AddService = {name}, 2, Service, Log

[Interrupts]
HKR, "Interrupt Management\MessageSignaledInterruptProperties", MSISupported, 0x00010001, 1

[Service]
DisplayName = %Device%
ServiceType = 1
StartType = {start}
ErrorControl = 1
ServiceBinary = %{dirid}%\{name}.sys
LoadOrderGroup = SCSI miniport
AddReg = Parameters

[Parameters]
HKR, "Parameters\PnpInterface", "5", 0x00010001, 1

[Log]
AddReg = LogReg

[LogReg]
HKR, , EventMessageFile, 0x00020000, "%%SystemRoot%%\System32\IoLogMsg.dll"
HKR, , TypesSupported, 0x00010001, 7

[Files]
{name}.sys

[DestinationDirs]
Files = {dirid}

[SourceDisksNames]
1 = %Disk%

[SourceDisksFiles]
{name}.sys = 1

[Strings]
Maker = "Sample Maker"
Device = "Sample Device"
Disk = "Sample Disk"
{more}"#
        )
        .replace('\n', "\r\n")
    }

    pub fn driver(&self) -> Vec<u8> {
        format!("not a driver: {}", self.name).into_bytes()
    }

    /// A catalogue over the package's files.
    pub fn catalog(&self) -> CatalogBuilder {
        let builder = CatalogBuilder::new().file(&format!("{}.inf", self.name), self.inf().as_bytes());
        builder.file(&format!("{}.sys", self.name), &self.driver())
    }

    /// Writes the package below a folder and returns the INF's path.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let folder = folder.join(&self.name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}.sys", self.name)), self.driver()).unwrap();
        if self.catalog {
            let catalog = self.catalog().sample_signer(SIGNER).to_bytes();
            std::fs::write(folder.join(format!("{}.cat", self.name)), catalog).unwrap();
        }
        let inf = folder.join(format!("{}.inf", self.name));
        std::fs::write(&inf, self.inf()).unwrap();
        inf
    }
}

/// The samples' signer, trusted, at a time in 2026.
#[allow(dead_code)] // not every suite reads packages itself
pub fn trust() -> imgsvc::servicing::drivers::package::trust::Trust {
    let mut trust = imgsvc::servicing::drivers::package::trust::Trust::new(134_000_000_000_000_000);
    trust.roots.add_file(&CatalogBuilder::sample_certificate(SIGNER)).unwrap();
    trust
}
