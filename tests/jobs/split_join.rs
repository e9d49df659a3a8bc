//! Splitting image files and joining the parts, judged by wimlib-imagex and 7-Zip.

use crate::support::applied::{apply_with_wimlib, assert_same};
use crate::support::images::{judge, pseudo_random, root, succeed, Bench};
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::{header_flags, Archive};
use imgsvc::formats::ReadAt;
use imgsvc::image::host::faults;
use imgsvc::image::jobs::{join, split, JoinOptions, JoinReport, SplitOptions, SplitReport};
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Two images, the second with more files, some of which no compression makes smaller.
fn two_images(options: &[&str]) -> Bench {
    let bench = Bench::captured(options);
    for number in 0..8 {
        fs::write(bench.path(&format!("tree/random{number}")), pseudo_random(number, 60_000)).unwrap();
    }
    let mut append = Command::new("wimlib-imagex");
    append.arg("append").arg(bench.path("tree")).arg(bench.wim()).args(["Second", "--boot"]);
    succeed(append);
    bench
}

fn split_into(bench: &Bench, name: &str, size: u64) -> Result<SplitReport> {
    split(&bench.wim(), &bench.path(name), size, &SplitOptions::default(), &mut unobserved)
}

fn join_as(bench: &Bench, parts: &[PathBuf], name: &str) -> Result<JoinReport> {
    join(parts, &bench.path(name), &JoinOptions::default(), &mut unobserved)
}

fn header(path: &Path) -> imgsvc::formats::wim::Header {
    imgsvc::formats::wim::Header::parse(fs::read(path).unwrap()[..208].try_into().unwrap()).unwrap()
}

fn archive(paths: &[PathBuf]) -> Archive {
    let read = |path: &PathBuf| -> Arc<dyn ReadAt> { Arc::new(fs::read(path).unwrap()) };
    Archive::open(paths.iter().map(read).collect()).unwrap()
}

fn paths(report: &SplitReport) -> Vec<PathBuf> {
    report.parts.iter().map(|part| part.path.clone()).collect()
}

/// wimlib-imagex and 7-Zip accept the set, and it has the images of the file.
fn judge_set(bench: &Bench, report: &SplitReport) {
    let first = &report.parts[0].path;
    let stem = first.file_stem().unwrap().to_str().unwrap();
    let glob = format!("--ref={}", bench.path(&format!("{stem}*.swm")).display());
    let mut verify = Command::new("wimlib-imagex");
    verify.arg("verify").arg(first).arg(&glob);
    succeed(verify);
    // 7-Zip takes a set for cut off when a part is larger than the first, also one of wimlib's.
    if report.parts.iter().all(|part| part.file_size <= report.parts[0].file_size) {
        let mut test = Command::new("7z");
        test.arg("t").arg(first);
        succeed(test);
    }
    for index in 1..=2 {
        let (ours, theirs) = (bench.path(&format!("{stem}-{index}")), bench.path(&format!("whole-{index}")));
        apply_with_wimlib(first, index, &ours, &[&glob]);
        if !theirs.exists() {
            apply_with_wimlib(&bench.wim(), index, &theirs, &[]);
        }
        assert_same(&ours, &theirs);
    }
}

fn detailed(wim: &Path, index: u32) -> String {
    let mut command = Command::new("wimlib-imagex");
    command.arg("dir").arg(wim).arg(index.to_string()).arg("--detailed");
    let text = String::from_utf8_lossy(&succeed(command).stdout).into_owned();
    // Where a content is stored is another matter.
    let place = |line: &&str| !line.contains("Offset in WIM");
    text.lines().filter(place).collect::<Vec<_>>().join("\n")
}

#[test]
fn parts_are_as_large_as_asked_for_and_hold_everything() {
    for options in [&["--compress=none"][..], &["--compress=xpress", "--check"], &["--compress=lzx"]] {
        let bench = two_images(options);
        let whole = archive(&[bench.wim()]);
        for (name, size) in [("small.swm", 100_000), ("middle.swm", 333_333), ("one.swm", 1 << 30)] {
            let report = split_into(&bench, name, size).unwrap();
            let parts = paths(&report);
            assert_eq!(parts[0], bench.path(name));
            let guid = header(&parts[0]).guid;
            assert_ne!(guid, header(&bench.wim()).guid);
            for (number, part) in (1u16..).zip(&report.parts) {
                let found = header(&part.path);
                assert_eq!((part.part_number, found.part_number), (number, number));
                assert_eq!((found.guid, usize::from(found.total_parts)), (guid, parts.len()));
                assert_eq!(part.file_size, fs::metadata(&part.path).unwrap().len());
                assert_eq!(part.oversized, part.file_size > size, "{part:?}");
                assert!(found.has(header_flags::REPARSE_POINT_FIX));
                // One resource alone is too large, or the part is as small as asked for.
                if part.oversized {
                    let contents = whole
                        .blobs()
                        .iter()
                        .filter(|blob| archive(&parts).blobs().get(&blob.hash).unwrap().part == number);
                    assert!(number == 1 || contents.count() == 1);
                }
            }
            let together = archive(&parts);
            assert_eq!(together.blobs().len(), whole.blobs().len());
            for blob in whole.blobs().iter() {
                assert_eq!(together.blobs().get(&blob.hash).unwrap().references, blob.references);
            }
            assert_eq!(together.boot_index(), Some(2));
            judge_set(&bench, &report);
        }
        assert!(bench.path("small2.swm").exists() && !bench.path("one2.swm").exists());
    }
}

