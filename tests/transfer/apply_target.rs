//! What becomes of the target when an image is applied to a directory: new, empty and used ones,
//! full disks, cancellation, damage, and images that are made to lead somewhere else.

use crate::support::applied::{apply_with_wimlib, assert_same, names};
use crate::support::images::{pseudo_random, root, Bench};
use crate::support::wim::{assemble, assemble_metadata, sha1, units};
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::tree::{attributes, Inode, Reparse, StreamKind, Tree};
use imgsvc::formats::wim::Compression;
use imgsvc::image::jobs::PlaceKind;
use imgsvc::image::jobs::{apply, ApplyOptions, ApplyReport};
use imgsvc::progress::{unobserved, Phase};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{symlink, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(bench: &Bench, target: &Path, options: &ApplyOptions) -> Result<ApplyReport> {
    apply(&bench.wim(), 1, target, options, &mut unobserved)
}

fn overwrite() -> ApplyOptions {
    ApplyOptions { overwrite: true, ..ApplyOptions::default() }
}

fn is_io(error: Error, kind: std::io::ErrorKind) -> bool {
    matches!(root(error), Error::Io { source, .. } if source.kind() == kind)
}

#[test]
fn an_empty_directory_is_filled_and_keeps_being_the_same_directory() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let target = bench.path("target");
    fs::create_dir(&target).unwrap();
    let before = fs::metadata(&target).unwrap().ino();
    run(&bench, &target, &ApplyOptions::default()).unwrap();
    assert_eq!(fs::metadata(&target).unwrap().ino(), before);
    apply_with_wimlib(&bench.wim(), 1, &bench.path("theirs"), &[]);
    assert_same(&target, &bench.path("theirs"));
}

#[test]
fn a_directory_with_something_in_it_is_left_alone_without_overwrite() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let target = bench.path("target");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine"), b"mine").unwrap();
    assert!(is_io(
        run(&bench, &target, &ApplyOptions::default()).unwrap_err(),
        std::io::ErrorKind::AlreadyExists
    ));
    assert_eq!(names(&target), [target.clone(), target.join("mine")]);
}

#[test]
fn with_overwrite_files_are_replaced_and_others_stay() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let target = bench.path("target");
    fs::create_dir_all(target.join("Windows/System32")).unwrap();
    fs::write(target.join("mine"), b"mine").unwrap();
    let replaced = target.join("Windows/System32/kernel.dll");
    fs::write(&replaced, b"old").unwrap();
    fs::hard_link(&replaced, bench.path("other-name")).unwrap();
    fs::write(bench.path("victim"), b"victim").unwrap();
    symlink(bench.path("victim"), target.join("Windows/System32/Hive")).unwrap();
    for _ in 0..2 {
        run(&bench, &target, &overwrite()).unwrap();
        assert_eq!(fs::read(target.join("mine")).unwrap(), b"mine");
        assert_eq!(fs::read(bench.path("other-name")).unwrap(), b"old", "written beside, not into");
        assert_eq!(fs::read(bench.path("victim")).unwrap(), b"victim", "a link is not followed");
        fs::remove_file(target.join("mine")).unwrap();
        apply_with_wimlib(&bench.wim(), 1, &bench.path("theirs"), &[]);
        let root = fs::metadata(bench.path("theirs")).unwrap().modified().unwrap();
        fs::File::open(&target).unwrap().set_modified(root).unwrap();
        assert_same(&target, &bench.path("theirs"));
        fs::write(target.join("mine"), b"mine").unwrap();
    }
}

#[test]
fn a_link_in_a_used_directory_is_never_followed() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let target = bench.path("target");
    let outside = bench.path("outside");
    fs::create_dir(&target).unwrap();
    fs::create_dir(&outside).unwrap();
    symlink(&outside, target.join("Windows")).unwrap();
    run(&bench, &target, &overwrite()).unwrap_err();
    assert_eq!(names(&outside).len(), 1);
    // A link to the target itself is the caller's own way of naming it.
    fs::remove_file(target.join("Windows")).unwrap();
    symlink(&target, bench.path("link")).unwrap();
    run(&bench, &bench.path("link"), &overwrite()).unwrap();
    assert!(target.join("Windows/System32/kernel.dll").exists());
}

