//! Edits against a model, and what foreign readers make of the result.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: u64 = 133_800_000_000_000_000;

/// Keys by path (upper case, components joined by `\`), each with its values by upper-case name.
type Model = BTreeMap<String, BTreeMap<String, (u32, Vec<u8>)>>;

fn model_of(hive: &Hive) -> Model {
    let mut model = Model::new();
    let mut stack = vec![hive.root()];
    while let Some(key) = stack.pop() {
        let values = hive.values(key).unwrap().map(|value| {
            let value = value.unwrap();
            (value.name_text().to_uppercase(), (value.kind, value.data))
        });
        model.insert(hive.path(key).unwrap().to_uppercase(), values.collect());
        stack.extend(hive.subkeys(key).unwrap());
    }
    model
}

/// Asserts what must be true after any edit: no defects, nothing leaked, foreign readers agree.
fn assert_sound(hive: &mut Hive, with_hivex: bool) {
    let findings = hive.inspect(&mut unobserved).unwrap();
    assert_eq!(findings.defects, []);
    assert_eq!(findings.leaked_cells, 0);
    let finished = hive.finish(NOW).unwrap();
    let read_again = Hive::open(finished.bytes.clone()).unwrap();
    assert_eq!(hives::dump(&read_again), hives::dump(hive));
    if with_hivex && hives::has_hivex() {
        assert_eq!(hives::hivex_dump(&finished.bytes).unwrap(), hives::dump(hive));
        hives::assert_hivexml_reads(&finished.bytes);
    }
}

#[test]
fn a_new_hive_of_every_version_is_read_by_hivex() {
    for minor in 3..=6 {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let key = hive.create_key(hive.root(), r"Software\Contoso\Ünïcode ключ").unwrap();
        hive.set_value(key, "Path", REG_EXPAND_SZ, &sz("%SystemRoot%")).unwrap();
        hive.set_value(key, "", REG_SZ, &sz("default")).unwrap();
        hive.set_value(key, "Имя", 0x8765_4321, &[1, 2, 3]).unwrap();
        assert_eq!(hive.name_text(key).unwrap(), "Ünïcode ключ");
        assert_eq!(hive.find(hive.root(), r"SOFTWARE\contoso\üNÏCODE КЛЮЧ").unwrap(), Some(key));
        assert_eq!(hive.value(key, "имя").unwrap().unwrap().kind, 0x8765_4321);
        assert_sound(&mut hive, true);
        assert_eq!(hive.last_written(key).unwrap(), NOW);
    }
}

#[test]
fn a_version_that_does_not_exist_is_refused() {
    assert!(matches!(Hive::new("ROOT", 2, None), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Hive::new("", 5, None), Err(Error::InvalidName { .. })));
}

#[test]
fn a_hive_that_was_not_edited_is_finished_unchanged() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let key = hive.create_key(hive.root(), r"A\B").unwrap();
    hive.set_value(key, "v", REG_DWORD, &dword(7)).unwrap();
    let bytes = hive.finish(NOW).unwrap().bytes;
    let mut again = Hive::open(bytes.clone()).unwrap();
    // None of these changes anything.
    let key = again.create_key(again.root(), r"a\b").unwrap();
    again.set_value(key, "V", REG_DWORD, &dword(7)).unwrap();
    again.set_class(key, None).unwrap();
    let own = again.security(key).unwrap().to_vec();
    again.set_security(key, &own).unwrap();
    assert!(!again.delete_value(key, "other").unwrap());
    let finished = again.finish(NOW + 1).unwrap();
    assert_eq!(finished.bytes, bytes);
    assert_eq!(finished.changed, []);
}

#[test]
fn changed_ranges_cover_every_different_byte_and_little_else() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for number in 0..2000 {
        let key = hive.create_key(hive.root(), &format!("Key{number:04}")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &[1; 100]).unwrap();
    }
    let before = hive.finish(NOW).unwrap().bytes;
    let mut hive = Hive::open(before.clone()).unwrap();
    let key = hive.require(hive.root(), "key1000").unwrap();
    hive.set_value(key, "v", REG_BINARY, &[2; 100]).unwrap();
    let finished = hive.finish(NOW + 1).unwrap();
    assert_eq!(finished.bytes.len(), before.len(), "data of the same size are written in place");
    for (offset, (old, new)) in (0_u64..).zip(before.iter().zip(&finished.bytes)) {
        assert!(old == new || finished.changed.iter().any(|range| range.contains(&offset)), "{offset:#x}");
    }
    let changed: u64 = finished.changed.iter().map(|range| range.end - range.start).sum();
    // The base block, the first bin with its time, the key's node and the value's data.
    assert!(changed <= 4 * 4096, "{changed}");
    // The next account starts from here.
    hive.set_value(key, "v", REG_BINARY, &[3; 100]).unwrap();
    assert_eq!(hive.finish(NOW + 1).unwrap().changed.len(), finished.changed.len());
}

