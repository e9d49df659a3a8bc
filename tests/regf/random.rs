//! Random edits of every kind against a simple model: what the hive holds, what it costs, and that the
//! checker and hivex find nothing wrong, on hives in memory and on hives opened again.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const NOW: u64 = 133_800_000_000_000_000;

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// What a key is, besides its name.
#[derive(Debug, Clone, PartialEq, Default)]
struct Key {
    name: String,
    class: Vec<u8>,
    security: Vec<u8>,
    /// By upper-case name: name, type, data.
    values: BTreeMap<String, (String, u32, Vec<u8>)>,
}

/// Keys by upper-case path.
type Model = BTreeMap<String, Key>;

fn model_of(hive: &Hive) -> Model {
    let mut model = Model::new();
    let mut stack = vec![hive.root()];
    while let Some(key) = stack.pop() {
        let values = hive.values(key).unwrap().map(|value| {
            let value = value.unwrap();
            (value.name_text().to_uppercase(), (value.name_text(), value.kind, value.data))
        });
        let is_root = hive.parent(key).unwrap().is_none();
        let node = Key {
            name: if is_root { String::new() } else { hive.name_text(key).unwrap() },
            class: hive.class_name(key).unwrap().unwrap_or_default().to_vec(),
            security: hive.security(key).unwrap().to_vec(),
            values: values.collect(),
        };
        model.insert(hive.path(key).unwrap().to_uppercase(), node);
        stack.extend(hive.subkeys(key).unwrap());
    }
    model
}

#[derive(Debug, Clone)]
enum Edit {
    Create(usize, u8),
    RenameKey(usize, u8),
    DeleteKey(usize),
    Set(usize, u8, u32, usize),
    RenameValue(usize, u8, u8),
    DeleteValue(usize, u8),
    Class(usize, usize),
    Security(usize, u8),
    Time(usize, u64),
    Finish,
    Reopen,
    ReopenLazily,
    Compact,
}

const NAMES: [&str; 14] = [
    "A",
    "a longer name than the others have",
    "Services",
    "ÄÖ",
    "x\u{2122}",
    "k6",
    "K7",
    "0",
    "_",
    "[",
    "Я",
    "я2",
    "services",
    "äö",
];

fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    let key = || any::<usize>();
    let name = || 0..NAMES.len() as u8;
    let size = prop_oneof![0..12_usize, 0..600_usize, 16340..16350_usize, 0..70_000_usize];
    let edit = prop_oneof![
        9 => (key(), name()).prop_map(|(key, name)| Edit::Create(key, name)),
        4 => (key(), name()).prop_map(|(key, name)| Edit::RenameKey(key, name)),
        2 => key().prop_map(Edit::DeleteKey),
        8 => (key(), name(), any::<u32>(), size).prop_map(|(k, n, kind, size)| Edit::Set(k, n, kind, size)),
        3 => (key(), name(), name()).prop_map(|(key, old, new)| Edit::RenameValue(key, old, new)),
        2 => (key(), name()).prop_map(|(key, name)| Edit::DeleteValue(key, name)),
        2 => (key(), 0..60_usize).prop_map(|(key, size)| Edit::Class(key, size)),
        4 => (key(), 0..5_u8).prop_map(|(key, which)| Edit::Security(key, which)),
        1 => (key(), 0..u64::MAX / 2).prop_map(|(key, time)| Edit::Time(key, time)), // hivex wants them below 2^63,
        1 => Just(Edit::Finish),
        1 => Just(Edit::Reopen),
        3 => Just(Edit::ReopenLazily),
        1 => Just(Edit::Compact),
    ];
    proptest::collection::vec(edit, 1..most)
}

fn descriptor(which: u8) -> Vec<u8> {
    let mut descriptor = default_descriptor().to_vec();
    descriptor[24] ^= which; // The access mask of the first ACE.
    descriptor
}

fn join(parent: &str, name: &str) -> String {
    let name = name.to_uppercase();
    if parent.is_empty() {
        name
    } else {
        format!("{parent}\\{name}")
    }
}

