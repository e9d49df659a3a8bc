//! Files that the container writer makes, judged by wimlib-imagex and 7-Zip.

use crate::support::images;
use crate::support::images::{judge, pseudo_random, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::formats::wim::tree::{Inode, StreamKind, Tree};
use imgsvc::formats::wim::xml::Element;
use imgsvc::formats::wim::{Compression, Hash};
use imgsvc::image::container::{
    AppendOptions, CompressionType, ContainerOptions, ContainerWriter, ImageMetadata, Incoming, SolidOptions,
};
use imgsvc::image::decode::stream_blobs;
use imgsvc::image::host::faults;
use imgsvc::image::{ImageFile, Storage};
use imgsvc::progress::unobserved;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const TYPES: [CompressionType; 4] =
    [CompressionType::None, CompressionType::Fast, CompressionType::Max, CompressionType::Recovery];

/// Contents of every kind: small, of one chunk, large, incompressible, twice the same, empty.
fn contents() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = (0..200u64)
        .map(|number| format!("content {number} ").repeat(number as usize + 1).into_bytes())
        .collect();
    contents.push(Vec::new());
    contents.push(vec![7; 32_768]);
    contents.push(vec![8; 32_769]);
    contents.push(pseudo_random(1, 100_000));
    contents.push(pseudo_random(2, 3_000_000));
    contents.push(b"0123456789abcdef".repeat(100_000));
    // Mostly incompressible: a few chunks shrink by less than the table takes.
    let mut mixed = pseudo_random(3, 2_000_000);
    mixed[..40].fill(0);
    contents.push(mixed);
    contents.push(pseudo_random(2, 3_000_000));
    contents.push(b"content 5 ".repeat(6));
    contents.push((0..700_000u32).flat_map(|number| (number / 3).to_le_bytes()).collect());
    contents
}

fn incoming(contents: &[Vec<u8>]) -> impl Iterator<Item = Incoming> + '_ {
    (0..).zip(contents).map(|(tag, bytes)| {
        let bytes = bytes.clone();
        let size = bytes.len() as u64;
        let open: imgsvc::image::container::OpenContent =
            Box::new(move || Ok(Box::new(std::io::Cursor::new(bytes))));
        Incoming { tag, size, hash: None, open }
    })
}

