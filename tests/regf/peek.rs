//! Looking into a hive in parts: the same answers as from the whole hive, from few of its bytes; and an
//! end on every hive, however hostile.

use crate::support::hives;
use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::*;
use imgsvc::formats::ReadRange;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KEYS: [&str; 4] =
    ["", r"Microsoft\Windows NT\CurrentVersion", r"ControlSet001\Control\MUI\UILanguages", "Select"];

/// Names and values of some keys, from whichever way of reading; damage as a text.
fn survey(hive: &Hive) -> Vec<String> {
    let one = |path: &str| -> Result<String> {
        let Some(key) = hive.find(hive.root(), path)? else { return Ok("none".to_owned()) };
        let names: Result<Vec<String>> =
            hive.subkeys(key)?.into_iter().map(|key| hive.name_text(key)).collect();
        let values: Result<Vec<Value>> = hive.values(key)?.collect();
        let values = values?.into_iter().map(|value| (value.name, value.kind, value.data));
        Ok(format!("{:?} {:?}", names?, values.collect::<Vec<_>>()))
    };
    KEYS.iter().map(|path| one(path).unwrap_or_else(|error| error.to_string())).collect()
}

fn peek(bytes: Vec<u8>) -> Result<Peek<'static>> {
    Peek::open(Box::new(Arc::new(bytes)))
}

fn small_hive() -> Hive {
    let mut hive = Hive::new("SOFTWARE", 5, None).unwrap();
    let key = hive.create_key(hive.root(), KEYS[1]).unwrap();
    hive.set_value(key, "EditionID", REG_SZ, &sz("Professional")).unwrap();
    hive.set_value(key, "", REG_BINARY, &vec![7; 40_000]).unwrap();
    for name in ["en-US", "de-DE", "fr-FR"] {
        let key = hive.create_key(hive.root(), &format!("{}\\{name}", KEYS[2])).unwrap();
        hive.set_value(key, "LCID", REG_DWORD, &dword(1)).unwrap();
    }
    hive.finish(1).unwrap();
    hive
}

#[test]
fn a_large_hive_is_read_in_few_parts() {
    let mut hive = small_hive();
    let filler = hive.create_key(hive.root(), "Classes").unwrap();
    for number in 0..4000 {
        let key =
            hive.create_subkey(filler, &format!("{number:05}").encode_utf16().collect::<Vec<_>>()).unwrap();
        hive.set_value(key, "", REG_BINARY, &vec![number as u8; 8000]).unwrap();
    }
    let bytes = hive.finish(2).unwrap().bytes;
    assert!(bytes.len() > 30_000_000);
    let mut peek = peek(bytes).unwrap();
    let found = peek.look(|hive| {
        let key = hive.require(hive.root(), KEYS[1])?;
        hive.value(key, "EditionID")
    });
    assert_eq!(found.unwrap().unwrap().unwrap().as_text().unwrap(), "Professional");
    assert!(peek.bytes_read() < 200_000, "{} bytes were read", peek.bytes_read());
    assert_eq!(peek.look(survey).unwrap(), survey(&hive));
    // A long list of keys is found by halving it.
    peek.look(|hive| hive.require(hive.root(), r"Classes\03217").map(drop)).unwrap().unwrap();
    assert!(peek.bytes_read() < 2_000_000, "{} bytes were read", peek.bytes_read());
}

