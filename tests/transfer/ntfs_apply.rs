//! Images applied to NTFS volumes: what wimlib-imagex captures of the volume afterwards is the image.

use crate::support::ntfs::{
    apply, are_there, assert_same, check, example, format, format_with, listing, mkntfs, run, wimlib_capture,
    LoopDevice, Mounted,
};
use imgsvc::error::Error;
use imgsvc::image::jobs::PlaceKind;
use imgsvc::image::jobs::{self, ApplyOptions};
use imgsvc::progress::{unobserved, Phase, Progress};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What wimlib-imagex says of the volume.
fn content(volume: &Path) -> String {
    let wim = volume.with_extension("captured.wim");
    wimlib_capture(volume, &wim);
    listing(&wim, &[])
}

fn fresh(directory: &Path, mebibytes: u64) -> PathBuf {
    let volume = directory.join("target.ntfs");
    format(&volume, mebibytes);
    volume
}

#[test]
fn all_metadata_arrives() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let expected = listing(&wim, &[]);
    for options in [&[][..], &["-c", "512"], &["-c", "65536"], &["-s", "4096"]] {
        let volume = directory.path().join("target.ntfs");
        format_with(&volume, 48, options);
        let report = apply(&wim, &[], &volume).unwrap();
        assert_same(&content(&volume), &expected);
        check(&volume);
        let names = u64::try_from(expected.matches("Full Path").count()).unwrap();
        assert_eq!(report.directories + report.files + report.links, names);
        assert_eq!((report.directories, report.links), (8, 1));
    }
}

#[test]
fn every_form_of_image_file_can_be_applied() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let expected = listing(&wim, &[]);
    let at = |name: &str| directory.path().join(name);

    run(Command::new("wimlib-imagex")
        .arg("export")
        .arg(&wim)
        .args(["1"])
        .arg(at("solid.esd"))
        .arg("--solid"));
    let volume = fresh(directory.path(), 48);
    apply(&at("solid.esd"), &[], &volume).unwrap();
    assert_same(&content(&volume), &expected);

    run(Command::new("wimlib-imagex").arg("split").arg(&wim).arg(at("part.swm")).arg("0.5"));
    assert!(at("part2.swm").exists());
    for part in ["part.swm", "part2.swm"] {
        let volume = fresh(directory.path(), 48);
        apply(&at(part), &[], &volume).unwrap();
        assert_same(&content(&volume), &expected);
    }

    let delta = at("delta.wim");
    run(Command::new("wimlib-imagex")
        .arg("capture")
        .arg(at("example.ntfs"))
        .arg(&delta)
        .arg("--delta-from")
        .arg(&wim));
    let volume = fresh(directory.path(), 48);
    apply(&delta, &[wim], &volume).unwrap();
    assert_same(&content(&volume), &expected);

    let volume = fresh(directory.path(), 48);
    let before = std::fs::read(&volume).unwrap();
    assert!(matches!(apply(&delta, &[], &volume).unwrap_err().root(), Error::ContentMissing { .. }));
    std::fs::remove_file(at("part2.swm")).unwrap();
    let error = apply(&at("part.swm"), &[], &volume).unwrap_err();
    assert!(matches!(error.root(), Error::PartMissing { part: 2, .. }), "{error}");
    assert!(before == std::fs::read(&volume).unwrap(), "the volume was touched");
}

#[test]
fn what_is_included_arrives_with_the_directories_above_it() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let include = vec![r"\Windows\system32".to_owned(), r"\Users\*\日本*.txt".to_owned()];
    let options = ApplyOptions { include, ..ApplyOptions::default() };
    let expected: Vec<&str> = vec![
        "/",
        "/Users",
        "/Users/émile",
        "/Users/émile/日本 😀.txt",
        "/Windows",
        "/Windows/System32",
        "/Windows/System32/big.dll",
        "/Windows/System32/config",
        "/Windows/System32/config/SYSTEM",
        "/Windows/System32/copy of big.dll",
        "/Windows/System32/notepad-link.txt",
    ];
    run(Command::new("wimlib-imagex")
        .arg("export")
        .arg(&wim)
        .arg("1")
        .arg(directory.path().join("s.esd"))
        .arg("--solid"));
    for source in [wim.clone(), directory.path().join("s.esd")] {
        let original = std::fs::read(&source).unwrap();
        let volume = fresh(directory.path(), 48);
        let report = jobs::apply(&source, 1, &volume, &options, &mut unobserved).unwrap();
        let found = content(&volume);
        let paths =
            found.lines().filter_map(|line| line.strip_prefix("Full Path           = \"")?.strip_suffix('"'));
        let mut paths: Vec<&str> = paths.collect();
        paths.sort_unstable();
        assert_eq!(paths, expected);
        assert_eq!((report.files, report.directories, report.links), (5, 6, 0));
        assert_eq!(report.bytes, 2 * 3 * (1 << 20) + 70_000 + 7 + 5 + 11 + 26);
        check(&volume);
        assert!(original == std::fs::read(&source).unwrap(), "the image file was changed");
    }
}

