//! Dirty hives and their logs: what Windows made of the same files, what logs of our own making bring
//! back, and what no log may do.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::logs::*;
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::path::Path;

const NOW: u64 = 133_800_000_000_000_000;

fn two<'a>(log1: &'a [u8], log2: &'a [u8]) -> LogFiles<'a> {
    LogFiles { log: &[], log1, log2 }
}

/// Reads a file of the corpus, packed or not; says so when it is not there.
fn corpus(name: &str) -> Option<Vec<u8>> {
    let folder = hives::testdata("hives")?;
    for name in [name.to_owned(), format!("{name}.xz")] {
        let path = folder.join(&name);
        if path.is_file() {
            return hives::files(&folder)
                .into_iter()
                .find(|(found, _)| Path::new(found) == path)
                .map(|(_, bytes)| bytes);
        }
    }
    eprintln!("SKIPPED: the corpus has no {name}");
    None
}

/// A primary file of the corpus with its two logs.
fn dirty(primary: &str, log1: &str, log2: &str) -> Option<[Vec<u8>; 3]> {
    Some([corpus(primary)?, corpus(log1)?, corpus(log2)?])
}

fn yarp(folder: &str, name: &str) -> Option<[Vec<u8>; 3]> {
    let path = format!("yarp/{folder}/{name}");
    dirty(&path, &format!("{path}.LOG1"), &format!("{path}.LOG2"))
}

/// What was applied of each log: first and last sequence number, entries and pages.
fn applied(recovery: &Recovery) -> Vec<(LogName, u32, u32, u32, u64)> {
    let logs = recovery.logs.iter();
    logs.filter_map(|log| {
        log.applied.as_ref().map(|done| (log.name, done.first, done.last, done.entries, done.pages))
    })
    .collect()
}

/// A recovered hive that the checker and the foreign readers accept.
fn assert_sound(hive: &mut Hive) {
    let findings = hive.inspect(&mut unobserved).unwrap();
    assert_eq!(findings.defects, []);
    let finished = hive.finish(NOW).unwrap();
    assert_eq!(hives::dump(&Hive::open(finished.bytes.clone()).unwrap()), hives::dump(hive));
    if hives::has_hivex() {
        assert_eq!(hives::hivex_dump(&finished.bytes).unwrap(), hives::dump(hive));
    }
}

#[test]
fn two_logs_with_entries_give_what_windows_10_made_of_them() {
    let Some([primary, log1, log2]) = yarp("NewDirtyHive1", "NewDirtyHive") else { return };
    let Some(windows) = corpus("yarp/NewDirtyHive1/RecoveredHive_Windows10") else { return };
    for (first, second, reversed) in [(&log1, &log2, false), (&log2, &log1, true)] {
        let (mut hive, recovery) = Hive::open_with_logs(primary.clone(), &two(first, second)).unwrap();
        assert_eq!(recovery.state, RecoveryState::Recovered);
        assert_eq!((recovery.sequences, recovery.base_block_from), ((3, 2), None));
        let (earlier, later) =
            if reversed { (LogName::Log2, LogName::Log1) } else { (LogName::Log1, LogName::Log2) };
        let mut expected = vec![(earlier, 2, 2, 1, 1), (later, 3, 5, 3, 3)];
        expected.sort_by_key(|log| log.0 == LogName::Log2);
        assert_eq!(applied(&recovery), expected);
        let all = |hive: &Hive| hive.bytes()[4096..].to_vec();
        assert!(all(&hive) == windows[4096..], "the bins are those of Windows");
        assert_eq!(hive.bytes()[4..12], windows[4..12], "and so are the sequence numbers");
        assert_eq!(hives::dump(&hive), hives::dump(&Hive::open(windows.clone()).unwrap()));
        // What the logs changed is to be stored.
        let before = hive.bytes().to_vec();
        let finished = hive.finish(NOW).unwrap();
        for (offset, (old, new)) in (0_u64..).zip(primary.iter().zip(&before)) {
            assert!(
                old == new || finished.changed.iter().any(|range| range.contains(&offset)),
                "{offset:#x}"
            );
        }
        assert_sound(&mut hive);
    }
}

