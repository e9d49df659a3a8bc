//! WIM files that wimlib captures from random small trees, in every form it writes: what is read of
//! them equals what wimdir says and what is on disk, and writing the metadata again changes no byte.

use crate::support::wim;
use crate::support::wim::{open, run, tool_is_there, Random};
use imgsvc::error::Error;
use imgsvc::formats::wim::integrity::{verify, Integrity, IntegrityTable};
use imgsvc::formats::wim::tree::tagged_items::UNIX_DATA;
use imgsvc::formats::wim::tree::{tagged_item, DentryId, Tree};
use imgsvc::formats::wim::{Archive, BlobLocation, Header};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a tree with equal and empty files, hard links, links, odd names and many entries.
fn make_tree(root: &Path, seed: u64) {
    let mut random = Random(seed | 1);
    let mut directories = vec![root.to_path_buf()];
    fs::create_dir_all(root).unwrap();
    let names = ["File", "file", "FILE.txt", "émile", "ẞtraße", "日本", "a b", "x'y", "ÿ", "Z", "_", "~1"];
    for number in 0..40 {
        let directory = directories[random.below(directories.len() as u64) as usize].clone();
        let name = format!("{}{}", names[random.below(12) as usize], number % 7);
        let path = directory.join(name);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match random.below(10) {
            0 | 1 => {
                fs::create_dir(&path).unwrap();
                directories.push(path);
            }
            2 => fs::write(&path, b"").unwrap(),
            3 => fs::write(&path, b"the same").unwrap(),
            4 => {
                let target = directory.join("linked");
                if !target.exists() {
                    fs::write(&target, random.bytes(500)).unwrap();
                }
                fs::hard_link(&target, &path).unwrap();
            }
            5 => std::os::unix::fs::symlink("../somewhere/else", &path).unwrap(),
            6 => fs::write(&path, random.bytes(200_000)).unwrap(),
            _ => {
                let size = random.below(70_000) as usize;
                fs::write(&path, random.bytes(size)).unwrap();
            }
        }
    }
}

/// What `wimdir --detailed` says about one name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    short_name: String,
    attributes: u32,
    links: u32,
    reparse_tag: Option<u32>,
    /// Hashes that are not zero, sorted.
    hashes: Vec<String>,
}

fn wimdir(wim: &Path) -> BTreeMap<String, Listed> {
    let text = run(Command::new("wimlib-imagex").arg("dir").arg("--detailed").arg(wim).arg("1"));
    let mut all = BTreeMap::new();
    let mut current: Option<(String, Listed)> = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let number = || u32::from_str_radix(value.trim_start_matches("0x"), 16).unwrap();
        if key.trim() == "Full Path" {
            all.extend(current.take());
            current = Some((value.trim_matches('"').to_owned(), Listed::default()));
            continue;
        }
        let Some((_, listed)) = &mut current else { continue };
        match key.trim() {
            "Short Name" => listed.short_name = value.trim_matches('"').to_owned(),
            "Attributes" => listed.attributes = number(),
            "Link Count" => listed.links = value.parse().unwrap(),
            "Reparse Tag" => listed.reparse_tag = Some(number()),
            "Hash" if value.chars().any(|c| c != '0' && c != 'x') => {
                listed.hashes.push(value.trim_start_matches("0x").to_owned());
            }
            _ => {}
        }
    }
    all.extend(current);
    all.values_mut().for_each(|listed| listed.hashes.sort());
    all
}

