//! Trees: changes keep them consistent, and writing and reading gives back what was there.

use crate::support::wim::units;
use imgsvc::error::Error;
use imgsvc::formats::wim::tree::{attributes, DentryId, Inode, Reparse, Stream, StreamKind, Tree};
use proptest::prelude::*;

fn file(number: u8) -> Inode {
    Inode::file([number; 20])
}

/// Path, short name, attributes, links, streams, descriptor, tagged items, reparse fields.
type Line = (String, String, u32, u32, Vec<Stream>, Option<Vec<u8>>, Vec<u8>, Reparse);

/// What counts of a tree, independent of ids.
fn picture(tree: &Tree) -> Vec<Line> {
    let line = |id: DentryId| {
        let inode = tree.inode_of(id);
        let descriptor = tree.security_descriptor(tree.dentry(id).inode).map(<[u8]>::to_vec);
        let short_name = String::from_utf16_lossy(&tree.dentry(id).short_name);
        let path = format!("{:?}", tree.path_of(id));
        let streams = inode.streams.clone();
        (
            path,
            short_name,
            inode.attributes,
            inode.links,
            streams,
            descriptor,
            inode.extra.to_vec(),
            inode.reparse,
        )
    };
    tree.walk(tree.root()).map(line).collect()
}

/// Rules that hold for every tree.
fn check(tree: &Tree) {
    let mut links = std::collections::HashMap::new();
    for id in tree.walk(tree.root()) {
        *links.entry(tree.dentry(id).inode).or_insert(0u32) += 1;
        for pair in tree.children(id).windows(2) {
            let (left, right) = (&tree.dentry(pair[0]).name, &tree.dentry(pair[1]).name);
            let order = imgsvc::formats::upcase::compare(left, right).then_with(|| left.cmp(right));
            assert!(order.is_lt());
        }
        for child in tree.children(id) {
            assert_eq!(tree.dentry(*child).parent, id);
            assert_eq!(tree.lookup(id, &tree.dentry(*child).name), Some(*child));
        }
    }
    assert_eq!(tree.inodes().count(), links.len());
    for (id, inode) in tree.inodes() {
        assert_eq!(inode.links, links[&id]);
        assert!(inode.links < 2 || inode.link_group != 0);
    }
    let again = Tree::parse(&tree.to_bytes().unwrap()).unwrap();
    assert_eq!(again.notes(), [] as [&str; 0]);
    assert_eq!(picture(&again), picture(tree));
    assert_eq!(again.to_bytes().unwrap(), tree.to_bytes().unwrap());
}

#[test]
fn names_are_found_without_case_and_by_short_name() {
    let mut tree = Tree::new();
    let root = tree.root();
    let windows = tree.create(root, &units("Windows"), Inode::directory()).unwrap();
    let program = tree.create(root, &units("Program Files"), Inode::directory()).unwrap();
    tree.set_short_name(program, &units("PROGRA~1")).unwrap();
    assert_eq!(tree.lookup(root, &units("WINDOWS")), Some(windows));
    assert_eq!(tree.lookup(root, &units("progra~1")), Some(program));
    assert_eq!(tree.lookup(root, &units("Windows ")), None);
    let system = tree.create(windows, &units("System32"), Inode::directory()).unwrap();
    assert_eq!(tree.resolve(&[units("windows"), units("SYSTEM32")]), Some(system));
    assert_eq!(tree.display_path(system), "\\Windows\\System32");
    assert_eq!(tree.display_path(root), "\\");
    check(&tree);
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let mut tree = Tree::new();
    let root = tree.root();
    let a = tree.create(root, &units("a"), file(1)).unwrap();
    let d = tree.create(root, &units("d"), Inode::directory()).unwrap();
    let e = tree.create(d, &units("e"), Inode::directory()).unwrap();
    for name in ["", ".", "..", "x/y", "x\\y", "x\0y"] {
        let error = tree.create(root, &units(name), file(1)).unwrap_err();
        assert!(matches!(error, Error::InvalidName { .. }), "{name}: {error}");
    }
    assert!(matches!(tree.create(root, &units("A"), file(1)), Err(Error::ItemExists { .. })));
    assert!(matches!(tree.create(a, &units("b"), file(1)), Err(Error::WrongItemKind { .. })));
    assert!(matches!(tree.link(d, root, &units("d2")), Err(Error::WrongItemKind { .. })));
    assert!(tree.rename(d, e, &units("x")).is_err(), "a directory cannot go below itself");
    assert!(tree.rename(d, d, &units("x")).is_err());
    assert!(tree.remove(root).is_err());
    assert!(matches!(tree.create(root, &vec![0x41; 32_767], file(1)), Err(Error::InvalidName { .. })));
    let long = tree.create(root, &vec![0x41; 32_766], file(1)).unwrap();
    check(&tree);
    tree.remove(long).unwrap();
    assert!(matches!(tree.remove(long), Err(Error::ItemNotFound { .. })));
    assert!(!tree.contains(long));
    check(&tree);
}

