//! Which Windows an image holds: what the engine works out is what wimlib-imagex writes at a capture,
//! apart from differences that docs/formats/wim.md explains.
#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

#[path = "support/hives.rs"]
mod hives;
#[path = "support/images.rs"]
mod images;
#[path = "support/wim.rs"]
mod wim;

use images::Bench;
use imgsvc::error::Result;
use imgsvc::formats::regf::*;
use imgsvc::formats::wim::tree::Tree;
use imgsvc::formats::wim::xml::Element;
use imgsvc::formats::wim::{Archive, Hash};
use imgsvc::formats::ReadRange;
use imgsvc::image::identity::{self, Sources};
use std::collections::BTreeMap;
use std::path::Path;

const SYSTEM32: &str = "Windows/System32";

/// What a hive is to hold: key, value, kind, data.
type Entry<'a> = (&'a str, &'a str, u32, Vec<u8>);

fn hive(name: &str, entries: &[Entry<'_>]) -> Vec<u8> {
    let mut hive = Hive::new(name, 5, None).unwrap();
    for (key, value, kind, data) in entries {
        let key = hive.create_key(hive.root(), key).unwrap();
        hive.set_value(key, value, *kind, data).unwrap();
    }
    hive.finish(1).unwrap().bytes
}

const CURRENT: &str = r"Microsoft\Windows NT\CurrentVersion";

/// A SOFTWARE hive of Windows 11.
fn software() -> Vec<Entry<'static>> {
    vec![
        (CURRENT, "CurrentMajorVersionNumber", REG_DWORD, dword(10)),
        (CURRENT, "CurrentMinorVersionNumber", REG_DWORD, dword(0)),
        (CURRENT, "CurrentVersion", REG_SZ, sz("6.3")),
        (CURRENT, "CurrentBuild", REG_SZ, sz("22621")),
        (CURRENT, "ProductName", REG_SZ, sz("Windows 10 Pro & <Co>")),
        (CURRENT, "EditionID", REG_SZ, sz("Professional")),
        (CURRENT, "InstallationType", REG_SZ, sz("Client")),
    ]
}

/// A SYSTEM hive with two languages, whose control set has that number.
fn system(set: u32) -> Vec<(String, &'static str, u32, Vec<u8>)> {
    let key = |path: &str| format!(r"ControlSet{set:03}\{path}");
    vec![
        ("Select".to_owned(), "Default", REG_DWORD, dword(set)),
        (key(r"Control\Windows"), "CSDBuildNumber", REG_DWORD, dword(525)),
        (key(r"Control\Windows"), "CSDVersion", REG_DWORD, dword(0x200)),
        (key(r"Control\ProductOptions"), "ProductType", REG_SZ, sz("WinNT")),
        (
            key(r"Control\ProductOptions"),
            "ProductSuite",
            REG_MULTI_SZ,
            multi_sz(["Terminal Server", "Personal"]),
        ),
        (
            key(r"Control\Class\{4d36e966-e325-11ce-bfc1-08002be10318}\0000"),
            "MatchingDeviceId",
            REG_SZ,
            sz("acpiapic"),
        ),
        (key(r"Control\MUI\UILanguages\de-DE"), "LCID", REG_DWORD, dword(0x407)),
        (key(r"Control\MUI\UILanguages\en-US"), "LCID", REG_DWORD, dword(0x409)),
        (key(r"Control\Nls\Language"), "InstallLanguage", REG_SZ, sz("0407")),
        (key(r"Control\Session Manager\Environment"), "PROCESSOR_ARCHITECTURE", REG_SZ, sz("AMD64")),
    ]
}

fn system_hive(set: u32) -> Vec<u8> {
    let entries = system(set);
    let entries: Vec<Entry<'_>> =
        entries.iter().map(|(key, name, kind, data)| (key.as_str(), *name, *kind, data.clone())).collect();
    hive("SYSTEM", &entries)
}

