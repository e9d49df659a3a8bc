//! Listing by pattern and extraction of one file, judged by `wimlib-imagex dir` and `extract`.

use crate::support::images::{root, succeed, Bench};
use crate::support::wim;
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::tree::{Inode, MetadataWalker, Tree};
use imgsvc::formats::wim::Compression;
use imgsvc::image::jobs::{extract, list, ListOptions};
use imgsvc::image::{ImageFile, Item, ItemType};
use imgsvc::progress::unobserved;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

fn items(image: &Path, pattern: &str, recurse: bool) -> Result<Vec<Item>> {
    let mut all = Vec::new();
    let options = ListOptions { recurse, ..ListOptions::default() };
    list(image, 1, pattern, &options, &mut |items| {
        all.extend_from_slice(items);
        Ok(())
    })?;
    Ok(all)
}

fn paths(image: &Path, pattern: &str, recurse: bool) -> Vec<String> {
    items(image, pattern, recurse).unwrap().into_iter().map(|item| item.path).collect()
}

/// What `wimlib-imagex dir` lists below a path, without that path.
fn wimdir(image: &Path, path: &str) -> Vec<String> {
    let mut command = Command::new("wimlib-imagex");
    command.arg("dir").arg(image).arg("1").arg(format!("--path={path}"));
    command.env("WIMLIB_IMAGEX_IGNORE_CASE", "1");
    let text = String::from_utf8(succeed(command).stdout).unwrap();
    text.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.replace('/', "\\")).collect()
}

#[test]
fn a_recursive_listing_is_what_wimdir_lists() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let options: [&[&str]; 3] = [&["--compress=LZX"], &["--compress=none"], &["--solid"]];
    for options in options {
        let bench = Bench::captured(options);
        for path in ["/", "/Windows", "/WINDOWS/system32"] {
            let ours = paths(&bench.wim(), path, true);
            assert_eq!(ours, wimdir(&bench.wim(), path), "{options:?} {path}");
            assert!(!ours.is_empty());
        }
    }
}

#[test]
fn an_item_is_what_wimdir_says_of_it() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::new();
    bench.write_tree();
    let tree = bench.path("tree");
    std::fs::hard_link(tree.join("Windows/System32/Hive"), tree.join("Windows/hive copy")).unwrap();
    std::os::unix::fs::symlink("System32", tree.join("Windows/link")).unwrap();
    bench.capture(&["--compress=XPRESS"]);
    let mut command = Command::new("wimlib-imagex");
    command.arg("dir").arg("--detailed").arg(bench.wim()).arg("1");
    let text = String::from_utf8(succeed(command).stdout).unwrap();
    let field = |block: &str, name: &str| -> Option<String> {
        let line = block.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once('=').unwrap().1.trim().trim_matches('"').to_owned())
    };
    let mut compared = 0;
    let all = items(&bench.wim(), "\\", true).unwrap();
    for block in text.split("Full Path").skip(1) {
        let path = block.split('"').nth(1).unwrap().replace('/', "\\");
        let Some(item) = all.iter().find(|item| item.path == path) else {
            assert_eq!(path, "\\", "it is not listed");
            continue;
        };
        assert_eq!(field(block, "Attributes").unwrap(), format!("{:#010x}", item.attributes));
        let hash = item.hash.clone().unwrap_or_else(|| "0".repeat(40));
        if item.item_type != ItemType::ReparsePoint {
            let length = format!("{} bytes", item.length);
            assert_eq!(field(block, "Uncompressed size").unwrap(), length, "{path}");
            assert_eq!(field(block, "Hash").unwrap(), format!("0x{hash}"), "{path}");
        }
        let links: u32 = field(block, "Link Count").unwrap().parse().unwrap();
        assert!(item.link_count.is_none_or(|count| count == links), "{path}");
        assert_eq!(item.link_count.is_none(), links > 1, "{path}");
        compared += 1;
    }
    assert_eq!(compared, all.len());
    assert!(compared > 70);
}

