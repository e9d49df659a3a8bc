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

use images::{path, put, save, Bench};
use imgsvc::error::Result;
use imgsvc::formats::regf::*;
use imgsvc::formats::wim::tree::{Inode, Tree};
use imgsvc::formats::wim::xml::Element;
use imgsvc::formats::wim::{Archive, Hash, WindowsInfo};
use imgsvc::formats::ReadRange;
use imgsvc::image::identity::{self, Sources};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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

/// Takes a value out of a list of entries.
fn without<'a>(mut entries: Vec<Entry<'a>>, name: &str) -> Vec<Entry<'a>> {
    entries.retain(|entry| entry.1 != name);
    entries
}

fn with<'a>(mut entries: Vec<Entry<'a>>, name: &'a str, kind: u32, data: Vec<u8>) -> Vec<Entry<'a>> {
    entries.retain(|entry| entry.1 != name);
    entries.push((CURRENT, name, kind, data));
    entries
}

fn write_software(bench: &Bench, entries: &[Entry<'_>]) {
    write(bench, &format!("{SYSTEM32}/config/SOFTWARE"), &hive("SOFTWARE", entries));
}

#[test]
fn older_windows_is_described_as_wimlib_does() {
    let bench = windows_11();
    let seven = without(without(software(), "CurrentMajorVersionNumber"), "CurrentMinorVersionNumber");
    let seven = with(seven, "CurrentVersion", REG_SZ, sz("6.1"));
    write_software(&bench, &seven);
    let found = assert_as_wimlib(&bench);
    assert_eq!(
        (&found["/VERSION/MAJOR"][0], &found["/VERSION/MINOR"][0]),
        (&"6".to_owned(), &"1".to_owned())
    );

    let xp = with(seven, "CurrentBuild", REG_SZ, sz("1.511.1 () (Obsolete data - do not use)"));
    let xp = with(xp, "CurrentBuildNumber", REG_SZ, sz("2600"));
    write_software(&bench, &xp);
    assert_eq!(assert_as_wimlib(&bench)["/VERSION/BUILD"], ["2600"]);
}

#[test]
fn every_machine_is_described_as_wimlib_does() {
    for (machine, number) in
        [(0x14C, "0"), (0x1C0, "5"), (0x1C2, "5"), (0x1C4, "5"), (0x200, "6"), (0x8664, "9"), (0xAA64, "12")]
    {
        let bench = windows_11();
        write(&bench, &format!("{SYSTEM32}/kernel32.dll"), &system_file(machine));
        // 32-bit programs of a 64-bit Windows say nothing about it.
        write(&bench, "Windows/SysWOW64/kernel32.dll", &system_file(0x14C));
        assert_eq!(assert_as_wimlib(&bench)["/ARCH"], [number]);
    }
}

#[test]
fn without_a_readable_kernel32_another_source_tells_the_architecture() {
    let bench = windows_11();
    write(&bench, &format!("{SYSTEM32}/kernel32.dll"), b"MZ");
    let (mut ours, theirs, _) = compare(&bench);
    // wimlib knows no other source.
    assert_eq!(ours.remove("/ARCH").unwrap(), ["9"]);
    assert_eq!(ours, theirs);
    write(&bench, &format!("{SYSTEM32}/ntdll.dll"), &system_file(0xAA64));
    assert_eq!(compare(&bench).0["/ARCH"], ["12"]);
}

#[test]
fn the_windows_directory_has_any_name_in_any_case() {
    for (name, expected) in [("windows", "WINDOWS"), ("WINNT", "WINNT"), ("Système", "SYSTÈME")] {
        let bench = windows_11();
        std::fs::rename(bench.path("tree/Windows"), bench.path("tree").join(name)).unwrap();
        assert_eq!(assert_as_wimlib(&bench)["/SYSTEMROOT"], [expected]);
    }
}

#[test]
fn of_several_windows_directories_the_fullest_counts() {
    let bench = windows_11();
    // As full as the other one, but not called Windows.
    write(&bench, "Another/System32/kernel32.dll", &system_file(0x14C));
    write(&bench, "Another/System32/config/SOFTWARE", b"not looked at");
    write(&bench, "Another/System32/config/SYSTEM", b"not looked at");
    assert_eq!(assert_as_wimlib(&bench)["/SYSTEMROOT"], ["WINDOWS"]);
    std::fs::remove_file(bench.path("tree").join(SYSTEM32).join("config/SYSTEM")).unwrap();
    write(&bench, "Another/System32/config/SYSTEM", &system_hive(1));
    write(&bench, "Another/System32/config/SOFTWARE", &hive("SOFTWARE", &software()));
    let found = assert_as_wimlib(&bench);
    assert_eq!((&found["/SYSTEMROOT"][0], &found["/ARCH"][0]), (&"ANOTHER".to_owned(), &"0".to_owned()));
}

#[test]
fn what_is_missing_is_left_out() {
    let bench = windows_11();
    std::fs::remove_file(bench.path("tree").join(SYSTEM32).join("config/SYSTEM")).unwrap();
    let (mut ours, theirs, notes) = compare(&bench);
    assert_eq!(notes, Vec::<String>::new());
    // The numbers of a version come together.
    for name in ["/VERSION/SPBUILD", "/VERSION/SPLEVEL"] {
        assert_eq!(ours.remove(name).unwrap(), ["0"]);
    }
    assert_eq!(ours, theirs);

    write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), &system_hive(1));
    std::fs::remove_file(bench.path("tree").join(SYSTEM32).join("config/SOFTWARE")).unwrap();
    let (ours, mut theirs, _) = compare(&bench);
    // No version of nothing: wimlib writes the service pack alone.
    assert!(theirs.remove("/VERSION/SPBUILD").is_some() && theirs.remove("/VERSION/SPLEVEL").is_some());
    assert_eq!(ours, theirs);

    std::fs::remove_dir_all(bench.path("tree").join(SYSTEM32).join("config")).unwrap();
    let found = assert_as_wimlib(&bench);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["/ARCH", "/SYSTEMROOT"]);
}

