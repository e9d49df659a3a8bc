//! Damaged and hostile WIM files: refused with the place, or read as far as they go; never a panic,
//! never a hang, never more memory than the file can justify.

use crate::support::wim::{assemble, assemble_metadata, open_bytes, run, sha1, tool_is_there, units, Random};
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::tree::{Inode, StreamKind, Tree};
use imgsvc::formats::wim::{Compression, Header};
use imgsvc::formats::ReadAt;
use std::fs;
use std::process::Command;

/// Reads everything there is to read, with bounds.
fn read_all(bytes: Vec<u8>) -> Result<()> {
    let archive = open_bytes(bytes)?;
    let mut first_error = None;
    let mut keep = |result: Result<()>| {
        if let Err(error) = result {
            first_error.get_or_insert(error);
        }
    };
    for index in 1..=archive.header().image_count.min(4) {
        keep(archive.read_metadata(index).and_then(|metadata| {
            let tree = Tree::parse(&metadata)?;
            Tree::parse(&tree.to_bytes()?).map(|_| ())
        }));
    }
    for blob in archive.blobs().iter().take(20) {
        keep(archive.open_blob(&blob.hash).and_then(|mut reader| reader.read_all(4 << 20).map(|_| ())));
    }
    keep(archive.integrity_table(1).map(|_| ()));
    first_error.map_or(Ok(()), Err)
}

fn sample() -> (Tree, Vec<Vec<u8>>) {
    let contents = vec![Random(3).bytes(9_000), b"short".to_vec(), vec![0; 5_000]];
    let mut tree = Tree::new();
    let directory = tree.create(tree.root(), &units("directory"), Inode::directory()).unwrap();
    let mut file = Inode::file(sha1(&contents[0]));
    file.set_stream(StreamKind::Data, &units("stream"), sha1(&contents[1]));
    let file = tree.create(directory, &units("file"), file).unwrap();
    tree.set_short_name(file, &units("F~1")).unwrap();
    tree.create(tree.root(), &units("zeroes"), Inode::file(sha1(&contents[2]))).unwrap();
    let target = tree.create(tree.root(), &units("x"), Inode::file(sha1(&contents[1]))).unwrap();
    tree.link(target, directory, &units("y")).unwrap();
    tree.set_security_descriptor(tree.dentry(target).inode, Some(&[1; 20])).unwrap();
    (tree, contents)
}