fn apply(hive: &mut Hive, model: &mut Model, edit: &Edit) {
    let nth = |model: &Model, number: usize| model.keys().nth(number % model.len()).unwrap().clone();
    let find = |hive: &Hive, path: &str| hive.require(hive.root(), &path.to_lowercase()).unwrap();
    match *edit {
        Edit::Create(key, name) => {
            let (parent, name) = (nth(model, key), NAMES[usize::from(name)]);
            let created = hive.create_subkey(find(hive, &parent), &units(name)).unwrap();
            let security = model[&parent].security.clone();
            let node = Key { name: name.to_owned(), security, ..Key::default() };
            model.entry(join(&parent, name)).or_insert(node);
            assert_eq!(find(hive, &join(&parent, name)), created);
        }
        Edit::RenameKey(key, name) => {
            let (path, name) = (nth(model, key), NAMES[usize::from(name)]);
            let id = find(hive, &path);
            let renamed = hive.rename_key(id, &units(name));
            let parent = path.rfind('\\').map_or(String::new(), |at| path[..at].to_owned());
            let target = join(&parent, name);
            if path.is_empty() {
                assert!(matches!(renamed, Err(Error::InvalidArgument { .. })));
            } else if target != path && model.contains_key(&target) {
                assert!(matches!(renamed, Err(Error::InvalidName { .. })));
            } else {
                assert_eq!(find(hive, &target), renamed.unwrap());
                let below = format!("{path}\\");
                let moved: Vec<String> = model
                    .keys()
                    .filter(|other| **other == path || other.starts_with(&below))
                    .cloned()
                    .collect();
                for old in moved {
                    let mut node = model.remove(&old).unwrap();
                    if old == path {
                        node.name = name.to_owned();
                    }
                    model.insert(format!("{target}{}", &old[path.len()..]), node);
                }
            }
        }
        Edit::DeleteKey(key) => {
            let path = nth(model, key);
            if !path.is_empty() {
                hive.delete_key(find(hive, &path), true).unwrap();
                let below = format!("{path}\\");
                model.retain(|other, _| *other != path && !other.starts_with(&below));
            }
        }
        Edit::Set(key, name, kind, size) => {
            let (path, name) = (nth(model, key), NAMES[usize::from(name)]);
            let data: Vec<u8> = (0..size).map(|byte| (byte ^ key) as u8).collect();
            hive.set_value(find(hive, &path), name, kind, &data).unwrap();
            let values = &mut model.get_mut(&path).unwrap().values;
            let kept = values.get(&name.to_uppercase()).map_or(name.to_owned(), |old| old.0.clone());
            values.insert(name.to_uppercase(), (kept, kind, data));
        }
        Edit::RenameValue(key, old, new) => {
            let (path, old, new) = (nth(model, key), NAMES[usize::from(old)], NAMES[usize::from(new)]);
            let renamed = hive.rename_value(find(hive, &path), &units(old), &units(new));
            let values = &mut model.get_mut(&path).unwrap().values;
            let (from, to) = (old.to_uppercase(), new.to_uppercase());
            match values.get(&from).cloned() {
                None => assert!(matches!(renamed, Err(Error::RegistryNotFound { .. }))),
                Some(_) if from != to && values.contains_key(&to) => {
                    assert!(matches!(renamed, Err(Error::InvalidName { .. })));
                }
                Some(mut value) => {
                    renamed.unwrap();
                    values.remove(&from);
                    value.0 = new.to_owned();
                    values.insert(to, value);
                }
            }
        }
        Edit::DeleteValue(key, name) => {
            let (path, name) = (nth(model, key), NAMES[usize::from(name)].to_uppercase());
            let was_there = hive.delete_value(find(hive, &path), &name.to_lowercase()).unwrap();
            assert_eq!(model.get_mut(&path).unwrap().values.remove(&name).is_some(), was_there);
        }
        Edit::Class(key, size) => {
            let path = nth(model, key);
            let class = vec![key as u8; size];
            hive.set_class(find(hive, &path), Some(&class)).unwrap();
            model.get_mut(&path).unwrap().class = class;
        }
        Edit::Security(key, which) => {
            let path = nth(model, key);
            hive.set_security(find(hive, &path), &descriptor(which)).unwrap();
            model.get_mut(&path).unwrap().security = descriptor(which);
        }
        Edit::Time(key, time) => {
            let id = find(hive, &nth(model, key));
            hive.set_last_written(id, time).unwrap();
            let finished = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap();
            assert_eq!((hive.last_written(id).unwrap(), finished.last_written(id).unwrap()), (time, time));
        }
        Edit::Finish => drop(hive.finish(NOW).unwrap()),
        Edit::Reopen => *hive = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap(),
        Edit::ReopenLazily => {
            *hive = Hive::open_lazily(Arc::new(hive.finish(NOW).unwrap().bytes)).unwrap();
        }
        Edit::Compact => hive.compact(&mut unobserved).unwrap(),
    }
}

