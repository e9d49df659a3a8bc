//! Testing image files, judged by `wimlib-imagex verify`: whatever it complains about is found here
//! too, what is sound has no findings, and every damage says what is lost.

use crate::support::images::{root, succeed, Bench};
use crate::support::wim;
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::{BlobLocation, Header, ResourceHeader};
use imgsvc::image::jobs::{test, Severity, TestOptions, TestReport};
use imgsvc::image::ImageFile;
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(image: &Path) -> Result<TestReport> {
    test(image, &TestOptions::default(), &mut unobserved)
}

/// wimlib's opinion.
fn wimlib_accepts(image: &Path) -> bool {
    Command::new("wimlib-imagex").arg("verify").arg(image).output().unwrap().status.success()
}

/// A small tree with everything that takes another way through the file.
fn write_tree(bench: &Bench) {
    let tree = bench.path("tree");
    fs::create_dir_all(tree.join("directory/inner")).unwrap();
    fs::write(tree.join("directory/file.txt"), "a short file").unwrap();
    fs::hard_link(tree.join("directory/file.txt"), tree.join("second name.txt")).unwrap();
    fs::write(tree.join("directory/inner/large.bin"), wim::Random(5).bytes(400_000)).unwrap();
    fs::write(tree.join("empty"), "").unwrap();
    std::os::unix::fs::symlink("directory", tree.join("link")).unwrap();
}

fn captured(options: &[&str]) -> Bench {
    let bench = Bench::new();
    write_tree(&bench);
    bench.capture(options);
    bench
}

#[test]
fn sound_files_have_no_findings() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let options: [&[&str]; 5] = [
        &["--compress=LZX", "--check"],
        &["--compress=none"],
        &["--solid"],
        &["--compress=XPRESS", "--chunk-size=4K", "--boot"],
        &["--compress=LZMS", "--check"],
    ];
    for options in options {
        let bench = captured(options);
        let mut command = Command::new("wimlib-imagex");
        command.arg("append").arg(bench.path("tree/directory")).arg(bench.wim()).arg("Second");
        succeed(command);
        let report = run(&bench.wim()).unwrap();
        assert_eq!(report.findings, [], "{options:?}");
        assert_eq!(report.blobs, 3);
        let image = ImageFile::open(&bench.wim()).unwrap();
        let bytes: u64 = image.archive().blobs().iter().map(|blob| blob.size).sum();
        assert_eq!(report.bytes_verified, bytes, "{options:?}");
        assert!(bytes > 400_012);
        let of_second = TestOptions { indexes: vec![2], ..TestOptions::default() };
        let report = test(&bench.wim(), &of_second, &mut unobserved).unwrap();
        assert_eq!((report.findings.as_slice(), report.blobs), ([].as_slice(), 2));
        let of_third = TestOptions { indexes: vec![3], ..TestOptions::default() };
        let refused = test(&bench.wim(), &of_third, &mut unobserved).map_err(root);
        assert!(matches!(refused, Err(Error::IndexNotFound { index: 3, count: 2 })));
    }
}

fn place(resource: ResourceHeader) -> Range<usize> {
    resource.offset as usize..(resource.offset + resource.size_in_file) as usize
}

/// Changes bytes in turn. What wimlib refuses must be found; what is found as an error of content
/// must be refused by wimlib.
fn damage(bench: &Bench, good: &[u8], bytes: impl Iterator<Item = usize>, what: &str) -> (usize, usize) {
    let (mut changed, mut found) = (0, 0);
    let path = bench.path("damaged.wim");
    for position in bytes {
        let mut damaged = good.to_vec();
        damaged[position] ^= [0x01, 0x80, 0xFF][position % 3];
        fs::write(&path, &damaged).unwrap();
        let ours = run(&path);
        let complaint = ours.as_ref().map_or(true, |report| !report.findings.is_empty());
        changed += 1;
        found += usize::from(complaint);
        if !complaint {
            assert!(wimlib_accepts(&path), "{what}: byte {position:#x} is found by wimlib only");
        }
    }
    (changed, found)
}

