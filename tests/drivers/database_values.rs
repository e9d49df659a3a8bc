//! The values of the driver database against bytes that Windows wrote.

use imgsvc::formats::inf::{label, Architecture, Guid};
use imgsvc::servicing::drivers::database::classes::{BootClasses, DatabaseHive, EXTENSION_CLASS};
use imgsvc::servicing::drivers::database::device_ids::{key_path, DeviceIds};
use imgsvc::servicing::drivers::database::oem_map::{number_of, OemInfMap};
use imgsvc::servicing::drivers::database::version::{text, PackageVersion};
use std::path::PathBuf;

fn testdata(part: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(part);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// What Windows 10 1709 wrote for VMware's pvscsi.inf, DriverVer 08/02/2019,1.3.15.0.
const PVSCSI_VERSION: &str =
    "00ff0900000000007be9364d25e3ce11bfc108002be1031800003b3ac548d50100000f00030001000000000000000000";

#[test]
fn the_version_value_equals_what_windows_wrote_for_pvscsi() {
    let scsi_adapter = Guid::parse("4d36e97b-e325-11ce-bfc1-08002be10318").unwrap();
    // 2019-08-02: days since 1601-01-01 from the civil calendar, checked with `date -u -d @…`.
    let date = 132_091_776_000_000_000;
    let ours = PackageVersion::third_party(Architecture::Amd64, scsi_adapter, date, 0x0001_0003_000F_0000);
    assert_eq!(ours.to_bytes().to_vec(), from_hex(PVSCSI_VERSION));
    assert_eq!(text(ours.version), "1.3.15.0");
}

#[test]
fn every_version_value_that_windows_wrote_survives_a_round_trip() {
    let Some(folder) = testdata("driverdb-oracle") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            if let Some(hex) = line.trim().strip_prefix("Version = type0x3 ") {
                let bytes = from_hex(hex.trim());
                let version = PackageVersion::parse(&bytes).unwrap();
                assert_eq!(version.to_bytes().to_vec(), bytes);
                assert!(!version.inbox);
                assert_eq!(version.architecture, Architecture::Amd64.number());
                assert_eq!(version.date % 864_000_000_000, 0, "dates are whole days");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 7, "packages in the oracle");
}

#[test]
fn a_short_version_value_is_no_version() {
    assert_eq!(PackageVersion::parse(&[0; 47]), None);
    assert_eq!(PackageVersion::parse(&[]), None);
}

#[test]
fn every_store_folder_name_that_windows_gave_is_reproduced() {
    let Some(root) = testdata("driverstore-names") else { return };
    let (mut exact, mut restored) = (0, 0);
    for entry in std::fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let expected = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let inf = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).next().unwrap();
        let name = inf.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&inf).unwrap();
        if label(name, Architecture::Arm64, &bytes) == expected {
            exact += 1;
            continue;
        }
        // The collection notes that two files went through a line-end conversion on their way.
        let with_crlf = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        assert_eq!(label(name, Architecture::Arm64, with_crlf.as_bytes()), expected, "{}", inf.display());
        restored += 1;
    }
    assert_eq!((exact, restored), (112, 2), "as they are, with line ends restored");
}

#[test]
fn the_oem_map_counts_bits_from_the_top_and_grows() {
    // fffc is what Windows wrote on a system that had published oem0 to oem13.
    let mut map = OemInfMap::from_bytes(&[0xFF, 0xFC]);
    assert!(map.is_taken(13) && !map.is_taken(14));
    assert_eq!(map.lowest_free(|_| false), Some(14));
    assert_eq!(map.lowest_free(|number| number < 16), Some(16));
    map.take(16);
    assert_eq!(map.as_bytes(), [0xFF, 0xFC, 0x80]);
    map.take(40);
    assert_eq!(map.as_bytes(), [0xFF, 0xFC, 0x80, 0, 0, 0x80]);
    assert_eq!(OemInfMap::default().lowest_free(|_| false), Some(0));
}

#[test]
fn only_a_whole_oem_name_has_a_number() {
    assert_eq!(number_of("OEM12.inf"), Some(12));
    assert_eq!(number_of("oem.inf"), None);
    assert_eq!(number_of("oem1.pnf"), None);
    assert_eq!(number_of("oem+1.inf"), None);
    assert_eq!(number_of("oem99999999999.inf"), None);
}

#[test]
fn device_ids_are_encoded_as_windows_did_for_vmci_and_vmmouse() {
    let mut vmci = DeviceIds::default();
    let bus = r"PCI\VEN_15AD&DEV_0740&SUBSYS_074015AD";
    vmci.add_line(bus, &[r"PCI\VEN_15AD&DEV_0740".to_owned()], 0xFF, false);
    vmci.add_line(r"ROOT\VMWVMCIHOSTDEV", &[], 0xFF, false);
    let values: Vec<_> = vmci.iter().map(|(id, found)| (id, found.to_bytes())).collect();
    assert_eq!(
        values,
        [
            (r"PCI\VEN_15AD&DEV_0740", [2, 0xFF, 0, 0]),
            (bus, [1, 0xFF, 0, 0]),
            (r"ROOT\VMWVMCIHOSTDEV", [1, 0xFF, 0, 0]),
        ]
    );

    let mut vmmouse = DeviceIds::default();
    vmmouse.add_line("*VMW0003", &[], 0xFE, false);
    assert_eq!(vmmouse.iter().next().map(|(_, found)| found.to_bytes()), Some([1, 0xFE, 0, 0]));
}

#[test]
fn an_id_of_several_lines_keeps_its_best_match() {
    let mut ids = DeviceIds::default();
    ids.add_line(r"USB\A", &[r"usb\c".to_owned(), r"USB\B".to_owned()], 0xFF, false);
    ids.add_line(r"usb\b", &[], 0xFF, false);
    let found: Vec<_> = ids.iter().map(|(id, found)| (id, found.to_bytes())).collect();
    assert_eq!(
        found,
        [(r"USB\A", [1, 0xFF, 0, 0]), (r"USB\B", [1, 0xFF, 0, 0]), (r"usb\c", [2, 0xFF, 0, 0])]
    );
    let mut extension = DeviceIds::default();
    extension.add_line(r"PCI\X", &[], 0xFF, true);
    assert_eq!(extension.iter().next().map(|(_, found)| found.to_bytes()), Some([3, 0xFF, 0, 0]));
}

#[test]
fn ids_that_are_no_keys_are_left_out() {
    let mut ids = DeviceIds::default();
    ids.add_line("  ", &["x".repeat(201)], 0xFF, false);
    assert!(ids.is_empty());
    assert_eq!(key_path(r"\\PCI\\VEN_1"), r"PCI\VEN_1");
}

#[test]
fn the_class_decides_the_hive_and_the_image_may_add_classes() {
    let storage = Guid::parse("4d36e97b-e325-11ce-bfc1-08002be10318").unwrap();
    let network = Guid::parse("4d36e972-e325-11ce-bfc1-08002be10318").unwrap();
    let newer = Guid([7; 16]);
    let classes = BootClasses::new([newer]);
    assert_eq!(classes.hive_for(storage), DatabaseHive::System);
    assert_eq!(classes.hive_for(EXTENSION_CLASS), DatabaseHive::System);
    assert_eq!(classes.hive_for(network), DatabaseHive::Drivers);
    assert_eq!(classes.hive_for(newer), DatabaseHive::System);
}
