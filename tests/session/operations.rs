//! Every change a transaction can make, judged by wimlib-imagex after a save, and again after a
//! replay of the journal by another handle.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // what fails here fails the test

use crate::support::images::{path, pseudo_random, put, read, root, save, Bench};
use imgsvc::error::{Error, Result};
use imgsvc::image::{Content, PutOptions, Session, Times, Transaction};
use imgsvc::progress::unobserved;
use std::fs;

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn change(session: &mut Session, work: impl FnOnce(&mut Transaction<'_>) -> Result<()>) -> Result<()> {
    let mut transaction = session.transaction("test")?;
    work(&mut transaction)?;
    transaction.commit()
}

#[test]
fn every_operation_survives_replay_and_save() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let none = PutOptions::default();
    change(&mut session, |image| {
        image.create_directories(&path("\\new\\deep"))?;
        image.put_file(&path("\\new\\file"), Content::from(&b"file"[..]), &none, &mut unobserved)?;
        image.put_stream(
            &path("\\new\\file"),
            &utf16("side"),
            Content::from(&b"stream"[..]),
            &mut unobserved,
        )?;
        image.put_stream(&path("\\new\\file"), &utf16("gone"), Content::from(&b"x"[..]), &mut unobserved)?;
        image.remove_stream(&path("\\new\\file"), &utf16("GONE"))?;
        image.link(&path("\\new\\file"), &path("\\new\\deep\\second name"))?;
        image.set_attributes(&path("\\new\\file"), 0x23)?;
        image.set_times(
            &path("\\new\\file"),
            Times { creation: Some(132_000_000_000_000_000), ..Times::default() },
        )?;
        image.set_short_name(&path("\\new\\deep\\second name"), Some(&utf16("SECOND~1")))?;
        image.rename(&path("\\Windows\\empty.txt"), &path("\\new\\moved.txt"))?;
        image.rename(&path("\\Windows\\INF"), &path("\\Windows\\Inf"))?;
        image.remove(&path("\\Users"), true)?;
        image.put_file(&path("\\new\\link"), Content::from(&b""[..]), &none, &mut unobserved)?;
        image.set_reparse(&path("\\new\\link"), 0xA000_000C, &symlink("file"))
    })
    .unwrap();
    // A name with an unpaired surrogate goes through the journal too.
    let odd = path("\\new").join_utf16(&[0x61, 0xd800, 0x62]).unwrap();
    change(&mut session, |image| {
        image.put_file(&odd, Content::from(&b"odd"[..]), &none, &mut unobserved).map(drop)
    })
    .unwrap();

    let replayed = bench.reopen(session.path().to_str().unwrap());
    let everything = |session: &Session| {
        let view = session.view().unwrap();
        let items: Vec<_> =
            view.tree().walk(view.tree().root()).map(|dentry| view.describe(dentry)).collect();
        items
    };
    assert_eq!(everything(&session), everything(&replayed));
    assert_eq!(replayed.view().unwrap().read_file(&odd, 10).unwrap(), b"odd");
    let before_save = everything(&session);
    save(&mut session).unwrap();
    assert_eq!(everything(&session), before_save);
    bench.judge();

    let entries = bench.detailed(1);
    let file = &entries["/new/file"];
    assert!(file.contains("0x00000023") && file.contains("Link Count          = 2"), "{file}");
    assert!(file.contains("side"), "{file}");
    assert!(entries["/new/deep/second name"].contains("SECOND~1"));
    assert!(entries.contains_key("/new/moved.txt") && entries.contains_key("/Windows/Inf/machine.inf"));
    assert!(!entries.keys().any(|path| path.starts_with("/Users") || path.contains("/INF")));
    assert!(entries["/new/link"].contains("FILE_ATTRIBUTE_REPARSE_POINT"));
    let info = bench.info();
    // Root, empty, Windows, Inf, System32, drivers, new, deep; 67 files, less one, plus four names.
    assert!(info.lines().any(|line| line.starts_with("Directory Count") && line.ends_with(" 8")), "{info}");
    assert!(info.lines().any(|line| line.starts_with("File Count") && line.ends_with(" 70")), "{info}");
}

