//! Damaged and hostile hives: an answer or an error, never a panic, a hang or a worse hive.

use crate::support::hives;
use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;

const NOW: u64 = 133_800_000_000_000_000;

/// Reads everything there is; the walk must end by itself. Returns the number of keys.
fn read_all(hive: &Hive) -> Result<usize> {
    let (mut stack, mut keys) = (vec![hive.root()], 0);
    let mut result = Ok(());
    while let Some(key) = stack.pop() {
        keys += 1;
        // A bin holds at most 50 keys of the smallest size.
        assert!(keys <= 1 + hive.size() / 80, "the walk goes round in circles");
        let mut read = || -> Result<()> {
            hive.name(key)?;
            hive.class_name(key)?;
            hive.security(key)?;
            for value in hive.values(key)? {
                value?;
            }
            for subkey in hive.subkeys(key)? {
                hive.find_subkey(key, &hive.name(subkey)?)?;
                stack.push(subkey);
            }
            Ok(())
        };
        result = result.and(read());
    }
    result.map(|()| keys as usize)
}

fn some_edits(hive: &mut Hive) -> Result<()> {
    let subkeys = hive.subkeys(hive.root())?;
    let key = hive.create_key(hive.root(), r"~new\key")?;
    hive.set_value(key, "a", REG_BINARY, &[1; 300])?;
    hive.set_value(key, "b", REG_BINARY, &vec![1; 40_000])?;
    hive.set_class(key, Some(b"c"))?;
    for subkey in subkeys {
        hive.create_subkey(subkey, &[0x41])?;
        hive.set_value(subkey, "first", REG_DWORD, &dword(1))?;
        hive.delete_value(subkey, "big")?;
        match hive.delete_key(subkey, true) {
            Err(Error::InvalidArgument { .. }) => {} // Marked as not to be deleted.
            other => other?,
        }
    }
    hive.delete_key(key, true)
}

/// Opens, reads, checks and edits. A hive that passes the check must be fully readable and editable,
/// and sound after it; one that does not must stay as it is.
fn exercise(bytes: &[u8], what: &str) {
    let Ok(mut hive) = Hive::open(bytes.to_vec()) else { return };
    let read = read_all(&hive);
    match hive.inspect(&mut unobserved) {
        Err(_) => {
            assert!(hive.create_key(hive.root(), "~new key that is not there").is_err(), "{what}");
            assert!(hive.compact(&mut unobserved).is_err(), "{what}");
            assert_eq!(hive.finish(NOW).unwrap().bytes, bytes, "{what}");
        }
        Ok(before) => {
            read.unwrap_or_else(|error| panic!("{what}: {error}"));
            let mut copy = hive.clone();
            copy.compact(&mut unobserved).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(copy.inspect(&mut unobserved).unwrap().leaked_cells, 0, "{what}");
            if let Err(error) = some_edits(&mut hive) {
                // A key for a predefined handle, or a name that is there in another form.
                assert!(matches!(error, Error::InvalidArgument { .. }), "{what}: {error}");
            }
            let bytes = hive.finish(NOW).unwrap().bytes;
            let after = Hive::open(bytes)
                .unwrap()
                .inspect(&mut unobserved)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(after.leaked_cells <= before.leaked_cells, "{what}");
            assert!(after.defect_count <= before.defect_count, "{what}: {:?}", after.defects);
        }
    }
}

/// A hive with every kind of record.
fn sample(minor: u32) -> Hive {
    let mut hive = Hive::new("ROOT", minor, None).unwrap();
    for (number, name) in ["Alpha", "beta", "Gamma\u{416}", "delta"].into_iter().enumerate() {
        let key = hive.create_key(hive.root(), name).unwrap();
        hive.create_key(key, "one").unwrap();
        hive.create_key(key, r"two\three").unwrap();
        hive.set_value(key, "first", REG_SZ, &sz("text")).unwrap();
        hive.set_value(key, "Ж", REG_DWORD, &dword(7)).unwrap();
        if number == 2 {
            hive.set_value(key, "big", REG_BINARY, &[0xCC; 16345]).unwrap();
            hive.set_class(key, Some(b"c\0l\0a\0s\0s\0")).unwrap();
            let mut descriptor = default_descriptor().to_vec();
            descriptor[24] = 0x19;
            hive.set_security(key, &descriptor).unwrap();
        }
    }
    hive
}

/// Offsets of words that say something: not zero, and not the big value's data.
fn words(bytes: &[u8]) -> Vec<usize> {
    let said = |&at: &usize| !matches!(bytes[at..at + 4], [0, 0, 0, 0] | [0xCC, 0xCC, 0xCC, 0xCC]);
    (0..bytes.len()).step_by(4).filter(said).collect()
}