#[test]
fn finishing_advances_equal_sequence_numbers_and_keeps_unknown_header_bytes() {
    let mut file = Hive::new("ROOT", 5, None).unwrap().finish(NOW).unwrap().bytes;
    file[0x70..0xB4].fill(0xA5); // GUIDs, flags, the mark of the offline registry library.
    file[4..12].copy_from_slice(&[0xFF; 8]);
    file[4000..4096].fill(0x5A);
    hives::fix_checksum(&mut file);
    let mut hive = Hive::open(file.clone()).unwrap();
    hive.create_key(hive.root(), "k").unwrap();
    let finished = hive.finish(NOW + 5).unwrap().bytes;
    assert_eq!(finished[4..12], [0; 8], "both numbers went on, over the end of their range");
    assert_eq!(finished[12..20], (NOW + 5).to_le_bytes());
    assert_eq!(finished[4096 + 20..4096 + 28], (NOW + 5).to_le_bytes());
    assert_eq!(finished[0x70..508], file[0x70..508]);
    assert_eq!(finished[512..4096], file[512..4096]);
    Hive::open(finished).unwrap().check().unwrap();
}

#[test]
fn growth_goes_over_bytes_behind_the_bins_and_keeps_the_rest() {
    let mut file = Hive::new("ROOT", 5, None).unwrap().finish(NOW).unwrap().bytes;
    let end = file.len();
    file.extend(vec![0xEE; 3 * 4096 + 7]);
    let mut hive = Hive::open(file.clone()).unwrap();
    hive.set_value(hive.root(), "v", REG_BINARY, &[1; 5000]).unwrap();
    let finished = hive.finish(NOW).unwrap();
    assert_eq!(finished.bytes.len(), file.len());
    assert_eq!(finished.bytes[end + 8192..], file[end + 8192..]);
    assert_sound(&mut hive, true);
}

#[test]
fn values_at_the_thresholds_of_their_forms_are_read_by_hivex() {
    for minor in [3, 4, 5] {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let sizes = [0, 1, 3, 4, 5, 7, 8, 9, 16343, 16344, 16345, 2 * 16344, 2 * 16344 + 1, 1 << 20];
        for size in sizes {
            let data: Vec<u8> = (0..size).map(|byte| (byte % 251) as u8).collect();
            hive.set_value(hive.root(), &format!("v{size}"), REG_BINARY, &data).unwrap();
        }
        assert_sound(&mut hive, true);
        // Every form into every other one.
        for from in sizes {
            for to in [0, 4, 5, 16344, 16345, 50000] {
                hive.set_value(hive.root(), "changing", REG_BINARY, &vec![1; from]).unwrap();
                hive.set_value(hive.root(), "changing", REG_SZ, &vec![2; to]).unwrap();
                let value = hive.value(hive.root(), "changing").unwrap().unwrap();
                assert_eq!((value.kind, value.data), (REG_SZ, vec![2; to]));
            }
        }
        assert_sound(&mut hive, true);
        for size in sizes {
            assert!(hive.delete_value(hive.root(), &format!("V{size}")).unwrap());
        }
        assert!(hive.delete_value(hive.root(), "changing").unwrap());
        assert_sound(&mut hive, true);
    }
}

/// The number of segments of the only big value, counted in the bytes of a file.
fn big_data_records(file: &[u8]) -> usize {
    file.chunks_exact(8).filter(|cell| cell[4..6] == *b"db").count()
}

#[test]
fn data_over_16344_bytes_are_segmented_from_version_1_4_on() {
    for (minor, size, records) in [(3, 16345, 0), (4, 16344, 0), (4, 16345, 1), (5, 16345, 1)] {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        hive.set_value(hive.root(), "v", REG_BINARY, &vec![0; size]).unwrap();
        assert_eq!(big_data_records(&hive.finish(NOW).unwrap().bytes), records, "1.{minor}, {size} bytes");
    }
}