#[test]
fn a_directory_in_the_place_of_a_file_and_the_reverse_are_refused() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let target = bench.path("target");
    fs::create_dir_all(target.join("Windows/empty.txt")).unwrap();
    assert!(is_io(run(&bench, &target, &overwrite()).unwrap_err(), std::io::ErrorKind::AlreadyExists));
    fs::remove_dir_all(&target).unwrap();
    fs::create_dir(&target).unwrap();
    fs::write(target.join("Windows"), b"a file").unwrap();
    assert!(is_io(run(&bench, &target, &overwrite()).unwrap_err(), std::io::ErrorKind::AlreadyExists));
    assert_eq!(fs::read(target.join("Windows")).unwrap(), b"a file");
}

#[cfg(unix)]
#[test]
fn a_device_that_is_not_there_does_not_become_a_directory() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let device = Path::new("/dev/imgsvc-no-such-device");
    let told = run(&bench, device, &ApplyOptions::default()).unwrap_err();
    assert!(is_io(told, std::io::ErrorKind::NotFound));
    assert!(!device.exists());
}

#[test]
fn a_file_that_is_no_volume_is_refused_with_a_remedy() {
    let bench = Bench::captured(&["--compress=xpress"]);
    let file = bench.path("file");
    fs::write(&file, vec![0; 100_000]).unwrap();
    let told = run(&bench, &file, &ApplyOptions::default()).unwrap_err();
    assert!(told.to_string().contains("mkntfs -F"), "{told}");
    assert!(matches!(root(told), Error::InvalidArgument { parameter: "target", .. }));
    let options = ApplyOptions { target: PlaceKind::Directory, ..ApplyOptions::default() };
    assert!(matches!(root(run(&bench, &file, &options).unwrap_err()), Error::InvalidArgument { .. }));
    let options = ApplyOptions { target: PlaceKind::Ntfs, ..ApplyOptions::default() };
    assert!(matches!(
        root(run(&bench, &bench.path("none"), &options).unwrap_err()),
        Error::InvalidArgument { .. }
    ));
    assert!(fs::read(&file).unwrap() == vec![0; 100_000]);
    let nowhere = run(&bench, &bench.path("no/such/parent"), &ApplyOptions::default()).unwrap_err();
    assert!(is_io(nowhere, std::io::ErrorKind::NotFound));
    let index = apply(&bench.wim(), 2, &bench.path("none"), &ApplyOptions::default(), &mut unobserved);
    assert!(matches!(root(index.unwrap_err()), Error::IndexNotFound { index: 2, count: 1 }));
}

/// What is beside the target, except itself.
fn leftovers(bench: &Bench) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(bench.directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_string_lossy().contains("imgsvc-"));
    found
}

#[test]
fn cancelling_at_any_report_leaves_nothing() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let empty = bench.path("empty");
    fs::create_dir(&empty).unwrap();
    for target in [bench.path("target"), empty] {
        let mut cancelled = 0u32;
        for limit in 0.. {
            let mut reports = 0;
            let mut last = 0;
            let mut observer = |progress: imgsvc::progress::Progress| {
                if progress.phase == Phase::Extracting {
                    assert!(progress.done >= last && progress.done <= progress.total);
                    last = progress.done;
                }
                reports += 1;
                if reports > limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            match apply(&bench.wim(), 1, &target, &ApplyOptions::default(), &mut observer) {
                Ok(report) => {
                    assert_eq!(last, report.bytes);
                    break;
                }
                Err(error) => assert!(matches!(root(error), Error::Cancelled)),
            }
            cancelled += 1;
            assert_eq!(leftovers(&bench), Vec::<PathBuf>::new());
            assert!(!target.exists() || names(&target).len() == 1);
        }
        assert!(cancelled > 3);
        assert_eq!(leftovers(&bench), Vec::<PathBuf>::new());
    }
}

