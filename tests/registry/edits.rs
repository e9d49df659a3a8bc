//! Many registry edits, one transaction each: what they stage, and that the hives a handle keeps in memory
//! are those of the session, whoever else changes it.

use crate::support::hives;
use crate::support::images;
use crate::support::images::{put, read, save};
use crate::support::windows::{edit_hive, hive, WindowsBench};
use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::*;
use imgsvc::image::host::faults;
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::registry::*;
use std::process::Command;

const SOFTWARE: &str = r"\Windows\System32\config\SOFTWARE";

/// A SOFTWARE hive of a few MB.
fn bench() -> WindowsBench {
    WindowsBench::with(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            for number in 0..4000 {
                let key =
                    hive.create_key(hive.root(), &format!(r"Classes\{:02}\{number}", number % 60)).unwrap();
                let text = format!("value {number} ").repeat(40);
                hive.set_value(key, "", REG_SZ, &sz(&text)).unwrap();
            }
        });
    })
}

fn edit<T>(session: &mut Session, change: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
    Target::Session(session).edit("test", &Access::default(), &mut unobserved, change)
}

fn set(session: &mut Session, name: &str, number: u32) {
    edit(session, |registry| {
        registry.set_value(r"HKLM\SOFTWARE\Contoso", name, REG_DWORD, &dword(number), true)
    })
    .unwrap();
}

/// The numbers below the key, by the hive as it is stored.
fn numbers(session: &Session) -> Vec<(String, u64)> {
    let software = hive(session, "SOFTWARE");
    software.check().unwrap();
    let Some(key) = software.find(software.root(), "Contoso").unwrap() else { return Vec::new() };
    let values = software.values(key).unwrap();
    let mut numbers: Vec<_> = values
        .map(|value| value.unwrap())
        .map(|value| (value.name_text(), value.as_number().unwrap()))
        .collect();
    numbers.sort();
    numbers
}

fn staged(session: &Session) -> u64 {
    session.info().unwrap().staged_bytes
}

#[test]
fn many_edits_stage_their_pages_and_are_saved_at_once() {
    let bench = bench();
    let mut session = bench.mount();
    set(&mut session, "first", 0);
    let size = u64::try_from(read(&session, SOFTWARE).unwrap().len()).unwrap();
    assert!(size > 2 << 20);
    let before = staged(&session);
    for number in 0..300 {
        set(&mut session, &format!("value {number}"), number);
    }
    let each = (staged(&session) - before) / 300;
    assert!(each <= 24 << 10, "{each} bytes for each edit");
    let mut expected: Vec<_> = (0..300).map(|number| (format!("value {number}"), number)).collect();
    expected.push(("first".to_owned(), 0));
    expected.sort();
    assert_eq!(numbers(&session), expected);
    // Nothing of it is the process's alone.
    let mut other = bench.images.reopen(&session.info().unwrap().id);
    assert_eq!(numbers(&other), expected);
    save(&mut other).unwrap();
    bench.images.judge();
    let target = bench.images.path("extracted");
    let mut extract = Command::new("wimlib-imagex");
    extract.arg("extract").arg(bench.images.wim()).args(["1", "/Windows/System32/config/SOFTWARE"]);
    extract.arg("--no-acls").arg(format!("--dest-dir={}", target.display()));
    images::succeed(extract);
    let bytes = std::fs::read(target.join("SOFTWARE")).unwrap();
    hives::assert_hivexml_reads(&bytes);
    if hives::has_hivex() {
        assert!(hives::hivex_dump(&bytes).unwrap() == hives::dump(&Hive::open(bytes).unwrap()));
    }
    // And on, with the hive that is still in memory.
    set(&mut session, "after the save", 1);
    expected.push(("after the save".to_owned(), 1));
    expected.sort();
    assert_eq!(numbers(&session), expected);
}