#[test]
fn thousands_of_subkeys_stay_sorted_whatever_their_order() {
    for minor in [3, 5] {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let parent = hive.create_key(hive.root(), "Parent").unwrap();
        let mut names: Vec<String> =
            (0..5000_u32).map(|number| format!("k{:x}", number.wrapping_mul(2_654_435_761) >> 7)).collect();
        for (number, name) in names.iter().enumerate() {
            let name = if number % 2 == 0 { name.to_uppercase() } else { name.clone() };
            hive.create_key(parent, &name).unwrap();
        }
        names.sort_by_key(|name| name.to_uppercase());
        names.dedup();
        let in_order: Vec<String> = hive
            .subkeys(parent)
            .unwrap()
            .into_iter()
            .map(|key| hive.name_text(key).unwrap().to_lowercase())
            .collect();
        assert_eq!(in_order, names);
        assert_sound(&mut hive, true);
        for name in &names {
            assert!(hive.find(parent, name).unwrap().is_some());
        }
        // Ascending and descending additions end in full leaves too.
        for number in 0..3000 {
            hive.create_key(parent, &format!("z{number:05}")).unwrap();
            hive.create_key(parent, &format!("a{:05}", 3000 - number)).unwrap();
        }
        assert_sound(&mut hive, true);
    }
}

#[test]
fn deleted_space_is_used_again() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let fill = |hive: &mut Hive| {
        let parent = hive.create_key(hive.root(), "Parent").unwrap();
        for number in 0..3000 {
            let key = hive.create_key(parent, &format!("Key {number}")).unwrap();
            hive.set_value(key, "Name", REG_SZ, &sz(&format!("Value {number}"))).unwrap();
            hive.set_value(key, "Blob", REG_BINARY, &vec![7; number % 300]).unwrap();
        }
    };
    fill(&mut hive);
    assert_sound(&mut hive, true);
    let size = hive.size();
    for _ in 0..3 {
        let parent = hive.require(hive.root(), "Parent").unwrap();
        hive.delete_key(parent, true).unwrap();
        assert_sound(&mut hive, false);
        fill(&mut hive);
        assert_sound(&mut hive, false);
        assert_eq!(hive.size(), size);
    }
}

#[test]
fn freed_cells_hold_no_secrets() {
    let secret = b"correct horse battery staple";
    let holds = |hive: &Hive| hive.bytes().windows(secret.len()).any(|window| window == secret);
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let key = hive.create_key(hive.root(), "Key").unwrap();
    hive.set_value(key, "v", REG_BINARY, secret).unwrap();
    hive.set_class(key, Some(secret)).unwrap();
    assert!(holds(&hive));
    let value = hive.value(key, "v").unwrap().unwrap();
    let shown = format!("{hive:?} {value:?} {:?} {:?}", hive.values(key), hive.clone().finish(NOW));
    assert!(!shown.contains(&format!("{:?}", &secret[..4]).replace(['[', ']'], "")), "{shown}");
    hive.set_value(key, "v", REG_BINARY, b"other").unwrap();
    hive.set_class(key, None).unwrap();
    assert!(!holds(&hive));
    hive.set_value(key, "v", REG_BINARY, &secret.repeat(1000)).unwrap();
    hive.delete_key(key, true).unwrap();
    assert!(!holds(&hive));
    assert_sound(&mut hive, true);
}

#[test]
fn descriptors_are_shared_and_counted() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let mut other = default_descriptor().to_vec();
    other[24] = 0x19; // Another access mask in the first ACE.
    for number in 0..50 {
        let key = hive.create_key(hive.root(), &format!("A{number}\\B")).unwrap();
        if number % 2 == 0 {
            hive.set_security(key, &other).unwrap();
        }
        let below = hive.create_key(key, "C").unwrap();
        assert_eq!(hive.security(below).unwrap(), hive.security(key).unwrap(), "a new key has its parent's");
    }
    assert_sound(&mut hive, true);
    let records = |hive: &Hive| hive.bytes().chunks_exact(8).filter(|cell| cell[4..8] == *b"sk\0\0").count();
    assert_eq!(records(&hive), 2);
    for number in 0..50 {
        let key = hive.require(hive.root(), &format!("A{number}")).unwrap();
        hive.delete_key(key, true).unwrap();
    }
    assert_eq!(records(&hive), 1, "the unused record is freed");
    assert_sound(&mut hive, true);
    hive.set_security(hive.root(), &other).unwrap();
    assert_eq!(records(&hive), 1);
    assert_eq!(hive.security(hive.root()).unwrap(), other);
    assert_sound(&mut hive, true);
    assert!(matches!(hive.set_security(hive.root(), &[1, 0, 4, 0]), Err(Error::InvalidArgument { .. })));
}