#[test]
fn every_field_can_be_wrong() {
    for minor in [3, 5] {
        let bytes = sample(minor).finish(NOW).unwrap().bytes;
        let words = words(&bytes);
        assert!(words.len() > 400, "{}", words.len());
        for &at in &words {
            let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            // Sizes and offsets that are nothing, everything, a little off, or another cell's.
            let low = old & 0xFFFF_0000;
            let wrong = [
                0,
                1,
                u32::MAX,
                0x8000_0000,
                0x7FFF_FFFF,
                old.wrapping_add(8),
                old ^ 4,
                0x20,
                low,
                low | 0xFFFF,
                low | 1,
            ];
            for new in wrong.into_iter().chain([old.wrapping_neg(), old.wrapping_sub(8), old << 16]) {
                let mut bytes = bytes.clone();
                bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
                if at != 508 {
                    hives::fix_checksum(&mut bytes);
                }
                exercise(&bytes, &format!("1.{minor}, {new:#x} for {old:#x} at {at:#x}"));
            }
        }
    }
}

#[test]
fn a_base_block_with_a_wrong_field_is_refused() {
    let bytes = sample(5).finish(NOW).unwrap().bytes;
    for (at, value) in [
        (0, 0),
        (4, 77),
        (20, 2),
        (24, 0),
        (24, 7),
        (28, 1),
        (32, 0),
        (36, 0),
        (36, 0x21),
        (40, 0),
        (40, 100),
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        hives::fix_checksum(&mut bytes);
        let error = Hive::open(bytes).unwrap_err();
        match at {
            4 => assert!(matches!(error, Error::HiveDirty { primary: 77, secondary: 1 }), "{error}"),
            20 | 24 => assert!(matches!(error, Error::Unsupported { .. }), "{error}"),
            _ => assert!(matches!(error, Error::Malformed { .. }), "{error}"),
        }
    }
    let mut wrong_sum = bytes.clone();
    wrong_sum[508] ^= 1;
    assert!(Hive::open(wrong_sum).unwrap_err().to_string().contains("offset 0x1fc: expected the checksum"));
}

#[test]
fn a_truncated_hive_is_refused_with_its_size() {
    let bytes = sample(5).finish(NOW).unwrap().bytes;
    for length in (0..bytes.len()).step_by(509) {
        let error = Hive::open(bytes[..length].to_vec()).unwrap_err().to_string();
        let held =
            if length < 4096 { format!("a file of {length}") } else { format!("{:#x}", length - 4096) };
        assert!(error.ends_with(&held), "{error}");
    }
}

#[test]
fn damaged_real_hives_are_read_or_refused() {
    let Some(folder) = hives::testdata("hives") else { return };
    for (name, mut bytes) in hives::files(&folder) {
        // Large hives are the business of the other tests.
        if bytes.len() > 3 << 20 {
            continue;
        }
        exercise(&bytes, &name);
        // As if it were clean: what its bins say may be anything then.
        if bytes.len() > 512 && bytes.starts_with(b"regf") {
            let primary: [u8; 4] = bytes[4..8].try_into().unwrap();
            bytes[8..12].copy_from_slice(&primary);
            hives::fix_checksum(&mut bytes);
            exercise(&bytes, &name);
        }
    }
}

#[test]
fn random_damage_is_survived() {
    let bytes = sample(5).finish(NOW).unwrap().bytes;
    let words = words(&bytes);
    // A fixed sequence (Knuth's MMIX generator), so that a failure can be repeated.
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..4000 {
        let mut bytes = bytes.clone();
        for _ in 0..=random(4) {
            let at = words[random(words.len())];
            let from = words[random(words.len())];
            if at >= 512 {
                let word: [u8; 4] = bytes[from..from + 4].try_into().unwrap();
                bytes[at..at + 4].copy_from_slice(&word);
            }
        }
        exercise(&bytes, &format!("round {round}"));
    }
}

/// Where the content of a key's cell is in the file; ids are offsets in the bins.
fn place(key: KeyId) -> usize {
    let text = format!("{key:?}");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<usize>().unwrap() + 4096 + 4
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn a_key_below_itself_ends_the_walk() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let (a, b) = (hive.create_key(hive.root(), "a").unwrap(), hive.create_key(hive.root(), r"a\b").unwrap());
    let root = hive.root();
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    // The list of `b` is the one of its parent; `b` says that it is its own parent.
    let list = word(&bytes, place(a) + 28);
    bytes[place(b) + 28..place(b) + 32].copy_from_slice(&list.to_le_bytes());
    bytes[place(b) + 20..place(b) + 24].copy_from_slice(&1_u32.to_le_bytes());
    let hive = Hive::open(bytes.clone()).unwrap();
    assert!(hive.subkeys(b).is_err());
    assert!(hive.find(root, r"a\b\b\b").is_err());
    bytes[place(b) + 16..place(b) + 20].copy_from_slice(&((place(b) - 4100) as u32).to_le_bytes());
    let hive = Hive::open(bytes.clone()).unwrap();
    assert!(hive.subkeys(a).is_err(), "`b` has one parent only");
    assert!(hive.path(b).is_err(), "the way up ends too");
    exercise(&bytes, "loop");
}

