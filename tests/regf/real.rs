//! Real hives: read as hivex reads them, and the same after an edit and a rebuild.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;

const NOW: u64 = 133_800_000_000_000_000;

/// Hives that hivex does not read: two have a name with half a surrogate pair, which it cannot turn into
/// text, and one, of a layered registry, has values that only hide others.
const NOT_FOR_HIVEX: [&str; 3] = ["/TruncatedPairHive", "/TruncatedPairHive2", "/System_Delta"];

fn hivex_reads(name: &str) -> bool {
    hives::has_hivex() && !NOT_FOR_HIVEX.iter().any(|end| name.ends_with(end))
}

/// Primary files of the test data that are clean and whole.
fn sound_hives() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = hives::testdata("hives") else { return Vec::new() };
    let mut files = hives::files(&folder);
    files.retain(|(_, bytes)| {
        Hive::open(bytes.clone()).is_ok_and(|hive| hive.inspect(&mut unobserved).is_ok())
    });
    assert!(files.len() >= 30, "only {} hives are taken for sound", files.len());
    files
}

#[test]
fn real_hives_read_as_hivex_reads_them() {
    if !hives::has_hivex() {
        return;
    }
    for (name, bytes) in sound_hives() {
        let hive = Hive::open(bytes.clone()).unwrap();
        match hives::hivex_dump(&bytes) {
            Ok(theirs) => assert!(hives::dump(&hive) == theirs, "{name} is read differently"),
            Err(_) => assert!(!hivex_reads(&name), "hivex refuses {name}"),
        }
    }
}

#[test]
fn real_hives_have_no_defects() {
    for (name, bytes) in sound_hives() {
        // These were made to have unsorted lists, one a hint that is not of its name, and one was healed
        // by Windows, which left counts of security records as they were.
        let made_wrong = ["DuplicateSubkeysHive", "WrongOrderHive", "CompHive", "HealedHive"];
        let made_wrong = made_wrong.iter().any(|end| name.ends_with(end));
        let findings = Hive::open(bytes).unwrap().inspect(&mut unobserved).unwrap();
        assert_eq!(findings.defect_count > 0, made_wrong, "{name}: {:?}", findings.defects);
    }
}

#[test]
fn dirty_hives_are_refused_with_their_sequence_numbers() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let files = hives::files(&folder);
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("SYSTEM_B.xz")).unwrap();
    let error = Hive::open(bytes.clone()).unwrap_err();
    assert!(matches!(error, Error::HiveDirty { primary: 1622, secondary: 1621 }), "{error}");
}

#[test]
fn an_edit_of_a_real_hive_changes_nothing_else() {
    for (name, bytes) in sound_hives() {
        let mut hive = Hive::open(bytes.clone()).unwrap();
        assert_eq!(hive.finish(NOW).unwrap().bytes, bytes);
        let (before, extras, leaks) = (
            hives::dump_without_times(&hive),
            hives::extras(&hive),
            hive.inspect(&mut unobserved).unwrap().leaked_cells,
        );
        for number in 0..40 {
            let key = hive.create_key(hive.root(), &format!("~added\\Key {number}")).unwrap();
            hive.set_class(key, Some(b"c\0")).unwrap();
            for value in 0..number {
                hive.set_value(key, &format!("v{value}"), REG_BINARY, &vec![1; value * value * 30]).unwrap();
            }
        }
        let finished = hive.finish(NOW).unwrap();
        if hivex_reads(&name) {
            assert!(
                hives::hivex_dump(&finished.bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
                    == hives::dump(&hive),
                "{name}"
            );
        }
        let mut hive = Hive::open(finished.bytes).unwrap();
        let added = hive.require(hive.root(), "~ADDED").unwrap();
        hive.delete_key(added, true).unwrap();
        assert!(hives::dump_without_times(&hive) == before, "{name}");
        assert!(hives::extras(&hive) == extras, "{name}");
        assert_eq!(hive.inspect(&mut unobserved).unwrap().leaked_cells, leaks, "{name}");
        if hive.inspect(&mut unobserved).unwrap().defect_count == 0 {
            hive.compact(&mut unobserved).unwrap();
            hive.check().unwrap();
            assert!(hives::dump_without_times(&hive) == before, "{name}");
            assert!(hives::extras(&hive) == extras, "{name}");
            let compacted = hive.finish(NOW).unwrap().bytes;
            assert!(compacted.len() <= bytes.len(), "{name}: {} of {}", compacted.len(), bytes.len());
            if hivex_reads(&name) {
                assert!(hives::hivex_dump(&compacted).unwrap() == hives::dump(&hive), "{name}");
            }
        }
    }
}

/// Class names in the bytes of a hive, found without the engine: every `nk` with one.
fn class_names(file: &[u8]) -> Vec<Vec<u8>> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut names = Vec::new();
    let (mut bin, end) = (4096, 4096 + number(40) as usize);
    while bin < end {
        let bin_end = bin + number(bin + 8) as usize;
        let mut cell = bin + 32;
        while cell < bin_end {
            let size = number(cell) as i32;
            let length = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
            if size < 0 && file[cell + 4..cell + 6] == *b"nk" && length(cell + 4 + 74) > 0 {
                let class = 4096 + number(cell + 4 + 48) as usize + 4;
                names.push(file[class..class + length(cell + 4 + 74)].to_vec());
            }
            cell += size.unsigned_abs() as usize;
        }
        bin = bin_end;
    }
    names.sort();
    names
}

#[test]
fn class_names_that_hold_the_boot_key_survive_an_edit_and_a_rebuild() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let files = hives::files(&folder);
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("/SYSTEM.xz")).unwrap();
    let classes = class_names(bytes);
    assert!(classes.len() >= 4, "{}", classes.len());
    let mut hive = Hive::open(bytes.clone()).unwrap();
    for name in ["JD", "Skew1", "GBG", "Data"] {
        let key = hive.require(hive.root(), &format!(r"ControlSet001\Control\Lsa\{name}")).unwrap();
        assert!(hive.class_name(key).unwrap().is_some_and(|class| !class.is_empty()));
    }
    hive.create_key(hive.root(), r"ControlSet001\Control\Lsa\JD\below").unwrap();
    assert!(class_names(&hive.finish(NOW).unwrap().bytes) == classes);
    hive.compact(&mut unobserved).unwrap();
    assert!(class_names(&hive.finish(NOW).unwrap().bytes) == classes);
}

#[test]
fn an_unsorted_list_is_searched_in_full_and_sorted_when_a_key_is_added() {
    let Some(folder) = hives::testdata("hives/yarp") else { return };
    let files = hives::files(&folder);
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("/WrongOrderHive")).unwrap();
    let mut hive = Hive::open(bytes.clone()).unwrap();
    let mut stack = vec![hive.root()];
    let mut parents = Vec::new();
    while let Some(key) = stack.pop() {
        let subkeys = hive.subkeys(key).unwrap();
        for &subkey in &subkeys {
            assert_eq!(hive.find_subkey(key, &hive.name(subkey).unwrap()).unwrap(), Some(subkey));
        }
        parents.extend((!subkeys.is_empty()).then_some(key));
        stack.extend(subkeys);
    }
    for parent in parents {
        hive.create_key(parent, "added").unwrap();
    }
    hive.check().unwrap();
}
