//! Comparing images, and sessions with what they were made of.

use crate::support::images;
use crate::support::images::{root, succeed, Bench};
use crate::support::wim;
use crate::support::wim::{sha1, units};
use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::tree::{attributes, DentryId, Inode, Reparse, StreamKind, Tree};
use imgsvc::formats::wim::Compression;
use imgsvc::image::jobs::{compare, compare_session, Aspect, Change, CompareOptions, Difference};
use imgsvc::image::{ItemType, PutOptions};
use imgsvc::progress::unobserved;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Two trees as the two images of one file.
struct Two {
    reference: Tree,
    difference: Tree,
    contents: Vec<Vec<u8>>,
}

impl Two {
    /// Both images have the same: two directories, three files, one of them with two names.
    fn new() -> Self {
        let contents = vec![b"one".to_vec(), b"two two".to_vec(), b"three".to_vec()];
        let mut tree = Tree::new();
        let directory = tree.create(tree.root(), &units("Directory"), Inode::directory()).unwrap();
        let file = tree.create(directory, &units("file"), Inode::file(sha1(&contents[0]))).unwrap();
        tree.link(file, tree.root(), &units("linked")).unwrap();
        tree.create(tree.root(), &units("second"), Inode::file(sha1(&contents[1]))).unwrap();
        tree.create(directory, &units("Third.txt"), Inode::file(sha1(&contents[2]))).unwrap();
        tree.create(directory, &units("below"), Inode::directory()).unwrap();
        Self { reference: tree.clone(), difference: tree, contents }
    }

    fn compare(&self, options: &CompareOptions) -> Result<Vec<Difference>> {
        let trees = [self.reference.clone(), self.difference.clone()];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.wim");
        fs::write(&path, wim::assemble(&trees, &self.contents, Compression::Xpress, 4096)).unwrap();
        differences(&path, &path, options)
    }

    fn all(&self) -> Vec<(Change, String, Vec<Aspect>)> {
        short(self.compare(&CompareOptions::default()).unwrap())
    }

    /// The inode of a path in the difference image.
    fn inode(&mut self, path: &str) -> &mut Inode {
        let inode = self.difference.dentry(find(&self.difference, path)).inode;
        self.difference.inode_mut(inode).unwrap()
    }
}

fn find(tree: &Tree, path: &str) -> DentryId {
    let names: Vec<Vec<u16>> = path.split('\\').filter(|name| !name.is_empty()).map(units).collect();
    tree.resolve(&names).unwrap()
}

fn differences(reference: &Path, difference: &Path, options: &CompareOptions) -> Result<Vec<Difference>> {
    let mut all = Vec::new();
    let second = if reference == difference { 2 } else { 1 };
    compare(reference, 1, difference, second, options, &mut |batch| {
        all.extend_from_slice(batch);
        Ok(())
    })?;
    Ok(all)
}

fn short(differences: Vec<Difference>) -> Vec<(Change, String, Vec<Aspect>)> {
    differences.into_iter().map(|found| (found.change, found.path, found.what)).collect()
}

fn changed(path: &str, aspect: Aspect) -> Vec<(Change, String, Vec<Aspect>)> {
    vec![(Change::Changed, path.to_owned(), vec![aspect])]
}

#[test]
fn equal_images_do_not_differ() {
    let two = Two::new();
    assert_eq!(two.all(), []);
    let options = CompareOptions { include_equal: true, ..CompareOptions::default() };
    let all = two.compare(&options).unwrap();
    let paths: Vec<_> = all.iter().map(|found| found.path.as_str()).collect();
    let expected = [
        r"\",
        r"\Directory",
        r"\Directory\below",
        r"\Directory\file",
        r"\Directory\Third.txt",
        r"\linked",
        r"\second",
    ];
    assert_eq!(paths, expected);
    assert!(all.iter().all(|found| found.change == Change::Equal && found.what.is_empty()));
    assert_eq!((all[6].reference_length, all[6].difference_length), (Some(7), Some(7)));
    assert_eq!((all[1].item_type, all[1].reference_length), (ItemType::Directory, None));
}

#[test]
fn what_one_image_has_alone_is_told_with_everything_below() {
    let mut two = Two::new();
    let directory = find(&two.difference, r"\Directory");
    two.difference.remove(find(&two.difference, r"\second")).unwrap();
    two.difference.rename(directory, two.difference.root(), &units("Another")).unwrap();
    let found = two.compare(&CompareOptions::default()).unwrap();
    let lines: Vec<_> = found.iter().map(|found| (found.change, found.path.as_str())).collect();
    use Change::{Added, Removed};
    assert_eq!(
        lines,
        [
            (Added, r"\Another"),
            (Added, r"\Another\below"),
            (Added, r"\Another\file"),
            (Added, r"\Another\Third.txt"),
            (Removed, r"\Directory"),
            (Removed, r"\Directory\below"),
            (Removed, r"\Directory\file"),
            (Removed, r"\Directory\Third.txt"),
            (Removed, r"\second"),
        ]
    );
    assert_eq!((found[2].reference_length, found[2].difference_length), (None, Some(3)));
    assert_eq!((found[8].reference_length, found[8].difference_length), (Some(7), None));
}