#[test]
fn a_joined_set_is_the_file_that_was_split() {
    let bench = two_images(&["--compress=lzx"]);
    let report = split_into(&bench, "set.swm", 100_000).unwrap();
    let mut parts = paths(&report);
    for (name, given) in [
        ("one.wim", vec![parts[1].clone()]),
        ("all.wim", {
            parts.reverse();
            parts.clone()
        }),
    ] {
        let joined = join_as(&bench, &given, name).unwrap();
        assert_eq!(usize::from(joined.parts), parts.len());
        assert_eq!(joined.file_size, fs::metadata(bench.path(name)).unwrap().len());
        judge(&bench.path(name));
        for index in 1..=2 {
            assert_eq!(detailed(&bench.path(name), index), detailed(&bench.wim(), index));
        }
        let (ours, theirs) = (header(&bench.path(name)), header(&bench.wim()));
        assert_eq!(
            (ours.boot_index, ours.flags, ours.chunk_size),
            (theirs.boot_index, theirs.flags, theirs.chunk_size)
        );
        assert_eq!(ours.guid, header(&parts[0]).guid, "as wimlib-imagex join keeps it");
    }
}

#[test]
fn sets_of_wimlib_are_joined_and_sets_of_ours_by_wimlib() {
    let bench = two_images(&["--compress=xpress"]);
    let mut command = Command::new("wimlib-imagex");
    command.arg("split").arg(bench.wim()).arg(bench.path("theirs.swm")).arg("0.1");
    succeed(command);
    join_as(&bench, &[bench.path("theirs.swm")], "ours.wim").unwrap();
    judge(&bench.path("ours.wim"));
    let report = split_into(&bench, "ours.swm", 100_000).unwrap();
    let mut command = Command::new("wimlib-imagex");
    command.arg("join").arg(bench.path("theirs.wim")).args(paths(&report));
    succeed(command);
    for name in ["ours.wim", "theirs.wim"] {
        for index in 1..=2 {
            assert_eq!(detailed(&bench.path(name), index), detailed(&bench.wim(), index));
        }
    }
}

#[test]
fn parts_and_files_get_integrity_tables_when_asked() {
    let bench = two_images(&["--compress=xpress"]);
    let options = SplitOptions { integrity_table: true, ..SplitOptions::default() };
    let report = split(&bench.wim(), &bench.path("set.swm"), 100_000, &options, &mut unobserved).unwrap();
    assert!(report.parts.iter().all(|part| header(&part.path).integrity.is_present()));
    assert!(report.parts.iter().all(|part| part.oversized == (part.file_size > 100_000)));
    judge_set(&bench, &report);
    let options = JoinOptions { integrity_table: true, ..JoinOptions::default() };
    join(&paths(&report), &bench.path("joined.wim"), &options, &mut unobserved).unwrap();
    assert!(header(&bench.path("joined.wim")).integrity.is_present());
    judge(&bench.path("joined.wim"));
}

#[test]
fn what_cannot_be_split_is_refused_with_a_reason() {
    let bench = Bench::captured(&["--solid"]);
    let refused = split_into(&bench, "set.swm", 1 << 20).unwrap_err();
    assert!(matches!(root(refused), Error::Unsupported { reason, .. } if reason.contains("export")));
    let refused = split_into(&bench, "set.swm", 4700).unwrap_err();
    assert!(
        matches!(refused, Error::InvalidArgument { parameter: "partSize", reason } if reason.contains("bytes"))
    );
    let refused = split(&bench.wim(), &bench.wim(), 1 << 20, &SplitOptions::default(), &mut unobserved);
    assert!(refused.is_err());
    assert!(!bench.path("set.swm").exists());
}