/// A file that starts like a system file for that machine.
fn system_file(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C..0x40].copy_from_slice(&0x80_u32.to_le_bytes());
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
    bytes
}

fn write(bench: &Bench, name: &str, bytes: &[u8]) {
    let file = bench.path("tree").join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

/// A tree with Windows 11 for amd64.
fn windows_11() -> Bench {
    let bench = Bench::new();
    write(&bench, &format!("{SYSTEM32}/kernel32.dll"), &system_file(0x8664));
    write(&bench, &format!("{SYSTEM32}/config/SOFTWARE"), &hive("SOFTWARE", &software()));
    write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), &system_hive(1));
    bench
}

fn open(file: &Path) -> (Archive, Tree) {
    let archive = wim::open(&[file]).unwrap();
    let tree = Tree::parse(&archive.read_metadata(1).unwrap()).unwrap();
    (archive, tree)
}

/// The image element as the engine makes it for a new image, and the notes.
fn described(file: &Path) -> (Element, Vec<String>) {
    let (archive, tree) = open(file);
    let mut image = Element::new("IMAGE");
    let notes = identity::update_xml(&mut image, &tree, None, &mut opener(&archive));
    (image, notes)
}

fn opener(archive: &Archive) -> impl FnMut(&Hash) -> Result<Box<dyn ReadRange>> + '_ {
    |hash| Ok(Box::new(archive.open_blob(hash)?))
}

/// All texts below an element by their paths.
fn fields(element: &Element) -> Fields {
    fn collect(element: &Element, path: &str, into: &mut Fields) {
        for child in element.elements() {
            let path = format!("{path}/{}", child.name());
            match child.elements().count() {
                0 => into.entry(path).or_default().push(child.text()),
                _ => collect(child, &path, into),
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(element, "", &mut found);
    found
}

/// Texts by their paths.
type Fields = BTreeMap<String, Vec<String>>;

/// What wimlib-imagex wrote about Windows at the capture, and what the engine makes of the image.
fn compare(bench: &Bench) -> (Fields, Fields, Vec<String>) {
    bench.capture(&[]);
    let (archive, _) = open(&bench.wim());
    let windows = |element: &Element| element.find("WINDOWS").map(fields).unwrap_or_default();
    let theirs = windows(archive.xml().image(1).unwrap());
    let (image, notes) = described(&bench.wim());
    (windows(&image), theirs, notes)
}

fn assert_as_wimlib(bench: &Bench) -> Fields {
    let (ours, theirs, notes) = compare(bench);
    assert_eq!(ours, theirs);
    assert_eq!(notes, Vec::<String>::new());
    ours
}

#[test]
fn an_image_of_windows_is_described_as_wimlib_does() {
    let bench = windows_11();
    let found = assert_as_wimlib(&bench);
    assert_eq!(found["/LANGUAGES/LANGUAGE"], ["de-DE", "en-US"]);
    assert_eq!(found["/LANGUAGES/DEFAULT"], ["de-DE"]);
    assert_eq!(found["/ARCH"], ["9"]);
    assert_eq!(found["/VERSION/SPLEVEL"], ["2"]);
    let (image, _) = described(&bench.wim());
    let names: Vec<&str> = image.find("WINDOWS").unwrap().elements().map(Element::name).collect();
    let order = [
        "ARCH",
        "PRODUCTNAME",
        "EDITIONID",
        "INSTALLATIONTYPE",
        "HAL",
        "PRODUCTTYPE",
        "PRODUCTSUITE",
        "LANGUAGES",
        "VERSION",
        "SYSTEMROOT",
    ];
    assert_eq!(names, order);
    assert_eq!(image.text_at("FLAGS").unwrap(), "Professional");
}

#[test]
fn a_tree_without_windows_is_not_described() {
    let bench = Bench::captured(&[]);
    let (image, notes) = described(&bench.wim());
    assert_eq!(image, Element::new("IMAGE"));
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(Sources::of(&open(&bench.wim()).1), Sources::default());
}