#[test]
fn an_edit_that_fails_or_is_given_up_leaves_nothing_in_memory() {
    let bench = bench();
    let mut session = bench.mount();
    set(&mut session, "kept", 1);
    let before = (staged(&session), session.info().unwrap().pending_transactions);
    let failed = edit(&mut session, |registry| {
        registry.set_value(r"HKLM\SOFTWARE\Contoso", "lost", REG_DWORD, &dword(2), false)?;
        registry.delete_value(r"HKLM\SOFTWARE\Contoso", "not there")
    });
    assert!(matches!(failed, Err(Error::RegistryNotFound { .. })));
    edit(&mut session, |registry| {
        registry.set_value(r"HKLM\SOFTWARE\Contoso", "given up", REG_DWORD, &dword(3), false)?;
        registry.discard();
        Ok(())
    })
    .unwrap();
    // One that fails before it changes anything.
    let failed = edit(&mut session, |registry| registry.delete_value(r"HKLM\SOFTWARE\None", "x"));
    assert!(failed.is_err());
    assert_eq!((staged(&session), session.info().unwrap().pending_transactions), before);
    let look = Target::Session(&mut session)
        .read(&Access::default(), |registry| registry.values(r"HKLM\SOFTWARE\Contoso", None));
    assert_eq!(look.unwrap().len(), 1);
    set(&mut session, "next", 4);
    assert_eq!(numbers(&session), [("kept".to_owned(), 1), ("next".to_owned(), 4)]);
}

#[test]
fn a_hive_in_memory_is_used_for_its_own_content_only() {
    let bench = bench();
    let mut session = bench.mount();
    let mut other = bench.images.reopen(&session.info().unwrap().id);
    let original = read(&session, SOFTWARE).unwrap();
    for number in 0..4 {
        set(&mut session, &format!("one {number}"), number);
        set(&mut other, &format!("other {number}"), number);
    }
    session.refresh().unwrap();
    assert_eq!(numbers(&session).len(), 8);
    // The file is replaced, here and by the other handle.
    put(&mut session, SOFTWARE, &original).unwrap();
    set(&mut session, "a", 1);
    assert_eq!(numbers(&session), [("a".to_owned(), 1)]);
    put(&mut other, SOFTWARE, &original).unwrap();
    set(&mut session, "b", 2);
    assert_eq!(numbers(&session), [("b".to_owned(), 2)]);
    // Replaced within the transaction that edits it.
    let mut transaction = session.transaction("replace and edit").unwrap();
    let path = images::path(SOFTWARE);
    let mut file = imgsvc::servicing::hives::ImageHive::open(&transaction.view(), &path).unwrap().unwrap();
    let key = file.hive.create_key(file.hive.root(), "Contoso").unwrap();
    file.hive.set_value(key, "c", REG_DWORD, &dword(3)).unwrap();
    let options = imgsvc::image::PutOptions::overwrite();
    transaction.put_file(&path, b"no hive"[..].into(), &options, &mut unobserved).unwrap();
    file.stage(&mut transaction, 3, &mut unobserved).unwrap();
    transaction.commit().unwrap();
    assert_eq!(numbers(&session), [("b".to_owned(), 2), ("c".to_owned(), 3)]);
    // The session goes; a new one knows nothing of it.
    session.discard().unwrap();
    let mut session = bench.mount();
    set(&mut session, "new", 5);
    assert_eq!(numbers(&session), [("new".to_owned(), 5)]);
}

#[test]
fn an_edit_that_is_stopped_at_any_step_happened_or_did_not() {
    let bench = bench();
    let mut session = bench.mount();
    set(&mut session, "kept", 0);
    let work = |session: &mut Session| {
        edit(session, |registry| {
            registry.set_value(r"HKLM\SOFTWARE\Contoso", "tried", REG_DWORD, &dword(1), false)
        })
    };
    let undo = |session: &mut Session| {
        edit(session, |registry| registry.delete_value(r"HKLM\SOFTWARE\Contoso", "tried"))
    };
    let (_, steps) = faults::count(|| work(&mut session).unwrap());
    undo(&mut session).unwrap();
    let (mut done, mut refused) = (0, 0);
    for at in 0..steps {
        // The handle lives on, as it does when the disk is full or was away.
        let tried = faults::crash_at(at, || work(&mut session).is_ok());
        session.refresh().unwrap();
        let found = numbers(&session).len() == 2;
        assert!(found || !tried, "step {at}: what was said to be done is there");
        (done, refused) = if found { (done + 1, refused) } else { (done, refused + 1) };
        if found {
            undo(&mut session).unwrap();
        }
        set(&mut session, "kept", u32::try_from(at).unwrap());
        assert_eq!(numbers(&session), [("kept".to_owned(), at)], "step {at}");
    }
    assert!(refused > 3, "{done} done, {refused} refused");
    save(&mut session).unwrap();
    bench.images.judge();
}