#[test]
fn entries_older_than_the_hive_are_left_out() {
    let Some([primary, log1, log2]) = yarp("NewDirtyHive2", "NewDirtyHive") else { return };
    let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
    assert_eq!(applied(&recovery), [(LogName::Log2, 3, 5, 3, 3)]);
    assert_eq!(recovery.logs[0].unused.as_deref(), Some("its first entry is 2, the hive is at 3"));
    assert_sound(&mut hive);
}

#[test]
fn a_log_of_the_old_format_gives_what_windows_7_made_of_it() {
    let Some([primary, log1, log2]) = yarp("OldDirtyHive", "OldDirtyHive") else { return };
    let Some(windows) = corpus("yarp/OldDirtyHive/RecoveredHive_Windows7") else { return };
    assert!(matches!(Hive::open(primary.clone()), Err(Error::HiveDirty { primary: 5, secondary: 4 })));
    let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
    assert_eq!(applied(&recovery).len(), 1);
    assert_eq!(recovery.logs[0].format, LogFormat::DirtyPages);
    assert_eq!(hives::dump(&hive), hives::dump(&Hive::open(windows).unwrap()));
    assert!(hive.find(hive.root(), r"key_with_many_subkeys\5000\find_me_in_log").unwrap().is_some());
    assert_sound(&mut hive);
}

#[test]
fn a_damaged_base_block_comes_back_from_the_log() {
    let Some([primary, log1, log2]) = yarp("BadBaseBlockHive", "BadBaseBlockHive") else { return };
    let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
    assert_eq!(recovery.base_block_from, Some(LogName::Log1));
    assert_eq!(hive.minor_version(), 3, "the file said 1");
    assert!(hive.find(hive.root(), r"key_with_many_subkeys\5000\find_me_in_log").unwrap().is_some());
    assert_sound(&mut hive);
}

#[test]
fn a_hive_whose_logs_are_damaged_is_only_read_until_it_is_accepted() {
    for folder in ["BadLogHive1", "BadLogHive2", "BadLogHive3"] {
        let Some([primary, log1, log2]) = yarp(folder, "BadLogHive") else { continue };
        let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
        assert_eq!((recovery.state, applied(&recovery)), (RecoveryState::Dirty, vec![]), "{folder}");
        assert!(recovery.logs.iter().all(|log| log.unused.is_some()));
        assert!(hive.is_dirty());
        let dump = hives::dump(&hive);
        assert!(matches!(hive.create_key(hive.root(), "new"), Err(Error::HiveDirty { .. })));
        assert!(matches!(hive.compact(&mut unobserved), Err(Error::HiveDirty { .. })));
        assert_eq!(hives::dump(&hive), dump);
        hive.accept_dirty();
        hive.create_key(hive.root(), "new").unwrap();
        assert_sound(&mut hive);
    }
}

#[test]
fn real_hives_of_windows_10_are_recovered_from_both_logs() {
    // Pages: as the tests of regipy count them.
    let ntuser = "regipy/transactions_ntuser.dat";
    if let Some([primary, log1, log2]) =
        dirty("regipy/transactions_NTUSER.DAT", &format!("{ntuser}.log1"), &format!("{ntuser}.log2"))
    {
        let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
        let done = applied(&recovery);
        assert_eq!(done.iter().map(|log| log.4).sum::<u64>(), 132);
        assert!(recovery.logs[1].unused.is_some(), "the second log is older: {recovery:?}");
        assert_sound(&mut hive);
    }
    let system = "regipy/SYSTEM_B";
    if let Some([primary, log1, log2]) = dirty(system, &format!("{system}.LOG1"), &format!("{system}.LOG2")) {
        let (mut hive, recovery) = Hive::open_with_logs(primary, &two(&log1, &log2)).unwrap();
        let done = applied(&recovery);
        assert_eq!(done.iter().map(|log| log.4).sum::<u64>(), 315, "{done:?}");
        assert_sound(&mut hive);
    }
}

