//! Hives that are read as they are needed: the same as from memory, from few of their bytes, and edits
//! that write few of them.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::formats::ReadAt;
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

const NOW: u64 = 133_800_000_000_000_000;

fn lazily(bytes: Vec<u8>) -> Hive {
    Hive::open_lazily(Arc::new(bytes)).unwrap()
}

fn written(changed: &[std::ops::Range<u64>]) -> u64 {
    changed.iter().map(|range| range.end - range.start).sum()
}

/// A hive of some 40 MB with a key of 20,000 subkeys.
fn large() -> Vec<u8> {
    let mut hive = Hive::new("SOFTWARE", 5, None).unwrap();
    let many = hive.create_key(hive.root(), "Classes\\CLSID").unwrap();
    for number in 0..20_000_u32 {
        let name = format!("{{{:08x}-many}}", number.wrapping_mul(2_654_435_761));
        let key = hive.create_key(many, &name).unwrap();
        hive.set_value(key, "", REG_BINARY, &vec![number as u8; 1900]).unwrap();
    }
    hive.create_key(hive.root(), "Microsoft\\Windows").unwrap();
    hive.compact(&mut unobserved).unwrap();
    hive.finish(NOW).unwrap().bytes
}

#[test]
fn an_edit_of_a_large_hive_reads_and_writes_kilobytes() {
    let before = large();
    assert!(before.len() > 40_000_000);
    let mut hive = lazily(before.clone());
    let key = hive.create_key(hive.root(), "Microsoft\\Windows\\Contoso").unwrap();
    hive.set_value(key, "Level", REG_DWORD, &dword(5)).unwrap();
    let changed = hive.seal(NOW + 1).unwrap();
    assert!(hive.bytes_read() < 100_000, "{} bytes were read", hive.bytes_read());
    assert!(written(&changed) <= 32_768, "{changed:x?}");
    // Written in place, that is the new hive.
    let mut file = before.clone();
    file.resize(hive.size() as usize, 0);
    for range in &changed {
        let bytes = hive.read_range(range.clone()).unwrap();
        file[range.start as usize..range.end as usize].copy_from_slice(&bytes);
    }
    assert!(file == hive.finish(NOW + 2).unwrap().bytes);
    let again = Hive::open(file).unwrap();
    again.check().unwrap();
    assert_eq!(again.find(again.root(), "microsoft\\windows\\contoso").unwrap(), Some(key));
    // Among many siblings: the lists are read, and the keys on the way.
    let mut hive = lazily(before);
    let many = hive.require(hive.root(), "Classes\\CLSID").unwrap();
    for number in 0..50 {
        hive.create_key(many, &format!("{{{number:08x}-more}}")).unwrap();
    }
    let changed = hive.seal(NOW + 1).unwrap();
    assert!(hive.bytes_read() < 4_000_000, "{} bytes were read", hive.bytes_read());
    assert!(written(&changed) < 1_500_000, "{}", written(&changed));
    let again = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap();
    again.check().unwrap();
    assert_eq!(again.subkeys(many).unwrap().len(), 20_050);
}

