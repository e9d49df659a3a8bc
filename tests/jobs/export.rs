//! Exporting images, judged by wimlib-imagex and 7-Zip.

use crate::support::images;
use crate::support::images::{judge, own_state, root, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::image::container::CompressionType;
use imgsvc::image::host::faults;
use imgsvc::image::jobs::{export, ExportOptions};
use imgsvc::image::ImageFile;
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

/// What `wimlib-imagex dir --detailed` says of an image, without what depends on the file's format.
fn detailed(wim: &Path, index: u32, references: &[&Path]) -> Vec<String> {
    let mut command = Command::new("wimlib-imagex");
    command.arg("dir").arg(wim).arg(index.to_string()).arg("--detailed");
    for reference in references {
        command.arg(format!("--ref={}", reference.display()));
    }
    let text = String::from_utf8_lossy(&succeed(command).stdout).into_owned();
    let of_format =
        ["Compressed size", "Offset in WIM", "Reference Count", "Flags", "Raw ", "Solid", "Chunk"];
    let lines =
        text.lines().filter(|line| !of_format.iter().any(|start| line.trim_start().starts_with(start)));
    lines.map(str::to_owned).collect()
}

fn wimlib(arguments: &[&str], paths: &[&Path]) {
    let mut command = Command::new("wimlib-imagex");
    command.arg(arguments[0]).args(paths).args(&arguments[1..]);
    succeed(command);
}

fn only_files(bench: &Bench) -> Vec<String> {
    let names = fs::read_dir(bench.directory.path()).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_image_goes_from_every_compression_to_every_other() {
    own_state();
    for from in [&["--compress=none"][..], &["--compress=fast"], &["--compress=max"], &["--solid"]] {
        let bench = Bench::captured(from);
        let before = detailed(&bench.wim(), 1, &[]);
        let source = ImageFile::open(&bench.wim()).unwrap();
        let kinds =
            [CompressionType::None, CompressionType::Fast, CompressionType::Max, CompressionType::Recovery];
        for compression in std::iter::once(None).chain(kinds.map(Some)) {
            let out = bench.path(&format!("{compression:?}.wim"));
            let options = ExportOptions { compression, ..ExportOptions::default() };
            let report = export(&bench.wim(), &out, &options, &mut unobserved).unwrap();
            judge(&out);
            assert!(detailed(&out, 1, &[]) == before, "{from:?} {compression:?}");
            let file = ImageFile::open(&out).unwrap();
            assert_eq!(report.blobs_copied, file.archive().blobs().len() as u64);
            assert_eq!(report.file_size, fs::metadata(&out).unwrap().len());
            assert_eq!(report.images[0].name, "First");
            let (made, original) = (file.image_details(1).unwrap(), source.image_details(1).unwrap());
            assert_eq!(made.xml, original.xml);
            if compression.is_none() {
                assert!(!report.recompressed);
                assert_eq!(file.info().unwrap().compression, source.info().unwrap().compression);
                assert_eq!(file.info().unwrap().solid, source.info().unwrap().solid);
            }
        }
    }
}

/// A file with the images First, Second and Third; Second boots.
fn three_images() -> Bench {
    let bench = Bench::captured(&["--compress=max", "--check"]);
    for name in ["Second", "Third"] {
        fs::write(bench.path("tree/Windows").join(name), name.repeat(4000)).unwrap();
        let mut append = Command::new("wimlib-imagex");
        append.arg("append").arg(bench.path("tree")).arg(bench.wim()).arg(name);
        if name == "Second" {
            append.arg("--boot");
        }
        succeed(append);
    }
    bench
}

#[test]
fn images_are_added_to_a_file_that_exists() {
    own_state();
    let bench = three_images();
    let out = bench.path("out.wim");
    let one = |index: u32, more: ExportOptions| {
        let options = ExportOptions { indexes: vec![index], ..more };
        export(&bench.wim(), &out, &options, &mut unobserved)
    };
    one(3, ExportOptions { integrity_table: true, ..ExportOptions::default() }).unwrap();
    let doubled = one(3, ExportOptions::default()).map_err(root);
    assert!(matches!(doubled, Err(Error::ImageNameExists { index: 1, .. })));
    let renamed = ExportOptions {
        name: Some("Other".into()),
        description: Some("Why".into()),
        bootable: true,
        ..ExportOptions::default()
    };
    let report = one(1, renamed).unwrap();
    assert_eq!((report.images[0].index, report.images[0].name.as_str()), (2, "Other"));
    // All of the content was in the third image already.
    assert_eq!(report.blobs_copied, 0);
    let other = ExportOptions { compression: Some(CompressionType::Fast), ..ExportOptions::default() };
    assert!(matches!(one(2, other).map_err(root), Err(Error::InvalidArgument { .. })));
    one(2, ExportOptions::default()).unwrap();
    judge(&out);
    let file = ImageFile::open(&out).unwrap();
    assert!(file.archive().has_integrity_table());
    assert_eq!(file.archive().boot_index(), Some(2));
    assert_eq!(file.image_details(2).unwrap().description.as_deref(), Some("Why"));
    for (source, target) in [(3, 1), (1, 2), (2, 3)] {
        assert!(detailed(&out, target, &[])[1..] == detailed(&bench.wim(), source, &[])[1..]);
    }
    // A copy of an image in its own file, under another name.
    let own = ExportOptions { indexes: vec![1], name: Some("Copy".into()), ..ExportOptions::default() };
    let report = export(&out, &out, &own, &mut unobserved).unwrap();
    assert_eq!((report.images[0].index, report.blobs_copied), (4, 0));
    judge(&out);
    assert!(detailed(&out, 4, &[])[1..] == detailed(&bench.wim(), 3, &[])[1..]);
    wimlib(&["delete", "4"], &[&out]);
    // wimlib goes on with the file, and with every count of references.
    wimlib(&["delete", "3"], &[&out]);
    wimlib(&["delete", "1"], &[&out]);
    judge(&out);
    assert!(detailed(&out, 1, &[])[1..] == detailed(&bench.wim(), 1, &[])[1..]);
}

#[test]
fn all_images_are_exported_with_the_one_that_boots() {
    own_state();
    let bench = three_images();
    let out = bench.path("all.esd");
    let options = ExportOptions {
        bootable: true,
        compression: Some(CompressionType::Recovery),
        ..ExportOptions::default()
    };
    let report = export(&bench.wim(), &out, &options, &mut unobserved).unwrap();
    assert!(report.recompressed);
    assert_eq!(report.images.len(), 3);
    judge(&out);
    assert_eq!(ImageFile::open(&out).unwrap().archive().boot_index(), Some(2));
    // And back, where the blob table is to be what it was.
    let back = bench.path("back.wim");
    let options = ExportOptions { compression: Some(CompressionType::Max), ..ExportOptions::default() };
    export(&out, &back, &options, &mut unobserved).unwrap();
    judge(&back);
    let counts = |wim: &Path| {
        let file = ImageFile::open(wim).unwrap();
        let mut counts: Vec<_> =
            file.archive().blobs().iter().map(|blob| (blob.hash, blob.size, blob.references)).collect();
        counts.sort_unstable();
        counts
    };
    assert_eq!(counts(&back), counts(&bench.wim()));
    let none = ExportOptions { bootable: true, indexes: vec![1, 3], ..ExportOptions::default() };
    let refused = export(&bench.wim(), &bench.path("none.wim"), &none, &mut unobserved);
    assert!(matches!(refused, Err(Error::InvalidArgument { parameter: "bootable", .. })));
    assert!(!bench.path("none.wim").exists());
}

#[test]
fn a_split_set_is_exported_unless_a_part_is_missing() {
    own_state();
    let bench = Bench::captured(&["--compress=none"]);
    let before = detailed(&bench.wim(), 1, &[]);
    wimlib(&["split", "1"], &[&bench.wim(), &bench.path("part.swm")]);
    assert!(bench.path("part3.swm").exists());
    let out = bench.path("whole.wim");
    export(&bench.path("part.swm"), &out, &ExportOptions::default(), &mut unobserved).unwrap();
    judge(&out);
    assert!(detailed(&out, 1, &[]) == before);
    fs::create_dir(bench.path("elsewhere")).unwrap();
    fs::rename(bench.path("part3.swm"), bench.path("elsewhere/part3.swm")).unwrap();
    let less = bench.path("less.wim");
    let failed = export(&bench.path("part.swm"), &less, &ExportOptions::default(), &mut unobserved);
    assert!(matches!(failed.map_err(root), Err(Error::PartMissing { part: 3, .. })));
    assert!(!less.exists());
    let options = ExportOptions {
        reference_paths: vec![bench.path("elsewhere/part3.swm")],
        ..ExportOptions::default()
    };
    export(&bench.path("part.swm"), &less, &options, &mut unobserved).unwrap();
    judge(&less);
}

#[test]
fn deltas_are_made_and_made_whole() {
    own_state();
    let bench = Bench::captured(&["--compress=fast"]);
    fs::write(bench.path("tree/new.txt"), "new ".repeat(9000)).unwrap();
    let delta = bench.path("delta.wim");
    let base = bench.wim();
    let mut capture = Command::new("wimlib-imagex");
    capture.arg("capture").arg(bench.path("tree")).arg(&delta).arg("Delta").arg("--compress=fast");
    capture.arg(format!("--delta-from={}", base.display()));
    succeed(capture);
    let out = bench.path("out.wim");
    let failed = export(&delta, &out, &ExportOptions::default(), &mut unobserved);
    assert!(matches!(failed.map_err(root), Err(Error::ContentMissing { .. })));
    assert!(!out.exists());
    let whole = ExportOptions { reference_paths: vec![base.clone()], ..ExportOptions::default() };
    export(&delta, &out, &whole, &mut unobserved).unwrap();
    judge(&out);
    // The same delta again, out of the whole file.
    let again = bench.path("again.wim");
    let options = ExportOptions { delta_from: vec![base.clone()], ..ExportOptions::default() };
    let report = export(&out, &again, &options, &mut unobserved).unwrap();
    assert_eq!(report.blobs_copied, 1);
    assert!(detailed(&again, 1, &[&base])[1..] == detailed(&out, 1, &[])[1..]);
    let applied = bench.path("applied");
    let mut apply = Command::new("wimlib-imagex");
    apply.arg("apply").arg(&again).arg("1").arg(&applied).arg(format!("--ref={}", base.display()));
    succeed(apply);
    assert_eq!(fs::read_to_string(applied.join("new.txt")).unwrap(), "new ".repeat(9000));
}

#[test]
fn what_fails_or_is_stopped_leaves_the_destination_as_it_was() {
    own_state();
    let bench = Bench::captured(&["--compress=fast"]);
    let fresh = bench.path("fresh.wim");
    let files = only_files(&bench);
    let run = |options: &ExportOptions, destination: &Path| {
        export(&bench.wim(), destination, options, &mut unobserved).map(drop)
    };
    let recoded = ExportOptions { compression: Some(CompressionType::Max), ..ExportOptions::default() };
    for options in [ExportOptions::default(), recoded] {
        let (done, steps) = faults::count(|| run(&options, &fresh));
        done.unwrap();
        fs::remove_file(&fresh).unwrap();
        for step in 0..steps {
            if faults::full_at(step, || run(&options, &fresh)).is_err() {
                assert_eq!(only_files(&bench), files, "step {step}");
            }
            let _ = fs::remove_file(&fresh);
        }
        let reports = stop_after(usize::MAX, &bench, &fresh, &options);
        fs::remove_file(&fresh).unwrap();
        for stop in (0..reports).step_by(3) {
            if stop_after(stop, &bench, &fresh, &options) <= stop {
                fs::remove_file(&fresh).unwrap();
            }
            assert_eq!(only_files(&bench), files, "report {stop}");
        }
    }
    // In the place of an existing file, and behind one.
    let old = b"whatever it was".to_vec();
    fs::write(&fresh, &old).unwrap();
    let options = ExportOptions { overwrite: true, ..ExportOptions::default() };
    stop_after(3, &bench, &fresh, &options);
    assert!(fs::read(&fresh).unwrap() == old);
    run(&options, &fresh).unwrap();
    judge(&fresh);
    let whole = fs::read(&fresh).unwrap();
    fs::write(bench.path("tree/more.bin"), images::pseudo_random(77, 900_000)).unwrap();
    wimlib(&["capture", "More"], &[&bench.path("tree"), &bench.path("more.wim")]);
    let mut reports = 0;
    let mut observer = |_| {
        reports += 1;
        match reports < 3 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    };
    let stopped = export(&bench.path("more.wim"), &fresh, &ExportOptions::default(), &mut observer);
    assert!(matches!(stopped.map_err(root), Err(Error::Cancelled)));
    assert!(fs::read(&fresh).unwrap() == whole);
}

/// Stops an export at that report, if it comes so far; gives how many there were.
fn stop_after(stop: usize, bench: &Bench, destination: &Path, options: &ExportOptions) -> usize {
    let mut reports = 0;
    let mut observer = |_| {
        reports += 1;
        match reports > stop {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let done = export(&bench.wim(), destination, options, &mut observer);
    // A job that waits for its threads says so, on a busy machine more often than the next time.
    match reports > stop {
        true => assert!(matches!(done.map_err(root), Err(Error::Cancelled))),
        false => done.map(drop).unwrap(),
    }
    reports
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    own_state();
    let bench = three_images();
    let out = bench.path("out.wim");
    let run = |options: ExportOptions| export(&bench.wim(), &out, &options, &mut unobserved).map_err(root);
    let several = ExportOptions { name: Some("One name".into()), ..ExportOptions::default() };
    assert!(matches!(run(several), Err(Error::InvalidArgument { parameter: "name", .. })));
    let beyond = ExportOptions { indexes: vec![4], ..ExportOptions::default() };
    assert!(matches!(run(beyond), Err(Error::IndexNotFound { index: 4, count: 3 })));
    let twice = ExportOptions { indexes: vec![1, 1], ..ExportOptions::default() };
    assert!(matches!(run(twice), Err(Error::ImageNameExists { .. })));
    assert!(!out.exists());
}
