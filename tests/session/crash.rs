//! What is left when the process dies at any step of staging, committing, saving and compacting.
//!
//! A step is one change of the host's file system. The image must be the old or the new one, the
//! session must open, and go on or be discarded.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // what fails here fails the test

use crate::support::images::{judge, path, pseudo_random, put, read, root, save, Bench};
use imgsvc::error::Error;
use imgsvc::image::host::faults;
use imgsvc::image::{Content, PutOptions, SaveOptions, Session};
use imgsvc::progress::unobserved;
use std::fs;
use std::path::Path;

const NEW: &[u8] = b"new content of the kernel";

fn copy_bench(from: &Bench) -> Bench {
    let bench = Bench::new();
    fs::copy(from.wim(), bench.wim()).unwrap();
    bench
}

/// A session with two transactions of work in it.
fn prepare(bench: &Bench) -> Session {
    let mut session = bench.mount(1);
    put(&mut session, "\\Windows\\System32\\kernel.dll", NEW).unwrap();
    put(&mut session, "\\Windows\\new.bin", &pseudo_random(3, 100_000)).unwrap();
    session
}

fn crash_everywhere(storage: &[&str], work: impl Fn(&mut Session) -> imgsvc::error::Result<()>) {
    let original = Bench::captured(storage);
    let old_image = fs::read(original.wim()).unwrap();
    let bench = copy_bench(&original);
    let mut session = prepare(&bench);
    let (done, steps) = faults::count(|| work(&mut session));
    done.unwrap();
    let new_content = read(&session, "\\Windows\\new.bin").unwrap();
    assert!(steps > 5);
    let (mut old, mut new) = (0, 0);
    for at in 0..steps {
        let bench = copy_bench(&original);
        let mut session = prepare(&bench);
        let name = session.path().to_path_buf();
        faults::crash_at(at, || {
            assert!(work(&mut session).is_err() || at + 3 >= steps, "step {at} of {steps}");
            drop(session);
        });
        judge_prefix(&bench, &old_image);
        let mut session = bench.reopen(name.to_str().unwrap());
        // Either way the work is there: still pending, or in the image.
        assert_eq!(read(&session, "\\Windows\\System32\\kernel.dll").unwrap(), NEW, "step {at}");
        assert_eq!(read(&session, "\\Windows\\new.bin").unwrap(), new_content);
        match session.info().unwrap().pending_transactions {
            0 => new += 1,
            2 => old += 1,
            other => panic!("{other} transactions after step {at}"),
        }
        put(&mut session, "\\after.txt", b"after the crash").unwrap();
        save(&mut session).unwrap();
        bench.judge();
        assert_eq!(read(&session, "\\after.txt").unwrap(), b"after the crash");
        assert_eq!(bench.info().matches("Directory Count").count(), 1);
        session.discard().unwrap();
        let left: Vec<_> =
            fs::read_dir(bench.directory.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains(".tmp")), "{left:?}");
        assert_eq!(fs::read_dir(bench.path("state/sessions")).unwrap().count(), 1, "only the lock file");
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

/// The image is whole at once, without the session's help: the leftovers of the save are behind
/// its end, or it is the new one.
fn judge_prefix(bench: &Bench, old: &[u8]) {
    let now = fs::read(bench.wim()).unwrap();
    if now.starts_with(&old[..208]) {
        assert!(now.starts_with(old), "the old image is not whole");
    } else {
        judge(&bench.wim());
    }
}

#[test]
fn a_crash_at_any_step_of_a_save_leaves_the_old_or_the_new_image() {
    crash_everywhere(&["--compress=lzx"], |session| save(session).map(drop));
}

#[test]
fn a_crash_at_any_step_of_a_save_with_integrity_table_leaves_the_old_or_the_new_image() {
    crash_everywhere(&["--compress=xpress", "--check"], |session| save(session).map(drop));
}

#[test]
fn a_crash_at_any_step_of_compacting_leaves_the_old_or_the_new_image() {
    crash_everywhere(&["--compress=lzx", "--check"], |session| {
        session.save(SaveOptions { compact: true, ..SaveOptions::default() }, &mut unobserved).map(drop)
    });
}

#[test]
fn a_crash_at_any_step_of_a_transaction_leaves_all_of_it_or_nothing() {
    let original = Bench::captured(&["--compress=lzx"]);
    let work = |session: &mut Session| -> imgsvc::error::Result<()> {
        let mut transaction = session.transaction("two files")?;
        let content = pseudo_random(9, 50_000);
        for name in ["\\one", "\\two"] {
            let content = Content::from(&content[..1000 * name.len()]);
            transaction.put_file(&path(name), content, &PutOptions::default(), &mut unobserved)?;
        }
        transaction.commit()
    };
    let (done, steps) = faults::count(|| work(&mut prepare(&copy_bench(&original))));
    done.unwrap();
    for at in 0..steps {
        let bench = copy_bench(&original);
        let mut session = prepare(&bench);
        let name = session.path().to_path_buf();
        faults::crash_at(at, || {
            let _ = work(&mut session);
            drop(session);
        });
        let mut session = bench.reopen(name.to_str().unwrap());
        let view = session.view().unwrap();
        let found = ["\\one", "\\two"].map(|name| view.exists(&path(name)).unwrap());
        assert_eq!(found[0], found[1], "step {at}");
        if !found[0] {
            work(&mut session).unwrap();
        }
        save(&mut session).unwrap();
        bench.judge();
        assert_eq!(read(&session, "\\two").unwrap(), pseudo_random(9, 50_000)[..4000]);
    }
}

#[test]
fn a_crash_at_any_step_of_mounting_or_discarding_leaves_no_half_session() {
    let original = Bench::captured(&["--compress=none"]);
    let bench = copy_bench(&original);
    let (_, steps) = faults::count(|| bench.mount(1).discard().unwrap());
    for at in 0..steps {
        let bench = copy_bench(&original);
        faults::crash_at(at, || {
            let options =
                imgsvc::image::MountOptions::new(bench.wim(), imgsvc::image::ImageSelector::Index(1));
            if let Ok(session) = bench.try_mount(options) {
                let _ = session.discard();
            }
        });
        for session in Session::list_in(&bench.state()).unwrap() {
            assert_eq!(session.mount_status, imgsvc::image::MountStatus::Ok, "step {at}");
            bench.reopen(&session.id).discard().unwrap();
        }
        bench.mount(1).discard().unwrap();
        assert_eq!(fs::read_dir(bench.path("state/sessions")).unwrap().count(), 1, "step {at}");
    }
}

#[test]
fn a_full_disk_at_any_step_leaves_the_image_as_it_was_and_the_session_usable() {
    let original = Bench::captured(&["--compress=lzx", "--check"]);
    let old_image = fs::read(original.wim()).unwrap();
    for compact in [false, true] {
        let options = SaveOptions { compact, ..SaveOptions::default() };
        let bench = copy_bench(&original);
        let mut session = prepare(&bench);
        let (_, steps) = faults::count(|| session.save(options, &mut unobserved).unwrap());
        let mut failed = 0;
        for at in 0..steps {
            let bench = copy_bench(&original);
            let mut session = prepare(&bench);
            let saved = faults::full_at(at, || session.save(options, &mut unobserved));
            let Err(error) = saved else { continue };
            failed += 1;
            assert!(is_full(&root(error)), "step {at}");
            if fs::read(bench.wim()).unwrap()[..208] == old_image[..208] {
                assert!(fs::read(bench.wim()).unwrap() == old_image, "step {at}: not restored");
            }
            assert_eq!(temporary_files(bench.directory.path()), 0);
            save(&mut session).unwrap();
            bench.judge();
            assert_eq!(read(&session, "\\Windows\\System32\\kernel.dll").unwrap(), NEW);
        }
        assert!(failed > 5);
    }
    // And while staging.
    let bench = copy_bench(&original);
    let mut session = prepare(&bench);
    let staged = bench.path(&format!("state/sessions/{}/staged.1", session.info().unwrap().id));
    let before = fs::metadata(&staged).unwrap().len();
    let refused = faults::full_at(1, || put(&mut session, "\\x", &pseudo_random(5, 5_000_000)));
    assert!(is_full(&root(refused.unwrap_err())));
    assert_eq!(fs::metadata(&staged).unwrap().len(), before, "space is given back");
    put(&mut session, "\\x", b"x").unwrap();
    save(&mut session).unwrap();
    bench.judge();
}

fn is_full(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
}

fn temporary_files(directory: &Path) -> usize {
    let names = fs::read_dir(directory).unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().contains(".tmp")).count()
}
