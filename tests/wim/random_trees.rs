//! Random trees from three sources (our writers, NTFS volumes, Unix directories): what our reader
//! says of every entry is, byte for byte, what `wimlib-imagex dir --detailed` prints.
//!
//! `TREES=300` in the environment makes it 300 trees in place of 20 (`make acceptance` does);
//! `FIRST_TREE` is the first seed.

#[path = "../../examples/wimdir/listing.rs"]
mod listing;

use crate::support::random_tree::{assert_same, random_tree, Contents, Range};
use crate::support::wim;
use crate::support::wim::{assemble, run, tool_is_there, Random};
use imgsvc::formats::bytes::to_hex;
use imgsvc::formats::wim::tree::Tree;
use imgsvc::formats::wim::xml::Element;
use imgsvc::formats::wim::{Archive, Compression};
use imgsvc::image::container::{
    CompressionType, ContainerOptions, ContainerWriter, ImageMetadata, Incoming, SolidOptions,
};
use imgsvc::image::jobs::{self, ListOptions};
use imgsvc::image::{ImageFile, Item};
use imgsvc::progress::unobserved;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn every_entry_of_a_random_tree_is_read_as_wimlib_reads_it() {
    if !tool_is_there("wimlib-imagex") {
        return;
    }
    let (first, count) = (number("FIRST_TREE", 1), number("TREES", 20));
    let has_ntfs = tool_is_there("mkntfs");
    let mut entries = 0;
    for seed in first..first + count {
        let folder = tempfile::tempdir().unwrap();
        let _naming = NameOnPanic(seed);
        let random = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let wim = match seed % 4 {
            0 => from_unix(random, folder.path()),
            1 if has_ntfs => through_ntfs(random, folder.path(), seed),
            _ => made(random, folder.path()),
        };
        entries += compare(&wim, seed);
    }
    eprintln!("{count} trees from seed {first} on, {entries} entries");
}

/// Says which tree it was when a test fails somewhere inside.
struct NameOnPanic(u64);

impl Drop for NameOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the tree was FIRST_TREE={} TREES=1", self.0);
        }
    }
}

/// Compares every image of a file; gives the number of entries.
fn compare(wim: &Path, seed: u64) -> usize {
    let file = ImageFile::open(wim).unwrap();
    let mut entries = 0;
    for image in file.archive().images() {
        let theirs = Command::new("wimlib-imagex")
            .args(["dir", "--detailed"])
            .arg(wim)
            .arg(image.index.to_string())
            .output()
            .unwrap();
        assert!(theirs.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&theirs.stderr));
        let tree = Tree::parse(&file.archive().read_metadata(image.index).unwrap()).unwrap();
        let mut rest = theirs.stdout.as_slice();
        for id in tree.walk(tree.root()) {
            let ours = listing::entry(file.archive(), &tree, id);
            rest = rest.strip_prefix(ours.as_slice()).unwrap_or_else(|| {
                let theirs = String::from_utf8_lossy(&rest[..rest.len().min(ours.len() + 200)]);
                let ours = String::from_utf8_lossy(&ours);
                panic!("seed {seed}, image {}:\nours:\n{ours}\nwimlib's:\n{theirs}", image.index)
            });
            entries += 1;
        }
        assert!(rest.is_empty(), "seed {seed}: wimlib lists more: {}", String::from_utf8_lossy(rest));
        compare_listing(wim, image.index, &tree, seed);
    }
    entries
}