fn ours(tree: &Tree, id: DentryId) -> (String, Listed) {
    let inode = tree.inode_of(id);
    let mut hashes: Vec<String> = inode
        .streams
        .iter()
        .filter(|stream| stream.hash != [0; 20])
        .map(|stream| stream.hash.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    hashes.sort();
    let listed = Listed {
        short_name: String::from_utf16(&tree.dentry(id).short_name).unwrap(),
        attributes: inode.attributes,
        links: inode.links,
        reparse_tag: inode.is_reparse_point().then_some(inode.reparse.tag),
        hashes,
    };
    (tree.display_path(id).replace('\\', "/"), listed)
}

/// Compares a WIM with wimdir, with the tree on disk, and with its own metadata written again.
fn check(archive: &Archive, wim: &Path, source: &Path, what: &str) {
    let metadata = archive.read_metadata(1).unwrap();
    let tree = Tree::parse(&metadata).unwrap();
    assert_eq!(tree.notes(), [] as [&str; 0], "{what}");
    let found: BTreeMap<_, _> = tree.walk(tree.root()).map(|id| ours(&tree, id)).collect();
    assert_eq!(found, wimdir(wim), "{what}");
    assert!(tree.to_bytes().unwrap() == metadata, "{what}: the metadata changes when it is written again");

    let image = &archive.images()[0];
    let totals = tree.totals(|hash| archive.blobs().get(hash).map(|blob| blob.size));
    assert_eq!(totals.directories, image.dir_count, "{what}");
    assert_eq!(totals.files, image.file_count, "{what}");
    assert_eq!(totals.total_bytes, image.total_bytes, "{what}");
    assert_eq!(totals.hard_link_bytes, image.hard_link_bytes, "{what}");
    for (hash, count) in tree.blob_references() {
        assert_eq!(archive.blob(&hash).unwrap().references, count, "{what}");
    }
    let mut previous = None;
    for id in tree.walk(tree.root()) {
        let inode = tree.inode_of(id);
        if inode.is_directory() || inode.is_reparse_point() {
            continue;
        }
        let path = source.join(tree.display_path(id).replace('\\', "/").trim_start_matches('/'));
        let expected = fs::read(&path).unwrap();
        let hash = inode.unnamed_hash();
        if hash == [0; 20] {
            assert_eq!(expected, b"", "{what}: {}", path.display());
            continue;
        }
        let mut reader = archive.open_blob_after(&hash, previous.take()).unwrap();
        assert!(reader.read_all(1 << 30).unwrap() == expected, "{what}: {}", path.display());
        let mut middle = vec![0; expected.len() / 2];
        let start = expected.len() / 3;
        reader.read_range(start as u64, &mut middle).unwrap();
        assert!(middle == expected[start..start + middle.len()], "{what}: {}", path.display());
        assert!(reader.read_range(expected.len() as u64, &mut [0]).is_err());
        previous = Some(reader);
    }
    assert_eq!(archive.header().to_bytes().as_slice(), &fs::read(wim).unwrap()[..208], "{what}");
}

fn capture(source: &Path, wim: &Path, options: &[&str]) {
    let mut command = Command::new("wimlib-imagex");
    command.arg("capture").arg(source).arg(wim).args(["--no-acls", "--norpfix", "--threads=1", "--quiet"]);
    run(command.args(options));
}

#[test]
fn every_form_that_wimlib_captures_is_read_as_wimlib_reads_it() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let forms: [&[&str]; 15] = [
        &["--compress=none"],
        &["--compress=fast"],
        &["--compress=xpress:20", "--chunk-size=4096"],
        &["--compress=xpress:20", "--chunk-size=64K", "--check"],
        &["--compress=lzx:20"],
        &["--compress=lzx:20", "--chunk-size=64K", "--unix-data"],
        &["--compress=lzx:20", "--chunk-size=2M"],
        &["--compress=lzms:20", "--chunk-size=32K"],
        &["--compress=lzms:20", "--chunk-size=128K", "--check"],
        &["--compress=lzms:20", "--chunk-size=1M"],
        &["--compress=lzx:20", "--solid", "--solid-compress=lzms:20", "--solid-chunk-size=128K"],
        &["--compress=lzx:20", "--solid", "--solid-compress=lzx:20", "--solid-chunk-size=32K"],
        &["--compress=none", "--solid", "--solid-compress=xpress:20", "--solid-chunk-size=4096"],
        &["--compress=xpress:20", "--solid", "--solid-compress=lzms:20", "--solid-chunk-size=64M"],
        &["--compress=none", "--dereference"],
    ];
    for (number, options) in forms.iter().enumerate() {
        let what = format!("tree {number}, {options:?}");
        let source = folder.path().join(format!("tree{number}"));
        make_tree(&source, 0x9E37_79B9 * (number as u64 + 1));
        if options.contains(&"--dereference") {
            remove_links(&source);
        }
        let wim = folder.path().join(format!("{number}.wim"));
        capture(&source, &wim, options);
        let archive = open(&[&wim]).unwrap();
        assert_eq!(archive.is_solid(), options.contains(&"--solid"), "{what}");
        assert_eq!(archive.has_integrity_table(), options.contains(&"--check"), "{what}");
        check(&archive, &wim, &source, &what);
        if options.contains(&"--unix-data") {
            check_unix_data(&archive, &source);
        }
        check_integrity(&archive, &wim, &what);
        check_blob_table(&archive, &wim, &what);
    }
}

/// wimlib keeps owner, group and mode of a file in a tagged item.
fn check_unix_data(archive: &Archive, source: &Path) {
    use std::os::unix::fs::MetadataExt;
    let tree = Tree::parse(&archive.read_metadata(1).unwrap()).unwrap();
    for id in tree.walk(tree.root()) {
        let path = source.join(tree.display_path(id).replace('\\', "/").trim_start_matches('/'));
        let metadata = path.symlink_metadata().unwrap();
        let item = tagged_item(&tree.inode_of(id).extra, UNIX_DATA).unwrap();
        let expected = [metadata.uid(), metadata.gid(), metadata.mode(), 0].map(u32::to_le_bytes);
        assert_eq!(item.data, expected.concat(), "{}", path.display());
    }
}

/// Links that lead nowhere would stop a capture that follows them.
fn remove_links(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_symlink() {
            fs::remove_file(&entry).unwrap();
        } else if entry.is_dir() {
            remove_links(&entry);
        }
    }
}

