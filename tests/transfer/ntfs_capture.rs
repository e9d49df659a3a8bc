//! NTFS volumes captured as images: what wimlib-imagex captures of the same volume is the same.

use crate::support::ntfs::{are_there, assert_same, example, format, listing, run, Mounted};
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::Compression;
use imgsvc::image::jobs::ntfs::{capture_volume, is_volume, Captured, VolumeCapture};
use imgsvc::image::ImageFile;
use imgsvc::progress::{unobserved, Observer, Phase};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

fn options() -> VolumeCapture {
    VolumeCapture::default()
}

/// DISM's own list, as far as it matters here.
fn by_default(path: &[Vec<u16>]) -> bool {
    let names: Vec<String> = path.iter().map(|name| String::from_utf16_lossy(name)).collect();
    ["pagefile.sys", r"Windows\CSC"].contains(&names.join("\\").as_str())
}

fn try_capture(
    volume: &Path,
    wim: &Path,
    options: &VolumeCapture,
    observer: Observer<'_>,
) -> Result<Captured> {
    capture_volume(volume, wim, options, &by_default, observer)
}

fn capture(volume: &Path, wim: &Path, options: &VolumeCapture) -> Captured {
    try_capture(volume, wim, options, &mut unobserved).unwrap()
}

fn blobs(wim: &Path) -> usize {
    ImageFile::open(wim).unwrap().archive().blobs().iter().count()
}

#[test]
fn a_capture_is_what_wimlib_captures() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    let expected = listing(&theirs, &[]);
    for compression in [Compression::None, Compression::Xpress, Compression::Lzx, Compression::Lzms] {
        let ours = directory.path().join("ours.wim");
        let captured = capture(&volume, &ours, &VolumeCapture { compression, level: 20, ..options() });
        assert_same(&listing(&ours, &[]), &expected);
        run(Command::new("wimlib-imagex").arg("verify").arg(&ours));
        assert_eq!(ImageFile::open(&ours).unwrap().archive().compression(), compression);
        let names = expected.matches("Full Path").count();
        assert_eq!(captured.directories + captured.files, u64::try_from(names).unwrap());
    }
}

#[test]
fn each_name_is_asked_about_once_and_none_below_what_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, _)) = example(directory.path()) else { return };
    let ours = directory.path().join("ours.wim");
    let asked = RefCell::new(Vec::new());
    let excludes = |path: &[Vec<u16>]| {
        let names: Vec<String> = path.iter().map(|name| String::from_utf16_lossy(name)).collect();
        asked.borrow_mut().push(names.join("\\"));
        names.ends_with(&["System32".to_owned()]) || names.ends_with(&["日本 😀.txt".to_owned()])
    };
    capture_volume(&volume, &ours, &options(), &excludes, &mut unobserved).unwrap();
    let listed = listing(&ours, &[]);
    assert!(!listed.contains("System32") && !listed.contains("日本"), "{listed}");
    assert!(listed.contains("pagefile.sys"));
    let mut asked = asked.into_inner();
    asked.sort();
    let count = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), count);
    assert!(!asked.iter().any(|path| path.starts_with(r"Windows\System32\")), "{asked:?}");
    // What is captured, but for the root, and what was left out.
    assert_eq!(count, listed.matches("Full Path").count() - 1 + 2);
}

#[test]
fn what_a_referenced_file_has_is_not_stored_again() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    if let Some(mounted) = Mounted::new(&volume) {
        std::fs::write(mounted.root.join("Windows/new.txt"), "new content").unwrap();
    }
    let plain = directory.path().join("plain.wim");
    capture(&volume, &plain, &options());
    let delta = directory.path().join("delta.wim");
    let references = vec![theirs.clone()];
    let captured = capture(&volume, &delta, &VolumeCapture { references, ..options() });
    assert_eq!(blobs(&delta), 1);
    assert!(captured.bytes > 1 << 20);
    assert_same(&listing(&delta, &[&theirs]), &listing(&plain, &[]));
}

#[test]
fn files_that_did_not_change_since_the_template_are_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, theirs)) = example(directory.path()) else { return };
    if let Some(mounted) = Mounted::new(&volume) {
        std::fs::write(mounted.root.join("Windows/small.txt"), "changed!").unwrap();
    }
    let plain = directory.path().join("plain.wim");
    capture(&volume, &plain, &options());
    let delta = directory.path().join("delta.wim");
    let (references, template) = (vec![theirs.clone()], Some((theirs.clone(), 1)));
    let options = VolumeCapture { references, template, ..options() };
    let mut to_read = u64::MAX;
    let observer = &mut |progress: imgsvc::progress::Progress| {
        if progress.phase == Phase::WritingContent {
            to_read = progress.total;
        }
        ControlFlow::Continue(())
    };
    try_capture(&volume, &delta, &options, observer).unwrap();
    assert_eq!(to_read, 8, "only the changed file is read");
    assert_eq!(blobs(&delta), 1);
    assert_same(&listing(&delta, &[&theirs]), &listing(&plain, &[]));
}