#[test]
fn a_list_that_names_one_value_many_times_does_not_multiply_it() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let root = hive.root();
    hive.set_value(root, "list", REG_BINARY, &[0; 16000]).unwrap();
    hive.set_value(root, "large", REG_BINARY, &[1; 16000]).unwrap();
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    // The data of the first value become the list of values: 4000 times the second value.
    let list = 4100 + word(&bytes, place(root) + 40) as usize;
    let (first, second) = (4100 + word(&bytes, list) as usize, word(&bytes, list + 4));
    let data = word(&bytes, first + 8);
    for number in 0..4000 {
        let at = 4100 + data as usize + number * 4;
        bytes[at..at + 4].copy_from_slice(&second.to_le_bytes());
    }
    bytes[place(root) + 40..place(root) + 44].copy_from_slice(&data.to_le_bytes());
    bytes[place(root) + 36..place(root) + 40].copy_from_slice(&4000_u32.to_le_bytes());
    let hive = Hive::open(bytes.clone()).unwrap();
    let total: usize = hive.values(root).unwrap().filter_map(Result::ok).map(|value| value.data.len()).sum();
    assert!(total < bytes.len(), "{total}");
    assert!(hive.values(root).unwrap().any(|value| value.is_err()));
    exercise(&bytes, "values");
}

#[test]
fn an_index_root_that_names_one_list_many_times_does_not_multiply_it() {
    const TIMES: u16 = 60_000;
    let mut hive = Hive::new("ROOT", 3, None).unwrap();
    let root = hive.root();
    for number in 0..500 {
        hive.create_key(root, &format!("k{number:03}")).unwrap();
    }
    // Version 1.3 has no segments: the data are one cell.
    hive.set_value(root, "root", REG_BINARY, &vec![0; 4 + usize::from(TIMES) * 4]).unwrap();
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    let value = 4100 + word(&bytes, 4100 + word(&bytes, place(root) + 40) as usize) as usize;
    let data = word(&bytes, value + 8);
    let (leaf, at) = (word(&bytes, place(root) + 28), 4100 + data as usize);
    bytes[at..at + 2].copy_from_slice(b"ri");
    bytes[at + 2..at + 4].copy_from_slice(&TIMES.to_le_bytes());
    for number in 0..usize::from(TIMES) {
        bytes[at + 4 + number * 4..at + 8 + number * 4].copy_from_slice(&leaf.to_le_bytes());
    }
    bytes[place(root) + 28..place(root) + 32].copy_from_slice(&data.to_le_bytes());
    for count in [500, 501, 5000, u32::from(TIMES) * 500, u32::MAX] {
        bytes[place(root) + 20..place(root) + 24].copy_from_slice(&count.to_le_bytes());
        let hive = Hive::open(bytes.clone()).unwrap();
        assert!(hive.subkeys(root).is_err());
        assert!(hive.find(root, "k0005").is_err());
        exercise(&bytes, "lists");
    }
}

#[test]
fn keys_nested_deeper_than_windows_allows_are_found() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let deepest = hive.create_key(hive.root(), &vec!["d"; 512].join("\\")).unwrap();
    let (other, below) =
        (hive.create_key(hive.root(), "x").unwrap(), hive.create_key(hive.root(), r"x\y").unwrap());
    hive.check().unwrap();
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    // `y` moves below the deepest key.
    for field in [20, 28] {
        let value = word(&bytes, place(other) + field);
        bytes[place(deepest) + field..place(deepest) + field + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes[place(other) + 20..place(other) + 24].copy_from_slice(&[0; 4]);
    bytes[place(below) + 16..place(below) + 20]
        .copy_from_slice(&((place(deepest) - 4100) as u32).to_le_bytes());
    let hive = Hive::open(bytes.clone()).unwrap();
    assert!(hive.inspect(&mut unobserved).unwrap_err().to_string().contains("at most 512 deep"));
    exercise(&bytes, "deep");
}

#[test]
fn a_count_of_keys_that_share_a_descriptor_is_set_right_before_it_is_used() {
    let mut hive = sample(5);
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    let record = 4100 + word(&bytes, place(hive.root()) + 44) as usize;
    assert!(word(&bytes, record + 12) > 5);
    bytes[record + 12..record + 16].copy_from_slice(&1_u32.to_le_bytes());
    let mut hive = Hive::open(bytes).unwrap();
    assert!(hive.check().unwrap_err().to_string().contains("use the security record, it counts 1"));
    let key = hive.require(hive.root(), "alpha").unwrap();
    hive.delete_key(key, true).unwrap();
    hive.check().unwrap();
    assert_eq!(hive.security(hive.root()).unwrap(), default_descriptor());
}