#[test]
fn the_control_set_that_windows_starts_with_counts() {
    let bench = windows_11();
    write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), &system_hive(2));
    let (ours, theirs, _) = compare(&bench);
    // wimlib looks into the first control set only, which is not there.
    assert!(!theirs.contains_key("/PRODUCTTYPE"));
    assert_eq!(ours["/PRODUCTTYPE"], ["WinNT"]);
    assert_eq!(ours["/LANGUAGES/DEFAULT"], ["de-DE"]);
}

#[test]
fn the_revision_is_that_of_the_last_update() {
    let bench = windows_11();
    let updated = with(software(), "UBR", REG_DWORD, dword(4317));
    write_software(&bench, &with(updated, "BuildBranch", REG_SZ, sz("ni_release")));
    let (mut ours, mut theirs, _) = compare(&bench);
    // wimlib stays with the revision of the media, and knows no branch.
    assert_eq!(ours.remove("/VERSION/SPBUILD").unwrap(), ["4317"]);
    assert_eq!(theirs.remove("/VERSION/SPBUILD").unwrap(), ["525"]);
    assert_eq!(ours.remove("/VERSION/BRANCH").unwrap(), ["ni_release"]);
    assert_eq!(ours, theirs);
}

#[test]
fn default_languages_without_a_number_in_the_hive_are_as_wimlib_knows_them() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    // Of Windows 7 to 11: full language packs, and a few interface packs.
    for number in [
        "0401", "0402", "0404", "0405", "0406", "0407", "0408", "0409", "040b", "040C", "040d", "040e",
        "0410", "0411", "0412", "0413", "0414", "0415", "0416", "0418", "0419", "041a", "041b", "041d",
        "041e", "041f", "0422", "0424", "0425", "0426", "0427", "0804", "0809", "080a", "0816", "0C04",
        "0c0a", "0c0c", "241a", "0403", "042d", "0456", "0428", "0859", "085d", "0492", "0c6b", "7fff",
    ] {
        let bench = Bench::new();
        write(&bench, &format!("{SYSTEM32}/kernel32.dll"), &system_file(0x8664));
        let entry = (r"ControlSet001\Control\Nls\Language", "InstallLanguage", REG_SZ, sz(number));
        write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), &hive("SYSTEM", &[entry]));
        let found = assert_as_wimlib(&bench);
        assert_eq!(found.contains_key("/LANGUAGES/DEFAULT"), number != "7fff", "{number}");
    }
}