/// What follows the header of a symbolic link's REPARSE_DATA_BUFFER: a relative target.
fn symlink(target: &str) -> Vec<u8> {
    let name: Vec<u8> = utf16(target).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let length = u16::try_from(name.len()).unwrap();
    let mut data = Vec::new();
    for number in [0, length, length, length, 1, 0] {
        data.extend_from_slice(&u16::to_le_bytes(number));
    }
    data.extend_from_slice(&name);
    data.extend_from_slice(&name);
    data
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_the_transaction_usable() {
    let bench = Bench::captured(&["--compress=none"]);
    let mut session = bench.mount(1);
    let none = PutOptions::default();
    let mut image = session.transaction("refusals").unwrap();
    let content = || Content::from(&b"x"[..]);
    let kernel = path("\\Windows\\System32\\kernel.dll");
    let refused = |answer: Result<()>| format!("{:?}", root(answer.unwrap_err()));
    let expect = |variant: &str, answer: Result<()>| {
        let found = refused(answer);
        assert!(found.starts_with(variant), "{found} is not {variant}");
    };
    expect("ItemExists", image.put_file(&kernel, content(), &none, &mut unobserved).map(drop));
    expect(
        "WrongItemKind",
        image.put_file(&path("\\Windows"), content(), &PutOptions::overwrite(), &mut unobserved).map(drop),
    );
    expect(
        "WrongItemKind",
        image
            .put_file(&path("\\Windows\\System32\\kernel.dll\\x"), content(), &none, &mut unobserved)
            .map(drop),
    );
    expect("ItemNotFound", image.put_file(&path("\\no\\x"), content(), &none, &mut unobserved).map(drop));
    for name in ["a?", "a*", "a|", "a ", "a.", "a<", "a\u{1}"] {
        expect(
            "InvalidName",
            image.put_file(&path("\\").join(name).unwrap(), content(), &none, &mut unobserved).map(drop),
        );
    }
    expect("DirectoryNotEmpty", image.remove(&path("\\Windows"), false));
    expect("InvalidArgument", image.remove(&path("\\"), true));
    expect("InvalidArgument", image.rename(&path("\\Windows"), &path("\\Windows\\INF\\x")));
    expect("ItemExists", image.rename(&path("\\Windows\\INF"), &path("\\Windows\\System32")));
    expect("WrongItemKind", image.link(&path("\\Windows"), &path("\\w")));
    expect("InvalidName", image.set_short_name(&kernel, Some(&utf16("much too long.txt"))));
    expect("Malformed", image.set_security(&kernel, b"no descriptor"));
    expect("ItemNotFound", image.remove_stream(&kernel, &utf16("none")));
    expect(
        "Stream",
        image.put_file(&path("\\short"), Content::new(5, &b"abc"[..]), &none, &mut unobserved).map(drop),
    );
    expect(
        "Stream",
        image.put_file(&path("\\long"), Content::new(2, &b"abc"[..]), &none, &mut unobserved).map(drop),
    );
    image.set_reparse(&path("\\empty"), 0xA000_0003, b"junction").unwrap();
    expect("WrongItemKind", image.create_directories(&path("\\empty\\below")).map(drop));
    assert!(matches!(
        image.view().lookup(&path("\\empty\\below")).unwrap_err(),
        Error::WrongItemKind { found: "a reparse point", .. }
    ));
    for bad in ["..\\x", "\\a\\..\\b", "C:\\x", "\\a:b"] {
        assert!(imgsvc::image::ImagePath::parse(bad).is_err(), "{bad}");
    }
    image.commit().unwrap();
    save(&mut session).unwrap();
    bench.judge();
}

#[test]
fn rolling_back_to_a_savepoint_undoes_what_came_after() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    put(&mut session, "\\earlier", b"earlier").unwrap();
    change(&mut session, |image| {
        let none = PutOptions::default();
        image.put_file(&path("\\kept"), Content::from(&b"kept"[..]), &none, &mut unobserved)?;
        let savepoint = image.savepoint();
        image.put_file(&path("\\undone"), Content::from(&b"undone"[..]), &none, &mut unobserved)?;
        image.remove(&path("\\Windows"), true)?;
        image.roll_back_to(savepoint)?;
        image.put_file(&path("\\after"), Content::from(&b"after"[..]), &none, &mut unobserved).map(drop)
    })
    .unwrap();
    let report = save(&mut session).unwrap();
    assert_eq!(report.blobs_added, 3, "what was undone is not in the file");
    bench.judge();
    let applied = bench.apply(1);
    assert!(applied.join("Windows/System32/kernel.dll").exists() && !applied.join("undone").exists());
    for name in ["earlier", "kept", "after"] {
        assert_eq!(fs::read_to_string(applied.join(name)).unwrap(), name);
    }
}

#[test]
fn a_new_version_of_content_shares_the_chunks_that_did_not_change() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut content: Vec<u8> = (0..40).flat_map(|part| pseudo_random(part / 2, 20_000)).collect();
    put(&mut session, "\\hive", &content).unwrap();
    save(&mut session).unwrap();
    let kept = content.clone();
    for byte in &mut content[100_000..100_010] {
        *byte ^= 0x55;
    }
    content.extend_from_slice(b"grown");
    let end = u64::try_from(content.len()).unwrap();
    change(&mut session, |image| {
        let grown = 800_000..end;
        image
            .replace_content(&path("\\hive"), &content, &[100_000..100_010, grown], &mut unobserved)
            .map(drop)
    })
    .unwrap();
    assert!(read(&session, "\\hive").unwrap() == content);
    save(&mut session).unwrap();
    bench.judge();
    assert!(fs::read(bench.apply(1).join("hive")).unwrap() == content);
    // Back, and shorter.
    change(&mut session, |image| {
        image
            .replace_content(&path("\\hive"), &kept, &[100_000..100_004, 100_004..100_010], &mut unobserved)
            .map(drop)
    })
    .unwrap();
    assert!(read(&session, "\\hive").unwrap() == kept);
    save(&mut session).unwrap();
    bench.judge();
}

#[test]
fn hard_links_and_named_streams_of_a_replaced_file_stay() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let kernel = path("\\Windows\\System32\\kernel.dll");
    change(&mut session, |image| {
        image.link(&kernel, &path("\\link"))?;
        image.set_short_name(&kernel, Some(&utf16("KERNEL~1.DLL")))?;
        image.put_stream(&kernel, &utf16("side"), Content::from(&b"side"[..]), &mut unobserved)?;
        image.set_attributes(&kernel, 0x27)
    })
    .unwrap();
    let before = session.view().unwrap().item(&kernel).unwrap().unwrap();
    put(&mut session, "\\LINK", b"through the other name").unwrap();
    assert_eq!(read(&session, "\\windows\\system32\\KERNEL~1.DLL").unwrap(), b"through the other name");
    let after = session.view().unwrap().item(&kernel).unwrap().unwrap();
    assert_eq!(
        (after.link_count, after.attributes, after.creation_time, &after.streams, &after.short_name),
        (Some(2), 0x27, before.creation_time, &before.streams, &before.short_name)
    );
    assert_ne!(after.hash, before.hash);
    save(&mut session).unwrap();
    bench.judge();
}
