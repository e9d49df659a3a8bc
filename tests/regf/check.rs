//! The checker names every broken invariant with its place, and a repair keeps what can be reached.

use crate::support::hives;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: u64 = 133_800_000_000_000_000;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Where the content of the cell is that the word at `at` points to.
fn follow(bytes: &[u8], at: usize) -> usize {
    4100 + word(bytes, at) as usize
}

/// Where the node of a key is.
fn node(hive: &Hive, path: &str) -> usize {
    let bytes = hive.bytes();
    let mut at = follow(bytes, 36);
    for name in path.split('\\').filter(|name| !name.is_empty()) {
        // Fewer keys than a leaf has room for.
        let list = follow(bytes, at + 28);
        let count = usize::from(bytes[list + 2]);
        let found = (0..count).map(|number| follow(bytes, list + 4 + number * 8)).find(|&child| {
            let length = usize::from(bytes[child + 72]);
            bytes[child + 76..child + 76 + length] == *name.as_bytes()
        });
        at = found.unwrap();
    }
    at
}

fn sample() -> Hive {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for name in ["alpha", "beta", "gamma"] {
        let key = hive.create_key(hive.root(), &format!("{name}\\below\\deeper")).unwrap();
        hive.set_value(key, "small", REG_DWORD, &dword(7)).unwrap();
        hive.set_value(key, "text", REG_SZ, &sz("a text that is not in the record")).unwrap();
        hive.set_value(key, "big", REG_BINARY, &vec![1; 40_000]).unwrap();
        hive.set_class(key, Some(b"c\0l\0")).unwrap();
        let mut other = default_descriptor().to_vec();
        other[24] ^= name.as_bytes()[0];
        hive.set_security(key, &other).unwrap();
    }
    hive.finish(NOW).unwrap();
    hive
}

/// What is done to the bytes of a hive.
type Change = Box<dyn Fn(&mut [u8])>;

/// A check of damaged bytes: offsets and words.
fn found(bytes: &[u8]) -> Vec<(u64, String)> {
    let findings = check_file(bytes, &mut unobserved).unwrap();
    assert_eq!(findings.defect_count as usize, findings.defects.len());
    findings.defects.into_iter().map(|defect| (defect.offset, defect.text)).collect()
}

#[test]
fn every_broken_invariant_is_named_with_its_offset() {
    let hive = sample();
    let good = hive.bytes().to_vec();
    assert_eq!(found(&good), []);
    let key = node(&hive, "beta\\below\\deeper");
    let parent = node(&hive, "beta\\below");
    let value = follow(&good, follow(&good, key + 40));
    let text = follow(&good, follow(&good, key + 40) + 4);
    let big = follow(&good, follow(&good, key + 40) + 8);
    let list = follow(&good, parent + 28);
    let security = follow(&good, key + 44);
    let set = |at: usize, value: u32| -> Change { Box::new(move |bytes| put(bytes, at, value)) };
    let cases: Vec<(&str, Change, usize)> = vec![
        ("the signature 'hbin'", set(4096, 0), 4096),
        ("the bin's own offset", set(4100, 4096), 4100),
        ("the size of a bin", set(4104, 4095), 4104),
        ("the kind 'nk'", set(key, 0), key),
        ("a cell that ends inside its bin", set(key - 4, 0x8000_0004), key - 4),
        ("the parent", set(key + 16, 32), key + 16),
        ("1 subkeys, as its list", set(parent + 20, 2), parent + 20),
        ("an allocated cell for a list of subkeys", set(parent + 28, 4), parent - 4),
        ("a list of subkeys, found [00, 00]", set(list, 0x1_0000), list),
        ("the hash or hint of element 0", set(list + 8, 1), list - 4),
        ("an allocated cell for a list of values", set(key + 40, 0x10_0000), key - 4),
        ("the largest value data", set(key + 64, 39_999), key - 4),
        ("the largest value name", set(key + 60, 9), key - 4),
        ("the largest subkey name", set(parent + 52, 11), parent - 4),
        ("the largest class name", set(parent + 56, 3), parent - 4),
        ("the kind 'vk'", set(value, 0), value),
        ("at most 4 bytes in the record", set(value + 4, 0x8000_0005), value + 4),
        ("a cell at a multiple of 8", set(text + 8, 4), 4100),
        ("3 segments for 40000 bytes", set(follow(&good, big + 8), 0x0002_6264), follow(&good, big + 8) + 2),
        ("the kind 'sk'", set(security, 0), security),
        ("1 key(s) use the security record, it counts 2", set(security + 12, 2), security - 4),
        ("the previous record", set(security + 8, word(&good, follow(&good, 36) + 44) + 8), security - 4),
        ("one reference to each cell", set(key + 48, word(&good, key + 40)), 0),
    ];
    for (text, damage, offset) in cases {
        let mut bytes = good.clone();
        damage(&mut bytes);
        let found = found(&bytes);
        let named = found.iter().find(|(_, found)| found.contains(text));
        let Some(&(at, _)) = named else { panic!("{text}: {found:x?}") };
        assert!(offset == 0 || at.abs_diff(offset as u64) <= 4, "{text}: at {at:#x}, not {offset:#x}");
    }
}