/// The listing that reads only what it needs says what the whole tree says.
fn compare_listing(wim: &Path, index: u32, tree: &Tree, seed: u64) {
    let hash_text = |hash: [u8; 20]| (hash != [0; 20]).then(|| to_hex(&hash));
    let mut entries = tree.walk(tree.root()).skip(1);
    let options = ListOptions { recurse: true, ..ListOptions::default() };
    let mut check = |items: &[Item]| {
        for item in items {
            let id = entries.next().unwrap_or_else(|| panic!("seed {seed}: a listing has {item:?} too"));
            let (dentry, inode) = (tree.dentry(id), tree.inode_of(id));
            assert_eq!(item.path, tree.display_path(id), "seed {seed}");
            assert_eq!(item.attributes, inode.attributes, "seed {seed}: {}", item.path);
            assert_eq!(item.hash, hash_text(inode.unnamed_hash()), "seed {seed}: {}", item.path);
            let short_name = String::from_utf16_lossy(&dentry.short_name);
            assert_eq!(item.short_name.as_deref().unwrap_or(""), short_name, "seed {seed}: {}", item.path);
            let times = [item.creation_time, item.last_access_time, item.last_write_time];
            let expected = [inode.creation_time, inode.last_access_time, inode.last_write_time];
            assert_eq!(times, expected, "seed {seed}: {}", item.path);
        }
        Ok(())
    };
    jobs::list(wim, index, "*", &options, &mut check).unwrap();
    assert_eq!(entries.next(), None, "seed {seed}: a listing ends too early");
}

fn imagex(verb: &str, paths: &[&Path], options: &[&str]) {
    run(Command::new("wimlib-imagex").arg(verb).args(paths).args(options));
}

const FORMS: [(Compression, u32); 6] = [
    (Compression::None, 0),
    (Compression::Xpress, 4096),
    (Compression::Xpress, 32_768),
    (Compression::Lzx, 32_768),
    (Compression::Lzms, 32_768),
    (Compression::Lzms, 131_072),
];

const TYPES: [CompressionType; 4] =
    [CompressionType::None, CompressionType::Fast, CompressionType::Max, CompressionType::Recovery];

/// Up to three images of one file, by our writers; sometimes made solid by wimlib.
fn made(random: &mut Random, folder: &Path) -> PathBuf {
    let contents = Contents::random(random);
    let count = 1 + random.below(3);
    let size = 20 + random.below(80);
    let trees: Vec<Tree> = (0..count).map(|_| random_tree(random, &contents, Range::Format, size)).collect();
    let wim = folder.join("made.wim");
    write(random, &trees, &contents, &wim);
    imagex("verify", &[&wim], &[]);
    if random.below(4) != 0 {
        return wim;
    }
    let solid = folder.join("solid.esd");
    let options = ["--solid", "--solid-compress=LZX:20", "--solid-chunk-size=64K"];
    imagex("export", &[&wim, Path::new("all"), &solid], &options);
    solid
}

/// Writes an image file, with the container writer or with the formats' own writers alone.
fn write(random: &mut Random, trees: &[Tree], contents: &Contents, wim: &Path) {
    if random.below(2) == 0 {
        let (compression, chunk_size) = FORMS[random.below(6) as usize];
        fs::write(wim, assemble(trees, &contents.all, compression, chunk_size)).unwrap();
        return;
    }
    let mut options = ContainerOptions::new(TYPES[random.below(4) as usize]);
    options.level = 20;
    options.integrity_table = random.below(2) == 0;
    options.solid = options.solid.map(|_| SolidOptions { chunk_size: 1 << (17 + random.below(4)) });
    let mut writer = ContainerWriter::create(wim, &options, false).unwrap();
    let mut items = contents.all.iter().cloned().map(|content| Incoming {
        tag: 0,
        size: content.len() as u64,
        hash: None,
        open: Box::new(move || Ok(Box::new(std::io::Cursor::new(content)))),
    });
    writer.add_content(&mut items, &mut |_, _, _| {}, &mut unobserved).unwrap();
    for (number, tree) in trees.iter().enumerate() {
        let mut xml = Element::new("IMAGE");
        xml.set_text("NAME", &format!("image {number}")).unwrap();
        writer.add_image(ImageMetadata::Tree(tree), xml, &mut unobserved).unwrap();
    }
    writer.finish(&mut unobserved).unwrap();
}