#[test]
fn damage_to_any_field_that_wimlib_finds_is_found() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = captured(&["--compress=XPRESS", "--check"]);
    let good = fs::read(bench.wim()).unwrap();
    let header = Header::parse(&good[..208]).unwrap();
    // The GUID and the bytes without meaning may be anything.
    let fields = (0..0x18).chain(0x28..0x94);
    let (changed, found) = damage(&bench, &good, fields, "header");
    // Unknown flags, and where a resource would be that is not there, mean nothing.
    assert!(found * 100 >= changed * 85, "header: only {found} of {changed} found");
    let (changed, found) = damage(&bench, &good, place(header.blob_table), "blob table");
    assert_eq!(found, changed, "blob table");
    // With larger chunks than the file the table says the same.
    let (changed, found) = damage(&bench, &good, place(header.integrity), "integrity table");
    assert!(found + 4 >= changed, "integrity table: only {found} of {changed} found");
    // The document's text may change its meaning without becoming wrong.
    damage(&bench, &good, place(header.xml).step_by(7), "XML document");
    let image = ImageFile::open(&bench.wim()).unwrap();
    let blobs = image.archive().blobs();
    for blob in blobs.iter().chain(blobs.metadata()) {
        let BlobLocation::Resource(resource) = blob.location else { panic!("it is not solid") };
        let (changed, found) = damage(&bench, &good, place(resource).step_by(701), "resource");
        assert_eq!(found, changed);
    }
    for length in [0, 100, 208, 300, good.len() / 2, good.len() - 1] {
        let path = bench.path("cut.wim");
        fs::write(&path, &good[..length]).unwrap();
        let ours = run(&path);
        assert!(ours.is_err() || !ours.unwrap().findings.is_empty(), "cut to {length}");
    }
}

#[test]
fn damage_to_a_file_without_integrity_table_is_found_too() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    for options in [["--compress=LZX"], ["--solid"], ["--compress=none"]] {
        let bench = captured(&options);
        let good = fs::read(bench.wim()).unwrap();
        let header = Header::parse(&good[..208]).unwrap();
        let (changed, found) = damage(&bench, &good, place(header.blob_table), "blob table");
        // More references than there are do no harm.
        assert!(found * 10 >= changed * 7, "{options:?}: only {found} of {changed} found");
        let bytes = 208..header.blob_table.offset as usize;
        let (changed, found) = damage(&bench, &good, bytes.step_by(997), "resources");
        assert_eq!(found, changed, "{options:?}");
    }
}

#[test]
fn what_needs_damaged_content_is_named() {
    let bench = captured(&["--compress=none", "--check"]);
    let mut bytes = fs::read(bench.wim()).unwrap();
    let at = bytes.windows(12).position(|window| window == b"a short file").unwrap();
    bytes[at] = b'A';
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench.wim()).unwrap();
    let damaged = report.findings.iter().find(|finding| finding.item.len() == 40).unwrap();
    assert_eq!(damaged.severity, Severity::Error);
    assert_eq!(damaged.dependents, [r"1:\directory\file.txt", r"1:\second name.txt"]);
    assert_eq!(damaged.dependent_count, 2);
    assert!(damaged.message.contains("SHA-1"), "{}", damaged.message);
    assert_eq!(report.blobs, 2);
    let table: Vec<_> = report.findings.iter().filter(|finding| finding.item == "IntegrityTable").collect();
    assert_eq!(table.len(), 1);
    assert!(table[0].message.starts_with("chunk 0, bytes 208 to "), "{}", table[0].message);
    assert_eq!(report.findings.len(), 2);
}

#[test]
fn damaged_metadata_takes_one_image_and_not_the_others() {
    let bench = captured(&["--compress=none"]);
    let mut command = Command::new("wimlib-imagex");
    command.arg("append").arg(bench.path("tree/directory")).arg(bench.wim()).arg("Second");
    succeed(command);
    let image = ImageFile::open(&bench.wim()).unwrap();
    let BlobLocation::Resource(resource) = image.archive().metadata_blob(2).unwrap().location else {
        panic!()
    };
    let mut bytes = fs::read(bench.wim()).unwrap();
    bytes[place(resource).end - 90] ^= 1;
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench.wim()).unwrap();
    let items: Vec<_> = report.findings.iter().map(|finding| finding.item.as_str()).collect();
    assert_eq!(items, ["Image 2"]);
    assert_eq!(report.blobs, 3, "content is checked all the same");
    assert!(!wimlib_accepts(&bench.wim()));
}

#[test]
fn counts_that_are_wrong_are_warnings() {
    let bench = captured(&["--compress=none"]);
    let mut bytes = fs::read(bench.wim()).unwrap();
    let header = Header::parse(&bytes[..208]).unwrap();
    let text: Vec<u8> = "<FILECOUNT>5".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    bytes[at + text.len() - 2] = b'3';
    // The number of references of an entry is at 26.
    let entry = header.blob_table.offset as usize + 50;
    bytes[entry + 26] = 0;
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench.wim()).unwrap();
    let found: Vec<_> = report.findings.iter().map(|f| (f.severity, f.item.as_str())).collect();
    assert_eq!(found, [(Severity::Warning, "Xml"), (Severity::Warning, "BlobTable")]);
    assert!(report.findings[0].message.contains("FILECOUNT of image 1 is 3; the image has 5"));
    assert!(wimlib_accepts(&bench.wim()), "wimlib does not mind");
}