#[test]
fn hard_links_share_the_file_and_end_with_the_last_name() {
    let mut tree = Tree::new();
    let root = tree.root();
    let first = tree.create(root, &units("first"), file(9)).unwrap();
    let inode = tree.dentry(first).inode;
    assert_eq!(tree.inode(inode).link_group, 0);
    let directory = tree.create(root, &units("d"), Inode::directory()).unwrap();
    tree.link(first, directory, &units("second")).unwrap();
    assert_eq!(tree.inode(inode).links, 2);
    assert_eq!(tree.names_of(inode).len(), 2);
    let totals = tree.totals(|_| Some(100));
    assert_eq!((totals.directories, totals.files), (2, 2));
    assert_eq!((totals.total_bytes, totals.hard_link_bytes), (200, 100));
    assert_eq!(tree.blob_references()[&[9; 20]], 2);
    check(&tree);
    tree.remove(directory).unwrap();
    assert_eq!(tree.inode(inode).links, 1);
    tree.remove(first).unwrap();
    assert!(tree.inode_mut(inode).is_none());
    assert_eq!(tree.inodes().count(), 1);
    check(&tree);
}

#[test]
fn a_renamed_file_loses_its_short_name_and_a_moved_one_keeps_it() {
    let mut tree = Tree::new();
    let root = tree.root();
    let directory = tree.create(root, &units("d"), Inode::directory()).unwrap();
    let long = tree.create(root, &units("a long name"), file(1)).unwrap();
    tree.set_short_name(long, &units("ALONGN~1")).unwrap();
    tree.rename(long, directory, &units("a long name")).unwrap();
    assert!(!tree.dentry(long).short_name.is_empty());
    tree.rename(long, directory, &units("A LONG NAME")).unwrap();
    assert!(tree.dentry(long).short_name.is_empty());
    assert_eq!(tree.display_path(long), "\\d\\A LONG NAME");
    check(&tree);
}

#[test]
fn one_descriptor_is_stored_once() {
    let mut tree = Tree::new();
    for number in 0..20u8 {
        let id = tree.create(tree.root(), &units(&format!("f{number}")), file(number + 1)).unwrap();
        tree.set_security_descriptor(tree.dentry(id).inode, Some(&[number % 2; 24])).unwrap();
    }
    assert_eq!(tree.security().len(), 2);
    check(&tree);
}

fn name() -> impl Strategy<Value = Vec<u16>> {
    // Few letters in both cases, so that names collide; and units that are no text.
    proptest::collection::vec(prop_oneof![Just(0x41), Just(0x61), Just(0x62), Just(0xD800), Just(0xE9)], 1..4)
}

#[derive(Debug, Clone)]
enum Change {
    Directory(u8, Vec<u16>),
    File(u8, Vec<u16>, u8, u8),
    Link(u8, u8, Vec<u16>),
    Rename(u8, u8, Vec<u16>),
    Remove(u8),
    Descriptor(u8, u8),
    ShortName(u8, Vec<u16>),
    Extra(u8, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<u8>(), name()).prop_map(|(at, name)| Change::Directory(at, name)),
        4 => (any::<u8>(), name(), any::<u8>(), any::<u8>()).prop_map(|(at, name, a, b)| Change::File(at, name, a, b)),
        2 => (any::<u8>(), any::<u8>(), name()).prop_map(|(to, at, name)| Change::Link(to, at, name)),
        2 => (any::<u8>(), any::<u8>(), name()).prop_map(|(which, at, name)| Change::Rename(which, at, name)),
        1 => any::<u8>().prop_map(Change::Remove),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(which, what)| Change::Descriptor(which, what)),
        1 => (any::<u8>(), name()).prop_map(|(which, name)| Change::ShortName(which, name)),
        1 => (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..4)).prop_map(|(which, data)| Change::Extra(which, data)),
    ]
}