fn check_integrity(archive: &Archive, wim: &Path, what: &str) {
    let Some((table, end)) = archive.integrity_table(1).unwrap() else { return };
    let file = fs::read(wim).unwrap();
    assert_eq!(verify(&table, &file, end, &mut |_| Ok(())).unwrap(), Integrity::Intact, "{what}");
    assert_eq!(IntegrityTable::compute(&file, end, None, &mut |_| Ok(())).unwrap(), table, "{what}");
    let at = archive.header().integrity;
    let stored = &file[at.offset as usize..(at.offset + at.size) as usize];
    assert_eq!(table.to_bytes(), stored, "{what}");
}

/// The table we write has the same entries as the one wimlib wrote.
fn check_blob_table(archive: &Archive, wim: &Path, what: &str) {
    let file = fs::read(wim).unwrap();
    let header = Header::parse(&file[..208]).unwrap();
    let at = header.blob_table;
    let stored = &file[at.offset as usize..(at.offset + at.size) as usize];
    assert_eq!(archive.blobs().ignored_entries(), [], "{what}");
    assert!(archive.blobs().to_bytes(1) == stored, "{what}: the blob table changes when it is written again");
    for blob in archive.blobs().iter() {
        assert_eq!(matches!(blob.location, BlobLocation::Solid { .. }), archive.is_solid(), "{what}");
    }
}

#[test]
fn a_split_set_is_read_from_all_its_parts_in_any_order() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, wim) = (folder.path().join("tree"), folder.path().join("whole.wim"));
    make_tree(&source, 77);
    for number in 0..6 {
        fs::write(source.join(format!("large {number}")), Random(number + 5).bytes(700_000)).unwrap();
    }
    capture(&source, &wim, &["--compress=xpress:20"]);
    run(Command::new("wimlib-imagex").arg("split").arg(&wim).arg(folder.path().join("part.swm")).arg("1"));
    let mut parts: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "swm"))
        .collect();
    parts.sort_by_key(|path| path.as_os_str().len());
    assert!(parts.len() > 1, "the set has one part only");
    let first = parts[0].clone();
    let mut backwards: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
    backwards.reverse();
    let archive = open(&backwards).unwrap();
    assert!(archive.is_split());
    let whole = open(&[&wim]).unwrap();
    assert_eq!(archive.blobs().len(), whole.blobs().len());
    assert_eq!(archive.read_metadata(1).unwrap(), whole.read_metadata(1).unwrap());
    for blob in whole.blobs().iter() {
        archive.open_blob(&blob.hash).unwrap().read_all(1 << 30).unwrap();
    }

    let alone = open(&[&first]).unwrap();
    let missing = whole.blobs().iter().find(|blob| alone.blobs().get(&blob.hash).is_none()).unwrap();
    let error = alone.open_blob(&missing.hash).unwrap_err();
    assert!(matches!(error, Error::PartMissing { part: 2, .. }), "{error}");
    let second = parts[1].as_path();
    assert!(open(&[second]).unwrap_err().to_string().contains("part 1"));
    assert!(open(&[&first, second, second]).unwrap_err().to_string().contains("it twice"));
    let mut foreign = fs::read(second).unwrap();
    foreign[0x18] ^= 1;
    let other = folder.path().join("other.swm");
    fs::write(&other, foreign).unwrap();
    assert!(open(&[&first, &other]).unwrap_err().to_string().contains("GUID"));
}

#[test]
fn a_delta_is_opened_and_what_it_lacks_is_named_when_read() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, base) = (folder.path().join("tree"), folder.path().join("base.wim"));
    make_tree(&source, 4242);
    capture(&source, &base, &[]);
    fs::write(source.join("new"), b"only in the delta").unwrap();
    let delta = folder.path().join("delta.wim");
    capture(&source, &delta, &[&format!("--delta-from={}", base.display())]);
    let archive = open(&[&delta]).unwrap();
    let tree = Tree::parse(&archive.read_metadata(1).unwrap()).unwrap();
    let new = tree.lookup(tree.root(), &wim::units("NEW")).unwrap();
    let hash = tree.inode_of(new).unnamed_hash();
    assert_eq!(archive.open_blob(&hash).unwrap().read_all(100).unwrap(), b"only in the delta");
    let base = open(&[&base]).unwrap();
    let missing = base.blobs().iter().next().unwrap();
    let error = archive.open_blob(&missing.hash).unwrap_err();
    assert!(matches!(error, Error::ContentMissing { .. }), "{error}");
}

#[test]
fn a_pipable_file_is_refused_with_the_reason() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, wim) = (folder.path().join("tree"), folder.path().join("pipable.wim"));
    make_tree(&source, 5);
    capture(&source, &wim, &["--pipable"]);
    let error = open(&[&wim]).unwrap_err();
    assert!(matches!(error, imgsvc::error::Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("pipable"), "{error}");
}
