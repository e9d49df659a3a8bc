//! New versions of large content, staged as patches: what they hold, read and replayed, and what saving
//! makes of them.

use crate::support::images::{judge, path, pseudo_random, put, read, root, save, succeed, Bench};
use imgsvc::error::{Error, Result};
use imgsvc::image::host::faults;
use imgsvc::image::jobs::AppendSessionOptions;
use imgsvc::image::{ImageFile, SaveOptions, SavedImage, Session, View};
use imgsvc::progress::unobserved;
use proptest::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

const FILE: &str = "\\Windows\\System32\\Hive";
const SIZE: usize = 1_000_000;

/// Half compressible, so that chunks are stored in both ways.
fn content() -> Vec<u8> {
    let mut content = pseudo_random(7, SIZE);
    for (number, part) in content.chunks_mut(50_000).enumerate() {
        if number % 2 == 0 {
            part.fill(u8::try_from(number).unwrap());
        }
    }
    content
}

/// An image with that content in it.
fn bench(storage: &[&str]) -> Bench {
    let bench = Bench::new();
    bench.write_tree();
    fs::write(bench.path("tree/Windows/System32/Hive"), content()).unwrap();
    bench.capture(storage);
    bench
}

fn copy_of(original: &Bench) -> Bench {
    let bench = Bench::new();
    fs::copy(original.wim(), bench.wim()).unwrap();
    bench
}

fn replace(session: &mut Session, content: &[u8], changed: &[Range<u64>]) -> Result<()> {
    let mut transaction = session.transaction("patch")?;
    transaction.replace_content(&path(FILE), content, changed, &mut unobserved)?;
    transaction.commit()
}

/// Writes `bytes` at a place of the file, in one transaction, as a hive's page would be.
fn patch(session: &mut Session, content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    content.resize(content.len().max(end), 0);
    content[at..end].copy_from_slice(bytes);
    replace(session, content, &[u64::try_from(at).unwrap()..u64::try_from(end).unwrap()]).unwrap();
}

fn staged(session: &Session) -> u64 {
    session.info().unwrap().staged_bytes
}

fn state_file(bench: &Bench, session: &Session, name: &str) -> PathBuf {
    bench.path(&format!("state/sessions/{}/{name}", session.info().unwrap().id))
}

/// The content, whole and in ranges, is the bytes.
fn assert_reads(session: &Session, expected: &[u8]) {
    assert!(read(session, FILE).unwrap() == expected);
    let mut reader = session.view().unwrap().open_file(&path(FILE)).unwrap();
    assert_eq!(reader.size(), u64::try_from(expected.len()).unwrap());
    for step in [1, 977, 4096, 70_001] {
        for start in (0..expected.len()).step_by(step.max(30_011)) {
            let end = (start + step).min(expected.len());
            let mut part = vec![0xEE; end - start];
            reader.read_range(u64::try_from(start).unwrap(), &mut part).unwrap();
            assert!(part == expected[start..end], "{start}..{end}");
        }
    }
    let mut beyond = [0; 2];
    assert!(reader.read_range(u64::try_from(expected.len() - 1).unwrap(), &mut beyond).is_err());
}

#[test]
fn a_small_change_of_large_content_stages_what_changed() {
    for storage in ["--compress=lzx", "--compress=xpress", "--compress=none"] {
        let bench = bench(&[storage]);
        let mut session = bench.mount(1);
        let mut now = content();
        patch(&mut session, &mut now, 40_960, &pseudo_random(1, 4096));
        assert_eq!(staged(&session), 4096, "{storage}");
        assert_reads(&session, &now);
        // Over it, beside it, elsewhere.
        patch(&mut session, &mut now, 43_000, &pseudo_random(2, 10));
        patch(&mut session, &mut now, 45_056, &pseudo_random(3, 4096));
        patch(&mut session, &mut now, 0, &pseudo_random(4, 1));
        patch(&mut session, &mut now, SIZE - 1, &[0xFF]);
        assert_eq!(staged(&session), 2 * 4096 + 10 + 1 + 1);
        assert_reads(&session, &now);
        // A handle that has it from the journal.
        assert_reads(&bench.reopen(&session.info().unwrap().id), &now);
        save(&mut session).unwrap();
        bench.judge();
        assert_reads(&session, &now);
        assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now, "{storage}");
    }
}