#[test]
fn damaged_content_is_named_and_leaves_nothing() {
    for options in [&["--compress=none"][..], &["--compress=lzx"], &["--solid", "--solid-chunk-size=128K"]] {
        let bench = Bench::captured(options);
        let whole = fs::read(bench.wim()).unwrap();
        let target = bench.path("target");
        let mut noticed = 0;
        for part in 1..8 {
            let mut damaged = whole.clone();
            let at = 208 + (whole.len() - 1000) * part / 9;
            damaged[at..at + 64].iter_mut().for_each(|byte| *byte ^= 0x55);
            fs::write(bench.wim(), damaged).unwrap();
            match run(&bench, &target, &ApplyOptions::default()) {
                Ok(_) => fs::remove_dir_all(&target).unwrap(),
                Err(error) => {
                    noticed += 1;
                    let told = error.to_string();
                    assert!(told.contains("image.wim"), "{told}");
                    assert!(told.contains("'\\") || told.contains("metadata"), "{told}");
                    assert!(matches!(root(error), Error::Malformed { .. }), "{told}");
                }
            }
            assert!(!target.exists());
            assert_eq!(leftovers(&bench), Vec::<PathBuf>::new());
        }
        assert!(noticed >= 5, "{options:?}: {noticed}");
    }
}

#[test]
fn a_disk_without_room_is_noticed_before_anything_is_made() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let disk = bench.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a tmpfs cannot be mounted here (it takes root)");
        return;
    }
    let told = run(&bench, &disk.join("target"), &ApplyOptions::default());
    let left = names(&disk).len();
    // Sparse files may need less than they hold; when they do not, the disk is full on the way.
    let sparse = pseudo_random(3, 6_000_000);
    let image = single_file(&sparse, attributes::SPARSE);
    fs::write(bench.path("sparse.wim"), image).unwrap();
    let full =
        apply(&bench.path("sparse.wim"), 1, &disk.join("target"), &ApplyOptions::default(), &mut unobserved);
    let left_when_full = names(&disk).len();
    let _ = Command::new("umount").arg(&disk).status();
    let Error::NoSpace { needed, available, .. } = root(told.unwrap_err()) else { panic!("another error") };
    assert!(needed > 3_500_000 && needed < 5_000_000 && available <= 2 << 20, "{needed} {available}");
    assert_eq!(left, 1);
    assert!(is_io(full.unwrap_err(), std::io::ErrorKind::StorageFull));
    assert_eq!(left_when_full, 1);
}

/// An image with one file `\file`.
fn single_file(content: &[u8], more: u32) -> Vec<u8> {
    let mut tree = Tree::new();
    let mut inode = Inode::file(sha1(content));
    inode.attributes |= more;
    tree.create(tree.root(), &units("file"), inode).unwrap();
    assemble(&[tree], &[content.to_vec()], Compression::None, 0)
}

#[test]
fn links_with_hostile_targets_lead_nowhere_while_applying() {
    let bench = Bench::new();
    fs::create_dir(bench.path("outside")).unwrap();
    let outside = bench.path("outside").display().to_string().replace('/', "\\");
    // A symbolic link that leads out, among others.
    let mut data = Vec::new();
    let target = units(&format!("\\??\\C:{outside}"));
    let length = u16::try_from(target.len() * 2).unwrap();
    for field in [0u16, length, 0, 0, 0, 0] {
        data.extend_from_slice(&field.to_le_bytes());
    }
    data.extend(target.iter().flat_map(|unit| unit.to_le_bytes()));
    let mut tree = Tree::new();
    let mut link =
        Inode { attributes: attributes::REPARSE_POINT | attributes::DIRECTORY, ..Inode::default() };
    link.reparse = Reparse { tag: Reparse::SYMLINK, reserved: 0, flags: Reparse::NOT_FIXED };
    link.set_stream(StreamKind::Reparse, &[], sha1(&data));
    tree.create(tree.root(), &units("a"), link.clone()).unwrap();
    let directory = tree.create(tree.root(), &units("directory"), Inode::directory()).unwrap();
    tree.create(directory, &units("file"), Inode::file(sha1(b"content"))).unwrap();
    // One whose data is none: it is counted, not made.
    let mut broken = link;
    broken.set_stream(StreamKind::Reparse, &[], sha1(b"content"));
    tree.create(tree.root(), &units("broken"), broken).unwrap();
    let image = assemble(&[tree], &[data, b"content".to_vec()], Compression::None, 0);
    fs::write(bench.wim(), image).unwrap();
    let report = run(&bench, &bench.path("target"), &ApplyOptions::default()).unwrap();
    assert_eq!(fs::read(bench.path("target/directory/file")).unwrap(), b"content");
    assert_eq!(fs::read_link(bench.path("target/a")).unwrap(), bench.path("outside"));
    assert_eq!(names(&bench.path("outside")).len(), 1);
    assert_eq!(report.not_applied_counts.reparse_points, 1);
    assert_eq!(report.not_applied[0].path, "\\broken");
    assert!(fs::symlink_metadata(bench.path("target/broken")).is_err());
}

