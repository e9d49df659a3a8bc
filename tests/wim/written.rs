//! WIM files put together by the engine's writers alone, judged by wimlib, 7-Zip and NTFS.

use crate::support::wim::{assemble, open, run, sha1, tool_is_there, units, Random};
use imgsvc::formats::security::{ace_flags, Ace, Acl, AclField, SecurityDescriptor, Sid};
use imgsvc::formats::wim::tree::{attributes, Inode, Reparse, StreamKind, Tree};
use imgsvc::formats::wim::{store, Compression, ResourceReader};
use std::fs;
use std::path::Path;
use std::process::Command;

const TIME: u64 = 0x01DD_7AA4_1234_5678;

fn descriptor(flags: u8) -> Vec<u8> {
    let entries =
        vec![Ace::allow(0x001F_01FF, &Sid::system(), flags), Ace::allow(0x0012_00A9, &Sid::users(), 0)];
    let descriptor = SecurityDescriptor {
        owner: Some(Sid::administrators()),
        group: Some(Sid::system()),
        dacl: AclField::List(Acl::new(entries)),
        ..SecurityDescriptor::default()
    };
    descriptor.to_bytes().unwrap()
}

fn timed(mut inode: Inode, number: u64) -> Inode {
    inode.creation_time = TIME + number;
    inode.last_access_time = TIME + 2 * number;
    inode.last_write_time = TIME + 3 * number;
    inode
}