#[test]
fn real_hives_are_read_as_wimlib_reads_them() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let files: BTreeMap<String, Vec<u8>> = hives::files(&folder).into_iter().collect();
    let real = |name: &str| {
        let found = files.iter().find(|(path, _)| path.ends_with(&format!("/{name}.xz")));
        found.unwrap_or_else(|| panic!("{name} is not among the hives")).1
    };
    // Service pack 1 of Windows 7, Windows 8.1 and Windows 10 1709 as their media have them.
    for (name, version, build, sp_build, dirty) in [
        ("SYSTEM", "6.1", "7601", "17514", false),
        ("SYSTEM_2", "6.3", "9600", "16384", true),
        ("SYSTEM_B", "6.3", "16299", "15", true),
    ] {
        let bench = windows_11();
        let entries =
            with(with(software(), "CurrentVersion", REG_SZ, sz(version)), "CurrentBuild", REG_SZ, sz(build));
        write_software(&bench, &entries);
        write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), real(name));
        let (ours, theirs, notes) = compare(&bench);
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(ours["/VERSION/SPBUILD"], [sp_build], "{name}");
        assert_eq!(ours["/LANGUAGES/DEFAULT"], ["en-US"], "{name}");
        assert_eq!(notes.iter().any(|note| note.contains("transaction logs")), dirty, "{name}: {notes:?}");
    }
}

#[test]
fn damaged_hives_leave_notes_and_the_rest() {
    let bench = windows_11();
    write(&bench, &format!("{SYSTEM32}/config/SOFTWARE"), b"regf");
    let (ours, _, notes) = compare(&bench);
    assert_eq!(ours["/PRODUCTTYPE"], ["WinNT"]);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with(r"'\Windows\System32\config\SOFTWARE': damaged registry hive"), "{notes:?}");

    // One key's list is damaged: wimlib and we lose what is below it.
    let mut damaged = system_hive(1);
    let place = damaged.windows(12).position(|bytes| bytes == b"UILanguages\0").expect("the key's name");
    damaged[place - 76 + 28..][..4].copy_from_slice(&8_u32.to_le_bytes());
    write(&bench, &format!("{SYSTEM32}/config/SYSTEM"), &damaged);
    write_software(&bench, &software());
    let (ours, theirs, notes) = compare(&bench);
    assert_eq!(ours, theirs);
    assert!(!ours.contains_key("/LANGUAGES/LANGUAGE"), "{ours:?}");
    assert_eq!(notes.len(), 1, "{notes:?}");
}

/// The image element in the file.
fn element(bench: &Bench) -> Element {
    open(&bench.wim()).0.xml().image(1).unwrap().clone()
}

/// Sets what the XML says of the image, as another program may have.
fn set_property(bench: &Bench, name: &str, value: &str) {
    let mut command = std::process::Command::new("wimlib-imagex");
    command.arg("info").arg(bench.wim()).arg("1").arg(format!("--image-property={name}={value}"));
    images::succeed(command);
}

#[test]
fn a_save_tells_of_windows_again_only_if_its_sources_changed() {
    let bench = windows_11();
    bench.capture(&[]);
    set_property(&bench, "WINDOWS/EDITIONID", "Made up");
    set_property(&bench, "WINDOWS/SERVICINGDATA/IMAGESTATE", "IMAGE_STATE_COMPLETE");
    set_property(&bench, "WINDOWS/LANGUAGES/FALLBACK", "en-GB");
    set_property(&bench, "WINDOWS/PRODUCTNAME", "Microsoft® Windows® Operating System");
    let before = element(&bench).find("WINDOWS").unwrap().to_xml();
    let mut session = bench.mount(1);
    put(&mut session, r"\Windows\notes.txt", b"an edit elsewhere").unwrap();
    assert_eq!(save(&mut session).unwrap().notes, Vec::<String>::new());
    assert_eq!(element(&bench).find("WINDOWS").unwrap().to_xml(), before);

    let education = with(software(), "EditionID", REG_SZ, sz("Education"));
    put(&mut session, r"\Windows\System32\config\SOFTWARE", &hive("SOFTWARE", &education)).unwrap();
    save(&mut session).unwrap();
    let image = element(&bench);
    assert_eq!(image.text_at("WINDOWS/EDITIONID").unwrap(), "Education");
    assert_eq!(image.text_at("WINDOWS/SERVICINGDATA/IMAGESTATE").unwrap(), "IMAGE_STATE_COMPLETE");
    assert_eq!(image.text_at("WINDOWS/LANGUAGES/FALLBACK").unwrap(), "en-GB");
    // Microsoft's name is not the registry's, and stays.
    assert_eq!(image.text_at("WINDOWS/PRODUCTNAME").unwrap(), "Microsoft® Windows® Operating System");
    // It did not say what EDITIONID said, so it is somebody's choice.
    assert_eq!(image.text_at("FLAGS").unwrap(), "Professional");
    bench.judge();
}

