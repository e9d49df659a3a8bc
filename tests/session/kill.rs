//! A process that is killed while it saves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // what fails here fails the test

use crate::support::images::{pseudo_random, put, read, save, Bench};
use imgsvc::image::state::StateDirectory;
use imgsvc::image::{SaveOptions, Session};
use imgsvc::progress::unobserved;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "IMGSVC_TEST_CHILD";

/// Not a test of its own: what the killed process does, when this program is run as one.
#[test]
fn child_that_saves() {
    let Some(state) = std::env::var_os(CHILD) else { return };
    let state = StateDirectory::at(Path::new(&state));
    let id = std::env::var("IMGSVC_TEST_SESSION").unwrap();
    let compact = std::env::var_os("IMGSVC_TEST_COMPACT").is_some();
    let mut session = Session::open_in(state, Path::new(&id)).unwrap();
    session.save(SaveOptions { compact, ..SaveOptions::default() }, &mut unobserved).unwrap();
}

fn start(bench: &Bench, id: &str, compact: bool) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "kill::child_that_saves"])
        .env(CHILD, bench.path("state"))
        .env("IMGSVC_TEST_SESSION", id);
    if compact {
        command.env("IMGSVC_TEST_COMPACT", "1");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_save_leaves_the_old_or_the_new_image_and_a_session_that_goes_on() {
    let original = Bench::captured(&["--compress=lzx", "--check"]);
    let content = pseudo_random(11, 6_000_000);
    let prepared = |bench: &Bench| {
        fs::copy(original.wim(), bench.wim()).unwrap();
        let mut session = bench.mount(1);
        put(&mut session, "\\Windows\\System32\\kernel.dll", b"new kernel").unwrap();
        put(&mut session, "\\new.bin", &content).unwrap();
        session.info().unwrap().id
    };
    let bench = Bench::new();
    let id = prepared(&bench);
    let started = Instant::now();
    assert!(start(&bench, &id, false).wait().unwrap().success());
    let whole = started.elapsed().max(Duration::from_millis(5));
    let (mut old, mut new) = (0, 0);
    for round in 0..40u32 {
        let bench = Bench::new();
        let id = prepared(&bench);
        let mut child = start(&bench, &id, round % 4 == 3);
        // Moments spread over the time a save takes; which step they hit is left to chance.
        std::thread::sleep(whole * (round * 13 % 40) / 36);
        let _ = child.kill();
        child.wait().unwrap();
        bench.judge_container();
        let mut session = bench.reopen(&id);
        match session.info().unwrap().pending_transactions {
            0 => new += 1,
            2 => old += 1,
            other => panic!("{other} transactions in round {round}"),
        }
        assert!(read(&session, "\\new.bin").unwrap() == content, "round {round}");
        if round % 2 == 0 {
            save(&mut session).unwrap();
            bench.judge();
            assert_eq!(read(&session, "\\Windows\\System32\\kernel.dll").unwrap(), b"new kernel");
        }
        session.discard().unwrap();
        bench.judge();
    }
    println!("killed {old} times before and {new} times after the commit");
    assert_eq!(old + new, 40);
}