/// A tree by our writers, applied to an NTFS volume and captured from it, both by wimlib: what
/// comes back is what we wrote.
fn through_ntfs(random: &mut Random, folder: &Path, seed: u64) -> PathBuf {
    let contents = Contents::random(random);
    let tree = random_tree(random, &contents, Range::Ntfs, 80);
    let wim = folder.join("made.wim");
    write(random, std::slice::from_ref(&tree), &contents, &wim);
    compare(&wim, seed);
    let volume = folder.join("volume.ntfs");
    fs::File::create(&volume).unwrap().set_len(64 << 20).unwrap();
    run(Command::new("mkntfs").args(["-F", "-Q", "-q"]).arg(&volume));
    imagex("apply", &[&wim, Path::new("1"), &volume], &[]);
    let captured = folder.join("captured.wim");
    imagex("capture", &[&volume, &captured], &["--compress=fast"]);
    assert_same(&tree, &read_tree(&captured), &format!("seed {seed}"));
    captured
}

fn read_tree(wim: &Path) -> Tree {
    let archive: Archive = wim::open(&[wim]).unwrap();
    Tree::parse(&archive.read_metadata(1).unwrap()).unwrap()
}

/// One or two images captured from directories by wimlib, in any of its forms, sometimes as a
/// split set.
fn from_unix(random: &mut Random, folder: &Path) -> PathBuf {
    let wim = folder.join("unix.wim");
    let forms: [&[&str]; 6] = [
        &["--compress=none", "--unix-data"],
        &["--compress=fast", "--unix-data"],
        &["--compress=lzx:20", "--check"],
        &["--compress=lzms:20", "--chunk-size=32K"],
        &[
            "--compress=lzx:20",
            "--solid",
            "--solid-compress=lzms:20",
            "--solid-chunk-size=128K",
            "--unix-data",
        ],
        &["--compress=xpress:20", "--chunk-size=4096"],
    ];
    let options = forms[random.below(6) as usize];
    for number in 0..1 + random.below(2) {
        let source = folder.join(format!("tree{number}"));
        fs::create_dir(&source).unwrap();
        fill(random, &source);
        let verb = if number == 0 { "capture" } else { "append" };
        let options = options.iter().filter(|option| number == 0 || **option == "--unix-data");
        let mut command = Command::new("wimlib-imagex");
        command.arg(verb).arg(&source).arg(&wim).arg(format!("image {number}"));
        run(command.args(["--no-acls", "--norpfix"]).args(options));
    }
    wim
}

/// Makes a tree with what Unix file systems can hold.
fn fill(random: &mut Random, root: &Path) {
    let names: [&[u8]; 16] = [
        b"File",
        b"file",
        b"FILE",
        "émile".as_bytes(),
        "ÉMILE".as_bytes(),
        "日本".as_bytes(),
        "\u{1F600}".as_bytes(),
        b"dot.",
        b"space ",
        b"new\nline",
        b"\"quoted\" = x",
        b"back\\slash",
        b"a:b",
        b"\xED\xA0\x80", // an unpaired surrogate, written as if it were a character
        &[b'L'; 250],
        b"*?<>|",
    ];
    let mut directories = vec![root.to_path_buf()];
    for number in 0..30 + random.below(60) {
        let directory = directories[random.below(directories.len() as u64) as usize].clone();
        let mut name = names[random.below(16) as usize].to_vec();
        name.extend(format!("{}", number % 5).bytes());
        let path = directory.join(std::ffi::OsStr::from_bytes(&name));
        if path.as_os_str().len() > 3000 || path.symlink_metadata().is_ok() {
            continue;
        }
        match random.below(10) {
            0..=2 => {
                fs::create_dir(&path).unwrap();
                directories.push(path);
            }
            3 => fs::write(&path, b"").unwrap(),
            4 => fs::write(&path, b"the same").unwrap(),
            5 => {
                let target = directory.join("linked");
                if !target.exists() {
                    fs::write(&target, random.bytes(500)).unwrap();
                }
                fs::hard_link(&target, &path).unwrap();
            }
            6 => {
                let target = ["../somewhere", "/absolute/x", "C:\\dir"][random.below(3) as usize];
                std::os::unix::fs::symlink(target, &path).unwrap();
            }
            7 => fs::File::create(&path).unwrap().set_len(random.below(300_000)).unwrap(),
            _ => {
                let size = random.below(70_000) as usize;
                fs::write(&path, random.bytes(size)).unwrap();
            }
        }
    }
}