#[test]
fn patched_content_grows_and_shrinks() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, SIZE, &pseudo_random(1, 8192));
    assert_eq!(staged(&session), 8192);
    assert_reads(&session, &now);
    now.truncate(900_001);
    patch(&mut session, &mut now, 0, b"shorter");
    assert_eq!(staged(&session), 8199);
    assert_reads(&session, &now);
    // What was cut off does not come back, even if the caller does not name it.
    now.resize(910_000, 0);
    patch(&mut session, &mut now, 0, b"longer again");
    assert_eq!(staged(&session), 8199 + 12 + 9_999);
    assert_reads(&session, &now);
    patch(&mut session, &mut now, 899_000, &pseudo_random(2, 2000));
    assert_reads(&session, &now);
    let mut again = bench.reopen(&session.info().unwrap().id);
    assert_reads(&again, &now);
    save(&mut again).unwrap();
    bench.judge();
    assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now);
}

#[test]
fn five_hundred_patches_are_read_and_saved_like_one() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    for number in 0..500_u64 {
        let at = usize::try_from(number * 7919 % 900).unwrap() * 1000;
        patch(&mut session, &mut now, at, &pseudo_random(number + 1, 700));
    }
    assert_eq!(staged(&session), 500 * 700);
    assert_reads(&session, &now);
    let mut again = bench.reopen(&session.info().unwrap().id);
    assert_reads(&again, &now);
    let before = fs::metadata(bench.wim()).unwrap().len();
    save(&mut again).unwrap();
    bench.judge();
    assert!(
        fs::metadata(bench.wim()).unwrap().len() - before < 1_100_000,
        "versions in between are not in it"
    );
    assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now);
}

#[test]
fn a_save_compresses_only_the_chunks_that_changed() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    for number in 0..20 {
        patch(&mut session, &mut now, 100_000 + number, &[0x55]);
    }
    let old = chunks(&bench, SavedImage::of(&session, &mut unobserved).unwrap().view());
    save(&mut session).unwrap();
    bench.judge();
    let new = chunks(&bench, session.view().unwrap());
    assert_eq!(old.len(), new.len());
    let changed = old.iter().zip(&new).enumerate().filter(|(_, (old, new))| old != new);
    assert_eq!(changed.map(|(number, _)| number).collect::<Vec<_>>(), [100_000 / 32768]);
}

/// The chunks of the file as they are stored.
fn chunks(bench: &Bench, view: View<'_>) -> Vec<Vec<u8>> {
    let image = ImageFile::open(&bench.wim()).unwrap();
    let blob = image.archive().blob(&view.content_hash(&path(FILE)).unwrap()).unwrap();
    let resource = image.archive().open_resource(blob).unwrap();
    let chunk = |number| {
        let mut raw = Vec::new();
        resource.read_chunk_raw(number, &mut raw).unwrap();
        raw
    };
    (0..resource.chunk_count()).map(chunk).collect()
}

fn session_id(bench: &Bench) -> String {
    Session::list_in(&bench.state()).unwrap()[0].id.clone()
}

#[test]
fn content_that_is_there_is_not_patched_again() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let original = content();
    let mut now = original.clone();
    patch(&mut session, &mut now, 4096, b"one");
    let once = staged(&session);
    let one = now.clone();
    // Back to what the image has, then to the patch.
    replace(&mut session, &original, &[4096..4099]).unwrap();
    assert_reads(&session, &original);
    replace(&mut session, &one, &[4096..4099]).unwrap();
    assert_reads(&session, &one);
    assert_eq!(staged(&session), once);
    // A file of the same content shares it.
    put(&mut session, "\\copy", &one).unwrap();
    assert_eq!(staged(&session), once);
    assert!(read(&session, "\\copy").unwrap() == one);
    assert_reads(&bench.reopen(&session.info().unwrap().id), &one);
    let report = save(&mut session).unwrap();
    assert_eq!(report.blobs_added, 1);
    bench.judge();
    assert!(fs::read(bench.apply(1).join("copy")).unwrap() == one);
}

#[test]
fn patches_that_nothing_refers_to_are_not_saved() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    for number in 0..5 {
        patch(&mut session, &mut now, 10_000 * number, b"changed");
    }
    put(&mut session, FILE, b"something else").unwrap();
    let report = save(&mut session).unwrap();
    assert_eq!(report.blobs_added, 1);
    assert!(report.bytes_written < 100_000, "{}", report.bytes_written);
    bench.judge();
}

