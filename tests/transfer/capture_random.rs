//! Random trees: wimlib-imagex finds in a capture what is in the directory, and captures the same.

use crate::support::capture::{
    append, append_options, capture, captured_by_wimlib, details, options, picture, same,
};
use crate::support::images;
use crate::support::images::{pseudo_random, Bench};
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::CaptureOptions;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
enum Entry {
    Directory,
    File {
        kind: u8,
        size: usize,
    },
    /// Another name of an earlier file.
    Name(usize),
    Link(String),
    LinkToRoot,
}

fn entry() -> impl Strategy<Value = Entry> {
    let size =
        prop_oneof![Just(0), 1usize..2000, Just(32 << 10), Just((1 << 20) + 1), 500_000usize..2_000_000];
    prop_oneof![
        3 => Just(Entry::Directory),
        6 => (0u8..4, size).prop_map(|(kind, size)| Entry::File { kind, size }),
        2 => (0usize..20).prop_map(Entry::Name),
        1 => "(\\.\\./|a/|/etc/|\\\\)?[a-z]{1,5}/?".prop_map(Entry::Link),
        1 => Just(Entry::LinkToRoot),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-cA-C]{1,2}", "[a-z ~.$;:\u{e9}\u{17f}\u{1f600}]{1,6}x", "[a-z]{200}"]
}

/// Makes the tree below directories that are already there, chosen by number.
fn make(tree: &Path, entries: &[(usize, String, Entry)]) {
    fs::create_dir_all(tree).unwrap();
    let mut directories = vec![tree.to_path_buf()];
    let mut files: Vec<PathBuf> = Vec::new();
    for (place, name, entry) in entries {
        let path = directories[place % directories.len()].join(name);
        if path.symlink_metadata().is_ok() || path.as_os_str().len() > 3500 {
            continue;
        }
        match entry {
            Entry::Directory => {
                fs::create_dir(&path).unwrap();
                directories.push(path);
            }
            Entry::File { kind, size } => {
                let content = match kind {
                    0 => vec![b'z'; *size],
                    1 => pseudo_random(u64::try_from(*size).unwrap(), *size),
                    _ => format!("line {size}\n").repeat(size / 8 + 1).into_bytes(),
                };
                fs::write(&path, content).unwrap();
                files.push(path);
            }
            Entry::Name(number) if !files.is_empty() => {
                fs::hard_link(&files[number % files.len()], &path).unwrap()
            }
            Entry::Name(_) => {}
            Entry::Link(target) => symlink(target, &path).unwrap(),
            Entry::LinkToRoot => symlink(tree.join("somewhere"), &path).unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_capture_holds_any_tree(
        entries in prop::collection::vec((0usize..50, name(), entry()), 0..40),
        more in prop::collection::vec((0usize..50, name(), entry()), 0..6),
        compression in prop_oneof![
            Just(CompressionType::None),
            Just(CompressionType::Fast),
            Just(CompressionType::Max),
            Just(CompressionType::Recovery),
        ],
    ) {
        let bench = Bench::new();
        let tree = bench.path("tree");
        make(&tree, &entries);
        let chunk_size = if compression == CompressionType::Recovery { 1 << 20 } else { 0 };
        let told = capture(&bench, &CaptureOptions { compression, chunk_size, verify: true, ..options() }).unwrap();
        images::judge(&bench.wim());
        same(&picture(&bench.apply(1)), &picture(&tree));
        let other = captured_by_wimlib(&bench, &["--compress=XPRESS"]);
        same(&details(&bench, 1), &details(&other, 1));
        prop_assert_eq!(told.skipped_count, 0);

        make(&tree, &more);
        let mut update = append_options();
        update.update_of = Some(1);
        update.verify = true;
        append(&bench, &update).unwrap();
        images::judge(&bench.wim());
        same(&picture(&bench.apply(2)), &picture(&tree));
    }
}
