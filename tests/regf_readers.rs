//! What two foreign readers (hivex and libregf) say of every hive of the public corpora, as it is and as the
//! engine rewrites it.

#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

#[path = "support/hives.rs"]
mod hives;

use imgsvc::formats::regf::logs::LogFiles;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use std::sync::Arc;

const NOW: u64 = 133_800_000_000_000_000;

/// Every file of the test data that may be a hive: name, bytes.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folders = ["hives", "bcd"].into_iter().filter_map(hives::testdata);
    let mut files: Vec<(String, Vec<u8>)> = folders.flat_map(|folder| hives::files(&folder)).collect();
    files.retain(|(name, bytes)| bytes.starts_with(b"regf") && !name.to_uppercase().contains(".LOG"));
    files
}

/// What both readers say, if they agree. Data of one to three bytes are hivex's: libregf reads another byte
/// of the field they are in.
fn foreign(bytes: &[u8]) -> Option<Vec<String>> {
    let (hivex, libregf) = (hives::hivex_dump(bytes).ok()?, hives::libregf_dump(bytes).ok()?);
    let comparable = |lines: &[String]| -> Vec<String> {
        let cut = |line: &String| match line.rsplit_once(' ') {
            Some((rest, data)) if line.starts_with('V') && (2..=6).contains(&data.len()) => rest.to_owned(),
            _ => line.clone(),
        };
        let mut lines: Vec<String> = lines.iter().map(cut).collect();
        lines.sort();
        lines
    };
    (comparable(&hivex) == comparable(&libregf)).then_some(hivex)
}

fn has_readers() -> bool {
    hives::has_hivex() && hives::has_libregf()
}

#[test]
fn what_two_foreign_readers_agree_on_is_read_the_same() {
    if !has_readers() {
        return;
    }
    let mut compared = 0;
    for (name, bytes) in corpus() {
        let Some(foreign) = foreign(&bytes) else { continue };
        // Without its logs a dirty hive is read as it is, which is what the others do.
        let opened = Hive::open_with_logs(bytes.clone(), &LogFiles::default());
        let hive = opened.map(|(hive, _)| hive).unwrap_or_else(|error| panic!("{name}: {error}"));
        match hives::try_dump(&hive) {
            Ok(ours) => assert!(ours == foreign, "{name} is read differently"),
            // The others do not look at the field that a damaged hive has wrong.
            Err(error) => {
                assert!(hive.findings(&mut unobserved).unwrap().damage_count > 0, "{name}: {error}")
            }
        }
        compared += 1;
    }
    eprintln!("{compared} hives are read as hivex and libregf read them");
    assert!(compared == 0 || compared >= 30, "{compared}");
}

#[test]
fn class_names_are_those_that_libregf_reads() {
    if !hives::has_libregf() {
        return;
    }
    let mut found = 0;
    for (name, bytes) in corpus() {
        let Ok(mut hive) = Hive::open(bytes.clone()) else { continue };
        if hive.inspect(&mut unobserved).is_err() {
            continue;
        }
        let Ok(theirs) = hives::libregf_classes(&bytes) else { continue };
        assert!(hives::classes(&hive) == theirs, "{name}: {theirs:?}");
        found += theirs.len();
        hive.compact(&mut unobserved).unwrap();
        let rebuilt = hives::libregf_classes(&hive.finish(NOW).unwrap().bytes).unwrap();
        assert!(rebuilt == theirs, "{name}, rebuilt");
    }
    assert!(found == 0 || found >= 8, "{found}");
}

/// The security records of a hive.
fn records(bytes: &[u8]) -> usize {
    let bins = u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize;
    let (mut at, end, mut count) = (4096, 4096 + bins, 0);
    while at < end {
        let bin_end = at + u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
        at += 32;
        while at < bin_end {
            let size = i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            count += usize::from(size < 0 && bytes[at + 4..at + 6] == *b"sk");
            at += size.unsigned_abs() as usize;
        }
    }
    count
}