#[test]
fn large_changes_are_stored_whole() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, 0, &vec![0x11; SIZE / 4]);
    assert!(staged(&session) > 300_000);
    assert_reads(&session, &now);
    // And a patch on top of what was staged whole.
    let before = staged(&session);
    patch(&mut session, &mut now, 500_000, b"small");
    assert_eq!(staged(&session) - before, 5);
    assert_reads(&session, &now);
    save(&mut session).unwrap();
    bench.judge();
    assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now);
}

#[test]
fn a_transaction_that_does_not_happen_leaves_no_patch() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, 4096, b"kept");
    let before = staged(&session);
    let mut lost = now.clone();
    lost[8192] ^= 1;
    let changed = &[8192..8193];
    let mut transaction = session.transaction("dropped").unwrap();
    transaction.replace_content(&path(FILE), &lost, changed, &mut unobserved).unwrap();
    drop(transaction);
    assert_reads(&session, &now);
    // Rolled back: with nothing else in it, the transaction ends with empty hands.
    let mut transaction = session.transaction("rolled back").unwrap();
    let savepoint = transaction.savepoint();
    transaction.replace_content(&path(FILE), &lost, changed, &mut unobserved).unwrap();
    transaction.roll_back_to(savepoint).unwrap();
    assert_eq!(transaction.view().content_hash(&path(FILE)).unwrap(), session_hash(&bench));
    transaction.commit().unwrap();
    assert_reads(&session, &now);
    assert_eq!(fs::metadata(state_file(&bench, &session, "staged.1")).unwrap().len(), before);
    // The same content again is staged again, not taken for known.
    replace(&mut session, &lost, changed).unwrap();
    assert_reads(&session, &lost);
    assert_reads(&bench.reopen(&session.info().unwrap().id), &lost);
    save(&mut session).unwrap();
    bench.judge();
}

fn session_hash(bench: &Bench) -> [u8; 20] {
    bench.reopen(&session_id(bench)).view().unwrap().content_hash(&path(FILE)).unwrap()
}

#[test]
fn handles_take_over_each_others_patches() {
    let bench = bench(&["--compress=lzx"]);
    let mut one = bench.mount(1);
    let mut two = bench.reopen(&one.info().unwrap().id);
    let mut now = content();
    for number in 0..6 {
        let session = if number % 2 == 0 { &mut one } else { &mut two };
        patch(session, &mut now, 5000 * number, &[0x77; 100]);
    }
    one.refresh().unwrap();
    assert_reads(&one, &now);
    assert_reads(&two, &now);
    save(&mut one).unwrap();
    patch(&mut two, &mut now, 70_000, b"after the save");
    assert_eq!(staged(&two), 14);
    assert_reads(&two, &now);
    save(&mut two).unwrap();
    bench.judge();
}

#[test]
fn patches_are_compacted_and_appended() {
    let bench = bench(&["--compress=lzx", "--check"]);
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, 4096, b"appended");
    let staged_before = staged(&session);
    let options = AppendSessionOptions { name: "Second".to_owned(), ..AppendSessionOptions::default() };
    session.append(&options, &mut unobserved).unwrap();
    bench.judge();
    assert!(fs::read(bench.apply(2).join("Windows/System32/Hive")).unwrap() == now);
    assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == content());
    // The session goes on as it was.
    assert_eq!(fs::metadata(state_file(&bench, &session, "staged.1")).unwrap().len(), staged_before);
    assert_reads(&session, &now);
    patch(&mut session, &mut now, 300_000, b"compacted");
    let options = SaveOptions { compact: true, ..SaveOptions::default() };
    session.save(options, &mut unobserved).unwrap();
    bench.judge();
    assert_reads(&session, &now);
    assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now);
    patch(&mut session, &mut now, 600_000, b"once more");
    save(&mut session).unwrap();
    bench.judge();
    assert_reads(&session, &now);
}