/// The security records of a hive.
fn records(bytes: &[u8]) -> usize {
    bytes.chunks_exact(8).filter(|cell| cell[4..8] == *b"sk\0\0").count()
}

fn assert_is(hive: &mut Hive, model: &Model) {
    assert_eq!(model_of(hive), *model);
    let findings = hive.inspect(&mut unobserved).unwrap();
    assert_eq!((findings.defects, findings.leaked_cells), (vec![], 0));
    let mut descriptors: Vec<&Vec<u8>> = model.values().map(|key| &key.security).collect();
    descriptors.sort();
    descriptors.dedup();
    let finished = hive.finish(NOW).unwrap();
    let records = records(&finished.bytes);
    assert_eq!(records, descriptors.len(), "one record for each descriptor in use");
    assert_eq!(model_of(&Hive::open(finished.bytes.clone()).unwrap()), *model);
    if hives::has_hivex() {
        assert_eq!(hives::hivex_dump(&finished.bytes).unwrap(), hives::dump(hive));
        hives::assert_hivexml_reads(&finished.bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_edits_leaves_what_the_model_has(minor in 3..=6_u32, edits in edits(150)) {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let mut model = model_of(&hive);
        for edit in &edits {
            apply(&mut hive, &mut model, edit);
        }
        assert_is(&mut hive, &model);
        hive.compact(&mut unobserved).unwrap();
        assert_is(&mut hive, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_checker_finds_nothing_after_any_edit(minor in 3..=6_u32, edits in edits(40)) {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let mut model = model_of(&hive);
        for edit in &edits {
            apply(&mut hive, &mut model, edit);
            let findings = hive.inspect(&mut unobserved).unwrap();
            prop_assert_eq!((findings.defects, findings.leaked_cells), (vec![], 0), "{:?}", edit);
        }
        prop_assert_eq!(model_of(&hive), model);
    }
}

#[test]
fn a_key_with_many_subkeys_is_renamed_among_many() {
    for minor in [3, 5] {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        for number in 0..1500 {
            hive.create_key(hive.root(), &format!("k{number:04}\\below")).unwrap();
        }
        let key = hive.require(hive.root(), "k0700").unwrap();
        for number in 0..1500 {
            hive.create_key(key, &format!("s{number}")).unwrap();
        }
        let key = hive.rename_key(key, &units(&"Z".repeat(255))).unwrap();
        assert_eq!(hive.subkeys(key).unwrap().len(), 1501);
        assert_eq!(hive.subkeys(hive.root()).unwrap().last(), Some(&key));
        let key = hive.rename_key(key, &units("k07005")).unwrap();
        assert_eq!(hive.subkeys(hive.root()).unwrap()[700], key);
        assert!(matches!(hive.rename_key(key, &units("K0001")), Err(Error::InvalidName { .. })));
        assert!(matches!(hive.rename_key(key, &units("a\\b")), Err(Error::InvalidName { .. })));
        assert!(matches!(hive.rename_key(key, &[]), Err(Error::InvalidName { .. })));
        let model = model_of(&hive);
        assert_is(&mut hive, &model);
    }
}
