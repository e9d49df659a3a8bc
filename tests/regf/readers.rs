//! What two foreign readers (hivex and libregf) say of every hive of the public corpora, as it is and as the
//! engine rewrites it.

use crate::support::hives;
use imgsvc::formats::regf::logs::LogFiles;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use std::collections::HashSet;
use std::process::Command;
use std::sync::Arc;

const NOW: u64 = 133_800_000_000_000_000;

/// Every file of the test data that starts like a hive and is no log: name, bytes.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folders = ["hives", "bcd"].into_iter().filter_map(hives::testdata);
    let mut files: Vec<(String, Vec<u8>)> = folders.flat_map(|folder| hives::files(&folder)).collect();
    files.retain(|(name, bytes)| bytes.starts_with(b"regf") && !name.to_uppercase().contains(".LOG"));
    files
}

fn is_one_of(name: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| name.ends_with(end))
}

/// Hives that the engine refuses, or stops reading in. The checker says why.
const DAMAGED: [&str; 18] = [
    // Made by hand, with no version or no type.
    "/fake_sam.rf",
    "/fake_security.rf",
    "/fake_system.rf",
    "/fake_usrclass_dat.rf",
    "/winnt_compare_tests2.rf",
    "/winnt_compare_tests3.rf",
    "/winnt_error_tests.rf",
    "/winnt_iter_tests.rf",
    "/winnt_security_tests.rf",
    "/winnt_value_tests.rf",
    // Cut off, or with a record or list that is not one.
    "/corrupt_sub_key_list.hiv",
    "/corrupted_system_hive.xz",
    "/DeletedDataHiveTruncated",
    "/EffectiveSizeHive",
    "/TruncatedDirtyHive",
    "/TruncatedHive",
    "/TruncatedNameHive",
    // Its base block is in its log.
    "/BadBaseBlockHive",
];

/// A log that is not called one.
const NO_HIVE: [&str; 1] = ["/OldLogWithRemnantData"];

/// Hives with damage that the others overlook: a key that is in the lists of two, one that names another
/// parent than the key whose list it is in. An edit could not tell which is right.
const OVERLOOKED: [&str; 3] = ["/BadListHive", "/BadSubkeyHive", "/InvalidParentHive"];

/// Hives that hivex cannot read: half a surrogate pair in a name, values of a layered registry that only hide
/// others, and bytes behind the last bin with a base block that is not whole.
const NOT_FOR_HIVEX: [&str; 4] =
    ["/TruncatedPairHive", "/TruncatedPairHive2", "/System_Delta", "/GarbageHive"];

/// Hives that libregf cannot read, or whose names of one byte a character it takes for those of a code page.
const NOT_FOR_LIBREGF: [&str; 4] = ["/TruncatedPairHive", "/TruncatedPairHive2", "/GarbageHive", "/CompHive"];

/// What hivex reads, unless it is known that it cannot.
fn hivex(name: &str, bytes: &[u8]) -> Option<Vec<String>> {
    match hives::hivex_dump(bytes) {
        Ok(lines) => Some(lines),
        Err(error) => {
            assert!(is_one_of(name, &NOT_FOR_HIVEX), "hivex refuses {name}: {error}");
            None
        }
    }
}

/// What libregf reads, unless it is known that it cannot.
fn libregf(name: &str, bytes: &[u8]) -> Option<Vec<hives::Line>> {
    match hives::libregf_dump(bytes) {
        Ok(lines) => Some(lines).filter(|_| !is_one_of(name, &NOT_FOR_LIBREGF)),
        Err(error) => {
            assert!(is_one_of(name, &NOT_FOR_LIBREGF), "libregf refuses {name}: {error}");
            None
        }
    }
}

fn has_readers() -> bool {
    hives::has_hivex() && hives::has_libregf()
}

