//! Ten sessions, ten exports at once, in one process on threads: each does what it does alone.

use crate::support::images;
use crate::support::images::{judge, pseudo_random, put, read, save, Bench};
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::{self, ExportOptions};
use imgsvc::image::{ImageSelector, MountOptions, Session};
use imgsvc::progress::unobserved;
use std::path::Path;

const COUNT: usize = 10;

/// Paths and contents of an image, as wimlib lists them.
fn listing(wim: &Path, index: u32) -> Vec<String> {
    let mut command = std::process::Command::new("wimlib-imagex");
    command.arg("dir").arg(wim).arg(index.to_string()).arg("--detailed");
    let text = String::from_utf8_lossy(&images::succeed(command).stdout).into_owned();
    let kept = ["Full Path", "Hash", "Uncompressed size", "Attributes", "Last Write Time"];
    text.lines().filter(|line| kept.iter().any(|key| line.starts_with(key))).map(str::to_owned).collect()
}

fn types() -> impl Iterator<Item = CompressionType> {
    use CompressionType::{Fast, Max, None, Recovery};
    [None, Fast, Max, Recovery].into_iter().cycle().take(COUNT)
}

#[test]
fn ten_exports_of_one_file_at_once_make_what_each_makes_alone() {
    let bench = Bench::captured(&["--compress=fast"]);
    let expected = listing(&bench.wim(), 1);
    std::thread::scope(|scope| {
        for (number, compression) in types().enumerate() {
            let (bench, expected) = (&bench, &expected);
            scope.spawn(move || {
                let target = bench.path(&format!("export{number}.wim"));
                let options =
                    ExportOptions { compression: Some(compression), level: 20, ..ExportOptions::default() };
                let report = jobs::export(&bench.wim(), &target, &options, &mut unobserved).unwrap();
                assert_eq!(report.images.len(), 1);
                judge(&target);
                assert_eq!(&listing(&target, 1), expected, "{compression:?}");
            });
        }
    });
}

#[test]
fn ten_sessions_on_ten_files_at_once_save_each_its_own() {
    let bench = Bench::captured(&["--compress=fast"]);
    let content = |number: usize| pseudo_random(number as u64, 200_000 + number);
    std::thread::scope(|scope| {
        for number in 0..COUNT {
            let bench = &bench;
            scope.spawn(move || {
                let wim = bench.path(&format!("copy{number}.wim"));
                std::fs::copy(bench.wim(), &wim).unwrap();
                let options = MountOptions::new(&wim, ImageSelector::Index(1));
                let mut session = Session::mount_in(bench.state(), &options, &mut unobserved).unwrap();
                for round in 0..3 {
                    put(&mut session, &format!("/Windows/new{round}.bin"), &content(number + round)).unwrap();
                    assert!(save(&mut session).unwrap().saved);
                }
                session.discard().unwrap();
                judge(&wim);
                let options = MountOptions::new(&wim, ImageSelector::Index(1));
                let session = Session::mount_in(bench.state(), &options, &mut unobserved).unwrap();
                for round in 0..3 {
                    let found = read(&session, &format!("/Windows/new{round}.bin")).unwrap();
                    assert!(found == content(number + round), "session {number}, round {round}");
                }
                session.discard().unwrap();
            });
        }
    });
}

#[test]
fn ten_exports_go_on_while_a_session_saves_into_their_file() {
    let bench = Bench::captured(&["--compress=fast"]);
    let before = listing(&bench.wim(), 1);
    let name = |round: usize| format!("/Windows/new{round}.bin");
    let content = |round: usize| pseudo_random(round as u64, 50_000);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut session = bench.mount(1);
            for round in 0..COUNT {
                put(&mut session, &name(round), &content(round)).unwrap();
                assert!(save(&mut session).unwrap().saved);
            }
            session.discard().unwrap();
        });
        for number in 0..COUNT {
            let (bench, before) = (&bench, &before);
            scope.spawn(move || {
                // What the image was when the file was opened: with some of the new files or without.
                let target = bench.path(&format!("part{number}.wim"));
                jobs::export(&bench.wim(), &target, &ExportOptions::default(), &mut unobserved).unwrap();
                judge(&target);
                let found = listing(&target, 1);
                let paths = before.iter().filter(|line| line.starts_with("Full Path"));
                assert_eq!(paths.filter(|line| !found.contains(line)).count(), 0);
            });
        }
    });
    judge(&bench.wim());
    let session = bench.mount(1);
    for round in 0..COUNT {
        assert!(read(&session, &name(round)).unwrap() == content(round), "round {round}");
    }
    session.discard().unwrap();
}

#[test]
fn sessions_on_the_images_of_one_file_save_at_once() {
    let bench = Bench::captured(&["--compress=fast"]);
    let more = ExportOptions { compression: None, ..ExportOptions::default() };
    let copy = bench.path("copy.wim");
    jobs::export(&bench.wim(), &copy, &more, &mut unobserved).unwrap();
    for number in 1..COUNT {
        let named = ExportOptions { name: Some(format!("image {number}")), ..more.clone() };
        jobs::export(&bench.wim(), &copy, &named, &mut unobserved).unwrap();
    }
    let content = |number: u32, round: u64| pseudo_random(u64::from(number) << 8 | round, 60_000);
    std::thread::scope(|scope| {
        for number in 1..=u32::try_from(COUNT).unwrap() {
            let (bench, copy) = (&bench, &copy);
            scope.spawn(move || {
                let options = MountOptions::new(copy, ImageSelector::Index(number));
                let mut session = Session::mount_in(bench.state(), &options, &mut unobserved).unwrap();
                for round in 0..3 {
                    put(&mut session, &format!("/new{round}.bin"), &content(number, round)).unwrap();
                    assert!(save(&mut session).unwrap().saved);
                }
                session.discard().unwrap();
            });
        }
    });
    judge(&copy);
    for number in 1..=u32::try_from(COUNT).unwrap() {
        let options = MountOptions::new(&copy, ImageSelector::Index(number));
        let session = Session::mount_in(bench.state(), &options, &mut unobserved).unwrap();
        for round in 0..3 {
            let found = read(&session, &format!("/new{round}.bin")).unwrap();
            assert!(found == content(number, round), "image {number}, round {round}");
        }
        session.discard().unwrap();
    }
}