#[test]
fn class_names_are_kept_byte_for_byte() {
    assert_eq!(class_bytes("JD"), b"J\0D\0");
    let class = [0x61, 0x00, 0x00, 0xD8, 0x37];
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let key = hive.create_key(hive.root(), r"Control\Lsa\JD").unwrap();
    hive.set_class(key, Some(&class)).unwrap();
    assert_eq!(hive.class_name(key).unwrap(), Some(&class[..]));
    assert_sound(&mut hive, true);
    hive.compact(&mut unobserved).unwrap();
    let key = hive.require(hive.root(), r"Control\Lsa\JD").unwrap();
    assert_eq!(hive.class_name(key).unwrap(), Some(&class[..]));
    assert_sound(&mut hive, true);
}

#[test]
fn names_need_not_be_text() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let names: [&[u16]; 4] = [&[0xD800, 0x41], &[0, 0x41], &[0x41, 0], &[0xDC00]];
    for name in names {
        let key = hive.create_subkey(hive.root(), name).unwrap();
        hive.set_value_of(key, name, REG_SZ, &sz("x")).unwrap();
    }
    hive.check().unwrap();
    let bytes = hive.finish(NOW).unwrap().bytes;
    let hive = Hive::open(bytes).unwrap();
    for name in names {
        let key = hive.find_subkey(hive.root(), name).unwrap().unwrap();
        assert_eq!(hive.name(key).unwrap(), name);
        assert_eq!(hive.value_of(key, name).unwrap().unwrap().name, name);
    }
}

#[test]
fn what_windows_would_not_accept_is_refused() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let root = hive.root();
    hive.create_key(root, &"k".repeat(255)).unwrap();
    assert!(matches!(hive.create_key(root, &"k".repeat(256)), Err(Error::InvalidName { .. })));
    assert!(matches!(hive.create_subkey(root, &[]), Err(Error::InvalidName { .. })));
    hive.set_value(root, &"v".repeat(16383), REG_SZ, &[]).unwrap();
    assert!(matches!(hive.set_value(root, &"v".repeat(16384), REG_SZ, &[]), Err(Error::InvalidName { .. })));
    assert!(matches!(hive.delete_key(root, true), Err(Error::InvalidArgument { .. })));
    let deep = hive.create_key(root, &vec!["d"; 512].join("\\")).unwrap();
    assert!(matches!(hive.create_key(deep, "d"), Err(Error::LimitExceeded { .. })));
    let top = hive.require(root, "d").unwrap();
    assert!(matches!(hive.delete_key(top, false), Err(Error::InvalidArgument { .. })));
    assert!(matches!(hive.require(root, r"d\e"), Err(Error::RegistryNotFound { .. })));
    assert_sound(&mut hive, false);
    hive.delete_key(top, true).unwrap();
    assert!(matches!(hive.name(deep), Err(Error::Malformed { .. })), "an id of a deleted key is not a key");
    assert_sound(&mut hive, true);
}

#[test]
fn typed_data_go_both_ways() {
    let value = |kind, data| Value::new("n", kind, data);
    assert_eq!(value(REG_SZ, sz("Grüße")).as_text().as_deref(), Some("Grüße"));
    let remnant = [sz("Pacific Standard Time"), sz("garbage")].concat();
    assert_eq!(value(REG_SZ, remnant).as_text().as_deref(), Some("Pacific Standard Time"));
    assert_eq!(value(REG_SZ, vec![0x41, 0, 0x42]).as_text().as_deref(), Some("A"), "an odd byte is left out");
    assert_eq!(multi_sz(["a", "", "b"]), b"a\0\0\0b\0\0\0\0\0");
    assert_eq!(value(REG_MULTI_SZ, multi_sz(["a", "b"])).as_texts().unwrap(), ["a", "b"]);
    assert_eq!(value(REG_MULTI_SZ, multi_sz([""; 0])).as_texts().unwrap(), [""; 0]);
    assert_eq!(value(REG_DWORD, dword(0x0102_0304)).as_number(), Some(0x0102_0304));
    assert_eq!(dword_be(0x0102_0304), [1, 2, 3, 4]);
    assert_eq!(value(REG_DWORD_BIG_ENDIAN, vec![1, 2, 3, 4]).as_number(), Some(0x0102_0304));
    assert_eq!(value(REG_QWORD, qword(u64::MAX - 1)).as_number(), Some(u64::MAX - 1));
    assert_eq!(value(REG_DWORD, vec![1, 2, 3]).as_number(), None);
    assert_eq!(value(REG_BINARY, qword(NOW)).as_filetime(), Some(NOW));
    assert_eq!(value(REG_DWORD, dword(1)).as_text(), None);
}

