//! A capture that does not come to its end leaves nothing behind, or the file as it was; and one that
//! does is made of the tree alone when that is asked for.

use crate::support::capture::{append_options, names, options, picture, same, set_time};
use crate::support::images::{pseudo_random, root, Bench};
use imgsvc::error::{Error, Result};
use imgsvc::image::container::CompressionType;
use imgsvc::image::host::faults;
use imgsvc::image::jobs::{self, AppendOptions, CaptureOptions, CaptureReport};
use imgsvc::progress::{unobserved, Observer, Phase, Progress};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write_tree();
    let tree = bench.path("tree");
    // Large contents of one size, which are hashed first.
    fs::write(tree.join("large"), pseudo_random(1, 2 << 20)).unwrap();
    fs::write(tree.join("large too"), pseudo_random(2, 2 << 20)).unwrap();
    bench
}

fn capture(bench: &Bench, options: &CaptureOptions, observer: Observer<'_>) -> Result<CaptureReport> {
    jobs::capture(&bench.path("tree"), &bench.wim(), options, observer)
}

fn append(bench: &Bench, options: &AppendOptions, observer: Observer<'_>) -> Result<CaptureReport> {
    jobs::append(&bench.path("tree"), &bench.wim(), options, observer)
}

/// Runs with an observer that breaks at its report `at`; says how many reports there were.
fn breaking_at<T>(at: usize, run: impl FnOnce(Observer<'_>) -> T) -> (T, Vec<Phase>) {
    let mut phases = Vec::new();
    let mut observer = |progress: Progress| {
        phases.push(progress.phase);
        match phases.len() > at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let answer = run(&mut observer);
    (answer, phases)
}

#[test]
fn a_capture_can_be_stopped_at_every_report() {
    let bench = bench();
    let asked = CaptureOptions { verify: false, integrity_table: true, ..options() };
    let (told, phases) = breaking_at(usize::MAX, |observer| capture(&bench, &asked, observer));
    told.unwrap();
    for phase in [Phase::Scanning, Phase::Verifying] {
        assert!(phases.contains(&phase), "{phase:?} in {phases:?}");
    }
    fs::remove_file(bench.wim()).unwrap();
    for at in 0..phases.len() {
        let (answer, reports) = breaking_at(at, |observer| capture(&bench, &asked, observer));
        // Some reports come by time; the last ones may not come in a quicker run.
        if reports.len() > at {
            assert!(matches!(answer, Err(Error::Cancelled)), "{at}: {answer:?}");
            assert_eq!(names(bench.directory.path()), ["tree"], "{at}");
        }
        let _ = fs::remove_file(bench.wim());
    }
}

#[test]
fn an_append_that_is_stopped_leaves_the_file_as_it_was() {
    let bench = bench();
    capture(&bench, &options(), &mut unobserved).unwrap();
    let before = fs::read(bench.wim()).unwrap();
    fs::write(bench.path("tree/new"), pseudo_random(3, 3 << 20)).unwrap();
    for at in 0.. {
        let (answer, reports) = breaking_at(at, |observer| append(&bench, &append_options(), observer));
        if reports.len() <= at {
            answer.unwrap();
            break;
        }
        assert!(matches!(answer, Err(Error::Cancelled)), "{at}: {answer:?}");
        assert!(fs::read(bench.wim()).unwrap() == before, "{at}");
    }
    bench.judge();
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let bench = bench();
    let ((), steps) = faults::count(|| drop(capture(&bench, &options(), &mut unobserved).unwrap()));
    let old = fs::read(bench.wim()).unwrap();
    let overwrite = CaptureOptions { overwrite: true, ..options() };
    for at in 0..steps {
        fs::remove_file(bench.wim()).unwrap();
        let failed = faults::full_at(at, || capture(&bench, &options(), &mut unobserved));
        if let Err(error) = &failed {
            assert!(
                error.to_string().contains("space") || error.to_string().contains("image.wim"),
                "{error}"
            );
            assert_eq!(names(bench.directory.path()), ["tree"], "{at}");
        }
        fs::write(bench.wim(), &old).unwrap();
        if faults::full_at(at, || capture(&bench, &overwrite, &mut unobserved)).is_err() {
            assert!(fs::read(bench.wim()).unwrap() == old, "{at}");
            assert_eq!(names(bench.directory.path()), ["image.wim", "tree"], "{at}");
        }
    }
}

#[test]
fn a_full_disk_leaves_the_file_that_was_appended_to_as_it_was() {
    let bench = bench();
    capture(&bench, &options(), &mut unobserved).unwrap();
    let old = fs::read(bench.wim()).unwrap();
    fs::write(bench.path("tree/new"), pseudo_random(3, 3 << 20)).unwrap();
    let ((), steps) = faults::count(|| drop(append(&bench, &append_options(), &mut unobserved).unwrap()));
    for at in 0..steps {
        fs::write(bench.wim(), &old).unwrap();
        if faults::full_at(at, || append(&bench, &append_options(), &mut unobserved)).is_err() {
            assert!(fs::read(bench.wim()).unwrap() == old, "{at}");
        }
    }
}

/// Runs a capture in whose scan, or when its contents are read, something happens to the tree.
fn capture_while(bench: &Bench, phase: Phase, meddle: impl FnOnce(&Path)) -> Result<CaptureReport> {
    let tree = bench.path("tree");
    let mut meddle = Some(meddle);
    capture(bench, &options(), &mut |progress: Progress| {
        if progress.phase == phase && (phase != Phase::Scanning || progress.done > 0) {
            if let Some(meddle) = meddle.take() {
                meddle(&tree);
            }
        }
        ControlFlow::Continue(())
    })
}

#[test]
fn a_file_that_changes_while_it_is_captured_is_an_error_that_names_it() {
    type Meddle = fn(&Path);
    let cases: [(&str, Meddle); 5] = [
        ("machine.inf", |tree| {
            fs::write(tree.join("Windows/INF/machine.inf"), "longer than before").unwrap()
        }),
        ("machine.inf", |tree| fs::write(tree.join("Windows/INF/machine.inf"), "").unwrap()),
        ("machine.inf", |tree| set_time(&tree.join("Windows/INF/machine.inf"), 1_000_000_000, 0)),
        ("large too", |tree| {
            fs::rename(tree.join("large"), tree.join("large too")).unwrap();
        }),
        ("machine.inf", |tree| {
            fs::remove_file(tree.join("Windows/INF/machine.inf")).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", tree.join("Windows/INF/machine.inf")).unwrap();
        }),
    ];
    for (number, (name, meddle)) in cases.into_iter().enumerate() {
        let bench = bench();
        let refused = capture_while(&bench, Phase::Verifying, meddle);
        match refused.map_err(root) {
            Err(Error::Io { path, .. }) => {
                let path = path.display().to_string();
                assert!(path.ends_with(name) || number == 3 && path.ends_with("large"), "{number}: {path}");
            }
            other => panic!("{number}: {other:?}"),
        }
        assert_eq!(names(bench.directory.path()), ["tree"], "{number}");
    }
}

#[test]
fn a_directory_that_goes_away_is_an_error_that_names_it() {
    let bench = bench();
    for number in 0..200 {
        fs::write(bench.path("tree").join(format!("aa{number}")), "x").unwrap();
    }
    let refused =
        capture_while(&bench, Phase::Scanning, |tree| fs::remove_dir_all(tree.join("Windows")).unwrap());
    match refused {
        Err(Error::Io { path, .. }) => assert!(path.display().to_string().contains("Windows"), "{path:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(names(bench.directory.path()), ["tree"]);
}

#[test]
fn the_same_tree_gives_the_same_bytes_wherever_and_whenever_it_is_captured() {
    let timestamp = Some(1_700_000_000);
    for compression in [CompressionType::Fast, CompressionType::Max, CompressionType::Recovery] {
        let chunk_size = if compression == CompressionType::Recovery { 1 << 20 } else { 0 };
        let asked = CaptureOptions { compression, chunk_size, timestamp, integrity_table: true, ..options() };
        let images: Vec<Vec<u8>> = (0..2)
            .map(|run| {
                let bench = bench();
                let tree = bench.path("tree");
                // An old time stays; later ones become the same.
                set_time(&tree.join("large"), 1_600_000_000, 100);
                set_time(&tree.join("Windows/empty.txt"), 1_800_000_000 + run, 0);
                std::os::unix::fs::symlink(tree.join("Windows"), tree.join("link")).unwrap();
                capture(&bench, &asked, &mut unobserved).unwrap();
                bench.judge();
                let applied = bench.apply(1);
                let time = |name: &str| picture(&applied)[Path::new(name)].clone();
                assert!(time("large").contains("(1600000000, 1)"), "{}", time("large"));
                assert!(time("Windows/empty.txt").contains("(1700000000, 0)"));
                fs::read(bench.wim()).unwrap()
            })
            .collect();
        assert!(images[0] == images[1], "{compression:?}");
        let other = bench();
        set_time(&other.path("tree/large"), 1_600_000_000, 100);
        fs::write(other.path("tree/Windows/INF/machine.inf"), "[Version]\r\t").unwrap();
        capture(&other, &asked, &mut unobserved).unwrap();
        assert!(fs::read(other.wim()).unwrap()[24..40] != images[0][24..40], "a GUID for another content");
    }
}

#[test]
fn an_update_with_a_timestamp_reads_what_the_timestamp_hides() {
    let bench = bench();
    let timestamp = Some(1_700_000_000);
    capture(&bench, &CaptureOptions { timestamp, ..options() }, &mut unobserved).unwrap();
    // The same size, and a time that becomes the same.
    let file = bench.path("tree/Windows/INF/machine.inf");
    fs::write(&file, "[VERSION]\r\n").unwrap();
    let update = AppendOptions { timestamp, update_of: Some(1), ..append_options() };
    append(&bench, &update, &mut unobserved).unwrap();
    assert_eq!(fs::read(bench.apply(2).join("Windows/INF/machine.inf")).unwrap(), b"[VERSION]\r\n");
    let mut expected = picture(&bench.apply(1));
    let changed = Path::new("Windows/INF/machine.inf").to_path_buf();
    let found = picture(&bench.apply(2));
    expected.insert(changed.clone(), found[&changed].clone());
    same(&found, &expected);
}