#[test]
fn what_only_another_image_refers_to_is_not_patched() {
    let bench = bench(&["--compress=lzx"]);
    let mut other = content();
    other[0] ^= 1;
    fs::write(bench.path("tree/other"), &other).unwrap();
    let mut append = std::process::Command::new("wimlib-imagex");
    append.arg("append").arg(bench.path("tree")).arg(bench.wim()).arg("Second");
    succeed(append);
    let mut session = bench.mount(1);
    put(&mut session, FILE, &other).unwrap();
    assert_eq!(staged(&session), 0, "the second image has it");
    let mut now = other.clone();
    patch(&mut session, &mut now, 4096, b"changed");
    assert!(staged(&session) > 100_000);
    // So that it can go from there.
    let mut second = bench.mount(2);
    let mut transaction = second.transaction("remove").unwrap();
    transaction.remove(&path("\\other"), false).unwrap();
    transaction.commit().unwrap();
    second.save(SaveOptions { compact: true, ..SaveOptions::default() }, &mut unobserved).unwrap();
    assert_reads(&bench.reopen(&session.info().unwrap().id), &now);
    save(&mut session).unwrap();
    bench.judge();
    assert_reads(&session, &now);
}

/// Rewrites the last record of a session's journal with another text in the place of one.
fn rewrite_journal(bench: &Bench, session: &Session, from: &str, to: &str) {
    let file = state_file(bench, session, "journal.1");
    let bytes = fs::read(&file).unwrap();
    let mut frames = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let size = usize::try_from(u64::from_le_bytes(rest[8..16].try_into().unwrap())).unwrap();
        frames.push(String::from_utf8(rest[24..24 + size].to_vec()).unwrap());
        rest = &rest[24 + size..];
    }
    let last = frames.last_mut().unwrap();
    assert!(last.contains(from), "{from} in {last}");
    *last = last.replacen(from, to, 1);
    let mut written = Vec::new();
    for (number, payload) in frames.iter().enumerate() {
        let mut header = b"IJR1".to_vec();
        header.extend(u32::try_from(number).unwrap().to_le_bytes());
        header.extend(u64::try_from(payload.len()).unwrap().to_le_bytes());
        header.extend(crc32fast::hash(payload.as_bytes()).to_le_bytes());
        header.extend(crc32fast::hash(&header).to_le_bytes());
        written.extend(header);
        written.extend(payload.as_bytes());
    }
    fs::write(file, written).unwrap();
}

#[test]
fn a_patch_in_the_journal_that_cannot_be_one_is_refused() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, 40_960, &[1; 4096]);
    patch(&mut session, &mut now, SIZE, &[2; 100]);
    let mut last = now.clone();
    last[10] ^= 1;
    last[20_000] ^= 1;
    last.extend([3; 50]);
    let end = u64::try_from(last.len()).unwrap();
    replace(&mut session, &last, &[10..11, 20_000..20_001, end - 50..end]).unwrap();
    let file = state_file(&bench, &session, "journal.1");
    let whole = fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    let record = &text[text.rfind("\"blobs\"").unwrap()..];
    let field = |name: &str| {
        let start = record.find(&format!("\"{name}\":")).unwrap();
        let value = &record[start..];
        value[..value.find([',', '}']).unwrap()].to_owned()
    };
    let (base, hash) = (field("base"), field("hash"));
    let blob_size = field("size");
    for (from, to) in [
        (base.as_str(), "\"base\":\"0102030405060708090a0b0c0d0e0f1011121314\""),
        (base.as_str(), hash.replace("hash", "base").as_str()),
        (base.as_str(), "\"base\":\"12\""),
        (base.as_str(), "\"base\":7"),
        ("\"start\":10,\"end\":11", "\"start\":11,\"end\":10"),
        ("\"start\":10,\"end\":11", "\"start\":10,\"end\":10"),
        ("\"start\":10,\"end\":11", "\"start\":10,\"end\":12"),
        ("\"start\":10,\"end\":11", "\"start\":30000,\"end\":30001"),
        ("\"start\":10,\"end\":11", "\"start\":-1,\"end\":0"),
        ("\"start\":10,\"end\":11", "\"start\":18446744073709551615,\"end\":0"),
        ("\"start\":20000,\"end\":20001", "\"start\":10,\"end\":11"),
        ("\"start\":1000100,\"end\":1000150", "\"start\":1000100,\"end\":1000151"),
        ("\"start\":1000100,\"end\":1000150", "\"start\":1000101,\"end\":1000151"),
        ("\"start\":1000100,\"end\":1000150", "\"start\":1000000,\"end\":1000050"),
        (blob_size.as_str(), "\"size\":1000149"),
        (blob_size.as_str(), "\"size\":1000151"),
        (blob_size.as_str(), "\"size\":18446744073709551615"),
        ("\"sizeInFile\":52", "\"sizeInFile\":51"),
        ("\"sizeInFile\":52", "\"sizeInFile\":18446744073709551615"),
        ("\"offset\":4196", "\"offset\":4197"),
        ("\"offset\":4196", "\"offset\":18446744073709551615"),
        ("\"compressed\":false", "\"compressed\":true"),
        ("\"stagedLength\":4248", "\"stagedLength\":4249"),
        ("\"stagedLength\":4248", "\"stagedLength\":4200"),
    ] {
        fs::write(&file, &whole).unwrap();
        rewrite_journal(&bench, &session, from, to);
        let again = bench.reopen(&session.info().unwrap().id);
        let refused = again.view().map(drop);
        let refused = refused.expect_err(&format!("{from} as {to}"));
        assert!(matches!(root(refused), Error::StateDamaged { .. }), "{from} as {to}");
    }
    // A place in the staged file that is another patch's: the SHA-1 shows it, and a save leaves the image
    // as it was.
    fs::write(&file, &whole).unwrap();
    rewrite_journal(&bench, &session, "\"offset\":4196", "\"offset\":0");
    let mut again = bench.reopen(&session.info().unwrap().id);
    assert!(read(&again, FILE).is_err());
    let before = fs::read(bench.wim()).unwrap();
    assert!(matches!(root(save(&mut again).unwrap_err()), Error::Malformed { .. }));
    assert!(fs::read(bench.wim()).unwrap() == before);
    fs::write(&file, &whole).unwrap();
    assert_reads(&bench.reopen(&session.info().unwrap().id), &last);
}