#[test]
fn damage_in_several_places_is_found_in_all_of_them() {
    let hive = sample();
    let mut bytes = hive.bytes().to_vec();
    for name in ["alpha", "beta", "gamma"] {
        let key = node(&hive, &format!("{name}\\below\\deeper"));
        put(&mut bytes, key + 40, 4);
        put(&mut bytes, key + 48, 4);
    }
    let found = found(&bytes);
    for what in ["a class name", "a list of values"] {
        let count =
            found.iter().filter(|(_, text)| text.contains(&format!("an allocated cell for {what}"))).count();
        assert_eq!(count, 3, "{found:x?}");
    }
    assert!(Hive::open(bytes).unwrap().inspect(&mut unobserved).is_err());
}

#[test]
fn the_base_block_is_checked_too() {
    let good = sample().bytes().to_vec();
    let with = |at: usize, value: u32, fix: bool| {
        let mut bytes = good.clone();
        put(&mut bytes, at, value);
        if fix {
            hives::fix_checksum(&mut bytes);
        }
        found(&bytes)
    };
    for (at, value, offset, text) in [
        (0, 0, 0, "'regf'"),
        (4, 99, 4, "the sequence numbers are 99 and"),
        (24, 9, 20, "the version is 1.9"),
        (28, 6, 28, "a primary file"),
        (40, 0x7FFF_F000, 40, "the bins have 0x7ffff000 bytes"),
    ] {
        assert_eq!(with(at, value, true).len(), 1, "{text}");
        let found = with(at, value, true);
        assert!(found[0].0 == offset && found[0].1.contains(text), "{found:?}");
    }
    let found = with(508, 1, false);
    assert!(found.len() == 1 && found[0].1.contains("the checksum is"), "{found:?}");
    for length in [0, 100, 4096, 8191] {
        assert_eq!(check_file(&good[..length], &mut unobserved).unwrap().damage_count, 1);
        assert!(repair(&good[..length], &mut unobserved).is_err());
    }
}

#[test]
fn a_sound_hive_is_salvaged_whole() {
    let mut hive = sample();
    let (mut again, salvage) = repair(hive.bytes(), &mut unobserved).unwrap();
    assert_eq!(salvage.lost, []);
    assert_eq!((salvage.keys, salvage.values), (10, 9));
    again.finish(NOW + 1).unwrap();
    again.check().unwrap();
    assert_eq!(hives::dump(&again), hives::dump(&hive));
    assert_eq!(hives::extras(&again), hives::extras(&hive));
    assert!(hive.finish(NOW).unwrap().changed.is_empty());
}

#[test]
fn what_is_lost_is_listed_and_the_rest_is_kept() {
    let hive = sample();
    let mut bytes = hive.bytes().to_vec();
    let (alpha, beta) = (node(&hive, "alpha\\below\\deeper"), node(&hive, "beta\\below"));
    let text = follow(&bytes, follow(&bytes, alpha + 40) + 4);
    put(&mut bytes, text + 8, 4);
    put(&mut bytes, alpha + 44, 4);
    put(&mut bytes, alpha + 48, 4);
    // The list of all that is below `beta\below`: the key in it names its parent, and is found.
    let list = follow(&bytes, beta + 28);
    put(&mut bytes, list, 0);
    put(&mut bytes, node(&hive, "gamma\\below"), 0);
    put(&mut bytes, 508, 0);
    let (mut salvaged, salvage) = repair(&bytes, &mut unobserved).unwrap();
    salvaged.finish(NOW).unwrap();
    salvaged.check().unwrap();
    let lost: Vec<(&str, &str)> =
        salvage.lost.iter().map(|loss| (loss.path.as_str(), loss.what.as_str())).collect();
    assert_eq!(
        lost,
        [
            ("beta\\below", "a list of subkeys"),
            ("gamma", "a key"),
            ("alpha\\below\\deeper", "the security descriptor"),
            ("alpha\\below\\deeper", "the class name"),
            ("alpha\\below\\deeper", "the value 'text'"),
        ]
        .into_iter()
        .collect::<Vec<_>>()
        .tap_sorted(&lost)
    );
    let (before, after) = (hives::dump(&hive), hives::dump(&salvaged));
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (before.into_iter().collect(), after.into_iter().collect());
    assert!(after.is_subset(&before), "{:?}", after.difference(&before).collect::<Vec<_>>());
    // `gamma\below` and `deeper` with three values each, and the text.
    assert_eq!(before.difference(&after).count(), 2 + 3 + 1);
    if hives::has_hivex() {
        assert_eq!(hives::hivex_dump(salvaged.bytes()).unwrap(), hives::dump(&salvaged));
    }
}

