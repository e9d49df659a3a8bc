//! Thousands of mutated hives: fields, links and cells that are wrong in ways that only somebody who knows
//! the format makes them wrong. Everything the engine does with a hive is done with each.
//!
//! `IMGSVC_MUTATIONS` is how many; 1500 unless it is set.

use crate::support::hives;
use imgsvc::formats::regf::logs::{recover, LogFiles};
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOW: u64 = 133_800_000_000_000_000;

/// A sequence of numbers that is the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes(word.try_into().unwrap()))
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(field) = bytes.get_mut(at..at + 4) {
        field.copy_from_slice(&value.to_le_bytes());
    }
}

/// The places of all cells, and those of all fields that are offsets, counts, sizes or flags.
fn structure(bytes: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let (mut cells, mut fields) = (Vec::new(), (0..48).step_by(4).collect::<Vec<usize>>());
    let end = 4096 + word(bytes, 40) as usize;
    let mut at = 4096;
    while at < end {
        let bin_end = at + word(bytes, at + 8) as usize;
        fields.extend([at, at + 4, at + 8]);
        at += 32;
        while at < bin_end {
            let size = word(bytes, at) as i32;
            cells.push(at);
            fields.push(at);
            let content = at + 4;
            match &bytes[content..content + 2] {
                b"nk" => fields.extend((0..76).step_by(4).map(|field| content + field)),
                b"vk" | b"sk" => fields.extend((0..20).step_by(4).map(|field| content + field)),
                b"lf" | b"lh" | b"ri" | b"li" | b"db" => {
                    let most = (size.unsigned_abs() as usize - 4).min(200);
                    fields.extend((0..most).step_by(4).map(|field| content + field));
                }
                _ => fields.push(content),
            }
            at += size.unsigned_abs().max(8) as usize;
        }
    }
    (cells, fields)
}

fn mutate(good: &[u8], cells: &[usize], fields: &[usize], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..1 + numbers.below(4) {
        let at = fields[numbers.below(fields.len())];
        let offset = |numbers: &mut Numbers| (cells[numbers.below(cells.len())] - 4096) as u32;
        let old = word(&bytes, at);
        let new = match numbers.below(9) {
            // Links to another cell, which may be of another kind, free, or above.
            0..=2 => offset(numbers),
            3 => old.wrapping_add(8),
            4 => old.wrapping_neg(),
            5 => [0, 1, u32::MAX, 0x8000_0000, 0x7FFF_FFFF, 0xFFFF, 0x1_0000][numbers.below(7)],
            6 => old ^ 1 << numbers.below(32),
            // The same field of another record.
            7 => word(&bytes, fields[numbers.below(fields.len())]),
            _ => {
                // A cell becomes a copy of another.
                let (from, to) = (cells[numbers.below(cells.len())], cells[numbers.below(cells.len())]);
                let end = (from + 4 + numbers.below(90)).min(bytes.len());
                let length = (end - from).min(bytes.len() - to);
                bytes.copy_within(from..from + length, to);
                continue;
            }
        };
        put(&mut bytes, at, new);
    }
    // Most readers stop at a wrong checksum.
    if numbers.below(10) > 0 {
        hives::fix_checksum(&mut bytes);
    }
    bytes
}