#[test]
fn a_path_without_wildcards_names_the_children_of_a_directory_or_a_file() {
    let bench = Bench::captured(&[]);
    let image = bench.wim();
    assert_eq!(paths(&image, "/", false), ["\\empty", "\\Users", "\\Windows"]);
    assert_eq!(paths(&image, "", false), paths(&image, "\\", false));
    assert_eq!(
        paths(&image, r"/windows\SYSTEM32/", false),
        [r"\Windows\System32\drivers", r"\Windows\System32\Hive", r"\Windows\System32\kernel.dll"]
    );
    assert_eq!(paths(&image, "\\windows\\EMPTY.TXT", false), ["\\Windows\\empty.txt"]);
    assert_eq!(paths(&image, "/empty", false), Vec::<String>::new());
    let error = items(&image, "/Windows/none", false).unwrap_err();
    assert!(matches!(root(error), Error::ItemNotFound { .. }));
    let error = items(&image, "/Windows/empty.txt/none", false).unwrap_err();
    assert!(matches!(root(error), Error::WrongItemKind { .. }));
    let error = list(&image, 2, "/", &ListOptions::default(), &mut |_| Ok(())).unwrap_err();
    assert!(matches!(root(error), Error::IndexNotFound { index: 2, count: 1 }));
}

#[test]
fn wildcards_stand_in_any_part_of_a_path() {
    let bench = Bench::captured(&[]);
    let image = bench.wim();
    assert_eq!(paths(&image, "/Windows/*32/*.DLL", false), [r"\Windows\System32\kernel.dll"]);
    assert_eq!(paths(&image, "/Windows/INF/file[01]?.txt", false).len(), 20);
    assert_eq!(paths(&image, "/*", false), ["\\empty", "\\Users", "\\Windows"]);
    assert_eq!(paths(&image, "/*/System32/h*", false), [r"\Windows\System32\Hive"]);
    assert_eq!(paths(&image, "/*/INF", false), [r"\Windows\INF"], "a match is told, not what is in it");
    assert_eq!(paths(&image, "/nothing*", false), Vec::<String>::new());
    assert_eq!(paths(&image, "/Windows/empty.txt/*", false), Vec::<String>::new());
}

#[test]
fn recursion_looks_for_the_last_part_everywhere_below() {
    let bench = Bench::captured(&[]);
    let image = bench.wim();
    let drivers = [r"\Windows\System32\drivers\copy.sys", r"\Windows\System32\drivers\disk.sys"];
    assert_eq!(paths(&image, "/Windows/*.sys", true), drivers);
    assert_eq!(paths(&image, "/*.sys", true), drivers);
    assert_eq!(paths(&image, "/*/*.SYS", true), drivers);
    assert_eq!(paths(&image, "/Windows/disk.sys", true), [r"\Windows\System32\drivers\disk.sys"]);
    assert_eq!(paths(&image, "/Windows/System32/drivers", true), drivers);
    assert_eq!(paths(&image, "/Windows/Empty.txt", true), [r"\Windows\empty.txt"]);
    let error = items(&image, "/Windows/none.sys", true).unwrap_err();
    assert!(matches!(root(error), Error::ItemNotFound { .. }));
}

