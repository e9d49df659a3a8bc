//! Applying an image to a directory, judged by what wimlib-imagex makes of the same image.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions)] // what fails here fails the test

use crate::support::applied::{apply_with_wimlib, assert_same, describe};
use crate::support::images::{pseudo_random, root, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::image::jobs::{apply, ApplyOptions, ApplyReport};
use imgsvc::progress::unobserved;
use std::fs;
use std::os::unix::fs::{symlink, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tree with all that a directory can hold.
fn write_rich_tree(bench: &Bench) {
    bench.write_tree();
    let tree = bench.path("tree");
    fs::hard_link(tree.join("Windows/System32/kernel.dll"), tree.join("Users/kernel.dll")).unwrap();
    fs::hard_link(tree.join("Windows/System32/kernel.dll"), tree.join("Windows/zz.dll")).unwrap();
    fs::hard_link(tree.join("Windows/empty.txt"), tree.join("Users/empty.txt")).unwrap();
    symlink("../Windows/System32", tree.join("Users/relative")).unwrap();
    symlink("kernel.dll", tree.join("Users/to-file")).unwrap();
    symlink(tree.join("Windows/INF"), tree.join("Users/inside")).unwrap();
    symlink(&tree, tree.join("Users/to-the-root")).unwrap();
    symlink("/etc/passwd", tree.join("Users/outside")).unwrap();
    symlink("/", tree.join("Users/slash")).unwrap();
    symlink("back\\slash", tree.join("Users/backslash")).unwrap();
    fs::write(tree.join("Users/case"), b"lower").unwrap();
    fs::write(tree.join("Users/CASE"), b"upper").unwrap();
    fs::write(tree.join("Users/back\\slash"), b"a name that Windows cannot have").unwrap();
    fs::write(tree.join("Users/Grüße 漢字 🎁"), b"beyond ASCII").unwrap();
    fs::write(tree.join("Users/large-1"), pseudo_random(1, 9_000_000)).unwrap();
    fs::copy(tree.join("Users/large-1"), tree.join("Users/large-2")).unwrap();
    fs::write(tree.join("Users/exactly"), pseudo_random(2, 4 << 20)).unwrap();
    let mut touch = Command::new("touch");
    touch.args(["-d", "2001-02-03 04:05:06.123456700"]).arg(tree.join("Windows/INF"));
    succeed(touch);
    let mut touch = Command::new("touch");
    touch.args(["-h", "-d", "1999-12-31 23:59:59.9999999"]).arg(tree.join("Users/relative"));
    succeed(touch);
}

fn rich(options: &[&str]) -> Bench {
    let bench = Bench::new();
    write_rich_tree(&bench);
    bench.capture(options);
    bench
}

fn apply_to(bench: &Bench, name: &str, options: &ApplyOptions) -> (PathBuf, ApplyReport) {
    let target = bench.path(name);
    let report = apply(&bench.wim(), 1, &target, options, &mut unobserved).unwrap();
    (target, report)
}

fn judge_against_wimlib(bench: &Bench) {
    let theirs = bench.path("theirs");
    apply_with_wimlib(&bench.wim(), 1, &theirs, &[]);
    let (ours, report) = apply_to(bench, "ours", &ApplyOptions::default());
    assert_same(&ours, &theirs);
    let entries = describe(&theirs);
    let directories = entries.values().filter(|entry| entry.what == "directory").count();
    assert_eq!(report.directories, directories as u64);
    let names = (entries.len() - directories) as u64;
    assert_eq!(report.files + report.links, names);
}

#[test]
fn an_applied_tree_is_what_wimlib_makes_of_it() {
    for options in
        [&["--compress=none"][..], &["--compress=xpress"], &["--compress=lzx"], &["--compress=lzms"]]
    {
        judge_against_wimlib(&rich(options));
    }
}

#[test]
fn a_solid_image_is_applied_as_wimlib_does() {
    judge_against_wimlib(&rich(&["--solid"]));
    judge_against_wimlib(&rich(&["--solid", "--solid-chunk-size=128K"]));
    judge_against_wimlib(&rich(&["--solid", "--solid-compress=lzx", "--solid-chunk-size=1M"]));
}

#[test]
fn links_are_fixed_only_where_the_capture_made_them_relative() {
    judge_against_wimlib(&rich(&["--norpfix"]));
}

#[test]
fn a_split_set_is_applied_given_any_of_its_parts() {
    let bench = rich(&["--compress=xpress"]);
    let mut split = Command::new("wimlib-imagex");
    split.arg("split").arg(bench.wim()).arg(bench.path("set.swm")).arg("1");
    succeed(split);
    let theirs = bench.path("theirs");
    apply_with_wimlib(&bench.wim(), 1, &theirs, &[]);
    for part in ["set.swm", "set2.swm"] {
        let ours = bench.path(&format!("ours-{part}"));
        apply(&bench.path(part), 1, &ours, &ApplyOptions::default(), &mut unobserved).unwrap();
        assert_same(&ours, &theirs);
    }
    fs::remove_file(bench.path("set2.swm")).unwrap();
    let refused =
        apply(&bench.path("set.swm"), 1, &bench.path("none"), &ApplyOptions::default(), &mut unobserved);
    assert!(matches!(root(refused.unwrap_err()), Error::PartMissing { part: 2, .. }));
    assert!(!bench.path("none").exists());
}

#[test]
fn a_delta_is_applied_with_the_file_it_refers_to() {
    let bench = rich(&["--compress=lzx"]);
    fs::write(bench.path("tree/Users/new"), b"only in the delta").unwrap();
    let delta = bench.path("delta.wim");
    let mut capture = Command::new("wimlib-imagex");
    capture.arg("capture").arg(bench.path("tree")).arg(&delta).arg("Second");
    capture.arg(format!("--delta-from={}", bench.wim().display()));
    succeed(capture);
    let alone = apply(&delta, 1, &bench.path("none"), &ApplyOptions::default(), &mut unobserved);
    assert!(matches!(root(alone.unwrap_err()), Error::ContentMissing { .. }));
    assert!(!bench.path("none").exists());
    let theirs = bench.path("theirs");
    apply_with_wimlib(&delta, 1, &theirs, &[&format!("--ref={}", bench.wim().display())]);
    let options = ApplyOptions { reference_paths: vec![bench.wim()], ..ApplyOptions::default() };
    apply(&delta, 1, &bench.path("ours"), &options, &mut unobserved).unwrap();
    assert_same(&bench.path("ours"), &theirs);
}

#[test]
fn what_a_directory_cannot_hold_is_counted() {
    let bench = rich(&["--compress=xpress"]);
    let mut update = Command::new("wimlib-imagex");
    update.arg("update").arg(bench.wim()).arg("1");
    update.arg("--command").arg("add /dev/null /Users/x");
    let _ = update.output();
    let (_, report) = apply_to(&bench, "ours", &ApplyOptions::default());
    assert_eq!(report.not_applied_counts.reparse_points, 0);
    assert_eq!(report.not_applied_counts.times, 0);
    assert!(report.not_applied.is_empty());
}

#[test]
fn included_paths_are_applied_with_the_directories_that_lead_to_them() {
    let bench = rich(&["--compress=xpress"]);
    let included = |paths: &[&str]| {
        let include = paths.iter().map(|path| (*path).to_owned()).collect();
        let target = bench.path("included");
        let _ = fs::remove_dir_all(&target);
        let options = ApplyOptions { include, ..ApplyOptions::default() };
        let report = apply(&bench.wim(), 1, &target, &options, &mut unobserved)?;
        let found = describe(&target);
        let names: Vec<String> = found.keys().map(|path| path.display().to_string()).collect();
        assert_eq!(
            report.directories,
            found.values().filter(|entry| entry.what == "directory").count() as u64
        );
        Ok::<_, Error>(names)
    };
    assert_eq!(
        included(&[r"\windows\inf\FILE0?.txt", "/Windows/System32/drivers"]).unwrap().len(),
        2 + 1 + 10 + 1 + 3
    );
    assert_eq!(included(&[r"\Windows\*\kernel.dll"]).unwrap().len(), 4);
    assert_eq!(included(&["empty"]).unwrap(), ["", "empty"]);
    // A hard link of which one name is included is a file with one name.
    assert_eq!(included(&[r"\Users\kernel.dll"]).unwrap(), ["", "Users", "Users/kernel.dll"]);
    let missing = included(&[r"\Windows", r"\Windows\*.nothing"]).unwrap_err();
    assert!(matches!(root(missing), Error::ItemNotFound { path } if path == r"\Windows\*.nothing"));
    assert!(!bench.path("included").exists());
}

#[test]
fn a_sparse_file_gets_holes_and_the_same_content() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("tree")).unwrap();
    let sparse = fs::File::create(bench.path("tree/sparse")).unwrap();
    sparse.set_len(20_000_000).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"data", 8_000_000).unwrap();
    bench.capture(&["--compress=xpress"]);
    // Captured on Unix, the file has no attribute that says so; the tree that is written has.
    mark_sparse(&bench.wim());
    let (ours, _) = apply_to(&bench, "ours", &ApplyOptions::default());
    let written = ours.join("sparse");
    assert!(fs::read(&written).unwrap() == fs::read(bench.path("tree/sparse")).unwrap());
    assert!(fs::metadata(&written).unwrap().blocks() * 512 < 100_000);
}

fn mark_sparse(wim: &Path) {
    use imgsvc::image::state::StateDirectory;
    use imgsvc::image::{ImagePath, ImageSelector, MountOptions, SaveOptions, Session};
    let state = StateDirectory::at(&wim.with_extension("state"));
    let mut session =
        Session::mount_in(state, &MountOptions::new(wim, ImageSelector::Index(1)), &mut unobserved).unwrap();
    let mut transaction = session.transaction("sparse").unwrap();
    transaction.set_attributes(&ImagePath::parse("\\sparse").unwrap(), 0x220).unwrap();
    transaction.commit().unwrap();
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    session.discard().unwrap();
}