fn hash_of(bytes: &[u8]) -> Hash {
    match bytes {
        [] => [0; 20],
        bytes => Sha1::digest(bytes).into(),
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// A tree with a file for each hash.
fn tree_of(hashes: &[Hash]) -> Tree {
    let mut tree = Tree::new();
    for (number, hash) in hashes.iter().enumerate() {
        let mut inode = Inode::file(*hash);
        inode.set_stream(StreamKind::Data, &[], *hash);
        let root = tree.root();
        tree.create(root, &units(&format!("file{number:03}")), inode).unwrap();
    }
    tree
}

fn named(name: &str) -> Element {
    let mut element = Element::new("IMAGE");
    element.set_text("NAME", name).unwrap();
    element
}

/// Writes one image with these contents.
fn write(path: &Path, options: &ContainerOptions, contents: &[Vec<u8>]) -> imgsvc::error::Result<()> {
    let mut writer = ContainerWriter::create(path, options, false)?;
    let mut told: Vec<(u64, Hash, u64)> = Vec::new();
    writer.add_content(
        &mut incoming(contents),
        &mut |tag, hash, size| told.push((tag, hash, size)),
        &mut unobserved,
    )?;
    let expected: Vec<(u64, Hash, u64)> =
        (0..).zip(contents).map(|(tag, bytes)| (tag, hash_of(bytes), bytes.len() as u64)).collect();
    assert_eq!(told, expected);
    let hashes: Vec<Hash> = contents.iter().map(|bytes| hash_of(bytes)).collect();
    writer.add_image(ImageMetadata::Tree(&tree_of(&hashes)), named("One"), &mut unobserved)?;
    let finished = writer.finish(&mut unobserved)?;
    assert_eq!(finished.file_size, fs::metadata(path).unwrap().len());
    Ok(())
}

fn apply(wim: &Path, index: u32, bench: &Bench) -> BTreeMap<String, Vec<u8>> {
    let target = bench.path(&format!("out-{}", uuid()));
    let mut command = Command::new("wimlib-imagex");
    command.arg("apply").arg(wim).arg(index.to_string()).arg(&target);
    succeed(command);
    let entries = fs::read_dir(&target).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect()
}

fn uuid() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

fn assert_holds(wim: &Path, index: u32, contents: &[Vec<u8>], bench: &Bench) {
    let found = apply(wim, index, bench);
    assert_eq!(found.len(), contents.len());
    for (bytes, expected) in found.values().zip(contents) {
        assert!(bytes == expected);
    }
}

fn open(path: &Path) -> Arc<ImageFile> {
    Arc::new(ImageFile::open(path).unwrap())
}

fn all_hashes(file: &ImageFile) -> Vec<Hash> {
    file.archive().blobs().iter().map(|blob| blob.hash).collect()
}

#[test]
fn foreign_programs_read_every_compression() {
    let bench = Bench::new();
    let contents = contents();
    for kind in TYPES {
        let wim = bench.path(&format!("{kind:?}.wim"));
        let options = ContainerOptions { integrity_table: true, ..ContainerOptions::new(kind) };
        write(&wim, &options, &contents).unwrap();
        judge(&wim);
        assert_holds(&wim, 1, &contents, &bench);
        let file = open(&wim);
        assert_eq!(file.archive().is_solid(), kind == CompressionType::Recovery);
        stream_blobs(&file, &all_hashes(&file), &mut |_, _| Ok(()), &mut || Ok(())).unwrap();
        // As wimlib would describe it.
        let again = bench.path(&format!("{kind:?}.export.wim"));
        let mut export = Command::new("wimlib-imagex");
        export.arg("export").arg(&wim).arg("1").arg(&again);
        succeed(export);
        let ours: Vec<_> = counts(&file);
        assert_eq!(ours, counts(&open(&again)), "{kind:?}");
    }
}

/// What the XML says of the first image's sizes, and the references of all blobs.
fn counts(file: &ImageFile) -> Vec<(Hash, u64)> {
    let image = &file.archive().images()[0];
    let mut counts: Vec<(Hash, u64)> =
        file.archive().blobs().iter().map(|blob| (blob.hash, u64::from(blob.references))).collect();
    counts.sort_unstable();
    counts.push(([0; 20], image.total_bytes));
    counts.push(([0; 20], image.file_count));
    counts.push(([0; 20], image.dir_count));
    counts
}

#[test]
fn the_same_contents_make_the_same_bytes() {
    let bench = Bench::new();
    let contents = contents();
    for kind in TYPES {
        let mut options = ContainerOptions::new(kind);
        options.guid = [5; 16];
        let files: Vec<Vec<u8>> = (0..3)
            .map(|run| {
                let wim = bench.path(&format!("{kind:?}{run}.wim"));
                let mut writer = ContainerWriter::create(&wim, &options, false).unwrap();
                writer.add_content(&mut incoming(&contents), &mut |_, _, _| {}, &mut unobserved).unwrap();
                let hashes: Vec<Hash> = contents.iter().map(|bytes| hash_of(bytes)).collect();
                let mut xml = named("One");
                xml.replace(Element::with_time("CREATIONTIME", 1));
                xml.replace(Element::with_time("LASTMODIFICATIONTIME", 1));
                writer.add_image(ImageMetadata::Tree(&tree_of(&hashes)), xml, &mut unobserved).unwrap();
                writer.finish(&mut unobserved).unwrap();
                fs::read(wim).unwrap()
            })
            .collect();
        assert!(files[0] == files[1] && files[1] == files[2], "{kind:?}");
    }
}

#[test]
fn stored_content_goes_from_every_compression_to_every_other() {
    let bench = Bench::new();
    let contents = contents();
    for from in TYPES {
        let source = bench.path(&format!("from-{from:?}.wim"));
        write(&source, &ContainerOptions::new(from), &contents).unwrap();
        let file = open(&source);
        for to in TYPES {
            let wim = bench.path(&format!("{from:?}-{to:?}.wim"));
            let mut writer = ContainerWriter::create(&wim, &ContainerOptions::new(to), false).unwrap();
            writer.add_stored(&file, &all_hashes(&file), &mut unobserved).unwrap();
            let xml = file.archive().xml().image(1).unwrap().clone();
            let metadata = ImageMetadata::Stored { file: &file, index: 1 };
            assert_eq!(writer.add_image(metadata, xml, &mut unobserved).unwrap(), 1);
            writer.set_boot_index(Some(1)).unwrap();
            writer.finish(&mut unobserved).unwrap();
            judge(&wim);
            assert_holds(&wim, 1, &contents, &bench);
            assert_eq!(open(&wim).archive().boot_index(), Some(1));
        }
    }
}

#[test]
fn solid_resources_of_several_chunks_are_read_by_others() {
    let bench = Bench::new();
    let contents = contents();
    let wim = bench.path("solid.esd");
    let solid = Some(SolidOptions { chunk_size: 128 << 10 });
    let options = ContainerOptions { solid, ..ContainerOptions::new(CompressionType::Recovery) };
    write(&wim, &options, &contents).unwrap();
    judge(&wim);
    assert_holds(&wim, 1, &contents, &bench);
    assert_eq!(open(&wim).archive().blobs().solid_resources().len(), 1);
    // A further solid resource behind the first.
    let more: Vec<Vec<u8>> = (0..9).map(|seed| pseudo_random(seed + 50, 90_000)).collect();
    let mut writer = append(&bench, &wim);
    writer.add_content(&mut incoming(&more), &mut |_, _, _| {}, &mut unobserved).unwrap();
    let hashes: Vec<Hash> = more.iter().map(|bytes| hash_of(bytes)).collect();
    let tree = tree_of(&hashes);
    assert_eq!(writer.add_image(ImageMetadata::Tree(&tree), named("Two"), &mut unobserved).unwrap(), 2);
    writer.finish(&mut unobserved).unwrap();
    judge(&wim);
    assert_eq!(open(&wim).archive().blobs().solid_resources().len(), 2);
    assert_holds(&wim, 1, &contents, &bench);
    assert_holds(&wim, 2, &more, &bench);
}

fn append(bench: &Bench, wim: &Path) -> ContainerWriter {
    ContainerWriter::append_in(bench.state(), &open(wim), &AppendOptions::default()).unwrap()
}

#[test]
fn images_are_appended_and_removed_in_place() {
    for options in [&["--compress=fast"][..], &["--compress=max", "--check"], &["--compress=none"]] {
        let bench = Bench::captured(options);
        let before = bench.detailed(1);
        let old = contents();
        let hashes: Vec<Hash> = old.iter().map(|bytes| hash_of(bytes)).collect();
        for name in ["Second", "Third"] {
            let mut writer = append(&bench, &bench.wim());
            writer.add_content(&mut incoming(&old), &mut |_, _, _| {}, &mut unobserved).unwrap();
            writer.add_image(ImageMetadata::Tree(&tree_of(&hashes)), named(name), &mut unobserved).unwrap();
            writer.finish(&mut unobserved).unwrap();
            bench.judge();
        }
        assert_eq!(bench.detailed(1), before);
        assert_holds(&bench.wim(), 3, &old, &bench);
        assert_eq!(open(&bench.wim()).archive().has_integrity_table(), options.contains(&"--check"));
        let mut writer = append(&bench, &bench.wim());
        let doubled = writer.add_image(ImageMetadata::Tree(&tree_of(&[])), named("Third"), &mut unobserved);
        assert!(matches!(doubled, Err(Error::ImageNameExists { index: 3, .. })));
        drop(writer);
        let mut writer = append(&bench, &bench.wim());
        writer.remove_images(&[1, 2], &mut unobserved).unwrap();
        writer.finish(&mut unobserved).unwrap();
        bench.judge();
        assert_holds(&bench.wim(), 1, &old, &bench);
        let file = open(&bench.wim());
        assert_eq!(file.archive().images().len(), 1);
        assert_eq!(file.archive().blobs().len(), 207);
    }
}

#[test]
fn a_failure_at_any_step_leaves_no_file_or_the_old_one() {
    let contents: Vec<Vec<u8>> = (0..30).map(|seed| pseudo_random(seed, 100_000)).collect();
    let steps = {
        let bench = Bench::new();
        let options = ContainerOptions::new(CompressionType::Fast);
        faults::count(|| write(&bench.path("new.wim"), &options, &contents).unwrap()).1
    };
    assert!(steps > 6);
    for step in 0..steps {
        let bench = Bench::new();
        let wim = bench.path("new.wim");
        let options = ContainerOptions::new(CompressionType::Fast);
        let full = faults::full_at(step, || write(&wim, &options, &contents));
        match full {
            Ok(()) => judge(&wim),
            Err(_) => assert_eq!(fs::read_dir(bench.directory.path()).unwrap().count(), 0, "step {step}"),
        }
        let bench = Bench::new();
        let wim = bench.path("new.wim");
        if faults::crash_at(step, || write(&wim, &options, &contents)).is_err() && wim.exists() {
            judge(&wim);
        }
    }
}

#[test]
fn an_append_that_fails_at_any_step_leaves_the_old_file() {
    let contents: Vec<Vec<u8>> = (0..12).map(|seed| pseudo_random(seed, 200_000)).collect();
    let hashes: Vec<Hash> = contents.iter().map(|bytes| hash_of(bytes)).collect();
    let original = Bench::captured(&["--compress=fast", "--check"]);
    let add = |bench: &Bench| -> imgsvc::error::Result<()> {
        let image = Arc::new(ImageFile::open(&bench.wim())?);
        let mut writer = ContainerWriter::append_in(bench.state(), &image, &AppendOptions::default())?;
        writer.add_content(&mut incoming(&contents), &mut |_, _, _| {}, &mut unobserved)?;
        writer.add_image(ImageMetadata::Tree(&tree_of(&hashes)), named("More"), &mut unobserved)?;
        writer.finish(&mut unobserved).map(drop)
    };
    let fresh = || {
        let bench = Bench::new();
        fs::copy(original.wim(), bench.wim()).unwrap();
        bench
    };
    let bench = fresh();
    let (done, steps) = faults::count(|| add(&bench));
    done.unwrap();
    let old = fs::read(original.wim()).unwrap();
    for step in 0..steps {
        let bench = fresh();
        let full = faults::full_at(step, || add(&bench));
        if full.is_err() {
            assert!(fs::read(bench.wim()).unwrap() == old, "step {step}");
        }
        let bench = fresh();
        let _ = faults::crash_at(step, || add(&bench));
        bench.judge_container();
        let images = open(&bench.wim()).archive().images().len();
        assert!(images == 1 || images == 2 && step + 2 >= steps, "step {step} of {steps}");
    }
}

#[test]
fn stopping_at_any_report_leaves_nothing() {
    let contents = contents();
    let mut reports = 0;
    for stop in [0, 1, 2, 5, 9, 14] {
        let bench = Bench::new();
        let mut seen = 0;
        let mut observer = |_| {
            seen += 1;
            if seen > stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ContainerOptions::new(CompressionType::Max);
        let mut writer = ContainerWriter::create(&bench.path("new.wim"), &options, false).unwrap();
        let added = writer.add_content(&mut incoming(&contents), &mut |_, _, _| {}, &mut observer);
        assert!(matches!(added, Err(Error::Cancelled)), "{stop}");
        drop(writer);
        assert_eq!(fs::read_dir(bench.directory.path()).unwrap().count(), 0);
        reports = seen;
    }
    assert_eq!(reports, 15);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let bench = Bench::captured(&["--compress=fast"]);
    let options = ContainerOptions::new(CompressionType::Fast);
    let exists = ContainerWriter::create(&bench.wim(), &options, false).unwrap_err();
    assert!(matches!(exists, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists));
    let storage = Storage { compression: Compression::Lzx, chunk_size: 3 };
    let odd = ContainerOptions { storage, ..ContainerOptions::new(CompressionType::Max) };
    let refused = ContainerWriter::create(&bench.path("odd.wim"), &odd, false);
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    // Content that is shorter, longer or other than was said.
    for (size, hash) in [(9, None), (11, None), (10, Some([3; 20])), (600_000, None)] {
        let mut writer = ContainerWriter::create(&bench.path("new.wim"), &options, false).unwrap();
        let open: imgsvc::image::container::OpenContent = Box::new(|| Ok(Box::new(&b"0123456789"[..])));
        let mut items = std::iter::once(Incoming { tag: 0, size, hash, open });
        assert!(writer.add_content(&mut items, &mut |_, _, _| {}, &mut unobserved).is_err());
    }
    assert!(!bench.path("new.wim").exists());
    // The file has changed since it was opened.
    let image = open(&bench.wim());
    append(&bench, &bench.wim()).finish(&mut unobserved).unwrap();
    let stale = ContainerWriter::append_in(bench.state(), &image, &AppendOptions::default());
    assert!(matches!(stale.map_err(images::root), Err(Error::ImageChanged { .. })));
}

#[test]
fn a_delta_leaves_out_what_another_file_has() {
    let bench = Bench::captured(&["--compress=max"]);
    let base = open(&bench.wim());
    let delta = bench.path("delta.wim");
    let options = ContainerOptions::new(CompressionType::Max);
    let mut writer = ContainerWriter::create(&delta, &options, false).unwrap();
    writer.leave_out(&base);
    let new = vec![b"only in the delta".to_vec()];
    writer.add_content(&mut incoming(&new), &mut |_, _, _| {}, &mut unobserved).unwrap();
    let mut hashes = all_hashes(&base);
    assert!(writer.has(&hashes[0]));
    writer.add_stored(&base, &hashes, &mut unobserved).unwrap();
    hashes.push(hash_of(&new[0]));
    writer.add_image(ImageMetadata::Tree(&tree_of(&hashes)), named("Delta"), &mut unobserved).unwrap();
    writer.finish(&mut unobserved).unwrap();
    let file = open(&delta);
    assert_eq!(file.archive().blobs().len(), 1);
    let total: u64 = base.archive().blobs().iter().map(|blob| blob.size).sum();
    assert_eq!(file.archive().images()[0].total_bytes, total + 17);
    let target = bench.path("out");
    let mut command = Command::new("wimlib-imagex");
    command.arg("apply").arg(&delta).arg("1").arg(&target);
    command.arg(format!("--ref={}", bench.wim().display()));
    succeed(command);
    assert_eq!(fs::read_dir(target).unwrap().count(), hashes.len());
}
