//! The sample image file: two editions of a very small "Windows".
//!
//! The engine makes the file and everything in it, and what the XML says of its Windows. The second
//! image and the texts for people come from wimlib-imagex.

use crate::{hives, pe};
use imgsvc::error::Result;
use imgsvc::formats::inf;
use imgsvc::image::state::StateDirectory;
use imgsvc::image::{
    self, Content, CreateOptions, ImagePath, ImageSelector, MountOptions, PutOptions, SaveOptions, Session,
    Transaction,
};
use imgsvc::progress::unobserved;
use std::path::Path;
use std::process::Command;

const CATROOT: &str = "Windows\\System32\\CatRoot\\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";
const CONFIG: &str = "Windows\\System32\\config";
const DISK_INF: &[u8] =
    b"; The inbox driver of the sample image.\r\n[Version]\r\nSignature=\"$WINDOWS NT$\"\r\n\
    Class=DiskDrive\r\nClassGuid={4D36E967-E325-11CE-BFC1-08002BE10318}\r\nProvider=Microsoft\r\n\
    DriverVer=06/21/2006,10.0.22621.525\r\n";

/// Makes `file` with the images `Sample Pro` and `Sample Home`. `state` is for the engine's sessions.
pub fn make(file: &Path, state: &Path) -> std::result::Result<(), Box<dyn std::error::Error>> {
    image::create(file, &CreateOptions::new("Sample Pro"))?;
    service(file, state, 1, SaveOptions::default(), |windows| {
        fill(windows)?;
        put(windows, &format!("{CONFIG}\\SOFTWARE"), &hives::software("Windows 11 Pro", "Professional")?)
    })?;
    wimlib(&["export", &file.to_string_lossy(), "1", &file.to_string_lossy(), "Sample Home"])?;
    describe(file, "1", "Windows 11 Pro")?;
    describe(file, "2", "Windows 11 Home")?;
    // Compacting leaves a file without the space that the steps before have given up.
    service(file, state, 2, SaveOptions { compact: true, ..SaveOptions::default() }, |windows| {
        put(windows, &format!("{CONFIG}\\SOFTWARE"), &hives::software("Windows 11 Home", "Core")?)
    })?;
    Ok(())
}

/// One session on one image: what `change` does is one transaction, and is saved.
fn service(
    file: &Path,
    state: &Path,
    index: u32,
    save: SaveOptions,
    change: impl FnOnce(&mut Transaction<'_>) -> Result<()>,
) -> Result<()> {
    let options = MountOptions::new(file, ImageSelector::Index(index));
    let mut session = Session::mount_in(StateDirectory::at(state), &options, &mut unobserved)?;
    let mut transaction = session.transaction("make the sample")?;
    change(&mut transaction)?;
    transaction.commit()?;
    session.save(save, &mut unobserved)?;
    session.discard()
}

/// The tree of a Windows installation, as far as servicing looks at it.
fn fill(windows: &mut Transaction<'_>) -> Result<()> {
    for directory in [
        CATROOT,
        CONFIG,
        "Program Files\\Common Files",
        "Users\\Default\\Desktop",
        "Windows\\INF",
        "Windows\\System32\\drivers",
        "Windows\\System32\\DriverStore\\FileRepository",
        "Windows\\WinSxS\\amd64_notepad_31bf3856ad364e35_10.0.22621.525_none_0123456789abcdef",
    ] {
        windows.create_directories(&ImagePath::parse(directory)?)?;
    }
    short_name(windows, "Program Files", "PROGRA~1")?;

    for name in ["kernel32.dll", "ntdll.dll", "ntoskrnl.exe"] {
        put(windows, &format!("Windows\\System32\\{name}"), &pe::image(pe::AMD64, name.as_bytes()))?;
    }
    put(windows, "Windows\\explorer.exe", &pe::image(pe::AMD64, b"explorer"))?;
    put(windows, "Windows\\win.ini", b"; for 16-bit app support\r\n")?;
    put(windows, "Users\\Default\\Desktop\\Read me first.txt", b"A sample image, not Windows.\r\n")?;
    short_name(windows, "Users\\Default\\Desktop\\Read me first.txt", "README~1.TXT")?;
    let zone: Vec<u16> = "Zone.Identifier".encode_utf16().collect();
    let text = ImagePath::parse("Users\\Default\\Desktop\\Read me first.txt")?;
    windows.put_stream(
        &text,
        &zone,
        Content::from(&b"[ZoneTransfer]\r\nZoneId=3\r\n"[..]),
        &mut unobserved,
    )?;

    // One file, two names, as Windows keeps most of System32.
    let store =
        "Windows\\WinSxS\\amd64_notepad_31bf3856ad364e35_10.0.22621.525_none_0123456789abcdef\\notepad.exe";
    put(windows, store, &pe::image(pe::AMD64, b"notepad"))?;
    windows.link(&ImagePath::parse(store)?, &ImagePath::parse("Windows\\System32\\notepad.exe")?)?;

    let inbox = inf::label("disk.inf", inf::Architecture::Amd64, DISK_INF);
    let package = format!("Windows\\System32\\DriverStore\\FileRepository\\{inbox}");
    windows.create_directories(&ImagePath::parse(&package)?)?;
    let disk = pe::image(pe::AMD64, b"disk");
    put(windows, "Windows\\INF\\disk.inf", DISK_INF)?;
    put(windows, &format!("{package}\\disk.inf"), DISK_INF)?;
    put(windows, &format!("{package}\\disk.sys"), &disk)?;
    put(windows, "Windows\\System32\\drivers\\disk.sys", &disk)?;

    put(windows, &format!("{CONFIG}\\SYSTEM"), &hives::system(&inbox)?)?;
    put(windows, &format!("{CONFIG}\\DRIVERS"), &hives::drivers()?)?;
    for name in ["DEFAULT", "SAM", "SECURITY"] {
        put(windows, &format!("{CONFIG}\\{name}"), &hives::empty()?)?;
    }
    Ok(())
}

fn put(windows: &mut Transaction<'_>, path: &str, bytes: &[u8]) -> Result<()> {
    let options = PutOptions {
        creation_time: Some(hives::BUILT),
        last_write_time: Some(hives::BUILT),
        ..PutOptions::overwrite()
    };
    windows.put_file(&ImagePath::parse(path)?, Content::from(bytes), &options, &mut unobserved)?;
    Ok(())
}

fn short_name(windows: &mut Transaction<'_>, path: &str, name: &str) -> Result<()> {
    let units: Vec<u16> = name.encode_utf16().collect();
    windows.set_short_name(&ImagePath::parse(path)?, Some(&units))
}

/// What the XML says of an image and no hive tells.
fn describe(file: &Path, index: &str, product: &str) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let properties = [
        // Of the version resource of Microsoft's own system files.
        ("WINDOWS/PRODUCTNAME", "Microsoft® Windows® Operating System"),
        ("WINDOWS/SERVICINGDATA/PKEYCONFIGVERSION", "10.0.22621.525;2016-01-01T00:00:00Z"),
        ("DESCRIPTION", product),
        ("DISPLAYNAME", product),
        ("DISPLAYDESCRIPTION", product),
    ];
    let file = file.to_string_lossy();
    let mut arguments = vec!["info".to_owned(), file.into_owned(), index.to_owned()];
    arguments.extend(properties.iter().map(|(name, value)| format!("--image-property={name}={value}")));
    wimlib(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn wimlib(arguments: &[&str]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let output = Command::new("wimlib-imagex")
        .args(arguments)
        .output()
        .map_err(|error| format!("wimlib-imagex (package wimtools): {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("wimlib-imagex {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr)).into())
}
