//! Image files whose content is partly in other files: deltas and split sets in several places.

use crate::support::wim::{run, tool_is_there, Random};
use imgsvc::error::Error;
use imgsvc::image::ImageFile;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn capture(source: &Path, wim: &Path, arguments: &[String]) {
    run(Command::new("wimlib-imagex").arg("capture").arg(source).arg(wim).args(arguments));
}

fn make_source(folder: &Path) -> PathBuf {
    let source = folder.join("source");
    fs::create_dir(&source).unwrap();
    for number in 0..5u64 {
        fs::write(source.join(number.to_string()), Random(number + 1).bytes(600_000)).unwrap();
    }
    source
}

/// Reads everything that image 1 refers to.
fn read_everything(image: &ImageFile) -> Result<usize, Error> {
    let tree = imgsvc::formats::wim::tree::Tree::parse(&image.archive().read_metadata(1)?)?;
    let hashes = tree.blob_references();
    for hash in hashes.keys() {
        let holder = image.holder(hash).map(|file| file.path().to_path_buf());
        assert_eq!(holder.is_some(), image.find_blob(hash).is_some());
        image.open_blob(hash)?.read_all(1 << 30)?;
    }
    Ok(hashes.len())
}

#[test]
fn a_delta_is_read_with_the_file_it_was_made_against() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = make_source(folder.path());
    let (base, delta) = (folder.path().join("base.wim"), folder.path().join("delta.wim"));
    capture(&source, &base, &["--compress=xpress:20".into()]);
    fs::write(source.join("new"), b"only in the delta").unwrap();
    capture(&source, &delta, &[format!("--delta-from={}", base.display())]);

    let error = read_everything(&ImageFile::open(&delta).unwrap()).unwrap_err();
    assert!(matches!(error.root(), Error::ContentMissing { .. }), "{error}");
    assert!(error.to_string().contains("delta.wim"), "{error}");
    let with = ImageFile::open_with(&delta, &[delta.clone(), base.clone()]).unwrap();
    assert_eq!(with.references().len(), 1, "the file itself is no reference");
    assert_eq!(read_everything(&with).unwrap(), 6);

    let parts = folder.path().join("parts");
    fs::create_dir(&parts).unwrap();
    run(Command::new("wimlib-imagex").arg("split").arg(&base).arg(parts.join("base.swm")).arg("1"));
    let parts: Vec<PathBuf> = fs::read_dir(&parts).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(parts.len() > 1, "the set has one part only");
    let with = ImageFile::open_with(&delta, &parts).unwrap();
    assert_eq!(with.references().len(), 1, "the parts are one reference");
    assert_eq!(read_everything(&with).unwrap(), 6);
}

#[test]
fn parts_in_another_directory_are_named_when_missing_and_taken_when_given() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (whole, elsewhere) = (folder.path().join("whole.wim"), folder.path().join("elsewhere"));
    capture(&make_source(folder.path()), &whole, &["--compress=xpress:20".into()]);
    let first = folder.path().join("set.swm");
    run(Command::new("wimlib-imagex").arg("split").arg(&whole).arg(&first).arg("1"));
    let second = elsewhere.join("set2.swm");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(folder.path().join("set2.swm"), &second).unwrap();

    let error = read_everything(&ImageFile::open(&first).unwrap()).unwrap_err();
    assert!(matches!(error.root(), Error::PartMissing { part: 2, .. }), "{error}");
    let with = ImageFile::open_with(&first, std::slice::from_ref(&second)).unwrap();
    assert!(with.references().is_empty());
    assert_eq!(read_everything(&with).unwrap(), 5);
    let error = ImageFile::open(&second).unwrap_err();
    assert!(matches!(error.root(), Error::PartMissing { part: 1, .. }), "{error}");
    let none = folder.path().join("none.wim");
    assert!(matches!(ImageFile::open_with(&whole, &[none]), Err(Error::Io { .. })));
}