#[test]
fn resources_that_overlap_are_told() {
    let bench = captured(&["--compress=none"]);
    let mut bytes = fs::read(bench.wim()).unwrap();
    let header = Header::parse(&bytes[..208]).unwrap();
    let table = header.blob_table.offset as usize;
    let entries = (bytes.len().min(place(header.blob_table).end) - table) / 50;
    let first = table + 50;
    let offset = u64::from_le_bytes(bytes[first + 8..first + 16].try_into().unwrap());
    let last = table + (entries - 1) * 50;
    bytes[last + 8..last + 16].copy_from_slice(&(offset + 1).to_le_bytes());
    fs::write(bench.wim(), bytes).unwrap();
    let report = run(&bench.wim()).unwrap();
    assert!(report.findings.iter().any(|finding| finding.message.contains("overlap")), "{report:?}");
}

#[test]
fn missing_parts_and_missing_content_are_one_finding_with_all_that_needs_them() {
    let bench = captured(&["--compress=none"]);
    let set = bench.path("set.swm");
    let mut command = Command::new("wimlib-imagex");
    command.arg("split").arg(bench.wim()).arg(&set).arg("0.1");
    succeed(command);
    assert_eq!(run(&set).unwrap().findings, []);
    let second = (2..9).map(|number| bench.path(&format!("set{number}.swm"))).rfind(|path| path.exists());
    let moved = bench.path("elsewhere.bin");
    fs::rename(second.unwrap(), &moved).unwrap();
    let report = run(&set).unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!(report.findings[0].item, "SplitSet");
    assert!(report.findings[0].dependent_count > 0);
    assert!(report.findings[0].dependents.iter().all(|path| path.starts_with("1:\\")), "{report:?}");
    for reference in [moved, bench.wim()] {
        let options = TestOptions { reference_paths: vec![reference], ..TestOptions::default() };
        assert_eq!(test(&set, &options, &mut unobserved).unwrap().findings, []);
    }

    let delta = bench.path("delta.wim");
    let mut command = Command::new("wimlib-imagex");
    command.arg("capture").arg(bench.path("tree")).arg(&delta);
    command.arg(format!("--delta-from={}", bench.wim().display()));
    succeed(command);
    let report = run(&delta).unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!((report.findings[0].item.as_str(), report.findings[0].dependent_count), ("Content", 4));
    let options = TestOptions { reference_paths: vec![bench.wim()], ..TestOptions::default() };
    assert_eq!(test(&delta, &options, &mut unobserved).unwrap().findings, []);
}

#[test]
fn what_is_no_image_file_is_refused() {
    let bench = captured(&[]);
    let other = bench.path("other.wim");
    fs::write(&other, vec![7; 4096]).unwrap();
    assert!(matches!(run(&other).map_err(root), Err(Error::Malformed { .. })));
    assert!(matches!(run(&bench.path("none.wim")), Err(Error::Io { .. })));
    let stopped = test(&bench.wim(), &TestOptions::default(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(Error::Cancelled)));
}

#[test]
fn progress_goes_up_to_its_end() {
    let bench = Bench::captured(&["--check"]);
    let mut seen = Vec::new();
    test(&bench.wim(), &TestOptions::default(), &mut |now| {
        seen.push((now.done, now.total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let last = seen.last().unwrap();
    assert_eq!(last.0, last.1);
}

/// All files under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[test]
fn files_that_others_made_get_the_verdict_that_wimlib_gives() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata");
    if !data.is_dir() || !wim::tool_is_there("wimlib-imagex") {
        eprintln!("SKIPPED: there is no {}", data.display());
        return;
    }
    let mut compared = 0;
    for path in files(&data.join("wim")).into_iter().chain(files(&data.join("ppkg"))) {
        let magic = fs::read(&path).unwrap();
        if !magic.starts_with(b"MSWIM\0\0\0") {
            continue;
        }
        let references = TestOptions::default();
        let ours = test(&path, &references, &mut unobserved);
        let errors = match &ours {
            Err(error) => vec![error.to_string()],
            Ok(report) => {
                let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
                errors.map(|finding| format!("{}: {}", finding.item, finding.message)).collect()
            }
        };
        if path.extension().is_some_and(|extension| extension == "ppkg") {
            assert_eq!(ours.unwrap().findings, [], "Windows made {}", path.display());
        }
        // wimlib is given the other parts of a split set by name, and so looks at each alone.
        let mut command = Command::new("wimlib-imagex");
        command.arg("verify").arg(&path);
        if path.extension().is_some_and(|extension| extension == "swm") {
            command.arg(format!("--ref={}", path.with_file_name("*.swm").display()));
        }
        let theirs = command.output().unwrap();
        let message = String::from_utf8_lossy(&theirs.stderr).into_owned();
        if theirs.status.success() != errors.is_empty() {
            // Only part 1 can be opened by wimlib; here every part leads to the set.
            let other_part =
                path.extension().is_some_and(|extension| extension == "swm") && errors.is_empty();
            assert!(other_part, "{}: {errors:?}; wimlib: {message}", path.display());
        }
        compared += 1;
    }
    assert!(compared > 20, "only {compared} files");
}