#[test]
fn flags_follow_the_edition_they_name() {
    let bench = windows_11();
    bench.capture(&[]);
    let mut session = bench.mount(1);
    let education = with(software(), "EditionID", REG_SZ, sz("Education"));
    put(&mut session, r"\Windows\System32\config\SOFTWARE", &hive("SOFTWARE", &education)).unwrap();
    save(&mut session).unwrap();
    assert_eq!(element(&bench).text_at("FLAGS").unwrap(), "Education");
}

#[test]
fn damage_that_a_session_brings_in_leaves_the_xml_and_a_note() {
    let bench = windows_11();
    bench.capture(&[]);
    let before = element(&bench).find("WINDOWS").unwrap().to_xml();
    let mut session = bench.mount(1);
    put(&mut session, r"\Windows\System32\config\SOFTWARE", b"no hive").unwrap();
    let report = save(&mut session).unwrap();
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
    assert_eq!(element(&bench).find("WINDOWS").unwrap().to_xml(), before);
    // A text that XML cannot hold is no reason to fail either.
    let hostile = with(software(), "EditionID", REG_SZ, sz("a\u{1}b"));
    put(&mut session, r"\Windows\System32\config\SOFTWARE", &hive("SOFTWARE", &hostile)).unwrap();
    assert_eq!(save(&mut session).unwrap().notes.len(), 1);
    assert_eq!(element(&bench).find("WINDOWS").unwrap().to_xml(), before);
}

#[test]
fn windows_comes_and_goes_with_its_directory() {
    let bench = Bench::captured(&[]);
    assert!(element(&bench).find("WINDOWS").is_none());
    let mut session = bench.mount(1);
    put(&mut session, r"\Windows\System32\kernel32.dll", &system_file(0xAA64)).unwrap();
    put(&mut session, r"\Windows\System32\config\SOFTWARE", &hive("SOFTWARE", &software())).unwrap();
    save(&mut session).unwrap();
    let image = element(&bench);
    assert_eq!(image.text_at("WINDOWS/ARCH").unwrap(), "12");
    assert_eq!(image.text_at("FLAGS").unwrap(), "Professional");
    // In front of the names, where Microsoft's files have it.
    let names: Vec<&str> = image.elements().map(Element::name).collect();
    let place = |name| names.iter().position(|found| *found == name).unwrap();
    assert!(place("WINDOWS") < place("NAME"), "{names:?}");
    let mut transaction = session.transaction("no Windows").unwrap();
    transaction.remove(&path(r"\Windows"), true).unwrap();
    transaction.commit().unwrap();
    save(&mut session).unwrap();
    assert!(element(&bench).find("WINDOWS").is_none());
}

