//! Files and directories between host and image.

use crate::support::images::{path, read, root, save, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::image::transfer::{self, TransferOptions};
use imgsvc::image::{Action, ItemType};
use imgsvc::progress::unobserved;
use std::fs;
use std::ops::ControlFlow;

const ALL: TransferOptions = TransferOptions { recurse: true, overwrite: true };
const CAREFUL: TransferOptions = TransferOptions { recurse: true, overwrite: false };

#[test]
fn a_directory_comes_back_from_the_image_as_it_went_in() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let tree = bench.path("tree");
    let told = transfer::import(&mut session, &tree, &path("/copy"), &CAREFUL, &mut unobserved).unwrap();
    assert_eq!(told.files, 67);
    assert_eq!(told.directories, 8);
    assert!(told.items.iter().all(|item| item.action == Action::Added));
    save(&mut session).unwrap();
    bench.judge();
    let out = bench.path("out");
    let told = transfer::export(&mut session, &path("/copy"), &out, &CAREFUL, &mut unobserved).unwrap();
    assert_eq!((told.files, told.directories, told.skipped.len()), (67, 8, 0));
    let mut diff = std::process::Command::new("diff");
    diff.arg("-r").arg(&tree).arg(&out);
    succeed(diff);
    let seconds = |path: &std::path::Path| {
        path.metadata().unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    };
    let file = "Windows/System32/kernel.dll";
    assert_eq!(seconds(&tree.join(file)), seconds(&out.join(file)));

    let again = transfer::export(&mut session, &path("/copy"), &out, &CAREFUL, &mut unobserved);
    assert!(matches!(root(again.unwrap_err()), Error::Io { source, .. }
        if source.kind() == std::io::ErrorKind::AlreadyExists));
    transfer::export(&mut session, &path("/copy"), &out, &ALL, &mut unobserved).unwrap();
    let told = transfer::remove(&mut session, &path("/copy"), true).unwrap();
    assert_eq!((told.files, told.directories), (67, 8));
    assert!(!session.view().unwrap().exists(&path("/copy")).unwrap());
}

#[test]
fn an_import_that_fails_half_way_changes_nothing() {
    let bench = Bench::captured(&["--compress=none"]);
    let mut session = bench.mount(1);
    let source = bench.path("source");
    fs::create_dir_all(source.join("a")).unwrap();
    fs::write(source.join("a/first.txt"), b"first").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", source.join("z")).unwrap();
    let refused = transfer::import(&mut session, &source, &path("/in"), &ALL, &mut unobserved).unwrap_err();
    assert!(matches!(root(refused), Error::Unsupported { what, .. } if what.contains("/source/z")));
    fs::remove_file(source.join("z")).unwrap();
    fs::write(source.join("a/FIRST.TXT"), b"second").unwrap();
    let refused = transfer::import(&mut session, &source, &path("/in"), &ALL, &mut unobserved).unwrap_err();
    assert!(matches!(root(refused), Error::ItemExists { .. }), "names that differ in case only");
    fs::remove_file(source.join("a/FIRST.TXT")).unwrap();
    for name in ["con.txt", "trailing.", "a:b", "what?"] {
        fs::write(source.join(name), b"x").unwrap();
        let refused =
            transfer::import(&mut session, &source, &path("/in"), &ALL, &mut unobserved).unwrap_err();
        assert!(matches!(root(refused), Error::InvalidName { .. }), "{name}");
        fs::remove_file(source.join(name)).unwrap();
    }
    let cancelled =
        transfer::import(&mut session, &source, &path("/in"), &ALL, &mut |_| ControlFlow::Break(()));
    assert!(matches!(cancelled.unwrap_err(), Error::Cancelled));
    assert!(!session.view().unwrap().exists(&path("/in")).unwrap());
    assert_eq!(session.info().unwrap().pending_transactions, 0);
    transfer::import(&mut session, &source, &path("/in"), &ALL, &mut unobserved).unwrap();
    assert_eq!(read(&session, "/in/a/first.txt").unwrap(), b"first");
}

#[test]
fn a_listing_tells_names_kinds_and_sizes_in_order() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let mut items = Vec::new();
    transfer::list(&mut session, &path("/windows"), false, &mut |batch| {
        items.extend_from_slice(batch);
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["empty.txt", "INF", "System32"]);
    assert_eq!(items[1].item_type, ItemType::Directory);
    assert_eq!(items[0].length, 0);
    let mut count = 0;
    transfer::list(&mut session, &path("/"), true, &mut |batch| {
        count += batch.len();
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(count, 67 + 7);
    let item = transfer::get(&mut session, &path("/windows/system32/KERNEL.DLL")).unwrap();
    assert_eq!(item.path, "\\Windows\\System32\\kernel.dll");
    assert_eq!(item.length, 60_000);
    let stopped = transfer::list(&mut session, &path("/"), true, &mut |_| Ok(ControlFlow::Break(())));
    assert!(matches!(stopped.unwrap_err(), Error::Cancelled));
}

#[test]
fn an_export_never_writes_through_a_link() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    let out = bench.path("out");
    let outside = bench.path("outside");
    fs::create_dir_all(&out).unwrap();
    fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, out.join("Windows")).unwrap();
    let refused = transfer::export(&mut session, &path("/"), &out, &ALL, &mut unobserved);
    assert!(matches!(root(refused.unwrap_err()), Error::Io { .. }));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    fs::remove_file(out.join("Windows")).unwrap();
    fs::create_dir_all(out.join("Windows")).unwrap();
    fs::write(bench.path("victim"), b"victim").unwrap();
    std::os::unix::fs::symlink(bench.path("victim"), out.join("Windows/empty.txt")).unwrap();
    transfer::export(&mut session, &path("/"), &out, &ALL, &mut unobserved).unwrap();
    assert_eq!(fs::read(bench.path("victim")).unwrap(), b"victim");
    assert!(out.join("Windows/empty.txt").symlink_metadata().unwrap().is_file());
}