#[test]
fn every_aspect_of_an_item_is_compared() {
    let other = sha1(b"one");
    let mut two = Two::new();
    two.inode(r"\second").set_stream(StreamKind::Data, &[], other);
    assert_eq!(two.all(), changed(r"\second", Aspect::Content));

    let mut two = Two::new();
    two.inode(r"\second").attributes |= attributes::READ_ONLY;
    assert_eq!(two.all(), changed(r"\second", Aspect::Attributes));

    let mut two = Two::new();
    two.inode(r"\second").last_write_time += 1;
    assert_eq!(two.all(), changed(r"\second", Aspect::Times));
    let options = CompareOptions { ignore_times: true, ..CompareOptions::default() };
    assert_eq!(two.compare(&options).unwrap(), []);

    let mut two = Two::new();
    let id = two.difference.dentry(find(&two.difference, r"\second")).inode;
    two.difference.set_security_descriptor(id, Some(&[1; 20])).unwrap();
    assert_eq!(two.all(), changed(r"\second", Aspect::SecurityDescriptor));

    let mut two = Two::new();
    let id = find(&two.difference, r"\second");
    two.difference.set_short_name(id, &units("SEC~1")).unwrap();
    assert_eq!(two.all(), changed(r"\second", Aspect::ShortName));

    let mut two = Two::new();
    two.inode(r"\Directory\below").set_stream(StreamKind::Data, &units("stream"), other);
    assert_eq!(two.all(), changed(r"\Directory\below", Aspect::Streams));

    let mut two = Two::new();
    let junction = Inode {
        attributes: attributes::DIRECTORY | attributes::REPARSE_POINT,
        reparse: Reparse { tag: Reparse::MOUNT_POINT, ..Reparse::default() },
        ..Inode::default()
    };
    for (tree, hash) in [(&mut two.reference, sha1(b"one")), (&mut two.difference, sha1(b"two two"))] {
        let mut junction = junction.clone();
        junction.set_stream(StreamKind::Reparse, &[], hash);
        tree.create(tree.root(), &units("junction"), junction).unwrap();
    }
    assert_eq!(two.all(), changed(r"\junction", Aspect::ReparsePoint));
}

#[test]
fn times_of_directories_and_of_reading_count_only_when_asked_for() {
    let mut two = Two::new();
    two.inode(r"\Directory").last_write_time += 5;
    two.inode(r"\second").last_access_time += 5;
    assert_eq!(two.all(), []);
    let options = CompareOptions { directory_times: true, ..CompareOptions::default() };
    assert_eq!(short(two.compare(&options).unwrap()), changed(r"\Directory", Aspect::Times));
    let options = CompareOptions { last_access_times: true, ..CompareOptions::default() };
    assert_eq!(short(two.compare(&options).unwrap()), changed(r"\second", Aspect::Times));
}

#[test]
fn hard_links_are_compared_by_the_names_they_have() {
    let mut two = Two::new();
    let hash = sha1(b"three");
    // Two files with two names each: a-b and c-d, then a-c and b-d.
    for (tree, partners) in [(&mut two.reference, ["b", "d"]), (&mut two.difference, ["c", "d"])] {
        let rest = if partners[0] == "b" { "c" } else { "b" };
        let first = tree.create(tree.root(), &units("a"), Inode::file(hash)).unwrap();
        tree.link(first, tree.root(), &units(partners[0])).unwrap();
        let second = tree.create(tree.root(), &units(rest), Inode::file(hash)).unwrap();
        tree.link(second, tree.root(), &units(partners[1])).unwrap();
    }
    let expected: Vec<_> =
        ["a", "b", "c", "d"].iter().flat_map(|name| changed(&format!("\\{name}"), Aspect::Links)).collect();
    assert_eq!(two.all(), expected);

    let mut two = Two::new();
    let file = find(&two.difference, r"\second");
    two.difference.link(file, two.difference.root(), &units("third name")).unwrap();
    let lines = two.all();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], changed(r"\second", Aspect::Links)[0]);
    assert_eq!(lines[1].0, Change::Added);
}

#[test]
fn names_belong_together_without_case() {
    let mut two = Two::new();
    for (tree, names) in [(&mut two.reference, ["x", "X"]), (&mut two.difference, ["X", "x"])] {
        tree.create(tree.root(), &units(names[0]), Inode::file([0; 20])).unwrap();
    }
    let found = two.compare(&CompareOptions::default()).unwrap();
    assert_eq!(short(found), changed(r"\X", Aspect::ShortName));
}