#[test]
fn a_listing_of_one_directory_survives_damage_to_the_metadata_elsewhere() {
    let mut tree = Tree::new();
    for directory in ["a", "b"] {
        let below = tree.create(tree.root(), &wim::units(directory), Inode::directory()).unwrap();
        for number in 0..2_000u32 {
            let name = wim::units(&format!("a rather long name of a file, number {number:05}"));
            tree.create(below, &name, Inode::file([0; 20])).unwrap();
        }
    }
    let file = wim::assemble(&[tree], &[], Compression::Xpress, 4096);
    let header = imgsvc::formats::wim::Header::parse(&file[..208]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.wim");
    let mut damaged = file.clone();
    let end = header.blob_table.offset as usize;
    damaged[end - 20_000..end].fill(0xFF);
    std::fs::write(&path, damaged).unwrap();
    assert_eq!(items(&path, "/a", false).unwrap().len(), 2_000);
    assert!(items(&path, "/b", false).is_err());
    assert!(items(&path, "/", true).is_err(), "the whole is checked against its SHA-1");
}

#[test]
fn every_byte_of_the_metadata_may_be_anything_for_the_walker_too() {
    let mut tree = Tree::new();
    let below = tree.create(tree.root(), &wim::units("directory"), Inode::directory()).unwrap();
    let deep = tree.create(below, &wim::units("deep"), Inode::directory()).unwrap();
    let file = tree.create(deep, &wim::units("file"), Inode::file([7; 20])).unwrap();
    tree.set_security_descriptor(tree.dentry(file).inode, Some(&[1; 20])).unwrap();
    let good = tree.to_bytes().unwrap();
    for position in 0..good.len() {
        for value in [0x00, 0x01, 0x08, 0x10, 0x7F, 0x80, 0xFF] {
            let mut damaged = good.clone();
            damaged[position] = value;
            let whole = Tree::parse(&damaged);
            let Ok(mut walker) = MetadataWalker::over_bytes(damaged) else {
                assert!(whole.is_err(), "byte {position} = {value}");
                continue;
            };
            let mut open = vec![walker.root().clone()];
            let mut seen = 0;
            let mut failed = false;
            while let Some(directory) = open.pop() {
                match walker.children(&directory) {
                    Ok(children) => open.extend(children),
                    Err(_) => failed = true,
                }
                let id = directory.inode.security_id;
                failed |= id.is_some_and(|id| walker.security_descriptor(id).is_err());
                seen += 1;
                if walker.entries_read() > walker.most_entries() {
                    failed = true;
                    break;
                }
            }
            match whole {
                Ok(tree) => {
                    assert!(!failed, "byte {position} = {value}");
                    assert_eq!(seen, tree.walk(tree.root()).count(), "byte {position} = {value}");
                }
                // The walker looks at descriptors only where there is one.
                Err(_) => assert!(failed || position < 40, "byte {position} = {value}"),
            }
        }
    }
}

#[test]
fn a_directory_that_contains_itself_ends() {
    let mut tree = Tree::new();
    let below = tree.create(tree.root(), &wim::units("loop"), Inode::directory()).unwrap();
    for number in 0..50 {
        tree.create(below, &wim::units(&format!("file {number}")), Inode::file([0; 20])).unwrap();
    }
    tree.create(below, &wim::units("inner"), Inode::directory()).unwrap();
    let mut metadata = tree.to_bytes().unwrap();
    // The list of 'inner' becomes the list that 'inner' is in.
    let offset_of = |name: &str| {
        let name: Vec<u8> = wim::units(name).iter().flat_map(|unit| unit.to_le_bytes()).collect();
        metadata.windows(name.len()).position(|window| window == name).unwrap() - 102 + 16
    };
    let (outer, inner) = (offset_of("loop"), offset_of("inner"));
    metadata.copy_within(outer..outer + 8, inner);
    let file = wim::assemble_metadata(&[tree], &[metadata], &[], Compression::None, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loop.wim");
    std::fs::write(&path, file).unwrap();
    for pattern in ["/", "/loop", "/loop/x*", "/loop/inner/inner/x*"] {
        let error = items(&path, pattern, true).unwrap_err();
        assert!(matches!(root(error), Error::Malformed { .. }), "{pattern}");
    }
    assert!(items(&path, &"/*".repeat(4_000), false).is_err());
    assert_eq!(items(&path, "/loop/inner/inner", false).unwrap().len(), 51);
}

#[test]
fn the_listing_ends_when_its_receiver_says_so() {
    let bench = Bench::captured(&[]);
    let mut calls = 0;
    let options = ListOptions { recurse: true, ..ListOptions::default() };
    let stopped = list(&bench.wim(), 1, "/", &options, &mut |_| {
        calls += 1;
        Err(Error::Cancelled)
    });
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert_eq!(calls, 1);
}

#[test]
fn one_file_is_extracted_as_wimlib_extracts_it() {
    let options: [&[&str]; 4] =
        [&["--compress=LZX"], &["--compress=none"], &["--solid"], &["--chunk-size=4K", "--compress=XPRESS"]];
    for options in options {
        let bench = Bench::captured(options);
        for path in ["/windows/system32/HIVE", r"\Users\Public\large.bin", "/Windows/empty.txt"] {
            let mut content = Vec::new();
            let mut told = Vec::new();
            let mut observer = |now: imgsvc::progress::Progress| {
                told.push((now.done, now.total));
                ControlFlow::Continue(())
            };
            let none = ListOptions::default();
            let length = extract(&bench.wim(), 1, path, &none, &mut content, &mut observer).unwrap();
            let mut command = Command::new("wimlib-imagex");
            command.arg("extract").arg(bench.wim()).args(["1", &path.replace('\\', "/"), "--to-stdout"]);
            command.env("WIMLIB_IMAGEX_IGNORE_CASE", "1");
            assert!(content == succeed(command).stdout, "{options:?} {path}");
            assert_eq!(length, content.len() as u64);
            assert_eq!(told.last(), Some(&(length, length)));
        }
    }
}

#[test]
fn what_cannot_be_extracted_says_why() {
    let bench = Bench::captured(&["--compress=none"]);
    let try_it = |path: &str| {
        let mut content = Vec::new();
        let options = ListOptions::default();
        extract(&bench.wim(), 1, path, &options, &mut content, &mut unobserved).map_err(root)
    };
    assert!(matches!(try_it("/Windows"), Err(Error::WrongItemKind { .. })));
    assert!(matches!(try_it("/none"), Err(Error::ItemNotFound { .. })));
    assert!(matches!(try_it("/*"), Err(Error::ItemNotFound { .. })), "no wildcards here");
    let mut content = Vec::new();
    let options = ListOptions::default();
    let mut stop = |_| ControlFlow::Break(());
    let stopped = extract(&bench.wim(), 1, "/Windows/System32/Hive", &options, &mut content, &mut stop);
    assert!(matches!(stopped, Err(Error::Cancelled)));

    let mut file = std::fs::read(bench.wim()).unwrap();
    let image = ImageFile::open(&bench.wim()).unwrap();
    let hive = items(&bench.wim(), "/Windows/System32/Hive", false).unwrap().remove(0);
    let hash: [u8; 20] = imgsvc_hash(&hive.hash.unwrap());
    let resource = image.archive().open_resource(image.archive().blob(&hash).unwrap()).unwrap();
    file[resource.header().offset as usize + 77_777] ^= 1;
    std::fs::write(bench.wim(), file).unwrap();
    assert!(matches!(try_it("/Windows/System32/Hive"), Err(Error::Malformed { .. })));
}

fn imgsvc_hash(text: &str) -> [u8; 20] {
    let mut hash = [0; 20];
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    hash
}

#[test]
fn a_delta_is_listed_with_the_sizes_of_what_is_elsewhere() {
    let bench = Bench::captured(&[]);
    let delta = bench.path("delta.wim");
    let mut command = Command::new("wimlib-imagex");
    command.arg("capture").arg(bench.path("tree")).arg(&delta);
    command.arg(format!("--delta-from={}", bench.wim().display()));
    succeed(command);
    let known = |options: &ListOptions| {
        let mut lengths = BTreeSet::new();
        list(&delta, 1, "/Windows/System32", options, &mut |items| {
            lengths.extend(items.iter().map(|item| item.length));
            Ok(())
        })
        .unwrap();
        lengths
    };
    assert_eq!(known(&ListOptions::default()), BTreeSet::from([0]));
    let options = ListOptions { reference_paths: vec![bench.wim()], ..ListOptions::default() };
    assert_eq!(known(&options), BTreeSet::from([0, 60_000, 300_000]));
    let mut content = Vec::new();
    let path = "/Windows/System32/Hive";
    assert_eq!(extract(&delta, 1, path, &options, &mut content, &mut unobserved).unwrap(), 300_000);
}