#[test]
fn the_logs_of_a_clean_hive_are_not_used() {
    let Some(primary) = corpus("dfwinreg/NTUSER.DAT") else { return };
    let Some(log) = corpus("dfwinreg/NTUSER.DAT.LOG") else { return };
    let files = LogFiles { log: &log, ..LogFiles::default() };
    let (mut hive, recovery) = Hive::open_with_logs(primary.clone(), &files).unwrap();
    assert_eq!(recovery.state, RecoveryState::Clean);
    assert_eq!(recovery.logs[0].unused.as_deref(), Some("the hive is clean"));
    let finished = hive.finish(NOW).unwrap();
    assert!(finished.bytes == primary && finished.changed.is_empty());
}

// Logs of our own making.

/// A hive in three states, each with the edits of the one before.
fn three_states() -> [Vec<u8>; 3] {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for number in 0..200 {
        let key = hive.create_key(hive.root(), &format!("Key{number:03}")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &[1; 100]).unwrap();
    }
    let first = hive.finish(NOW).unwrap().bytes;
    let key = hive.require(hive.root(), "key100").unwrap();
    hive.set_value(key, "v", REG_BINARY, &[2; 100]).unwrap();
    let second = hive.finish(NOW).unwrap().bytes;
    hive.set_value(key, "large", REG_BINARY, &[3; 20000]).unwrap();
    let third = hive.finish(NOW).unwrap().bytes;
    [first, second, third]
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// The first sector of a log.
fn log_block(hive: &[u8], kind: u32, sequence: u32) -> Vec<u8> {
    let mut block = hive[..512].to_vec();
    put(&mut block, 4, sequence);
    put(&mut block, 8, sequence);
    put(&mut block, 28, kind);
    hives::fix_checksum(&mut block);
    block
}

/// Pages of `size` bytes that are not the same: offset in the bins and content.
fn differences<'a>(old: &[u8], new: &'a [u8], size: usize) -> Vec<(usize, &'a [u8])> {
    let pages = new[4096..].chunks(size).enumerate().map(|(number, page)| (number * size, page));
    pages.filter(|&(offset, page)| old.get(4096 + offset..4096 + offset + size) != Some(page)).collect()
}

/// Marvin32, from its description.
fn marvin32(data: &[u8]) -> u64 {
    let (mut a, mut b) = (0x7A4E_55C5_u32, 0x82EF_4D88_u32);
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(4) + 4, 0);
    for word in padded.chunks(4) {
        a = a.wrapping_add(u32::from_le_bytes(word.try_into().unwrap()));
        b ^= a;
        a = a.rotate_left(20).wrapping_add(b);
        b = b.rotate_left(9) ^ a;
        a = a.rotate_left(27).wrapping_add(b);
        b = b.rotate_left(19);
    }
    u64::from(a) | u64::from(b) << 32
}

fn set_hashes(entry: &mut [u8]) {
    let hash = marvin32(&entry[40..]);
    entry[24..32].copy_from_slice(&hash.to_le_bytes());
    let hash = marvin32(&entry[..32]);
    entry[32..40].copy_from_slice(&hash.to_le_bytes());
}

fn log_entry(old: &[u8], new: &[u8], sequence: u32) -> Vec<u8> {
    let pages = differences(old, new, 4096);
    let mut entry = b"HvLE".to_vec();
    for field in [0, 0, sequence, word(new, 40), pages.len() as u32, 0, 0, 0, 0] {
        entry.extend_from_slice(&field.to_le_bytes());
    }
    for (offset, page) in &pages {
        entry.extend_from_slice(&(*offset as u32).to_le_bytes());
        entry.extend_from_slice(&(page.len() as u32).to_le_bytes());
    }
    for (_, page) in &pages {
        entry.extend_from_slice(page);
    }
    entry.resize(entry.len().next_multiple_of(512), 0);
    let size = entry.len() as u32;
    put(&mut entry, 4, size);
    set_hashes(&mut entry);
    entry
}