/// One random edit; the numbers pick keys and values.
#[derive(Debug, Clone)]
enum Edit {
    Create(Vec<u8>),
    Set(usize, u8, u32, usize),
    DeleteValue(usize, u8),
    DeleteKey(usize),
    Finish,
    Reopen,
    Compact,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let size = prop_oneof![0..12_usize, 0..600_usize, 16340..16350_usize, 0..70_000_usize];
    let edit = prop_oneof![
        6 => proptest::collection::vec(0..12_u8, 1..4).prop_map(Edit::Create),
        9 => (any::<usize>(), 0..6_u8, any::<u32>(), size)
            .prop_map(|(key, name, kind, size)| Edit::Set(key, name, kind, size)),
        3 => (any::<usize>(), 0..6_u8).prop_map(|(key, name)| Edit::DeleteValue(key, name)),
        2 => any::<usize>().prop_map(Edit::DeleteKey),
        1 => Just(Edit::Finish),
        1 => Just(Edit::Reopen),
        1 => Just(Edit::Compact),
    ];
    proptest::collection::vec(edit, 1..120)
}

const NAMES: [&str; 12] =
    ["", "A", "Services", "ÄÖ", "x\u{2122}", "Name with spaces", "k6", "K7", "0", "_", "[", "Я"];

/// Does the same to a hive and to a model.
fn apply(hive: &mut Hive, model: &mut Model, edit: &Edit) {
    let nth = |model: &Model, number: usize| model.keys().nth(number % model.len()).unwrap().clone();
    match edit {
        Edit::Create(names) => {
            let names: Vec<&str> =
                names.iter().map(|&name| NAMES[usize::from(name)]).filter(|name| !name.is_empty()).collect();
            let mut path = String::new();
            for name in &names {
                path = if path.is_empty() {
                    name.to_uppercase()
                } else {
                    format!("{path}\\{}", name.to_uppercase())
                };
                model.entry(path.clone()).or_default();
            }
            hive.create_key(hive.root(), &names.join("\\")).unwrap();
        }
        Edit::Set(key, name, kind, size) => {
            let path = nth(model, *key);
            let data: Vec<u8> = (0..*size).map(|byte| (byte ^ key) as u8).collect();
            let id = hive.require(hive.root(), &path.to_lowercase()).unwrap();
            hive.set_value(id, NAMES[usize::from(*name)], *kind, &data).unwrap();
            model.get_mut(&path).unwrap().insert(NAMES[usize::from(*name)].to_uppercase(), (*kind, data));
        }
        Edit::DeleteValue(key, name) => {
            let path = nth(model, *key);
            let id = hive.require(hive.root(), &path).unwrap();
            let was_there = hive.delete_value(id, &NAMES[usize::from(*name)].to_lowercase()).unwrap();
            let name = NAMES[usize::from(*name)].to_uppercase();
            assert_eq!(model.get_mut(&path).unwrap().remove(&name).is_some(), was_there);
        }
        Edit::DeleteKey(key) => {
            let path = nth(model, *key);
            if !path.is_empty() {
                hive.delete_key(hive.require(hive.root(), &path).unwrap(), true).unwrap();
                let below = format!("{path}\\");
                model.retain(|other, _| *other != path && !other.starts_with(&below));
            }
        }
        Edit::Finish => drop(hive.finish(NOW).unwrap()),
        Edit::Reopen => *hive = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap(),
        Edit::Compact => hive.compact(&mut unobserved).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_edits_leaves_what_the_model_has(minor in 3..=6_u32, edits in edits()) {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let mut model = Model::from([(String::new(), BTreeMap::new())]);
        for edit in &edits {
            apply(&mut hive, &mut model, edit);
        }
        prop_assert_eq!(model_of(&hive), model.clone());
        assert_sound(&mut hive, true);
        let before = hives::dump(&hive);
        hive.compact(&mut unobserved).unwrap();
        prop_assert_eq!(model_of(&hive), model);
        prop_assert_eq!(hives::dump_without_times(&hive), hives::dump_without_times(&Hive::open(hive.finish(NOW).unwrap().bytes).unwrap()));
        prop_assert_eq!(hives::dump(&hive), before);
        assert_sound(&mut hive, true);
    }
}