#[test]
fn real_hives_read_alike_in_parts_and_whole() {
    let Some(folder) = hives::testdata("hives") else { return };
    let mut compared = 0;
    for (name, bytes) in hives::files(&folder) {
        if let Ok(hive) = Hive::open(bytes.clone()) {
            let mut peek = peek(bytes).unwrap();
            assert_eq!(peek.look(survey).unwrap(), survey(&hive), "{name}");
            assert!(!peek.is_dirty());
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn a_dirty_hive_is_read_as_its_file_is() {
    let hive = small_hive();
    let mut bytes = hive.bytes().to_vec();
    bytes[8] ^= 1;
    hives::fix_checksum(&mut bytes);
    assert!(matches!(Hive::open(bytes.clone()), Err(Error::HiveDirty { .. })));
    let mut dirty = peek(bytes.clone()).unwrap();
    assert!(dirty.is_dirty());
    assert_eq!(dirty.look(survey).unwrap(), survey(&hive));
    bytes[508] ^= 1;
    assert!(peek(bytes).unwrap().is_dirty());
}

#[test]
fn what_is_no_hive_is_refused() {
    let whole = small_hive().bytes().to_vec();
    for length in [0, 4, 4095, 4096, whole.len() - 4096] {
        assert!(peek(whole[..length].to_vec()).is_err(), "{length}");
    }
    let mut other = whole;
    other[20] = 9;
    assert!(matches!(peek(other), Err(Error::Unsupported { .. })));
}

/// A hive of a size that nobody has in memory: its start, and zeros.
struct Vast(Vec<u8>, u64);

impl ReadRange for Vast {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_range(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        assert!(offset + buffer.len() as u64 <= self.1, "a read behind the end");
        buffer.fill(0);
        let from = self.0.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(())
    }
}

#[test]
fn a_hive_that_claims_to_be_vast_costs_what_is_read_of_it() {
    let mut bytes = small_hive().bytes().to_vec();
    bytes[40..44].copy_from_slice(&0x7FFF_F000_u32.to_le_bytes());
    // The root's cell claims all of it.
    let root = u32::from_le_bytes(bytes[36..40].try_into().unwrap());
    let expected = {
        let mut peek = Peek::open(Box::new(Vast(bytes.clone(), 0x8000_0000))).unwrap();
        peek.look(survey).unwrap()
    };
    assert_eq!(expected, survey(&small_hive()));
    let size = -((0x7FFF_F000_u32 - root) as i32) & !7;
    bytes[4096 + root as usize..][..4].copy_from_slice(&size.to_le_bytes());
    let mut peek = Peek::open(Box::new(Vast(bytes, 0x8000_0000))).unwrap();
    assert!(matches!(peek.look(survey), Err(Error::LimitExceeded { .. })));
    assert!(peek.bytes_read() > 64 << 20);
}

#[test]
fn a_list_that_names_its_leaf_without_end_ends() {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    for number in 0..3000 {
        hive.create_key(hive.root(), &format!("k{number:05}")).unwrap();
    }
    let mut bytes = hive.finish(1).unwrap().bytes;
    let root = u32::from_le_bytes(bytes[36..40].try_into().unwrap());
    let node = 4096 + root as usize + 4;
    let list = u32::from_le_bytes(bytes[node + 28..][..4].try_into().unwrap());
    let list = 4096 + list as usize + 4;
    assert_eq!(&bytes[list..list + 2], b"ri");
    // The first leaf in the place of all others, and the list itself in the place of the last.
    let first: [u8; 4] = bytes[list + 4..][..4].try_into().unwrap();
    let count = usize::from(bytes[list + 2]);
    for element in 1..count {
        bytes[list + 4 + 4 * element..][..4].copy_from_slice(&first);
    }
    for (own, last) in [(false, first), (true, ((list - 4100) as u32).to_le_bytes())] {
        bytes[list + 4 * count..][..4].copy_from_slice(&last);
        let start = Instant::now();
        let whole = survey(&Hive::open(bytes.clone()).unwrap());
        assert_eq!(peek(bytes.clone()).unwrap().look(survey).unwrap(), whole, "{own}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

/// Puts a list of subkeys under the root that names one leaf, of `elements` times one key, `times` over.
fn with_endless_list(elements: usize, times: usize, kind: &[u8; 2]) -> Vec<u8> {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    let key = hive.create_key(hive.root(), "a key").unwrap();
    for name in ["leaf", "list"] {
        hive.set_value(key, name, REG_BINARY, &vec![name.as_bytes()[1]; 16_000]).unwrap();
    }
    let mut bytes = hive.finish(1).unwrap().bytes;
    let place = |bytes: &[u8], byte: u8| {
        bytes.windows(64).position(|window| window.iter().all(|&found| found == byte)).unwrap()
    };
    let (leaf, list) = (place(&bytes, b'e'), place(&bytes, b'i'));
    let root = u32::from_le_bytes(bytes[36..40].try_into().unwrap());
    let node = 4096 + root as usize + 4;
    let old = 4096 + 4 + u32::from_le_bytes(bytes[node + 28..][..4].try_into().unwrap()) as usize;
    let key: [u8; 4] = bytes[old + 4..][..4].try_into().unwrap();
    bytes[leaf..leaf + 2].copy_from_slice(kind);
    bytes[leaf + 2..leaf + 4].copy_from_slice(&(elements as u16).to_le_bytes());
    let width = if kind == b"li" { 4 } else { 8 };
    for element in 0..elements {
        bytes[leaf + 4 + element * width..][..4].copy_from_slice(&key);
    }
    bytes[list..list + 2].copy_from_slice(b"ri");
    bytes[list + 2..list + 4].copy_from_slice(&(times as u16).to_le_bytes());
    for element in 0..times {
        bytes[list + 4 + element * 4..][..4].copy_from_slice(&((leaf - 4100) as u32).to_le_bytes());
    }
    bytes[node + 20..][..4].copy_from_slice(&((elements * times) as u32).to_le_bytes());
    bytes[node + 28..][..4].copy_from_slice(&((list - 4100) as u32).to_le_bytes());
    bytes[40..44].copy_from_slice(&0x7FFF_F000_u32.to_le_bytes());
    bytes
}

#[test]
fn a_search_through_a_list_without_end_ends() {
    let start = Instant::now();
    // So many subkeys that a hive of 2 GiB could have them, but not what is read of it.
    let bytes = with_endless_list(1990, 3990, b"lh");
    let mut peek = Peek::open(Box::new(Vast(bytes, 0x8000_0000))).unwrap();
    let found = peek.look(|hive| hive.find(hive.root(), "not there").map(drop)).unwrap();
    assert!(matches!(found, Err(Error::Malformed { .. })), "{found:?}");
    // As many as could be there; each look at them is counted.
    let bytes = with_endless_list(1990, 400, b"li");
    let mut peek = Peek::open(Box::new(Vast(bytes, 0x8000_0000))).unwrap();
    let found = peek.look(|hive| {
        let names = (0..100).map(|number| format!("z{number}"));
        names.filter(|name| matches!(hive.find(hive.root(), name), Ok(Some(_)))).count()
    });
    assert!(matches!(found, Err(Error::LimitExceeded { .. })), "{found:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_hive_reads_alike_in_parts_and_whole(
        changes in prop::collection::vec((0usize..60_000, any::<u8>()), 1..12),
        words in prop::collection::vec((1024usize..2048, any::<u32>()), 0..3),
    ) {
        let mut bytes = small_hive().bytes().to_vec();
        for (at, byte) in changes {
            let at = at % bytes.len();
            if !(508..512).contains(&at) {
                bytes[at] = byte;
            }
        }
        for (at, word) in words {
            bytes[at * 4..][..4].copy_from_slice(&word.to_le_bytes());
        }
        hives::fix_checksum(&mut bytes);
        let looked = peek(bytes.clone()).and_then(|mut peek| peek.look(survey));
        if let Ok(hive) = Hive::open(bytes) {
            prop_assert_eq!(looked.unwrap(), survey(&hive));
        }
    }
}