fn dirty_page_log(old: &[u8], new: &[u8], kind: u32, sequence: u32) -> Vec<u8> {
    let mut log = log_block(new, kind, sequence);
    log.extend_from_slice(b"DIRT");
    let bins = word(new, 40) as usize;
    let mut bitmap = vec![0; bins / 512 / 8];
    let pages = differences(old, new, 512);
    for (offset, _) in &pages {
        bitmap[offset / 512 / 8] |= 1 << (offset / 512 % 8);
    }
    log.extend_from_slice(&bitmap);
    log.resize(log.len().next_multiple_of(512), 0);
    for (_, page) in pages {
        log.extend_from_slice(page);
    }
    log
}

/// The file with the sequence numbers of a write that was broken off.
fn broken_off(file: &[u8], primary: u32, secondary: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    put(&mut file, 4, primary);
    put(&mut file, 8, secondary);
    hives::fix_checksum(&mut file);
    file
}

fn with_entries(states: &[Vec<u8>; 3], sequence: u32) -> Vec<u8> {
    let mut log = log_block(&states[0], 6, sequence);
    log.extend(log_entry(&states[0], &states[1], sequence));
    log.extend(log_entry(&states[1], &states[2], sequence.wrapping_add(1)));
    log
}

#[test]
fn pages_of_both_formats_come_back_whole() {
    let states = three_states();
    let primary = broken_off(&states[0], 8, 7);
    let one = with_entries(&states, 7);
    let mut first = log_block(&states[0], 6, 7);
    first.extend(log_entry(&states[0], &states[1], 7));
    let mut second = log_block(&states[1], 6, 8);
    second.extend(log_entry(&states[1], &states[2], 8));
    for files in [
        two(&one, &[]),
        two(&[], &one),
        LogFiles { log: &one, ..LogFiles::default() },
        two(&first, &second),
        two(&second, &first),
    ] {
        let (bytes, recovery) = recover(primary.clone(), &files);
        assert_eq!(recovery.state, RecoveryState::Recovered, "{recovery:?}");
        assert!(bytes[4096..] == states[2][4096..]);
        assert_eq!((word(&bytes, 4), word(&bytes, 8), word(&bytes, 40)), (9, 9, word(&states[2], 40)));
        let mut hive = Hive::open(bytes).unwrap();
        assert_sound(&mut hive);
    }
    for kind in [1, 2] {
        let log = dirty_page_log(&states[0], &states[2], kind, 8);
        for files in [two(&log, &[]), two(&[], &log), LogFiles { log: &log, ..LogFiles::default() }] {
            let (bytes, recovery) = recover(primary.clone(), &files);
            assert_eq!(recovery.state, RecoveryState::Recovered, "{recovery:?}");
            assert!(bytes[4096..] == states[2][4096..]);
            Hive::open(bytes).unwrap().check().unwrap();
        }
    }
}

#[test]
fn of_old_logs_the_one_that_fits_is_used() {
    let states = three_states();
    let primary = broken_off(&states[0], 8, 7);
    let good = dirty_page_log(&states[0], &states[2], 1, 8);
    let other_time = |change: i64| {
        let mut log = dirty_page_log(&states[0], &states[1], 1, 8);
        log[12..20].copy_from_slice(&NOW.wrapping_add_signed(change).to_le_bytes());
        hives::fix_checksum(&mut log[..512]);
        log
    };
    let (older, newer) = (other_time(-1), other_time(1));
    for (log1, log2, used) in [
        (&good, &older, Some(LogName::Log1)),
        (&older, &good, Some(LogName::Log2)),
        (&good, &newer, Some(LogName::Log1)),
        // Windows 8: the second log, written after the first failed, has all that is missing.
        (&older, &newer, Some(LogName::Log2)),
        (&older, &older, None),
        (&newer, &older, None),
    ] {
        let (_, recovery) = recover(primary.clone(), &two(log1, log2));
        assert_eq!(applied(&recovery).first().map(|log| log.0), used, "{recovery:?}");
        assert_eq!(recovery.state == RecoveryState::Recovered, used.is_some());
    }
    // A file of the name .LOG beside two logs is left from the installation.
    let (_, recovery) = recover(primary, &LogFiles { log: &good, log1: &good, log2: &[] });
    assert_eq!(applied(&recovery)[0].0, LogName::Log1);
    assert_eq!(recovery.logs[0].unused.as_deref(), Some("the hive has two newer logs"));
}

