//! NTFS volumes captured into image files: new ones and images added to others, as wimlib-imagex
//! makes them.

use crate::support::ntfs::{assert_same, check, example, format, listing, run, wimlib_capture, Mounted};
use imgsvc::error::Error;
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::{append, apply, capture, AppendOptions, ApplyOptions, CaptureOptions};
use imgsvc::image::ImageFile;
use imgsvc::progress::unobserved;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

fn verify(wim: &Path) {
    run(Command::new("wimlib-imagex").arg("verify").arg(wim));
}

#[test]
fn a_new_image_file_has_all_that_is_on_the_volume() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    let expected = listing(&theirs, &[]);
    let ours = directory.path().join("ours.wim");
    for compression in
        [CompressionType::None, CompressionType::Fast, CompressionType::Max, CompressionType::Recovery]
    {
        let options = CaptureOptions {
            compression,
            level: 20,
            overwrite: true,
            verify: true,
            ..CaptureOptions::default()
        };
        let report = capture(&volume, &ours, &options, &mut unobserved).unwrap();
        assert_same(&listing(&ours, &[]), &expected);
        verify(&ours);
        assert_eq!(
            report.directories + report.files,
            u64::try_from(expected.matches("Full Path").count()).unwrap()
        );
        assert_eq!(report.excluded, [r"\pagefile.sys", r"\Windows\CSC"]);
        assert_eq!(
            ImageFile::open(&ours).unwrap().archive().is_solid(),
            compression == CompressionType::Recovery
        );
    }
    let fresh = directory.path().join("fresh.ntfs");
    format(&fresh, 48);
    apply(&ours, 1, &fresh, &ApplyOptions::default(), &mut unobserved).unwrap();
    check(&fresh);
    let again = directory.path().join("again.wim");
    wimlib_capture(&fresh, &again);
    assert_same(&listing(&again, &[]), &expected);
    let left: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn an_added_image_stores_only_what_the_file_lacks() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    let Some(mounted) = Mounted::new(&volume) else { return };
    std::fs::write(mounted.root.join("Windows/new.txt"), "new content").unwrap();
    drop(mounted);
    let blobs = |wim: &Path| ImageFile::open(wim).unwrap().archive().blobs().len();
    let before = blobs(&theirs);
    for (update_of, name) in [(None, "added"), (Some(1), "updated")] {
        let options = AppendOptions { name: name.to_owned(), update_of, ..AppendOptions::default() };
        let report = append(&volume, &theirs, &options, &mut unobserved).unwrap();
        assert_eq!(report.name, name);
        assert_eq!(blobs(&theirs), before + 1);
        verify(&theirs);
        let single = directory.path().join(format!("{name}.wim"));
        run(Command::new("wimlib-imagex").arg("export").arg(&theirs).arg(name).arg(&single));
        let fresh = directory.path().join("fresh.wim");
        run(Command::new("wimlib-imagex").arg("capture").arg(&volume).arg(&fresh).arg("--compress=none"));
        assert_same(&listing(&single, &[]), &listing(&fresh, &[]));
        std::fs::remove_file(&fresh).unwrap();
    }
}

#[test]
fn a_stopped_capture_leaves_nothing_and_a_stopped_addition_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    let Some(mounted) = Mounted::new(&volume) else { return };
    std::fs::write(mounted.root.join("Windows/new.txt"), vec![7; 200_000]).unwrap();
    drop(mounted);
    let before = std::fs::read(&theirs).unwrap();
    let names = || {
        let entries = std::fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let there = names();
    let ours = directory.path().join("ours.wim");
    for stop in [1, 2, 50, 320, 340, 380, 400] {
        let mut calls = 0;
        let mut observer = |_| {
            calls += 1;
            if calls == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        match capture(&volume, &ours, &CaptureOptions::default(), &mut observer) {
            Err(Error::Cancelled) => assert_eq!(names(), there, "stopped at call {stop}"),
            answer => {
                answer.unwrap();
                std::fs::remove_file(&ours).unwrap();
            }
        }
        let mut calls = 0;
        let mut observer = |_| {
            calls += 1;
            if calls == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = AppendOptions { name: "x".to_owned(), ..AppendOptions::default() };
        match append(&volume, &theirs, &options, &mut observer) {
            Err(Error::Cancelled) => {
                assert_eq!(names(), there, "stopped at call {stop}");
                assert!(std::fs::read(&theirs).unwrap() == before, "stopped at call {stop}");
            }
            answer => {
                answer.unwrap();
                std::fs::write(&theirs, &before).unwrap();
            }
        }
    }
}