#[test]
fn what_foreign_readers_read_is_read_the_same() {
    if !has_readers() {
        return;
    }
    let (mut files, mut by_hivex, mut by_libregf, mut refused, mut overlooked) = (0, 0, 0, 0, 0);
    for (name, bytes) in corpus() {
        files += 1;
        // Without its logs a dirty hive is read as it is, which is what the others do.
        let opened = Hive::open_with_logs(bytes.clone(), &LogFiles::default());
        let read = opened.and_then(|(hive, _)| Ok((hives::try_dump(&hive)?, hives::libregf_view(&hive))));
        let (ours, view) = match read {
            Ok(read) => read,
            Err(error) => {
                let both = hives::hivex_dump(&bytes).is_ok() && hives::libregf_dump(&bytes).is_ok();
                let known: &[&str] = if both { &OVERLOOKED } else { &DAMAGED };
                assert!(is_one_of(&name, known) || is_one_of(&name, &NO_HIVE), "{name}: {error}");
                assert!(check_file(&bytes, &mut unobserved).unwrap().damage_count > 0, "{name}");
                refused += usize::from(!both);
                overlooked += usize::from(both);
                continue;
            }
        };
        assert!(!is_one_of(&name, &DAMAGED) && !is_one_of(&name, &OVERLOOKED), "{name} is read");
        if let Some(theirs) = hivex(&name, &bytes) {
            assert!(ours == theirs, "{name} is not read as hivex reads it");
            by_hivex += 1;
        }
        if let Some(theirs) = libregf(&name, &bytes) {
            hives::assert_libregf_agrees(&name, &view, &theirs);
            by_libregf += 1;
        }
    }
    eprintln!(
        "{files} hives: {by_hivex} read as hivex does, {by_libregf} as libregf does, {refused} damaged and \
         refused, {overlooked} with damage that both overlook"
    );
    assert!(files == 0 || (by_hivex >= 40 && by_libregf >= 40), "{by_hivex} {by_libregf}");
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

/// A line of a dump without the time of a key.
fn without_time(line: &str) -> String {
    match line.strip_prefix("K ") {
        Some(rest) => format!("K {}", rest.split(' ').next().unwrap()),
        None => line.to_owned(),
    }
}

/// Asserts that a dump differs by the new key and its value.
fn assert_only_the_edit(what: &str, before: &[String], after: &[String]) {
    let plain = |lines: &[String]| lines.iter().map(|line| without_time(line)).collect::<HashSet<String>>();
    let (old, new) = (plain(before), plain(after));
    let gone: Vec<&String> = old.difference(&new).collect();
    let mut added: Vec<&String> = new.difference(&old).collect();
    added.sort();
    assert!(gone.is_empty(), "{what}: {gone:?} are gone");
    assert_eq!(added, ["K /7e696d67737663", "V /7e696d67737663 76 1 7800"], "{what}");
    assert_eq!(after.len(), before.len() + 2, "{what}");
}

/// How many keys chntpw's reged exports, and what it complains of; nothing if it is not installed.
fn reged(bytes: &[u8]) -> Option<(usize, Vec<String>)> {
    let hive = hives::write_temporary(bytes);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.reg");
    let mut command = Command::new("reged");
    command.arg("-x").arg(hive.path()).args(["HKEY_LOCAL_MACHINE\\X", "\\"]).arg(&target);
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: reged is not installed");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let usual = |line: &&str| {
        let starts = ["Exporting ", "reged version"];
        line.is_empty() || starts.iter().any(|start| line.starts_with(start))
    };
    let mut complaints: Vec<String> = said.lines().filter(|line| !usual(line)).map(str::to_owned).collect();
    if !output.status.success() {
        complaints.push(output.status.to_string());
    }
    let keys = std::fs::read(&target).unwrap_or_default();
    Some((keys.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"[")).count(), complaints))
}

#[test]
fn a_rewritten_hive_differs_by_exactly_the_edit_for_foreign_readers() {
    if !has_readers() {
        return;
    }
    let (mut hives_edited, mut by_hivex, mut by_libregf, mut by_reged) = (0, 0, 0, 0);
    for (name, bytes) in corpus() {
        // A dirty hive is edited as it is: what its logs say is another test's.
        let Ok((mut whole, _)) = Hive::open_with_logs(bytes.clone(), &LogFiles::default()) else { continue };
        whole.accept_dirty();
        let findings = whole.findings(&mut unobserved).unwrap();
        if findings.damage_count > 0 || whole.minor_version() < 2 {
            continue;
        }
        let before = (hivex(&name, &bytes), libregf(&name, &bytes), reged(&bytes));
        let in_place = || Hive::open_lazily(Arc::new(bytes.clone())).ok();
        let compacted = || {
            let mut hive = whole.clone();
            hive.compact(&mut unobserved).unwrap();
            hive
        };
        let hives =
            [("memory", Some(whole.clone())), ("in place", in_place()), ("compact", Some(compacted()))];
        for (how, hive) in hives {
            let Some(mut hive) = hive else { continue };
            let what = format!("{name}, {how}");
            let key = hive.create_key(hive.root(), "~imgsvc").unwrap();
            hive.set_value(key, "v", REG_SZ, &[b'x', 0]).unwrap();
            let edited = hive.finish(NOW).unwrap().bytes;
            if let Some(before) = &before.0 {
                let after = hives::hivex_dump(&edited).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_only_the_edit(&what, before, &after);
            }
            if let Some(before) = &before.1 {
                let after = hives::libregf_dump(&edited).unwrap_or_else(|error| panic!("{what}: {error}"));
                hives::assert_libregf_agrees(&what, &hives::libregf_view(&hive), &after);
                assert_eq!(after.len(), before.len() + 2, "{what}");
            }
            if let (Some((keys, complaints)), Some((now, found))) = (&before.2, reged(&edited)) {
                let new = found.iter().find(|complaint| !complaints.contains(complaint));
                assert!(new.is_none(), "{what}: reged complains of {new:?}");
                assert!(!complaints.is_empty() || now == keys + 1, "{what}: {now} keys, not {keys} + 1");
            }
            assert!(records(&edited) <= records(&bytes), "{what}: more security records");
            let now = check_file(&edited, &mut unobserved).unwrap();
            assert!(now.defect_count <= findings.defect_count, "{what}: {:?}", now.defects);
        }
        hives_edited += 1;
        by_hivex += usize::from(before.0.is_some());
        by_libregf += usize::from(before.1.is_some());
        by_reged += usize::from(before.2.is_some_and(|(_, complaints)| complaints.is_empty()));
    }
    eprintln!(
        "{hives_edited} hives edited: {by_hivex} compared by hivex, {by_libregf} by libregf, {by_reged} by reged"
    );
    assert!(hives_edited == 0 || (by_hivex >= 38 && by_libregf >= 38), "{by_hivex} {by_libregf}");
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
