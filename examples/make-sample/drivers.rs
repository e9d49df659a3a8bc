//! Sample driver packages: an INF, the files it installs, and a catalogue over all of them.

use crate::{catalog, pe};
use std::fs;
use std::io;
use std::path::Path;

/// What distinguishes one sample package from another.
pub struct Package<'a> {
    /// Base name of the INF, the service and the catalogue.
    pub name: &'a str,
    /// Device set-up class and its GUID.
    pub class: (&'a str, &'a str),
    /// The architecture in the INF's decorations: `amd64` or `arm64`.
    pub architecture: &'a str,
    /// The device it is for.
    pub hardware_id: &'a str,
    /// `StartType` of the service: 0 is boot, 3 on demand.
    pub start: u32,
    /// Whether the INF names a catalogue, and one is made.
    pub signed: bool,
}

/// The set-up classes that the samples use.
pub const NET: (&str, &str) = ("Net", "{4d36e972-e325-11ce-bfc1-08002be10318}");
pub const SCSI_ADAPTER: (&str, &str) = ("SCSIAdapter", "{4d36e97b-e325-11ce-bfc1-08002be10318}");

/// Makes the packages of the demo and the tests: folders below `folder`.
pub fn make_samples(folder: &Path) -> io::Result<()> {
    let good = Package {
        name: "samplenet",
        class: NET,
        architecture: "amd64",
        hardware_id: "PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4",
        start: 3,
        signed: true,
    };
    make(&folder.join("good1"), &good)?;
    make(
        &folder.join("good2"),
        &Package {
            name: "samplestor",
            class: SCSI_ADAPTER,
            hardware_id: "PCI\\VEN_1AF4&DEV_1001",
            start: 0,
            ..good
        },
    )?;
    make(&folder.join("unsigned"), &Package { name: "sampleraw", signed: false, ..good })?;
    make(&folder.join("arm64only"), &Package { name: "samplearm", architecture: "arm64", ..good })?;

    let tampered = folder.join("tampered");
    make(&tampered, &Package { name: "samplebad", ..good })?;
    let driver = tampered.join("samplebad.sys");
    let mut bytes = fs::read(&driver)?;
    bytes[0x210] ^= 1; // inside the section, so that the Authenticode digest changes too
    fs::write(driver, bytes)?;

    let broken = folder.join("broken");
    fs::create_dir_all(&broken)?;
    let text = inf(&Package { name: "samplebroken", ..good }, &[]).replace("[Manufacturer]", "[Manufacturer");
    fs::write(broken.join("samplebroken.inf"), text)
}

/// Completes `folder` to a driver package: adds the driver, an INF that installs every file that is in the
/// folder, and the catalogue.
pub fn make(folder: &Path, package: &Package<'_>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let machine = if package.architecture == "arm64" { pe::ARM64 } else { pe::AMD64 };
    let content = format!("{}: a sample driver that drives nothing", package.name);
    fs::write(folder.join(format!("{}.sys", package.name)), pe::image(machine, content.as_bytes()))?;

    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.file_name().to_string_lossy().into_owned());
    }
    files.sort();

    let inf_name = format!("{}.inf", package.name);
    let text = inf(package, &files);
    // A boot driver's INF in UTF-16, the others in ASCII: both are common.
    let bytes = if package.start == 0 { utf16(&text) } else { text.into_bytes() };
    fs::write(folder.join(&inf_name), bytes)?;
    if package.signed {
        files.push(inf_name);
        let members = files.iter().map(|name| Ok((name.clone(), fs::read(folder.join(name))?)));
        let members = members.collect::<io::Result<Vec<_>>>()?;
        fs::write(
            folder.join(format!("{}.cat", package.name)),
            catalog::over(&members, package.hardware_id),
        )?;
    }
    Ok(())
}

fn inf(package: &Package<'_>, files: &[String]) -> String {
    let Package { name, class: (class, guid), architecture, hardware_id, start, signed } = package;
    let catalogue = if *signed { format!("CatalogFile = {name}.cat\n") } else { String::new() };
    // A driver that starts at boot is read before the driver store is known: it goes to System32\drivers.
    let directory = if *start == 0 { 12 } else { 13 };
    let group = if *start == 0 { "LoadOrderGroup = SCSI miniport\n" } else { "" };
    let copied: String = files.iter().map(|file| format!("{file}\n")).collect();
    let sources: String = files.iter().map(|file| format!("{file} = 1\n")).collect();
    let text = format!(
        "; A sample: installs a driver for a device that does not exist.
[Version]
Signature = \"$WINDOWS NT$\"
Class = {class}
ClassGuid = {guid}
Provider = %Provider%
DriverVer = 05/14/2024,2.1.0.7
{catalogue}PnpLockdown = 1

[Manufacturer]
%Provider% = Models, NT{architecture}.10.0...16299

[Models.NT{architecture}.10.0...16299]
%Device% = Install, {hardware_id}

[Install.NT]
CopyFiles = Files

[Install.NT.Services]
AddService = {name}, 2, Service

[Service]
DisplayName = %Device%
ServiceType = 1
StartType = {start}
ErrorControl = 1
ServiceBinary = %{directory}%\\{name}.sys
{group}
[Files]
{copied}
[DestinationDirs]
Files = {directory}

[SourceDisksNames]
1 = %Disk%

[SourceDisksFiles]
{sources}
[Strings]
Provider = \"ImageServicing Samples\"
Device = \"Sample {class} Device ({name})\"
Disk = \"Sample Disk\"
"
    );
    text.replace('\n', "\r\n")
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
