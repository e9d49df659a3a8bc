//! Repairing image files: `wimlib-imagex verify` accepts what comes out, and what is lost is named.

use crate::support::images::{root, succeed, Bench};
use crate::support::wim;
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::BlobLocation;
use imgsvc::image::jobs::{
    compare, repair, test, Change, CompareOptions, Difference, RepairOptions, RepairReport, TestOptions,
};
use imgsvc::image::ImageFile;
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

fn run(bench: &Bench, options: &RepairOptions) -> Result<RepairReport> {
    repair(&bench.wim(), &bench.path("repaired.wim"), options, &mut unobserved)
}

/// Changes one byte in the middle of the content of a file.
fn damage(image: &Path, content: &[u8]) {
    let file = ImageFile::open(image).unwrap();
    let blob = *file.archive().blob(&wim::sha1(content)).unwrap();
    let resource = file.archive().open_resource(&blob).unwrap();
    let at = match blob.location {
        BlobLocation::Resource(header) => header.offset + header.size_in_file / 2,
        BlobLocation::Solid { .. } => resource.header().offset + resource.header().size_in_file / 2,
    };
    let mut bytes = fs::read(image).unwrap();
    bytes[at as usize] ^= 0x10;
    fs::write(image, bytes).unwrap();
}

fn judge(image: &Path) {
    let mut command = Command::new("wimlib-imagex");
    command.arg("verify").arg(image);
    succeed(command);
    assert_eq!(test(image, &TestOptions::default(), &mut unobserved).unwrap().findings, []);
}

fn differences(reference: &Path, difference: &Path) -> Vec<Difference> {
    let mut all = Vec::new();
    let options = CompareOptions::default();
    compare(reference, 1, difference, 1, &options, &mut |batch| {
        all.extend_from_slice(batch);
        Ok(())
    })
    .unwrap();
    all
}

#[test]
fn a_file_whose_content_is_lost_is_left_out_and_named() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    for options in [["--compress=XPRESS"].as_slice(), &["--compress=none", "--check"]] {
        let bench = Bench::captured(options);
        let hive = fs::read(bench.path("tree/Windows/System32/Hive")).unwrap();
        let disk = fs::read(bench.path("tree/Windows/System32/drivers/disk.sys")).unwrap();
        damage(&bench.wim(), &hive);
        damage(&bench.wim(), &disk);
        let report = run(&bench, &RepairOptions::default()).unwrap();
        let lost: Vec<_> = report.lost.iter().map(|lost| (lost.image_index, lost.path.as_str())).collect();
        let expected = [
            (1, r"\Windows\System32\drivers\copy.sys"),
            (1, r"\Windows\System32\drivers\disk.sys"),
            (1, r"\Windows\System32\Hive"),
        ];
        assert_eq!(lost, expected);
        assert!(report.findings.iter().any(|finding| finding.dependent_count == 2));
        assert_eq!((report.images.len(), report.images[0].source_index, report.images[0].index), (1, 1, 1));
        let repaired = bench.path("repaired.wim");
        judge(&repaired);
        let differences = differences(&bench.wim(), &repaired);
        let removed: Vec<_> = differences.iter().map(|found| (1, found.path.as_str())).collect();
        assert_eq!(removed, expected);
        assert!(differences.iter().all(|found| found.change == Change::Removed));
    }
}

#[test]
fn a_solid_file_keeps_what_is_in_its_sound_chunks() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::captured(&["--solid", "--solid-chunk-size=64K"]);
    damage(&bench.wim(), &fs::read(bench.path("tree/Windows/System32/Hive")).unwrap());
    let report = run(&bench, &RepairOptions::default()).unwrap();
    assert!(!report.lost.is_empty());
    judge(&bench.path("repaired.wim"));
}

#[test]
fn an_image_whose_metadata_is_lost_is_left_out_and_the_others_stay() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::captured(&["--compress=none", "--boot"]);
    for name in ["Second", "Third"] {
        let mut command = Command::new("wimlib-imagex");
        command.arg("append").arg(bench.path("tree/Windows")).arg(bench.wim()).arg(name);
        fs::write(bench.path("tree/Windows").join(name), name).unwrap();
        succeed(command);
    }
    let file = ImageFile::open(&bench.wim()).unwrap();
    let BlobLocation::Resource(metadata) = file.archive().metadata_blob(2).unwrap().location else {
        panic!()
    };
    let mut bytes = fs::read(bench.wim()).unwrap();
    bytes[metadata.offset as usize + 200] ^= 1;
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench, &RepairOptions::default()).unwrap();
    assert_eq!(report.lost.len(), 1);
    assert_eq!((report.lost[0].image_index, report.lost[0].path.as_str()), (2, "\\"));
    let images: Vec<_> = report.images.iter().map(|image| (image.source_index, image.index)).collect();
    assert_eq!(images, [(1, 1), (3, 2)]);
    assert_eq!(report.images[1].name.as_deref(), Some("Third"));
    let repaired = ImageFile::open(&bench.path("repaired.wim")).unwrap();
    assert_eq!(repaired.archive().boot_index(), Some(1));
    judge(&bench.path("repaired.wim"));
}

#[test]
fn damaged_content_is_taken_from_a_reference() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::captured(&["--compress=XPRESS"]);
    let other = bench.path("other.wim");
    fs::copy(bench.wim(), &other).unwrap();
    damage(&bench.wim(), &fs::read(bench.path("tree/Windows/System32/Hive")).unwrap());
    let options = RepairOptions { reference_paths: vec![other.clone()], ..RepairOptions::default() };
    let report = run(&bench, &options).unwrap();
    assert_eq!(report.lost, []);
    assert_eq!(report.findings.len(), 1, "the file itself is damaged all the same");
    judge(&bench.path("repaired.wim"));
    assert_eq!(differences(&other, &bench.path("repaired.wim")), []);
}

#[test]
fn wrong_counts_are_put_right() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::captured(&["--compress=none"]);
    let mut bytes = fs::read(bench.wim()).unwrap();
    let text: Vec<u8> = "<DIRCOUNT>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap() + text.len();
    bytes[at] = b'1';
    assert_eq!(bytes[at + 2], b'<', "the number has one digit");
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench, &RepairOptions::default()).unwrap();
    assert_eq!((report.findings.len(), report.lost.len()), (1, 0));
    judge(&bench.path("repaired.wim"));
}

#[test]
fn nothing_is_left_behind_when_repair_fails() {
    let bench = Bench::captured(&["--compress=none"]);
    let entries = || fs::read_dir(bench.directory.path()).unwrap().count();
    let before = entries();
    let itself = repair(
        &bench.wim(),
        &bench.wim(),
        &RepairOptions { overwrite: true, ..RepairOptions::default() },
        &mut unobserved,
    );
    assert!(matches!(itself.map_err(root), Err(Error::InvalidArgument { .. })));
    let options = RepairOptions::default();
    let mut stop = |_| ControlFlow::Break(());
    let stopped = repair(&bench.wim(), &bench.path("repaired.wim"), &options, &mut stop);
    assert!(matches!(stopped.map_err(root), Err(Error::Cancelled)));
    assert_eq!(entries(), before);
    fs::write(bench.path("repaired.wim"), "mine").unwrap();
    assert!(matches!(run(&bench, &options), Err(Error::Io { .. })));
    assert_eq!(fs::read(bench.path("repaired.wim")).unwrap(), b"mine");
}