/// Everything that is done with a hive.
fn exercise(bytes: &[u8], what: &str) {
    let (recovered, _) = recover(bytes.to_vec(), &LogFiles::default());
    assert!(recovered == bytes, "{what}");
    let findings = check_file(bytes, &mut unobserved).unwrap();
    if let Ok((mut salvaged, _)) = repair(bytes, &mut unobserved) {
        salvaged.finish(NOW).unwrap();
        assert_eq!(
            salvaged.findings(&mut unobserved).unwrap().defects,
            [],
            "{what}: a repair that is not sound"
        );
    }
    let Ok(mut hive) = Hive::open(bytes.to_vec()) else {
        assert!(findings.damage_count > 0, "{what}: refused without a reason");
        return;
    };
    let read = hives::try_dump(&hive);
    let sound = hive.findings(&mut unobserved).unwrap().damage_count == 0;
    let mut lazy = Hive::open_lazily(Arc::new(bytes.to_vec())).ok();
    if sound {
        let read = read.as_ref().unwrap_or_else(|error| panic!("{what}: {error}"));
        let lazily = hives::try_dump(lazy.as_ref().unwrap());
        assert!(lazily.unwrap() == *read, "{what}: read in another way");
        if hive.clone().compact(&mut unobserved).is_ok() {
            let mut copy = hive.clone();
            copy.compact(&mut unobserved).unwrap();
            assert_eq!(copy.findings(&mut unobserved).unwrap().damage_count, 0, "{what}");
        }
    }
    for (hive, checked) in [(Some(&mut hive), true), (lazy.as_mut(), sound)] {
        let Some(hive) = hive else { continue };
        let names = ["a", "alpha", "Key0001", "list", "Z"];
        for name in names {
            let edited = hive.create_key(hive.root(), name).and_then(|key| {
                hive.set_value(key, "v", REG_BINARY, &[1; 700])?;
                hive.set_security(key, &[default_descriptor(), &[0; 4]].concat())?;
                let key = hive.rename_key(key, &"longer name".encode_utf16().collect::<Vec<u16>>())?;
                hive.delete_key(key, true)
            });
            if edited.is_err() && hive.seal(NOW).is_err() {
                break;
            }
        }
        if hive.seal(NOW).is_ok() && checked && sound {
            let after = check_file(&hive.finish(NOW).unwrap().bytes, &mut unobserved).unwrap();
            assert_eq!(after.damage_count, 0, "{what}: {:?}", after.defects);
        }
    }
}

/// A hive with every kind of record.
fn sample(minor: u32) -> Vec<u8> {
    let mut hive = Hive::new("ROOT", minor, None).unwrap();
    for name in ["alpha", "beta\\one", "gamma\\two\\three"] {
        let key = hive.create_key(hive.root(), name).unwrap();
        hive.set_value(key, "text", REG_SZ, &sz("some text")).unwrap();
        hive.set_value(key, "", REG_DWORD, &dword(7)).unwrap();
        hive.set_value(key, "big", REG_BINARY, &vec![1; 33_000]).unwrap();
        hive.set_class(key, Some(b"c\0l\0")).unwrap();
        let mut other = default_descriptor().to_vec();
        other[24] ^= name.len() as u8;
        hive.set_security(key, &other).unwrap();
    }
    let list = hive.create_key(hive.root(), "list").unwrap();
    for number in 0..1100 {
        hive.create_key(list, &format!("Key{number:04}")).unwrap();
    }
    hive.delete_key(hive.require(list, "Key0500").unwrap(), true).unwrap();
    hive.finish(NOW).unwrap().bytes
}

#[test]
fn mutated_hives_are_read_checked_repaired_and_edited_without_harm() {
    let count = std::env::var("IMGSVC_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(1500);
    let mut samples = vec![sample(3), sample(5)];
    if let Some(folder) = hives::testdata("hives") {
        let small = hives::files(&folder).into_iter().map(|(_, bytes)| bytes);
        let small = small.filter(|bytes| bytes.len() <= 300_000);
        samples
            .extend(small.filter(|bytes| Hive::open(bytes.clone()).is_ok_and(|hive| hive.check().is_ok())));
    }
    let samples: Vec<_> = samples
        .into_iter()
        .map(|bytes| {
            let (cells, fields) = structure(&bytes);
            (bytes, cells, fields)
        })
        .collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for number in 0..count {
        // Half of them of our own samples, which have all kinds of records.
        let which = if number % 2 == 0 { number / 2 % 2 } else { numbers.below(samples.len()) };
        let (good, cells, fields) = &samples[which];
        let bytes = mutate(good, cells, fields, &mut numbers);
        let start = Instant::now();
        exercise(&bytes, &format!("mutation {number} of sample {which}"));
        assert!(start.elapsed() < Duration::from_secs(20), "mutation {number} of sample {which} takes long");
    }
}