#[test]
fn a_damaged_entry_ends_the_recovery_before_it() {
    let states = three_states();
    let primary = broken_off(&states[0], 8, 7);
    let log = with_entries(&states, 7);
    let second = 512 + word(&log, 516) as usize;
    for at in (second..second + 48).chain([second + 600, log.len() - 1]) {
        let mut damaged = log.clone();
        damaged[at] ^= 0x10;
        let (bytes, recovery) = recover(primary.clone(), &two(&damaged, &[]));
        assert_eq!(
            applied(&recovery),
            [(LogName::Log1, 7, 7, 1, recovery.logs[0].applied.as_ref().unwrap().pages)]
        );
        assert!(bytes[4096..] == states[1][4096..], "{at}");
        assert_eq!(word(&bytes, 4), 8);
    }
    for (field, value, reason) in [
        (12, 9, "has the sequence number 9, 8 was to follow"),
        (16, 0x1001, "0x1001 as the size of the bins"),
        (16, 0x4000_0000, "most are missing"),
        (16, 0x1000, "lies outside the bins"),
        (20, 0x1000_0000, "its list of pages is cut off"),
        (4, 48, "a size of 48 bytes"),
        (44, 0x1000_0000, "lies outside the bins"),
    ] {
        let mut damaged = log.clone();
        put(&mut damaged, second + field, value);
        set_hashes(&mut damaged[second..]);
        let (bytes, recovery) = recover(primary.clone(), &two(&damaged, &[]));
        assert!(bytes[4096..] == states[1][4096..], "{reason}");
        let stopped = &recovery.logs[0].applied.as_ref().unwrap().stopped;
        assert!(stopped.contains(reason) && stopped.contains(&format!("{second:#x}")), "{stopped}");
    }
}

#[test]
fn an_old_log_that_is_cut_off_is_not_applied_in_part() {
    let states = three_states();
    let primary = broken_off(&states[0], 8, 7);
    let log = dirty_page_log(&states[0], &states[2], 1, 8);
    for length in [0, 511, 512, 515, 520, 1023, 1024, log.len() - 1] {
        let (bytes, recovery) = recover(primary.clone(), &two(&log[..length], &[]));
        assert!(bytes == primary && recovery.state == RecoveryState::Dirty, "{length}");
    }
}

