//! Verified copies of image files and split sets.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions, clippy::indexing_slicing)] // what fails here fails the test

use crate::support::images::{judge, root, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::image::host::faults;
use imgsvc::image::jobs::{copy, CopyOptions};
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;

fn split(bench: &Bench) -> Vec<PathBuf> {
    let mut split = Command::new("wimlib-imagex");
    split.arg("split").arg(bench.wim()).arg(bench.path("set.swm")).arg("0.05");
    succeed(split);
    let mut parts = vec![bench.path("set.swm")];
    parts
        .extend((2..).map(|number| bench.path(&format!("set{number}.swm"))).take_while(|path| path.exists()));
    assert!(parts.len() > 2);
    parts
}

fn hidden_files(bench: &Bench) -> usize {
    let names = fs::read_dir(bench.directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with('.')).count()
}

#[test]
fn a_copy_is_equal_and_reports_its_hash() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let report =
        copy(&bench.wim(), &bench.path("copy.wim"), &CopyOptions::default(), &mut unobserved).unwrap();
    let original = fs::read(bench.wim()).unwrap();
    assert!(fs::read(bench.path("copy.wim")).unwrap() == original);
    assert_eq!(report.bytes, original.len() as u64);
    let sum = succeed({
        let mut sum = Command::new("sha1sum");
        sum.arg(bench.wim());
        sum
    });
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&report.sha1));
    let times = |path| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(times(bench.wim()), times(bench.path("copy.wim")));
    judge(&bench.path("copy.wim"));
}

#[test]
fn a_set_is_copied_whole_given_any_part() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let parts = split(&bench);
    fs::create_dir(bench.path("elsewhere")).unwrap();
    let options = CopyOptions::default();
    let report = copy(&parts[1], &bench.path("elsewhere"), &options, &mut unobserved).unwrap();
    assert_eq!(usize::from(report.parts), parts.len());
    assert_eq!(report.image_path, parts[0]);
    for part in &parts {
        let copied = bench.path("elsewhere").join(part.file_name().unwrap());
        assert!(fs::read(part).unwrap() == fs::read(copied).unwrap());
    }
    copy(&parts[0], &bench.path("elsewhere/other.swm"), &options, &mut unobserved).unwrap();
    assert!(fs::read(&parts[2]).unwrap() == fs::read(bench.path("elsewhere/other3.swm")).unwrap());
    fs::remove_file(&parts[1]).unwrap();
    let refused = copy(&parts[0], &bench.path("none.swm"), &options, &mut unobserved).unwrap_err();
    assert!(matches!(root(refused), Error::PartMissing { part: 2, .. }));
    assert!(!bench.path("none.swm").exists());
}

#[test]
fn what_is_there_is_replaced_only_when_asked() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let target = bench.path("copy.wim");
    fs::write(&target, b"precious").unwrap();
    let refused = copy(&bench.wim(), &target, &CopyOptions::default(), &mut unobserved).unwrap_err();
    assert!(
        matches!(refused, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists)
    );
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    let options = CopyOptions { overwrite: true };
    copy(&bench.wim(), &target, &options, &mut unobserved).unwrap();
    judge(&target);
    for same in [bench.wim(), bench.path("tree/../image.wim"), bench.directory.path().to_path_buf()] {
        let refused = copy(&bench.wim(), &same, &options, &mut unobserved).unwrap_err();
        assert!(matches!(root(refused), Error::InvalidArgument { parameter: "destination", .. }));
    }
    judge(&bench.wim());
    fs::write(bench.path("text"), vec![0; 1000]).unwrap();
    assert!(copy(&bench.path("text"), &bench.path("text2"), &options, &mut unobserved).is_err());
}

#[test]
fn a_crash_at_any_step_leaves_no_file_that_is_not_whole() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let parts = split(&bench);
    fs::create_dir(bench.path("to")).unwrap();
    let attempt = || copy(&parts[0], &bench.path("to"), &CopyOptions { overwrite: true }, &mut unobserved);
    let (done, steps) = faults::count(attempt);
    done.unwrap();
    for step in 0..steps {
        fs::remove_dir_all(bench.path("to")).unwrap();
        fs::create_dir(bench.path("to")).unwrap();
        faults::crash_at(step, attempt).unwrap_err();
        let first = bench.path("to").join("set.swm");
        for part in &parts {
            let copied = bench.path("to").join(part.file_name().unwrap());
            if copied.exists() || first.exists() {
                assert!(fs::read(part).unwrap() == fs::read(copied).unwrap(), "step {step}");
            }
        }
    }
    let full = faults::full_at(1, attempt).unwrap_err();
    assert!(matches!(full, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull));
}

#[test]
fn cancelling_at_any_report_leaves_nothing() {
    let bench = Bench::captured(&["--compress=xpress"]);
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
        match copy(&bench.wim(), &bench.path("copy.wim"), &CopyOptions::default(), &mut observer) {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, Error::Cancelled)),
        }
        assert!(!bench.path("copy.wim").exists());
        assert_eq!(hidden_files(&bench), 0);
    }
}