#[test]
fn a_file_that_became_a_directory_is_changed_and_what_is_in_it_added() {
    let mut two = Two::new();
    let second = find(&two.difference, r"\second");
    two.difference.remove(second).unwrap();
    let directory =
        two.difference.create(two.difference.root(), &units("second"), Inode::directory()).unwrap();
    two.difference.create(directory, &units("new"), Inode::file([0; 20])).unwrap();
    let found = two.compare(&CompareOptions::default()).unwrap();
    assert_eq!(found[0].what, [Aspect::Content, Aspect::Attributes]);
    assert_eq!((found[0].reference_length, found[0].difference_length), (Some(7), None));
    assert_eq!((found[1].change, found[1].path.as_str()), (Change::Added, r"\second\new"));
    assert_eq!(found.len(), 2);
}

#[test]
fn only_what_is_below_a_path_is_compared() {
    let mut two = Two::new();
    two.inode(r"\second").attributes |= attributes::READ_ONLY;
    two.inode(r"\Directory\Third.txt").attributes |= attributes::READ_ONLY;
    let below = |path: &str| CompareOptions { path: Some(path.into()), ..CompareOptions::default() };
    let found = two.compare(&below("/DIRECTORY")).unwrap();
    assert_eq!(short(found), changed(r"\Directory\Third.txt", Aspect::Attributes));
    let error = two.compare(&below(r"\none")).unwrap_err();
    assert!(matches!(root(error), Error::ItemNotFound { .. }));
}

#[test]
fn the_same_tree_in_another_container_is_equal() {
    if !wim::tool_is_there("wimlib-imagex") {
        return;
    }
    let bench = Bench::captured(&["--compress=XPRESS"]);
    let (solid, set) = (bench.path("solid.esd"), bench.path("set.swm"));
    let mut command = Command::new("wimlib-imagex");
    command.arg("export").arg(bench.wim()).arg("1").arg(&solid).args(["--solid", "--compress=LZMS"]);
    succeed(command);
    let mut command = Command::new("wimlib-imagex");
    command.arg("split").arg(bench.wim()).arg(&set).arg("0.1");
    succeed(command);
    for other in [&solid, &set] {
        assert_eq!(differences(&bench.wim(), other, &CompareOptions::default()).unwrap(), []);
        let options = CompareOptions { include_equal: true, ..CompareOptions::default() };
        let all = differences(&bench.wim(), other, &options).unwrap();
        assert!(all.len() > 70 && all.iter().all(|found| found.reference_length == found.difference_length));
    }
}

#[test]
fn a_session_is_compared_with_the_saved_image() {
    let bench = Bench::captured(&[]);
    let mut session = bench.mount(1);
    let mut all = Vec::new();
    let options = CompareOptions::default();
    compare_session(&mut session, &options, &mut |_| panic!("nothing has changed yet")).unwrap();
    let mut transaction = session.transaction("test").unwrap();
    let path = images::path;
    let content = b"new content".as_slice();
    let kernel = path("/Windows/System32/kernel.dll");
    let overwrite = PutOptions::overwrite();
    transaction.put_file(&kernel, content.into(), &overwrite, &mut unobserved).unwrap();
    transaction.put_file(&path("/new"), content.into(), &overwrite, &mut unobserved).unwrap();
    transaction.remove(&path("/Users"), true).unwrap();
    transaction.commit().unwrap();
    compare_session(&mut session, &options, &mut |batch| {
        all.extend_from_slice(batch);
        Ok(())
    })
    .unwrap();
    let lines: Vec<_> = all.iter().map(|found| (found.change, found.path.as_str())).collect();
    assert_eq!(
        lines,
        [
            (Change::Added, r"\new"),
            (Change::Removed, r"\Users"),
            (Change::Removed, r"\Users\Public"),
            (Change::Removed, r"\Users\Public\large.bin"),
            (Change::Changed, r"\Windows\System32\kernel.dll"),
        ]
    );
    assert!(all[4].what.contains(&Aspect::Content));
    assert_eq!((all[4].reference_length, all[4].difference_length), (Some(60_000), Some(11)));
}

#[test]
fn the_comparison_ends_when_its_receiver_says_so() {
    let bench = Bench::captured(&[]);
    let options = CompareOptions { include_equal: true, ..CompareOptions::default() };
    let mut stop = |_: &[Difference]| Err(Error::Cancelled);
    let stopped = compare(&bench.wim(), 1, &bench.wim(), 1, &options, &mut stop);
    assert!(matches!(stopped, Err(Error::Cancelled)));
}