#[test]
fn every_byte_of_header_blob_table_and_document_may_be_anything() {
    let (tree, contents) = sample();
    let good = assemble(&[tree], &contents, Compression::Xpress, 4096);
    read_all(good.clone()).unwrap();
    let header = Header::parse(&good[..208]).unwrap();
    let table = header.blob_table.offset as usize;
    let mut refused = 0;
    for position in (0..208).chain(table..good.len()) {
        for value in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
            let mut damaged = good.clone();
            damaged[position] = value;
            if let Err(error) = read_all(damaged) {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(refused > 400, "only {refused} refused");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let (tree, contents) = sample();
    let good = assemble(&[tree], &contents, Compression::Lzx, 32_768);
    for length in (0..good.len()).step_by(97).chain([0, 1, 207, 208, 209, good.len() - 1]) {
        assert!(read_all(good[..length].to_vec()).is_err(), "cut to {length}");
    }
}

#[test]
fn every_field_of_the_metadata_may_be_anything() {
    let (tree, _) = sample();
    let good = tree.to_bytes().unwrap();
    for position in 0..good.len() {
        for value in [0x00, 0x01, 0x08, 0x10, 0x7F, 0x80, 0xFF] {
            let mut damaged = good.clone();
            damaged[position] = value;
            if let Ok(tree) = Tree::parse(&damaged) {
                let again = tree.to_bytes().unwrap();
                assert_eq!(
                    Tree::parse(&again).unwrap().to_bytes().unwrap(),
                    again,
                    "byte {position} = {value}"
                );
            }
        }
    }
    for length in 0..good.len() {
        let _ = Tree::parse(&good[..length]);
    }
}

#[test]
fn seeded_mutants_of_small_files_are_survived() {
    let (tree, contents) = sample();
    for (seed, (compression, chunk_size)) in
        [(Compression::None, 0), (Compression::Lzx, 32_768), (Compression::Lzms, 32_768)]
            .into_iter()
            .enumerate()
    {
        let good = assemble(std::slice::from_ref(&tree), &contents, compression, chunk_size);
        let mut random = Random(0xABCD + seed as u64);
        for _ in 0..150 {
            let mut mutant = good.clone();
            for _ in 0..=random.below(6) {
                let position = random.below(mutant.len() as u64) as usize;
                match random.below(4) {
                    0 => mutant[position] = random.next() as u8,
                    1 => mutant[position] ^= 1 << random.below(8),
                    2 => {
                        let end = (position + 8).min(mutant.len());
                        mutant[position..end].fill(0xFF);
                    }
                    _ => {
                        let from = random.below(mutant.len() as u64) as usize;
                        let count = 24.min(mutant.len() - position.max(from));
                        mutant.copy_within(from..from + count, position);
                    }
                }
            }
            let _ = read_all(mutant);
        }
    }
}

#[test]
fn seeded_mutants_of_a_solid_file_are_survived() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::create_dir(&source).unwrap();
    for number in 0..5u64 {
        fs::write(source.join(format!("{number}")), Random(number + 1).bytes(30_000)).unwrap();
    }
    let wim = folder.path().join("solid.wim");
    let options = ["--solid", "--solid-chunk-size=32K", "--solid-compress=lzx:20", "--check", "--quiet"];
    run(Command::new("wimlib-imagex").arg("capture").arg(&source).arg(&wim).args(options));
    let good = fs::read(&wim).unwrap();
    read_all(good.clone()).unwrap();
    let header = Header::parse(&good[..208]).unwrap();
    let tail = header.blob_table.offset as usize;
    for position in tail..tail + header.blob_table.size as usize {
        let mut damaged = good.clone();
        damaged[position] ^= 0x41;
        let _ = read_all(damaged);
    }
    for position in 208..260 {
        let mut damaged = good.clone();
        damaged[position] = 0xFF;
        let _ = read_all(damaged);
    }
}

/// A resource that claims to be enormous costs nothing before that is found out.
#[test]
fn sizes_that_the_file_cannot_hold_are_refused_before_memory_is_taken() {
    let (tree, contents) = sample();
    let good = assemble(&[tree], &contents, Compression::Lzx, 32_768);
    let header = Header::parse(&good[..208]).unwrap();
    let table = header.blob_table.offset as usize;
    for entry in (table..table + header.blob_table.size as usize).step_by(50) {
        for size in [1u64 << 40, 1 << 55, u64::MAX, (1 << 32) - 1] {
            let mut damaged = good.clone();
            damaged[entry + 16..entry + 24].copy_from_slice(&size.to_le_bytes());
            damaged[entry + 7] |= 4;
            assert!(read_all(damaged).is_err());
        }
    }
    for field in [0x30, 0x48] {
        let mut damaged = good.clone();
        damaged[field..field + 7].fill(0xFF);
        damaged[field + 16..field + 24].fill(0x7F);
        let error = read_all(damaged).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. } | Error::LimitExceeded { .. }), "{error}");
    }
}

/// Directories that share one list multiply: 30 levels of two would be 2^30 entries.
#[test]
fn directories_that_multiply_are_refused() {
    let mut tree = Tree::new();
    let mut at = tree.root();
    for level in 0..30 {
        tree.create(at, &units("b"), Inode::directory()).unwrap();
        at = tree.create(at, &units(&format!("a{level}")), Inode::directory()).unwrap();
    }
    let mut bytes = tree.to_bytes().unwrap();
    let parsed = Tree::parse(&bytes).unwrap();
    assert_eq!(parsed.walk(parsed.root()).count(), 61);
    // Each list has two directories; let "b" point where "a…" points.
    let names: Vec<usize> = (0..bytes.len() - 110)
        .filter(|at| bytes[at + 100..at + 102] == [2, 0] && bytes[at + 102..at + 104] == [b'b', 0])
        .collect();
    assert_eq!(names.len(), 30);
    for b in names {
        // "a…" stands in front of "b" and has 4 or 6 bytes of name: 112 bytes in all.
        let children = bytes[b - 112 + 16..b - 112 + 24].to_vec();
        bytes[b + 16..b + 24].copy_from_slice(&children);
    }
    let error = Tree::parse(&bytes).unwrap_err();
    assert!(error.to_string().contains("share their entries"), "{error}");
}