#[test]
fn a_hive_of_version_1_1_is_read() {
    // Cells of 16 bytes and more, each with the offset of the one before; names in UTF-16; no flags.
    let mut bins = vec![0; 4096];
    bins[..4].copy_from_slice(b"hbin");
    put(&mut bins, 8, 4096);
    let name = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut at = 32;
    let mut cell = |content: &[u8]| {
        let (offset, size) = (at, (content.len() + 8).next_multiple_of(16));
        put(&mut bins, offset, (size as u32).wrapping_neg());
        put(&mut bins, offset + 4, if offset == 32 { u32::MAX } else { 32 });
        bins[offset + 8..offset + 8 + content.len()].copy_from_slice(content);
        at += size;
        (offset as u32, offset + 8)
    };
    let node = |text: &str, flags: u16| {
        let mut node = vec![0; 76];
        node[..2].copy_from_slice(b"nk");
        node[2..4].copy_from_slice(&flags.to_le_bytes());
        for list in [28, 32, 40, 48] {
            put(&mut node, list, u32::MAX);
        }
        node[72..74].copy_from_slice(&((text.len() * 2) as u16).to_le_bytes());
        node.extend(name(text));
        node
    };
    let (root, root_at) = cell(&node("ROOT", 4));
    let (key, key_at) = cell(&node("Select", 0));
    let mut list = b"li\x01\0".to_vec();
    list.extend(key.to_le_bytes());
    let (list, _) = cell(&list);
    let mut value = b"vk\x0E\0".to_vec();
    // The number of a localized name would be the mark of a name in bytes.
    for field in [0x8000_0004, 7, REG_DWORD, 1] {
        value.extend_from_slice(&field.to_le_bytes());
    }
    value.extend(name("Current"));
    let (value, _) = cell(&value);
    let (values, _) = cell(&value.to_le_bytes());
    let descriptor = default_descriptor();
    let mut record = b"sk\0\0".to_vec();
    let own = at as u32;
    let mut cell = |content: &[u8]| {
        let size = (content.len() + 8).next_multiple_of(16);
        put(&mut bins, at, (size as u32).wrapping_neg());
        bins[at + 8..at + 8 + content.len()].copy_from_slice(content);
        at += size;
    };
    for field in [own, own, 2, descriptor.len() as u32] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(descriptor);
    cell(&record);
    let free = 4096 - at;
    put(&mut bins, at, free as u32);
    for (node, parent, counts) in [(root_at, u32::MAX, [1, list]), (key_at, root, [0, u32::MAX])] {
        put(&mut bins, node + 16, parent);
        put(&mut bins, node + 20, counts[0]);
        put(&mut bins, node + 28, counts[1]);
        put(&mut bins, node + 44, own);
        put(&mut bins, node + 52, 12);
    }
    put(&mut bins, key_at + 36, 1);
    put(&mut bins, key_at + 40, values);
    put(&mut bins, key_at + 60, 14);
    put(&mut bins, key_at + 64, 4);
    let mut file = vec![0; 4096];
    file[..4].copy_from_slice(b"regf");
    for (at, field) in [(20, 1), (24, 1), (32, 1), (36, root), (40, 4096), (44, 1)] {
        put(&mut file, at, field);
    }
    hives::fix_checksum(&mut file);
    file.extend(bins);
    let mut hive = Hive::open(file).unwrap();
    let key = hive.require(hive.root(), "SELECT").unwrap();
    assert_eq!(hive.value(key, "current").unwrap().unwrap().as_number(), Some(7));
    assert_eq!(hive.security(key).unwrap(), descriptor);
    hive.check().unwrap();
    assert!(matches!(hive.create_key(key, "new"), Err(Error::Unsupported { .. })));
    assert!(matches!(hive.compact(&mut unobserved), Err(Error::Unsupported { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_log_makes_recovery_panic_or_grow_without_bound(
        old in any::<bool>(),
        changes in prop::collection::vec((0usize..40_000, any::<u8>()), 0..20),
        words in prop::collection::vec((0usize..300, any::<u32>()), 0..4),
        cut in 0usize..60_000,
        rehash in any::<bool>(),
    ) {
        let states = three_states();
        let primary = broken_off(&states[0], 8, 7);
        let mut log =
            if old { dirty_page_log(&states[0], &states[2], 1, 8) } else { with_entries(&states, 7) };
        let length = log.len();
        for (at, byte) in changes {
            log[at % length] = byte;
        }
        for (number, word) in words {
            let at = 508 + number * 4;
            if at + 4 <= length {
                put(&mut log, at, word);
            }
        }
        log.truncate(length.min(cut.max(512)));
        hives::fix_checksum(&mut log[..512]);
        if rehash && log.len() > 1024 {
            set_hashes(&mut log[512..]);
        }
        let (bytes, recovery) = recover(primary.clone(), &two(&log, &[]));
        prop_assert!(bytes.len() <= primary.len() + log.len());
        if recovery.state == RecoveryState::Dirty {
            prop_assert!(bytes == primary);
        }
        let _ = Hive::open_with_logs(primary, &two(&log, &[])).map(|(hive, _)| hive.check().is_ok());
    }
}