/// A tree with everything that Windows images have, and its contents.
fn rich_tree() -> (Tree, Vec<Vec<u8>>) {
    let mut random = Random(99);
    let contents = vec![random.bytes(100_000), b"stream".to_vec(), random.bytes(40), vec![7; 70_000]];
    let hash = |index: usize| sha1(&contents[index]);
    let mut tree = Tree::new();
    let root = tree.root();
    let secured = descriptor(ace_flags::OBJECT_INHERIT);
    *tree.inode_mut(tree.dentry(root).inode).unwrap() = timed(Inode { links: 1, ..Inode::directory() }, 1);
    tree.set_security_descriptor(tree.dentry(root).inode, Some(&secured)).unwrap();
    let windows = tree.create(root, &units("Windows"), timed(Inode::directory(), 2)).unwrap();
    let empty = tree.create(windows, &units("Empty"), timed(Inode::directory(), 3)).unwrap();
    for id in [windows, empty] {
        tree.set_security_descriptor(tree.dentry(id).inode, Some(&secured)).unwrap();
    }
    let mut file = timed(Inode::file(hash(0)), 4);
    file.attributes = attributes::READ_ONLY | attributes::ARCHIVE;
    let file = tree.create(windows, &units("LongName.driver"), file).unwrap();
    tree.set_short_name(file, &units("LONGNA~1.DRI")).unwrap();
    tree.set_security_descriptor(tree.dentry(file).inode, Some(&descriptor(0))).unwrap();
    tree.link(file, root, &units("another name")).unwrap();
    let mut streams = timed(Inode::file(hash(3)), 5);
    streams.set_stream(StreamKind::Data, &units("Zone.Identifier"), hash(1));
    streams.set_stream(StreamKind::Data, &units("empty"), [0; 20]);
    let streams = tree.create(root, &units("streams"), streams).unwrap();
    tree.set_security_descriptor(tree.dentry(streams).inode, Some(&secured)).unwrap();
    tree.create(root, &units("nothing.txt"), timed(Inode::file([0; 20]), 6)).unwrap();
    let mut directory = timed(Inode::directory(), 7);
    directory.set_stream(StreamKind::Data, &units("on a directory"), hash(1));
    tree.create(root, &units("with stream"), directory).unwrap();
    tree.create(root, &units("日本 \u{1F600}"), timed(Inode::file(hash(3)), 8)).unwrap();
    (tree, contents)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn wimlib_and_7zip_accept_files_in_every_compression() {
    let (rich, contents) = rich_tree();
    let mut reparse = rich.clone();
    let link = Inode {
        attributes: attributes::REPARSE_POINT | attributes::DIRECTORY,
        reparse: Reparse { tag: Reparse::MOUNT_POINT, reserved: 0, flags: Reparse::NOT_FIXED },
        ..Inode::default()
    };
    let mut link = timed(link, 9);
    link.set_stream(StreamKind::Reparse, &[], sha1(&contents[2]));
    reparse.create(reparse.root(), &units("junction"), link).unwrap();
    let images = [rich, reparse, Tree::new()];
    let folder = tempfile::tempdir().unwrap();
    let forms = [
        (Compression::None, 0),
        (Compression::Xpress, 4096),
        (Compression::Xpress, 32_768),
        (Compression::Lzx, 32_768),
        (Compression::Lzms, 131_072),
    ];
    for (number, (compression, chunk_size)) in forms.into_iter().enumerate() {
        let bytes = assemble(&images, &contents, compression, chunk_size);
        let wim = write(folder.path(), &format!("{number}.wim"), &bytes);
        let archive = open(&[&wim]).unwrap();
        assert_eq!(archive.images().len(), 3);
        for (index, image) in (1..).zip(&images) {
            let again = Tree::parse(&archive.read_metadata(index).unwrap()).unwrap();
            assert_eq!(again.to_bytes().unwrap(), image.to_bytes().unwrap());
            assert_eq!(again.notes().len(), 0);
        }
        if tool_is_there("wimlib-imagex") {
            run(Command::new("wimlib-imagex").arg("verify").arg(&wim));
            for (index, image) in (1..).zip(&images) {
                let text = run(Command::new("wimlib-imagex").arg("dir").arg(&wim).arg(format!("{index}")));
                assert_eq!(text.lines().count(), image.walk(image.root()).count());
            }
            let listed = run(Command::new("wimlib-imagex").args(["dir", "--detailed"]).arg(&wim).arg("2"));
            for expected in ["\"LONGNA~1.DRI\"", "0xa0000003", "Named data stream \"Zone.Identifier\""] {
                assert!(listed.contains(expected), "{expected} in {listed}");
            }
        }
        if tool_is_there("7z") {
            let text = run(Command::new("7z").arg("t").arg(&wim));
            assert!(text.contains("Everything is Ok") && !text.contains("Warning"), "{text}");
        }
    }
}

#[test]
fn what_was_written_survives_an_ntfs_volume() {
    if !tool_is_there("wimlib-imagex") || !tool_is_there("mkntfs") {
        return;
    }
    let (tree, contents) = rich_tree();
    let folder = tempfile::tempdir().unwrap();
    let wim = write(
        folder.path(),
        "made.wim",
        &assemble(std::slice::from_ref(&tree), &contents, Compression::Lzx, 32_768),
    );
    let volume = write(folder.path(), "volume.ntfs", &vec![0; 16 << 20]);
    run(Command::new("mkntfs").args(["-F", "-Q", "-q"]).arg(&volume));
    run(Command::new("wimlib-imagex").arg("apply").arg(&wim).arg("1").arg(&volume));
    let captured = folder.path().join("captured.wim");
    run(Command::new("wimlib-imagex").arg("capture").arg(&volume).arg(&captured).arg("--compress=none"));
    let archive = open(&[&captured]).unwrap();
    let back = Tree::parse(&archive.read_metadata(1).unwrap()).unwrap();
    for id in tree.walk(tree.root()) {
        let path = tree.display_path(id);
        let names: Vec<Vec<u16>> = path.split('\\').filter(|name| !name.is_empty()).map(units).collect();
        let found = back.resolve(&names).unwrap_or_else(|| panic!("{path} is gone"));
        let (expected, got) = (tree.inode_of(id), back.inode_of(found));
        assert_eq!(back.dentry(found).name, tree.dentry(id).name, "{path}");
        assert_eq!(back.dentry(found).short_name, tree.dentry(id).short_name, "{path}");
        assert_eq!(got.attributes, expected.attributes, "{path}");
        assert_eq!(got.links, expected.links, "{path}");
        assert_eq!(got.unnamed_hash(), expected.unnamed_hash(), "{path}");
        assert_eq!(got.creation_time, expected.creation_time, "{path}");
        assert_eq!(got.last_write_time, expected.last_write_time, "{path}");
        for stream in expected.streams.iter().filter(|stream| !stream.name.is_empty()) {
            assert_eq!(got.stream(stream.kind, &stream.name).unwrap().hash, stream.hash, "{path}");
        }
        if let Some(descriptor) = tree.security_descriptor(tree.dentry(id).inode) {
            let parsed = |bytes: &[u8]| SecurityDescriptor::parse(bytes).unwrap().to_sddl();
            let got = back.security_descriptor(back.dentry(found).inode).unwrap();
            assert_eq!(parsed(got), parsed(descriptor), "{path}");
        }
    }
    assert!(
        back.to_bytes().unwrap() == archive.read_metadata(1).unwrap(),
        "an NTFS capture changes when written"
    );
}

#[test]
fn one_reader_serves_several_threads() {
    let content = vec![7; 100_000];
    let encoded = store::encode(&content, Compression::Xpress, 4096, 20).unwrap();
    let header = encoded.header(0, 0);
    let source = std::sync::Arc::new(encoded.bytes);
    let reader = ResourceReader::open(source, header, Compression::Xpress, 4096).unwrap();
    let half = |odd: u64| {
        let (mut raw, mut out) = (Vec::new(), Vec::new());
        let mut decompressor = reader.decompressor().unwrap();
        let mut total = 0;
        for index in (0..reader.chunk_count()).filter(|index| index % 2 == odd) {
            reader.read_chunk_raw(index, &mut raw).unwrap();
            reader.decode_chunk(decompressor.as_mut(), index, &raw, &mut out).unwrap();
            assert!(out.iter().all(|&byte| byte == 7));
            total += out.len();
        }
        total
    };
    let total = std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        half(0) + odd.join().unwrap()
    });
    assert_eq!(total, content.len());
}