#[test]
fn a_volume_with_files_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 48);
    if let Some(mounted) = Mounted::new(&volume) {
        for number in 0..200 {
            std::fs::create_dir(mounted.root.join(format!("a directory with number {number}"))).unwrap();
        }
    }
    let before = std::fs::read(&volume).unwrap();
    let Err(Error::InvalidArgument { reason, .. }) = apply(&wim, &[], &volume) else { panic!() };
    assert!(reason.contains("a directory with number 0"), "{reason}");
    assert!(before == std::fs::read(&volume).unwrap(), "the volume was touched");

    // What Windows makes by itself is not in the way.
    let volume = fresh(directory.path(), 48);
    if let Some(mounted) = Mounted::new(&volume) {
        std::fs::create_dir(mounted.root.join("System Volume Information")).unwrap();
    }
    apply(&wim, &[], &volume).unwrap();
    check(&volume);
}

#[test]
fn an_image_joins_what_is_on_a_volume_where_that_is_asked_for_and_no_name_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 48);
    let Some(mounted) = Mounted::new(&volume) else { return };
    std::fs::write(mounted.root.join("here before.txt"), "kept").unwrap();
    drop(mounted);
    let options = ApplyOptions { overwrite: true, ..ApplyOptions::default() };
    jobs::apply(&wim, 1, &volume, &options, &mut unobserved).unwrap();
    check(&volume);
    let found = content(&volume);
    let of_image = listing(&wim, &[]).matches("Full Path").count();
    assert_eq!(found.matches("Full Path").count(), of_image + 1);
    assert!(found.contains("/here before.txt") && found.contains("/Windows/System32/big.dll"));

    let before = std::fs::read(&volume).unwrap();
    let answer = jobs::apply(&wim, 1, &volume, &options, &mut unobserved);
    let Err(Error::InvalidArgument { reason, .. }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("Users"), "{reason}");
    assert!(before == std::fs::read(&volume).unwrap(), "the volume was touched");
}

#[test]
fn a_block_device_is_applied_to_unless_it_is_mounted() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 48);
    let Some(device) = LoopDevice::new(&volume) else { return };
    // The file behind it is not to be written past it.
    assert!(matches!(apply(&wim, &[], &volume), Err(Error::Busy { .. })));
    let mounted = Mounted::at(&device.0, &directory.path().join("mnt"));
    if mounted.is_some() {
        let answer = apply(&wim, &[], &device.0);
        assert!(matches!(answer, Err(Error::Busy { .. })), "{answer:?}");
    }
    drop(mounted);
    apply(&wim, &[], &device.0).unwrap();
    drop(device);
    assert_same(&content(&volume), &listing(&wim, &[]));
    check(&volume);
}

#[test]
fn a_volume_without_room_is_refused_before_it_is_touched() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 8);
    let before = std::fs::read(&volume).unwrap();
    let error = apply(&wim, &[], &volume).unwrap_err();
    let Error::NoSpace { needed, available, .. } = error else { panic!("{error}") };
    assert!(needed > 6 << 20 && available < 8 << 20, "{needed} {available}");
    assert!(before == std::fs::read(&volume).unwrap(), "the volume was touched");
}

#[test]
fn a_volume_that_fills_up_meanwhile_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 8);
    let Err(Error::NoSpace { needed, available, .. }) = apply(&wim, &[], &volume) else { panic!() };
    // More than the least that is needed, and less than the directories' indexes need on top.
    let least = (8 << 20) + needed - available;
    let mut answers = Vec::new();
    for step in 0..24 {
        let file = std::fs::File::create(&volume).unwrap();
        file.set_len(least + step * (64 << 10)).unwrap();
        mkntfs(&volume, &[]);
        match apply(&wim, &[], &volume) {
            Ok(_) => answers.push("applied"),
            Err(Error::NoSpace { .. }) => answers.push("refused"),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::StorageFull => {
                answers.push("filled up");
            }
            Err(error) => panic!("{error:?}"),
        }
        if answers.last() == Some(&"applied") {
            break;
        }
    }
    assert!(answers.contains(&"filled up"), "{answers:?}");
    assert_eq!(answers.last(), Some(&"applied"), "the least is far too little: {answers:?}");
}