/// Files of every kind: plain, with streams, reparse points, encrypted.
fn any_file(kind: u8, hash: u8) -> Inode {
    let mut inode = file(hash);
    match kind % 6 {
        1 => inode.set_stream(StreamKind::Data, &units("ads"), [hash ^ 1; 20]),
        2 | 3 => {
            inode.attributes |=
                attributes::REPARSE_POINT | if kind % 6 == 3 { attributes::DIRECTORY } else { 0 };
            inode.streams.clear();
            inode.reparse = Reparse { tag: 0xA000_000C, reserved: 1, flags: u16::from(hash) };
            inode.set_stream(StreamKind::Reparse, &[], [hash | 1; 20]);
        }
        4 => {
            inode.attributes |= attributes::ENCRYPTED;
            inode.streams.clear();
            inode.set_stream(StreamKind::EfsRaw, &[], [hash | 1; 20]);
        }
        _ => {}
    }
    inode
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_sequence_of_changes_leaves_a_tree_that_reads_back(changes in proptest::collection::vec(change(), 0..60)) {
        let mut tree = Tree::new();
        for change in changes {
            let all: Vec<DentryId> = tree.walk(tree.root()).collect();
            let pick = |number: u8| all[usize::from(number) % all.len()];
            // A refusal is fine; what it leaves is checked.
            let _ = match change {
                Change::Directory(at, name) => tree.create(pick(at), &name, Inode::directory()).map(|_| ()),
                Change::File(at, name, kind, hash) => tree.create(pick(at), &name, any_file(kind, hash)).map(|_| ()),
                Change::Link(to, at, name) => tree.link(pick(to), pick(at), &name).map(|_| ()),
                Change::Rename(which, at, name) => tree.rename(pick(which), pick(at), &name),
                Change::Remove(which) => tree.remove(pick(which)),
                Change::Descriptor(which, what) => {
                    let inode = tree.dentry(pick(which)).inode;
                    tree.set_security_descriptor(inode, (what > 9).then_some(&[what % 5; 20]))
                }
                Change::ShortName(which, name) => match pick(which) {
                    root if root == tree.root() => Ok(()),
                    other => tree.set_short_name(other, &name),
                },
                Change::Extra(which, data) => {
                    let padded: Vec<u8> = data.iter().flat_map(|&byte| [byte; 8]).collect();
                    tree.inode_mut(tree.dentry(pick(which)).inode).unwrap().extra = padded.into();
                    Ok(())
                }
            };
        }
        check(&tree);
    }
}

#[test]
fn a_directory_built_from_a_listing_may_have_names_that_differ_in_case_only() {
    let mut tree = Tree::new();
    let root = tree.root();
    for (name, short_name) in [("A", ""), ("a", "A~1"), ("b", "")] {
        let inode = tree.add_inode(file(1)).unwrap();
        tree.push_child(root, &units(name), &units(short_name), inode).unwrap();
    }
    let inode = tree.add_inode(file(2)).unwrap();
    for name in ["b", "B", "a"] {
        let refused = tree.push_child(root, &units(name), &[], inode);
        assert!(matches!(refused, Err(Error::ItemExists { .. })), "{name}: {refused:?}");
    }
    assert!(matches!(tree.push_child(root, &units("c\\d"), &[], inode), Err(Error::InvalidName { .. })));
    let names: Vec<String> =
        tree.children(root).iter().map(|id| String::from_utf16_lossy(&tree.dentry(*id).name)).collect();
    assert_eq!(names, ["A", "a", "b"]);
    assert_eq!(picture(&Tree::parse(&tree.to_bytes().unwrap()).unwrap()), picture(&tree));
}
