//! The edges of the format: more subkeys than a 16-bit count, the longest names, names that differ in
//! case for Unicode only; and how long an 80 MB hive keeps quiet.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::progress::{unobserved, Observer, Progress};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOW: u64 = 133_800_000_000_000_000;

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn stored(hive: &mut Hive) -> Vec<u8> {
    let bytes = hive.finish(NOW).unwrap().bytes;
    Hive::open(bytes.clone()).unwrap().check().unwrap();
    bytes
}

#[test]
fn a_key_has_more_subkeys_than_sixteen_bits_count() {
    for minor in [3, 5] {
        let mut hive = Hive::new("ROOT", minor, None).unwrap();
        let parent = hive.create_key(hive.root(), "many").unwrap();
        let name = |number: u32| format!("{:08x}", number.wrapping_mul(2_654_435_761));
        for number in 0..70_000 {
            hive.create_key(parent, &name(number)).unwrap();
        }
        let bytes = stored(&mut hive);
        if hives::has_hivex() {
            assert!(hives::hivex_dump(&bytes).unwrap() == hives::dump(&hive));
        }
        // Every other one goes; the rest is found, in place and rebuilt.
        let mut hive = Hive::open_lazily(Arc::new(bytes)).unwrap();
        let parent = hive.require(hive.root(), "many").unwrap();
        for number in (0..70_000).step_by(2) {
            let key = hive.require(parent, &name(number)).unwrap();
            hive.delete_key(key, false).unwrap();
        }
        let mut hive = Hive::open(stored(&mut hive)).unwrap();
        hive.compact(&mut unobserved).unwrap();
        let bytes = stored(&mut hive);
        let parent = hive.require(hive.root(), "many").unwrap();
        assert_eq!(hive.subkeys(parent).unwrap().len(), 35_000);
        for number in (0..70_000).step_by(997) {
            assert_eq!(hive.find(parent, &name(number)).unwrap().is_some(), number % 2 == 1, "{number}");
        }
        if hives::has_hivex() {
            assert!(hives::hivex_dump(&bytes).unwrap() == hives::dump(&hive));
        }
        hive.delete_key(parent, true).unwrap();
        stored(&mut hive);
    }
}

#[test]
fn the_longest_names_are_kept_in_each_form() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for letter in ["v", "ÿ", "я", "日"] {
        let key = hive.create_key(hive.root(), &letter.repeat(MAX_KEY_NAME)).unwrap();
        hive.set_value(key, &letter.repeat(MAX_VALUE_NAME), REG_BINARY, &vec![3; 16345]).unwrap();
        hive.rename_value(key, &units(&letter.repeat(MAX_VALUE_NAME)), &units(&"ж".repeat(MAX_VALUE_NAME)))
            .unwrap();
    }
    let bytes = stored(&mut hive);
    if hives::has_hivex() {
        assert!(hives::hivex_dump(&bytes).unwrap() == hives::dump(&hive));
    }
    let mut again = Hive::open_lazily(Arc::new(bytes)).unwrap();
    let key = again.require(again.root(), &"Я".repeat(MAX_KEY_NAME)).unwrap();
    assert_eq!(again.value(key, &"Ж".repeat(MAX_VALUE_NAME)).unwrap().unwrap().data.len(), 16345);
    assert!(again.delete_value(key, &"ж".repeat(MAX_VALUE_NAME)).unwrap());
    stored(&mut again);
}

#[test]
fn names_that_windows_tells_apart_are_two_keys() {
    let pairs = [
        ("µ", "Μ"),
        ("ı", "I"),
        ("ſ", "S"),
        ("ς", "Σ"),
        ("ß", "SS"),
        ("ა", "Ა"),
        ("İ", "i"),
        ("\u{212A}", "K"),
    ];
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for (one, other) in pairs {
        let key = hive.create_key(hive.root(), &format!("pair {one}")).unwrap();
        assert_ne!(key, hive.create_key(hive.root(), &format!("pair {other}")).unwrap(), "{one} {other}");
        hive.set_value(key, one, REG_SZ, &sz("1")).unwrap();
        hive.set_value(key, other, REG_SZ, &sz("2")).unwrap();
        assert_eq!(hive.value(key, one).unwrap().unwrap().data, sz("1"), "{one} {other}");
    }
    for (one, same) in [("ÿ", "Ÿ"), ("σ", "Σ"), ("э", "Э"), ("ǆ", "Ǆ"), ("ⓐ", "Ⓐ")] {
        let key = hive.create_key(hive.root(), &format!("same {one}")).unwrap();
        assert_eq!(key, hive.create_key(hive.root(), &format!("same {same}")).unwrap(), "{one} {same}");
    }
    stored(&mut hive);
}

/// The longest time between two calls of the observer, and the time in all.
fn quiet(run: &mut dyn FnMut(Observer<'_>)) -> (Duration, Duration) {
    let (start, mut last, mut longest, mut calls) = (Instant::now(), Instant::now(), Duration::ZERO, 0_u32);
    run(&mut |_: Progress| {
        longest = longest.max(last.elapsed());
        last = Instant::now();
        calls += 1;
        ControlFlow::Continue(())
    });
    assert!(calls > 20, "{calls}");
    (longest.max(last.elapsed()), start.elapsed())
}

#[test]
fn the_passes_over_a_large_hive_are_never_quiet_for_long() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for number in 0..40_000_u32 {
        let key = hive.create_key(hive.root(), &format!("{:08X}\\{number}", number % 2000)).unwrap();
        for value in 0..8 {
            hive.set_value(key, &format!("Value{value}"), REG_BINARY, &[7; 200]).unwrap();
        }
    }
    let bytes = hive.finish(NOW).unwrap().bytes;
    assert!(bytes.len() > 80_000_000, "{}", bytes.len());
    let passes: [(&str, (Duration, Duration)); 3] = [
        ("check", quiet(&mut |observer| drop(check_file(&bytes, observer).unwrap()))),
        ("repair", quiet(&mut |observer| drop(repair(&bytes, observer).unwrap()))),
        ("compact", quiet(&mut |observer| hive.compact(observer).unwrap())),
    ];
    for (what, (longest, all)) in passes {
        eprintln!("{what} of {} bytes: {all:?}, never quiet for longer than {longest:?}", bytes.len());
        // A fifth of a second on a machine of its own; others may share this one.
        assert!(longest < Duration::from_secs(2), "{what}: {longest:?} of {all:?}");
    }
    let stopped = check_file(&bytes, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(Error::Cancelled)));
}