/// A source that fails is an I/O error, not damage.
#[test]
fn an_error_of_the_disk_is_told_from_damage() {
    struct Failing(Vec<u8>);
    impl ReadAt for Failing {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
            if offset > 0 {
                return Err(std::io::Error::other("the cable was pulled"));
            }
            self.0.read_exact_at(buffer, offset)
        }
        fn size(&self) -> std::io::Result<u64> {
            self.0.size()
        }
    }
    let (tree, contents) = sample();
    let good = assemble(&[tree], &contents, Compression::None, 0);
    let error = imgsvc::formats::wim::Archive::open(vec![std::sync::Arc::new(Failing(good))]).unwrap_err();
    assert!(matches!(error, Error::Stream(_)), "{error}");
}

/// wimlib's answer to one image's metadata: its sorted paths, or that it refuses.
fn wimlib_paths(folder: &std::path::Path, wim: &[u8]) -> Option<Vec<String>> {
    let path = folder.join("mutant.wim");
    fs::write(&path, wim).unwrap();
    let output = Command::new("wimlib-imagex").arg("dir").arg(&path).arg("1").output().unwrap();
    let mut lines: Vec<String> = String::from_utf8(output.stdout).ok()?.lines().map(str::to_owned).collect();
    lines.sort();
    output.status.success().then_some(lines)
}

#[test]
fn mutants_of_the_metadata_get_the_answer_that_wimlib_gives() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (tree, contents) = sample();
    let good = tree.to_bytes().unwrap();
    let images = std::slice::from_ref(&tree);
    let mut random = Random(0x5EED);
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..300 {
        let mut metadata = good.clone();
        // Fields that steer the reading: lengths, offsets, attributes, sizes of names.
        for _ in 0..=random.below(2) {
            let position = random.below(metadata.len() as u64) as usize;
            metadata[position] = match random.below(5) {
                0 => random.next() as u8,
                1 => 0,
                2 => metadata[position] ^ (1 << random.below(8)),
                3 => metadata[position].wrapping_add(8),
                _ => 0x2E,
            };
        }
        let wim = assemble_metadata(images, std::slice::from_ref(&metadata), &contents, Compression::None, 0);
        let ours = Tree::parse(&metadata);
        let printable = ours.as_ref().map_or(true, |tree| {
            tree.walk(tree.root()).all(|id| {
                let name = &tree.dentry(id).name;
                String::from_utf16(name).is_ok_and(|name| !name.contains(['\n', '/', '\\']))
            })
        });
        if !printable {
            continue;
        }
        let theirs = wimlib_paths(folder.path(), &wim);
        let ours = ours.map(|tree| {
            let mut paths: Vec<String> =
                tree.walk(tree.root()).map(|id| tree.display_path(id).replace('\\', "/")).collect();
            paths.sort();
            paths
        });
        match (&ours, &theirs) {
            (Ok(ours), Some(theirs)) => {
                assert_eq!(ours, theirs, "mutant {number}");
                accepted += 1;
            }
            (Err(_), None) => refused += 1,
            // An image without a root is empty; wimdir has no path to list then.
            (Ok(ours), None) if ours == &["/"] => {}
            _ => panic!("mutant {number}: {ours:?} against {theirs:?}"),
        }
    }
    assert!(accepted > 100 && refused > 20, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_link_group_with_different_files_is_split_as_wimlib_splits_it() {
    let (tree, contents) = sample();
    let mut metadata = tree.to_bytes().unwrap();
    // "x" and "y" are one file; give the second occurrence of its hash another content.
    let hash = sha1(&contents[1]);
    let places: Vec<usize> = (0..metadata.len() - 20).filter(|at| metadata[*at..at + 20] == hash).collect();
    let last = *places.last().unwrap();
    metadata[last..last + 20].copy_from_slice(&sha1(&contents[2]));
    let parsed = Tree::parse(&metadata).unwrap();
    let x = parsed.resolve(&[units("x")]).unwrap();
    let y = parsed.resolve(&[units("directory"), units("y")]).unwrap();
    assert_ne!(parsed.dentry(x).inode, parsed.dentry(y).inode);
    assert_eq!(parsed.notes().len(), 1);
    if tool_is_there("wimlib-imagex") {
        let folder = tempfile::tempdir().unwrap();
        let images = std::slice::from_ref(&tree);
        let wim = folder.path().join("split.wim");
        let bytes =
            assemble_metadata(images, std::slice::from_ref(&metadata), &contents, Compression::None, 0);
        fs::write(&wim, bytes).unwrap();
        let text = run(Command::new("wimlib-imagex").args(["dir", "--detailed"]).arg(&wim).arg("1"));
        assert!(!text.contains("Link Count          = 2"), "{text}");
    }
}