#[test]
fn stopping_leaves_no_file_at_any_point() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, _)) = example(directory.path()) else { return };
    let ours = directory.path().join("ours.wim");
    let mut calls = 0;
    let here = std::thread::current().id();
    let observer = &mut |_: imgsvc::progress::Progress| {
        assert_eq!(std::thread::current().id(), here, "libwim reports on the thread that called it");
        calls += 1;
        ControlFlow::Continue(())
    };
    try_capture(&volume, &ours, &options(), observer).unwrap();
    std::fs::remove_file(&ours).unwrap();
    for stop in [1, 2, 100, calls - 2, calls - 1, calls] {
        let mut count = 0;
        let observer = &mut |_: imgsvc::progress::Progress| {
            count += 1;
            if count == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let answer = try_capture(&volume, &ours, &options(), observer);
        assert!(matches!(answer, Err(Error::Cancelled)), "call {stop} of {calls}: {answer:?}");
        assert!(!ours.exists(), "call {stop} of {calls}");
    }
}

#[test]
fn a_panic_of_the_observer_comes_through() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, _)) = example(directory.path()) else { return };
    let ours = directory.path().join("ours.wim");
    let answer = std::panic::catch_unwind(|| {
        let _ = try_capture(&volume, &ours, &options(), &mut |_| panic!("the observer's own"));
    });
    assert_eq!(*answer.unwrap_err().downcast_ref::<&str>().unwrap(), "the observer's own");
}

#[test]
fn what_is_no_volume_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let ours = directory.path().join("ours.wim");
    let refused = |path: &Path| try_capture(path, &ours, &options(), &mut unobserved).unwrap_err();
    let file = directory.path().join("file");
    for content in [&b""[..], b"short", &[7; 4096]] {
        std::fs::write(&file, content).unwrap();
        assert!(!is_volume(&file).unwrap());
        assert!(matches!(refused(&file).root(), Error::Malformed { .. }), "{}", refused(&file));
    }
    assert!(!is_volume(directory.path()).unwrap());
    assert!(!is_volume(&directory.path().join("missing")).unwrap());
    assert!(matches!(refused(&directory.path().join("missing")), Error::Io { .. }));
    if are_there(&["mkntfs"]) {
        format(&file, 16);
        assert!(is_volume(&file).unwrap());
        std::fs::File::options().write(true).open(&file).unwrap().set_len(15 << 20).unwrap();
        assert!(matches!(refused(&file).root(), Error::Malformed { .. }), "{}", refused(&file));
    }
    assert!(!ours.exists());
}

#[test]
fn a_mounted_volume_is_busy() {
    let directory = tempfile::tempdir().unwrap();
    let Some((volume, _)) = example(directory.path()) else { return };
    let Some(_mounted) = Mounted::new(&volume) else { return };
    let ours = directory.path().join("ours.wim");
    let answer = try_capture(&volume, &ours, &options(), &mut unobserved);
    assert!(matches!(answer, Err(Error::Busy { .. })), "{answer:?}");
}