/// A version resource with one text, in a system file.
fn with_product_name(mut file: Vec<u8>, product: &str) -> Vec<u8> {
    let block = |key: &str, kind: u16, value: &[u8], value_length: usize, children: &[u8]| {
        let mut bytes = Vec::new();
        bytes.extend([0, 0]);
        bytes.extend(u16::try_from(value_length).unwrap().to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        for part in [value, children] {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(part);
        }
        let length = u16::try_from(bytes.len()).unwrap();
        bytes[..2].copy_from_slice(&length.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let text: Vec<u8> = product.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let string = block("ProductName", 1, &text, text.len() / 2, &[]);
    let table = block("040904B0", 1, &[], 0, &string);
    let info = block("StringFileInfo", 1, &[], 0, &table);
    let version = block("VS_VERSION_INFO", 0, &[0; 52], 52, &info);
    // PE32+, three data directories, one section at 0x200 of the file and 0x1000 of memory.
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x86, &1_u16.to_le_bytes());
    put(0x94, &0x88_u16.to_le_bytes());
    put(0x98, &0x20B_u16.to_le_bytes());
    put(0x98 + 108, &3_u32.to_le_bytes());
    put(0x98 + 112 + 16, &0x1000_u32.to_le_bytes());
    for (at, number) in [(8, 0x1000), (12, 0x1000), (16, 0x1000), (20, 0x200_u32)] {
        put(0x98 + 0x88 + at, &number.to_le_bytes());
    }
    let mut section = vec![0; 0x58];
    let directory = |id: u32, offset: u32| [0, 0, 0, 1 << 16, id, offset];
    let words = directory(16, 0x8000_0018)
        .into_iter()
        .chain(directory(1, 0x8000_0030))
        .chain(directory(0x409, 0x48))
        .chain([0x1058, u32::try_from(version.len()).unwrap()]);
    for (place, word) in section.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    section.extend(version);
    section.resize(0x1000, 0);
    file.extend(section);
    file
}

#[test]
fn the_product_is_named_as_its_system_files_name_it() {
    let bench = windows_11();
    let name = "Microsoft® Windows® Operating System";
    write(&bench, &format!("{SYSTEM32}/kernel32.dll"), &with_product_name(system_file(0x8664), name));
    let (mut ours, mut theirs, _) = compare(&bench);
    // wimlib takes the registry's name, Microsoft's programs do not.
    assert_eq!(ours.remove("/PRODUCTNAME").unwrap(), [name]);
    assert_eq!(theirs.remove("/PRODUCTNAME").unwrap(), ["Windows 10 Pro & <Co>"]);
    assert_eq!(ours, theirs);
}

/// A tree with these hives, and their contents by hash.
fn tree_of(software: Vec<u8>, system: Vec<u8>) -> (Tree, BTreeMap<Hash, Vec<u8>>) {
    let mut tree = Tree::new();
    let mut contents = BTreeMap::new();
    let mut config = tree.root();
    for name in ["Windows", "System32", "config"] {
        config = tree.create(config, &wim::units(name), Inode::directory()).unwrap();
    }
    for (name, content) in [("SOFTWARE", software), ("SYSTEM", system)] {
        let hash = wim::sha1(&content);
        tree.create(config, &wim::units(name), Inode::file(hash)).unwrap();
        contents.insert(hash, content);
    }
    (tree, contents)
}

fn identify(software: Vec<u8>, system: Vec<u8>) -> identity::Identity {
    let (tree, contents) = tree_of(software, system);
    let mut open =
        |hash: &Hash| -> Result<Box<dyn ReadRange>> { Ok(Box::new(Arc::new(contents[hash].clone()))) };
    identity::identify(&tree, WindowsInfo::default(), &mut open).unwrap()
}

#[test]
fn what_windows_never_wrote_is_left_out() {
    let long = with(software(), "EditionID", REG_SZ, sz(&"x".repeat(100_000)));
    let found = identify(hive("SOFTWARE", &long), system_hive(1));
    assert_eq!(found.windows.edition_id, None);
    assert_eq!(found.windows.installation_type.unwrap(), "Client");

    let mut many = Hive::new("SYSTEM", 5, None).unwrap();
    let languages = many.create_key(many.root(), r"ControlSet001\Control\MUI\UILanguages").unwrap();
    for number in 0..2000 {
        many.create_subkey(languages, &wim::units(&format!("l{number:05}"))).unwrap();
    }
    many.create_subkey(languages, &[u16::from(b'a'); 200]).unwrap();
    let found = identify(hive("SOFTWARE", &software()), many.finish(1).unwrap().bytes);
    assert_eq!(found.windows.languages.len(), 511);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damage_of_any_kind_is_survived(
        changes in prop::collection::vec((any::<bool>(), 0usize..16_384, any::<u8>()), 1..20),
    ) {
        let mut hives = [hive("SOFTWARE", &software()), system_hive(1)];
        for (which, at, byte) in changes {
            let hive = &mut hives[usize::from(which)];
            let at = at % hive.len();
            hive[at] = byte;
        }
        let [software, system] = hives;
        let found = identify(software, system);
        prop_assert_eq!(found.windows.system_root.as_deref(), Some("WINDOWS"));
    }
}