/// Lines of `after` that are not in `before`, and the other way round; key times left out.
fn difference(before: &[String], after: &[String]) -> (Vec<String>, Vec<String>) {
    let plain = |lines: &[String]| -> Vec<String> {
        let cut = |line: &String| match line.strip_prefix("K ") {
            Some(rest) => format!("K {}", rest.split(' ').next().unwrap()),
            None => line.clone(),
        };
        lines.iter().map(cut).collect()
    };
    let (before, after) = (plain(before), plain(after));
    let missing = |from: &[String], of: &[String]| {
        let of: std::collections::HashSet<&String> = of.iter().collect();
        from.iter().filter(|line| !of.contains(line)).cloned().collect::<Vec<String>>()
    };
    (missing(&before, &after), missing(&after, &before))
}

#[test]
fn a_rewritten_hive_differs_by_exactly_the_edit_for_foreign_readers() {
    if !has_readers() {
        return;
    }
    let mut compared = 0;
    for (name, bytes) in corpus() {
        let Ok(whole) = Hive::open(bytes.clone()) else { continue };
        let findings = whole.findings(&mut unobserved).unwrap();
        if findings.damage_count > 0 {
            continue;
        }
        let Some(before) = foreign(&bytes) else { continue };
        let in_place = || Hive::open_lazily(Arc::new(bytes.clone())).unwrap();
        let compacted = || {
            let mut hive = whole.clone();
            hive.compact(&mut unobserved).unwrap();
            hive
        };
        let hives: [(&str, Hive); 3] =
            [("memory", whole.clone()), ("in place", in_place()), ("compact", compacted())];
        for (how, mut hive) in hives {
            let what = format!("{name}, {how}");
            let key = hive.create_key(hive.root(), "~imgsvc").unwrap();
            hive.set_value(key, "v", REG_SZ, &sz("x")).unwrap();
            let edited = hive.finish(NOW).unwrap().bytes;
            let after = foreign(&edited).unwrap_or_else(|| panic!("{what}: not read"));
            let (gone, added) = difference(&before, &after);
            let path = "/7e696d67737663";
            assert_eq!(gone, Vec::<String>::new(), "{what}");
            assert_eq!(added, [format!("K {path}"), format!("V {path} 76 1 78000000")], "{what}");
            assert!(records(&edited) <= records(&bytes), "{what}: more security records");
            let now = check_file(&edited, &mut unobserved).unwrap();
            assert!(now.defect_count <= findings.defect_count, "{what}: {:?}", now.defects);
        }
        compared += 1;
    }
    assert!(compared == 0 || compared >= 25, "{compared}");
}

#[test]
fn many_keys_grow_a_file_by_less_than_twice_their_cells() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let files = hives::files(&folder);
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("/SYSTEM.xz")).unwrap();
    let mut hive = Hive::open_lazily(Arc::new(bytes.clone())).unwrap();
    let parent = hive.create_key(hive.root(), "Contoso").unwrap();
    let before = u32::from_le_bytes(bytes[40..44].try_into().unwrap());
    let mut cells = 0;
    let cell = |content: usize| (content + 4).next_multiple_of(8);
    for number in 0..1000 {
        let name = format!("Key{number:04}");
        let key = hive.create_key(parent, &name).unwrap();
        cells += cell(76 + name.len()) + cell(5 * 4) + 8;
        for value in 0..5 {
            let data = sz(&format!("data of value {value}"));
            hive.set_value(key, &format!("Value{value}"), REG_SZ, &data).unwrap();
            cells += cell(20 + 6) + cell(data.len());
        }
    }
    let edited = hive.finish(NOW).unwrap().bytes;
    let grown = u32::from_le_bytes(edited[40..44].try_into().unwrap()) - before;
    assert!((grown as usize) < 2 * cells, "{grown} for {cells}");
    Hive::open(edited).unwrap().check().unwrap();
}