#[test]
fn names_that_lead_out_of_the_target_are_refused_before_anything_is_made() {
    let bench = Bench::new();
    for name in ["../x", "/etc/x", "a/b"] {
        let mut tree = Tree::new();
        let directory = tree.create(tree.root(), &units("d"), Inode::directory()).unwrap();
        let harmless = units(&name.replace('/', "_"));
        tree.create(directory, &harmless, Inode::file([0; 20])).unwrap();
        let bytes = |name: &[u16]| name.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>();
        let (harmless, harmful) = (bytes(&harmless), bytes(&units(name)));
        let mut metadata = tree.to_bytes().unwrap();
        let at = metadata.windows(harmless.len()).position(|window| window == harmless).unwrap();
        metadata[at..at + harmful.len()].copy_from_slice(&harmful);
        fs::write(bench.wim(), assemble_metadata(&[tree], &[metadata], &[], Compression::None, 0)).unwrap();
        let refused = run(&bench, &bench.path("target"), &ApplyOptions::default()).unwrap_err();
        assert!(matches!(root(refused), Error::InvalidName { .. }), "{name}");
        assert!(!bench.path("target").exists());
        assert!(!bench.path("x").exists());
    }
}

#[test]
fn hostile_images_of_wimlib_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/wim/wimlib");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let bench = Bench::new();
    for name in ["dotdot.wim", "cyclic.wim", "corrupted_file_1.wim", "empty_dacl.wim", "linux_xattrs_old.wim"]
    {
        let target = bench.path(&format!("in/{name}"));
        fs::create_dir_all(bench.path("in")).unwrap();
        let applied = apply(&folder.join(name), 1, &target, &ApplyOptions::default(), &mut unobserved);
        assert_eq!(applied.is_ok(), target.exists(), "{name}: {applied:?}");
        let mut beside = fs::read_dir(bench.directory.path()).unwrap();
        assert!(beside.all(|entry| entry.unwrap().file_name() == "in"), "{name}");
    }
}

#[test]
fn metadata_that_a_directory_cannot_hold_is_counted() {
    let bench = Bench::new();
    let mut tree = Tree::new();
    let mut inode = Inode::file(sha1(b"content"));
    inode.attributes |= attributes::HIDDEN | attributes::READ_ONLY;
    inode.set_stream(StreamKind::Data, &units("stream"), sha1(b"other"));
    tree.create(tree.root(), &units("file"), inode).unwrap();
    let mut encrypted = Inode { attributes: attributes::ENCRYPTED, ..Inode::default() };
    encrypted.set_stream(StreamKind::EfsRaw, &[], sha1(b"other"));
    tree.create(tree.root(), &units("encrypted"), encrypted).unwrap();
    let mut wof = Inode::file(sha1(b"content"));
    wof.attributes |= attributes::REPARSE_POINT;
    wof.reparse.tag = 0x8000_0017;
    wof.set_stream(StreamKind::Reparse, &[], sha1(b"other"));
    tree.create(tree.root(), &units("wof"), wof).unwrap();
    let image = assemble(&[tree], &[b"content".to_vec(), b"other".to_vec()], Compression::None, 0);
    fs::write(bench.wim(), image).unwrap();
    let report = run(&bench, &bench.path("target"), &ApplyOptions::default()).unwrap();
    let counts = report.not_applied_counts;
    let found = (counts.named_streams, counts.attributes, counts.encrypted_files, counts.reparse_points);
    assert_eq!(found, (1, 1, 1, 1));
    assert_eq!(fs::read(bench.path("target/file")).unwrap(), b"content");
    assert_eq!(fs::read(bench.path("target/encrypted")).unwrap(), b"");
    assert_eq!(fs::read(bench.path("target/wof")).unwrap(), b"content");
    apply_with_wimlib(&bench.wim(), 1, &bench.path("theirs"), &[]);
    assert_same(&bench.path("target"), &bench.path("theirs"));
}