#[test]
fn a_key_with_a_wrong_parent_is_kept_where_it_is_listed() {
    let hive = sample();
    let mut bytes = hive.bytes().to_vec();
    let root = word(&bytes, 36);
    put(&mut bytes, node(&hive, "alpha\\below\\deeper") + 16, root);
    put(&mut bytes, node(&hive, "beta\\below") + 16, 0x7FFF_FFF8);
    let (mut salvaged, salvage) = repair(&bytes, &mut unobserved).unwrap();
    assert_eq!(salvage.lost, []);
    salvaged.finish(NOW).unwrap();
    salvaged.check().unwrap();
    assert!(hives::dump(&salvaged) == hives::dump(&hive));
    assert!(hives::extras(&salvaged) == hives::extras(&hive));
}

#[test]
fn lists_that_keys_share_are_read_once() {
    let hive = sample();
    let (alpha, beta) = (node(&hive, "alpha"), node(&hive, "beta\\below\\deeper"));
    // The list of `alpha` is that of `beta` too, whose own is lost; and so with values.
    for field in [(28, 28, "beta"), (40, 40, "beta\\below\\deeper")] {
        let mut bytes = hive.bytes().to_vec();
        let (from, to) = match field.0 {
            28 => (alpha, node(&hive, field.2)),
            _ => (node(&hive, "alpha\\below\\deeper"), beta),
        };
        let list = word(&bytes, from + field.0);
        put(&mut bytes, to + field.1, list);
        let (mut salvaged, salvage) = repair(&bytes, &mut unobserved).unwrap();
        salvaged.finish(NOW).unwrap();
        salvaged.check().unwrap();
        // What was in the list that nothing leads to any more, where no key names its parent: values.
        let lost_values = if field.0 == 40 { 3 } else { 0 };
        assert_eq!(salvage.values, 9 - lost_values, "{salvage:?}");
        assert!(salvage.lost.iter().any(|loss| loss.reason.contains("a second one")), "{salvage:?}");
        assert_eq!(salvage.keys, 10);
    }
}

/// Brings an expectation into the order of what was found, which follows the walk.
trait InOrderOf: Sized {
    fn tap_sorted(self, found: &[(&str, &str)]) -> Self;
}

impl InOrderOf for Vec<(&str, &str)> {
    fn tap_sorted(mut self, found: &[(&str, &str)]) -> Self {
        self.sort_by_key(|item| found.iter().position(|other| other == item));
        self
    }
}

#[test]
fn all_real_hives_are_checked_and_repaired() {
    let Some(folder) = hives::testdata("hives") else { return };
    let (mut sound, mut repaired) = (0, 0);
    for (name, bytes) in hives::files(&folder) {
        let findings = check_file(&bytes, &mut unobserved).unwrap();
        let Ok((mut salvaged, salvage)) = repair(&bytes, &mut unobserved) else {
            assert!(findings.damage_count > 0, "{name}");
            continue;
        };
        repaired += 1;
        salvaged.finish(NOW).unwrap();
        salvaged.check().unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Ok(hive) = Hive::open(bytes) {
            if findings.damage_count == 0 {
                let doubled = salvage.lost.iter().all(|loss| loss.reason.starts_with("another key has"));
                assert!(doubled, "{name}: {:?}", salvage.lost);
                if salvage.lost.is_empty() {
                    assert!(hives::dump(&salvaged) == hives::dump(&hive), "{name}");
                    assert!(hives::extras(&salvaged) == hives::extras(&hive), "{name}");
                    sound += 1;
                }
            }
        }
    }
    assert!(sound >= 30 && repaired > sound, "{sound} sound, {repaired} repaired");
    // A key with a wrong parent in no other list: nothing is lost.
    let (_, bytes) =
        hives::files(&folder).into_iter().find(|(name, _)| name.ends_with("InvalidParentHive")).unwrap();
    let (salvaged, salvage) = repair(&bytes, &mut unobserved).unwrap();
    assert_eq!((salvage.keys, salvage.lost_count), (5003, 0));
    assert!(salvaged.find(salvaged.root(), r"key_with_many_subkeys\4900").unwrap().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_repair_of_any_bytes_is_sound(
        changes in prop::collection::vec((0usize..200_000, any::<u8>()), 0..10),
        words in prop::collection::vec((0usize..2000, 0usize..2000), 0..6),
    ) {
        let hive = sample();
        let mut bytes = hive.bytes().to_vec();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        // Links of one record in the place of those of another.
        for (from, to) in words {
            let word = word(&bytes, 4096 + from * 4);
            put(&mut bytes, 4096 + to * 4, word);
        }
        check_file(&bytes, &mut unobserved).unwrap();
        if let Ok((mut salvaged, salvage)) = repair(&bytes, &mut unobserved) {
            salvaged.finish(NOW).unwrap();
            let findings = salvaged.findings(&mut unobserved).unwrap();
            prop_assert_eq!(&findings.defects, &[]);
            prop_assert_eq!((findings.keys, findings.values), (salvage.keys, salvage.values));
        }
    }
}