#[test]
fn free_space_is_what_ntfs_3g_says() {
    let directory = tempfile::tempdir().unwrap();
    let Some((example, _)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 33);
    for volume in [&example, &volume] {
        let bytes = std::fs::read(volume).unwrap();
        let volume_of = imgsvc::formats::ntfs::Volume::open(&bytes).unwrap();
        let free = volume_of.free_space(&mut || Ok(())).unwrap().unwrap();
        let said = run(Command::new("ntfsinfo").args(["-f", "-m"]).arg(volume));
        let line = said.lines().find(|line| line.trim().starts_with("Free Clusters:")).unwrap();
        let clusters: u64 = line.split_whitespace().nth(2).unwrap().parse().unwrap();
        assert_eq!(free / volume_of.boot_sector().cluster_size, clusters, "{line}");
    }
}

#[test]
fn wrong_targets_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let missing = directory.path().join("missing");
    let as_volume = ApplyOptions { target: PlaceKind::Ntfs, ..ApplyOptions::default() };
    for path in [missing.as_path(), directory.path()] {
        let answer = jobs::apply(&wim, 1, path, &as_volume, &mut unobserved);
        assert!(matches!(answer, Err(Error::InvalidArgument { .. } | Error::Io { .. })), "{answer:?}");
    }
    let file = directory.path().join("file");
    std::fs::write(&file, vec![7; 1 << 20]).unwrap();
    assert!(matches!(apply(&wim, &[], &file), Err(Error::InvalidArgument { .. })));
    let volume = fresh(directory.path(), 48);
    std::fs::File::options().write(true).open(&volume).unwrap().set_len(40 << 20).unwrap();
    assert!(matches!(apply(&wim, &[], &volume).unwrap_err().root(), Error::Malformed { .. }));
    let volume = fresh(directory.path(), 48);
    if let Some(_mounted) = Mounted::new(&volume) {
        assert!(matches!(apply(&wim, &[], &volume), Err(Error::Busy { .. })));
    }
}

#[test]
fn a_volume_that_windows_left_hibernated_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 48);
    let Some(mounted) = Mounted::new(&volume) else { return };
    let mut hibernation = vec![0; 8192];
    hibernation[..4].copy_from_slice(b"hibr");
    std::fs::write(mounted.root.join("hiberfil.sys"), hibernation).unwrap();
    drop(mounted);
    let options = ApplyOptions { overwrite: true, ..ApplyOptions::default() };
    let error = jobs::apply(&wim, 1, &volume, &options, &mut unobserved);
    let Err(Error::Unsupported { reason, .. }) = error else { panic!("{error:?}") };
    assert!(reason.contains("hibernated"), "{reason}");
}

#[test]
fn progress_ends_with_all_bytes_and_a_stop_is_heard() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_, wim)) = example(directory.path()) else { return };
    let volume = fresh(directory.path(), 48);
    let mut heard = Vec::new();
    let report = jobs::apply(&wim, 1, &volume, &ApplyOptions::default(), &mut |progress| {
        heard.push(progress);
        ControlFlow::Continue(())
    });
    let bytes = report.unwrap().bytes;
    let last = Progress { phase: Phase::Extracting, done: bytes, total: bytes };
    assert_eq!(heard.last(), Some(&last));
    let extracting: Vec<u64> =
        heard.iter().filter(|it| it.phase == Phase::Extracting).map(|it| it.done).collect();
    assert!(extracting.len() > 20 && extracting.is_sorted(), "{extracting:?}");

    for stop in [1, 2, 3, heard.len() / 2, heard.len() - 1] {
        let volume = fresh(directory.path(), 48);
        let mut calls = 0;
        let answer = jobs::apply(&wim, 1, &volume, &ApplyOptions::default(), &mut |_| {
            calls += 1;
            if calls == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(matches!(answer, Err(Error::Cancelled)), "call {stop} of {}: {answer:?}", heard.len());
    }
}

#[test]
fn a_user_without_rights_to_a_device_is_told_to_elevate() {
    if !are_there(&["setpriv"]) {
        return;
    }
    let Some(device) =
        ["/dev/loop0", "/dev/vda", "/dev/sda"].into_iter().find(|path| Path::new(path).exists())
    else {
        eprintln!("SKIPPED: there is no block device");
        return;
    };
    // The rights belong to the process, so another one tries.
    if std::env::var_os("IMGSVC_TEST_DEVICE").is_some() {
        let answer = imgsvc::image::jobs::ntfs::is_volume(Path::new(device));
        assert!(matches!(answer, Err(Error::ElevationRequired { .. })), "{answer:?}");
        return;
    }
    let itself = std::env::current_exe().unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(itself);
    command.args(["--exact", "ntfs_apply::a_user_without_rights_to_a_device_is_told_to_elevate"]);
    let output = command.env("IMGSVC_TEST_DEVICE", "1").output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if text.contains("setpriv:") {
        eprintln!("SKIPPED: {}", text.trim());
        return;
    }
    assert!(output.status.success(), "{text}");
}