#[test]
fn real_hives_are_read_and_edited_as_from_memory() {
    let Some(folder) = hives::testdata("hives") else { return };
    let mut compared = 0;
    for (name, bytes) in hives::files(&folder) {
        let Ok(whole) = Hive::open(bytes.clone()) else {
            assert!(Hive::open_lazily(Arc::new(bytes)).is_err(), "{name}");
            continue;
        };
        if whole.inspect(&mut unobserved).is_err() {
            continue;
        }
        compared += 1;
        let findings = whole.findings(&mut unobserved).unwrap();
        let mut hive = lazily(bytes.clone());
        assert!(hives::dump(&hive) == hives::dump(&whole), "{name}");
        assert!(hives::extras(&hive) == hives::extras(&whole), "{name}");
        assert!(hive.seal(NOW).unwrap().is_empty(), "{name}");
        assert!(hive.finish(NOW).unwrap().bytes == bytes, "{name}");
        let (before, extras) = (hives::dump_without_times(&whole), hives::extras(&whole));
        let mut hive = lazily(bytes.clone());
        for number in 0..40 {
            let key = hive.create_key(hive.root(), &format!("~added\\Key {number}")).unwrap();
            hive.set_class(key, Some(b"c\0")).unwrap();
            for value in 0..number {
                hive.set_value(key, &format!("v{value}"), REG_BINARY, &vec![1; value * value * 30]).unwrap();
            }
        }
        let edited = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap();
        let after = edited.inspect(&mut unobserved).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(after.defect_count <= findings.defect_count, "{name}: {:?}", after.defects);
        assert_eq!(after.leaked_cells, findings.leaked_cells, "{name}");
        let mut hive = lazily(edited.bytes().to_vec());
        let added = hive.require(hive.root(), "~ADDED").unwrap();
        hive.delete_key(added, true).unwrap();
        let last = Hive::open(hive.finish(NOW).unwrap().bytes).unwrap();
        assert!(hives::dump_without_times(&last) == before, "{name}");
        assert!(hives::extras(&last) == extras, "{name}");
        assert_eq!(last.inspect(&mut unobserved).unwrap().leaked_cells, findings.leaked_cells, "{name}");
        // A rebuild reads all of it.
        if findings.is_clean() {
            hive.compact(&mut unobserved).unwrap();
            hive.check().unwrap();
            assert!(hives::dump_without_times(&hive) == before, "{name}");
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn a_descriptor_with_a_wrong_count_is_not_freed_while_it_is_used() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let mut other = default_descriptor().to_vec();
    other[24] ^= 1;
    for name in ["a", "b"] {
        let key = hive.create_key(hive.root(), name).unwrap();
        hive.set_security(key, &other).unwrap();
    }
    let mut bytes = hive.finish(NOW).unwrap().bytes;
    let record = bytes.windows(other.len()).position(|window| window == other).unwrap() - 20;
    assert_eq!(bytes[record + 12], 2);
    bytes[record + 12] = 1;
    let mut hive = lazily(bytes);
    let key = hive.require(hive.root(), "a").unwrap();
    hive.delete_key(key, true).unwrap();
    let key = hive.require(hive.root(), "b").unwrap();
    assert_eq!(hive.security(key).unwrap(), other);
    Hive::open(hive.finish(NOW).unwrap().bytes).unwrap().check().unwrap();
}

/// A source that can fail.
struct Failing(Vec<u8>, AtomicBool);

impl ReadAt for Failing {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        if self.1.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("the disk is gone"));
        }
        self.0.read_exact_at(buffer, offset)
    }

    fn size(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

#[test]
fn a_source_that_fails_is_no_damage() {
    let source = Arc::new(Failing(large(), AtomicBool::new(false)));
    let hive = Hive::open_lazily(source.clone()).unwrap();
    source.1.store(true, Ordering::Relaxed);
    let error = hive.find(hive.root(), "Classes\\CLSID\\x").unwrap_err();
    assert!(matches!(&error, Error::Stream(error) if error.to_string() == "the disk is gone"), "{error}");
}

fn small() -> Vec<u8> {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    for number in 0..60 {
        let key = hive.create_key(hive.root(), &format!("Key{number}\\below")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &vec![number; usize::from(number) * 300]).unwrap();
    }
    hive.finish(NOW).unwrap().bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_hives_are_edited_or_refused_without_a_panic(
        changes in prop::collection::vec((0usize..700_000, any::<u8>()), 0..8),
        words in prop::collection::vec((0usize..4000, 0usize..4000), 0..4),
        headers in prop::collection::vec((0usize..100, 0u32..0x20_000), 0..3),
    ) {
        let mut bytes = small();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        for (from, to) in words {
            bytes.copy_within(4096 + from * 4..4100 + from * 4, 4096 + to * 4);
        }
        // Pages that look like bins inside of bins, and bins that are too large.
        for (page, size) in headers {
            let offset = page % (length / 4096 - 1) * 4096;
            let at = 4096 + offset;
            bytes[at..at + 4].copy_from_slice(b"hbin");
            bytes[at + 4..at + 8].copy_from_slice(&(offset as u32).to_le_bytes());
            bytes[at + 8..at + 12].copy_from_slice(&(size & !0xFFF).to_le_bytes());
        }
        hives::fix_checksum(&mut bytes);
        let Ok(mut hive) = Hive::open_lazily(Arc::new(bytes)) else { return Ok(()) };
        let _ = hive.findings(&mut unobserved).unwrap();
        for number in 0..6 {
            let edited = hive.create_key(hive.root(), &format!("Key{number}\\new")).and_then(|key| {
                hive.set_value(key, "x", REG_BINARY, &[1; 5000])?;
                let below = hive.require(hive.root(), &format!("Key{}\\below", number + 20))?;
                hive.set_value(below, "v", REG_BINARY, &[2; 700])?;
                let gone = hive.require(hive.root(), &format!("Key{}", number + 40))?;
                hive.delete_key(gone, true)
            });
            if edited.is_err() && hive.seal(NOW).is_err() {
                break;
            }
        }
        if hive.seal(NOW).is_ok() {
            let _ = hive.finish(NOW).map(|finished| check_file(&finished.bytes, &mut unobserved).unwrap());
        }
    }
}