#[test]
fn a_journal_from_before_there_were_patches_is_read() {
    let bench = bench(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    put(&mut session, "\\new", &pseudo_random(5, 10_000)).unwrap();
    let journal = fs::read(state_file(&bench, &session, "journal.1")).unwrap();
    assert!(!String::from_utf8_lossy(&journal).contains("patch"), "whole content is noted as it always was");
}

/// A session with whole content, patches of it, and patches of what the image has.
fn prepare(bench: &Bench) -> (Session, Vec<u8>) {
    let mut session = bench.mount(1);
    let mut now = content();
    patch(&mut session, &mut now, 4096, b"first");
    patch(&mut session, &mut now, SIZE, &[9; 300]);
    (session, now)
}

#[test]
fn a_crash_at_any_step_leaves_the_patches_pending_or_saved() {
    let original = bench(&["--compress=lzx", "--check"]);
    let old_image = fs::read(original.wim()).unwrap();
    for compact in [false, true] {
        let options = SaveOptions { compact, ..SaveOptions::default() };
        let (_, steps) =
            faults::count(|| prepare(&copy_of(&original)).0.save(options, &mut unobserved).unwrap());
        let (mut old, mut new) = (0, 0);
        for at in 0..steps {
            let bench = copy_of(&original);
            let (mut session, mut now) = prepare(&bench);
            let id = session.info().unwrap().id;
            faults::crash_at(at, || {
                let _ = session.save(options, &mut unobserved);
                drop(session);
            });
            let file = fs::read(bench.wim()).unwrap();
            match file.starts_with(&old_image[..208]) {
                true => assert!(file.starts_with(&old_image), "step {at}"),
                false => judge(&bench.wim()),
            }
            let mut session = bench.reopen(&id);
            assert_reads(&session, &now);
            match session.info().unwrap().pending_transactions {
                0 => new += 1,
                2 => old += 1,
                other => panic!("{other} transactions after step {at}"),
            }
            patch(&mut session, &mut now, 100_000, b"after the crash");
            assert_reads(&session, &now);
            save(&mut session).unwrap();
            bench.judge();
            assert_reads(&session, &now);
        }
        assert!(old > 5 && new > 0, "{old} old, {new} new");
    }
}

#[test]
fn a_crash_at_any_step_of_a_patch_leaves_all_of_it_or_nothing() {
    let original = bench(&["--compress=lzx"]);
    let (_, mut after) = prepare(&copy_of(&original));
    after[700_000] ^= 1;
    let work = |session: &mut Session| replace(session, &after, &[700_000..700_001]);
    let (_, steps) = faults::count(|| work(&mut prepare(&copy_of(&original)).0).unwrap());
    for at in 0..steps {
        let bench = copy_of(&original);
        let (mut session, before) = prepare(&bench);
        let id = session.info().unwrap().id;
        faults::crash_at(at, || {
            let _ = work(&mut session);
            drop(session);
        });
        let mut session = bench.reopen(&id);
        let found = read(&session, FILE).unwrap();
        assert!(found == before || found == after, "step {at}");
        work(&mut session).unwrap();
        assert_reads(&session, &after);
        save(&mut session).unwrap();
        bench.judge();
    }
}

#[test]
fn a_full_disk_at_any_step_leaves_the_image_and_the_patches() {
    let original = bench(&["--compress=lzx"]);
    let old_image = fs::read(original.wim()).unwrap();
    let (_, steps) = faults::count(|| save(&mut prepare(&copy_of(&original)).0).unwrap());
    let mut failed = 0;
    for at in 0..steps {
        let bench = copy_of(&original);
        let (mut session, now) = prepare(&bench);
        let pending = staged(&session);
        let Err(_) = faults::full_at(at, || save(&mut session)) else { continue };
        failed += 1;
        if fs::read(bench.wim()).unwrap()[..208] == old_image[..208] {
            assert!(fs::read(bench.wim()).unwrap() == old_image, "step {at}: not restored");
            let staged = state_file(&bench, &session, "staged.1");
            assert_eq!(fs::metadata(staged).unwrap().len(), pending, "space is given back");
            assert_reads(&session, &now);
        }
        save(&mut session).unwrap();
        bench.judge();
        assert_reads(&session, &now);
    }
    assert!(failed > 5);
    let bench = copy_of(&original);
    let (mut session, mut now) = prepare(&bench);
    let before = staged(&session);
    now[0] ^= 1;
    assert!(faults::full_at(1, || replace(&mut session, &now, &[0..1])).is_err());
    assert_eq!(fs::metadata(state_file(&bench, &session, "staged.1")).unwrap().len(), before);
    replace(&mut session, &now, &[0..1]).unwrap();
    assert_reads(&session, &now);
}

#[test]
fn cancelling_a_save_that_completes_patches_changes_nothing() {
    let bench = bench(&["--compress=lzx"]);
    let (mut session, now) = prepare(&bench);
    let before = fs::read(bench.wim()).unwrap();
    let stop = &mut |_| std::ops::ControlFlow::Break(());
    let refused = session.save(SaveOptions::default(), stop).unwrap_err();
    assert!(matches!(root(refused), Error::Cancelled));
    assert!(fs::read(bench.wim()).unwrap() == before);
    assert_reads(&session, &now);
    save(&mut session).unwrap();
    bench.judge();
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, usize),
    Resize(usize),
    Reopen,
    Save,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        8 => (0..300_000_usize, 1..9000_usize).prop_map(|(at, size)| Change::Write(at, size)),
        2 => (200_000..400_000_usize).prop_map(Change::Resize),
        1 => Just(Change::Reopen),
        1 => Just(Change::Save),
    ];
    proptest::collection::vec(change, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_patches_reads_as_the_bytes(changes in changes()) {
        let bench = Bench::captured(&["--compress=xpress"]);
        let mut session = bench.mount(1);
        let id = session.info().unwrap().id;
        let mut now = pseudo_random(7, 300_000);
        for (number, change) in changes.into_iter().enumerate() {
            match change {
                Change::Write(at, size) if at + size <= now.len() => {
                    let seed = u64::try_from(number).unwrap() + 100;
                    patch(&mut session, &mut now, at, &pseudo_random(seed, size));
                }
                Change::Write(..) => {}
                Change::Resize(size) => {
                    now.resize(size, u8::try_from(number).unwrap());
                    now[0] ^= 1;
                    replace(&mut session, &now, &[0..1]).unwrap();
                }
                Change::Reopen => session = bench.reopen(&id),
                Change::Save => drop(save(&mut session).unwrap()),
            }
            assert_reads(&session, &now);
        }
        save(&mut session).unwrap();
        bench.judge();
        prop_assert!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap() == now);
    }
}