#[test]
fn parts_that_are_there_are_replaced_only_when_asked() {
    let bench = two_images(&["--compress=xpress"]);
    let many = split_into(&bench, "set.swm", 100_000).unwrap().parts.len();
    fs::write(bench.path(&format!("set{}.swm", many + 1)), b"not a part").unwrap();
    fs::rename(bench.path("set.swm"), bench.path("kept")).unwrap();
    fs::rename(bench.path("set2.swm"), bench.path("kept2")).unwrap();
    let refused = split_into(&bench, "set.swm", 1 << 30);
    // Part 2 is not in the way of a set of one, but part 3 would be of a set of two.
    assert!(refused.is_ok());
    fs::rename(bench.path("kept"), bench.path("set.swm")).unwrap();
    fs::rename(bench.path("kept2"), bench.path("set2.swm")).unwrap();
    let exists = |error| matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists);
    assert!(exists(split_into(&bench, "set.swm", 1 << 30).unwrap_err()));
    fs::rename(bench.path("set.swm"), bench.path("kept")).unwrap();
    assert!(exists(split_into(&bench, "set.swm", 1 << 30).unwrap_err()), "an old part 2 is behind");
    fs::rename(bench.path("kept"), bench.path("set.swm")).unwrap();
    let options = SplitOptions { overwrite: true, ..SplitOptions::default() };
    let report = split(&bench.wim(), &bench.path("set.swm"), 1 << 30, &options, &mut unobserved).unwrap();
    assert_eq!(report.parts.len(), 1);
    assert!(!bench.path("set2.swm").exists(), "parts of the old set are gone");
    assert!(bench.path(&format!("set{}.swm", many + 1)).exists(), "what was no part stays");
    judge(&bench.path("set.swm"));
}

#[test]
fn joining_needs_all_parts_and_only_those() {
    let bench = two_images(&["--compress=xpress"]);
    let parts = paths(&split_into(&bench, "set.swm", 100_000).unwrap());
    assert!(matches!(root(join_as(&bench, &[], "x.wim").unwrap_err()), Error::InvalidArgument { .. }));
    let given = [parts[0].clone(), bench.wim()];
    assert!(matches!(root(join_as(&bench, &given, "x.wim").unwrap_err()), Error::InvalidArgument { .. }));
    let own =
        join(&parts, &parts[1], &JoinOptions { overwrite: true, ..JoinOptions::default() }, &mut unobserved);
    assert!(matches!(root(own.unwrap_err()), Error::InvalidArgument { parameter: "destination", .. }));
    fs::write(bench.path("there.wim"), b"precious").unwrap();
    assert!(join_as(&bench, &parts, "there.wim").is_err());
    assert_eq!(fs::read(bench.path("there.wim")).unwrap(), b"precious");
    fs::create_dir(bench.path("elsewhere")).unwrap();
    let moved = bench.path("elsewhere/part");
    fs::rename(&parts[1], &moved).unwrap();
    let missing = join_as(&bench, &parts[..1], "x.wim").unwrap_err();
    assert!(
        matches!(root(missing), Error::PartMissing { part: 2, total } if usize::from(total) == parts.len())
    );
    join_as(&bench, &[parts[0].clone(), moved], "x.wim").unwrap();
    judge(&bench.path("x.wim"));
}

#[test]
fn a_crash_or_a_full_disk_at_any_step_leaves_no_set_that_is_not_whole() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let to = bench.path("to");
    let attempt =
        || split(&bench.wim(), &to.join("set.swm"), 100_000, &SplitOptions::default(), &mut unobserved);
    fs::create_dir(&to).unwrap();
    let (report, steps) = faults::count(attempt);
    let parts = paths(&report.unwrap());
    for step in 0..steps {
        for full in [false, true] {
            fs::remove_dir_all(&to).unwrap();
            fs::create_dir(&to).unwrap();
            let done = if full { faults::full_at(step, attempt) } else { faults::crash_at(step, attempt) };
            if done.is_err() && to.join("set.swm").exists() {
                archive(&parts);
            } else if done.is_err() && full {
                assert_eq!(fs::read_dir(&to).unwrap().count(), 0, "step {step}");
            }
        }
    }
}

#[test]
fn cancelling_at_any_report_leaves_nothing() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let parts = paths(&split_into(&bench, "set.swm", 100_000).unwrap());
    let to = bench.path("to");
    fs::create_dir(&to).unwrap();
    for joining in [false, true] {
        for limit in 0.. {
            let mut reports = 0;
            let mut observer = |_| {
                reports += 1;
                if reports > limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let done = match joining {
                true => join(&parts, &to.join("x.wim"), &JoinOptions::default(), &mut observer).map(drop),
                false => {
                    split(&bench.wim(), &to.join("set.swm"), 100_000, &SplitOptions::default(), &mut observer)
                        .map(drop)
                }
            };
            match done {
                Ok(()) => break,
                Err(error) => assert!(matches!(root(error), Error::Cancelled)),
            }
            assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        }
        fs::remove_dir_all(&to).unwrap();
        fs::create_dir(&to).unwrap();
    }
}
