//! Sessions from mount to discard: who may open what, several handles, and changed image files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // what fails here fails the test

use crate::support::images::{path, put, read, root, save, Bench};
use imgsvc::error::Error;
use imgsvc::image::{self, CreateOptions, ImageSelector, MountOptions, MountStatus, SaveOptions, Session};
use imgsvc::progress::unobserved;
use std::fs;
use std::process::Command;

fn wimlib(bench: &Bench, arguments: &[&str]) -> bool {
    let output = Command::new("wimlib-imagex").args(arguments).current_dir(bench.directory.path()).output();
    output.unwrap().status.success()
}

#[test]
fn what_cannot_be_written_can_be_opened_read_only() {
    let bench = Bench::captured(&["--compress=lzx"]);
    assert!(wimlib(&bench, &["split", "image.wim", "split.swm", "0.1"]));
    assert!(wimlib(&bench, &["export", "image.wim", "1", "solid.esd", "--solid"]));
    fs::copy(bench.wim(), bench.path("readonly.wim")).unwrap();
    let mut permissions = fs::metadata(bench.path("readonly.wim")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(bench.path("readonly.wim"), permissions).unwrap();
    for (name, expected) in [
        ("split.swm", "SplitNotWritable"),
        ("solid.esd", "SolidNotWritable"),
        ("readonly.wim", "ImageFileReadOnly"),
    ] {
        let mut options = MountOptions::new(bench.path(name), ImageSelector::Index(1));
        let refused = root(bench.try_mount(options.clone()).unwrap_err());
        assert!(format!("{refused:?}").starts_with(expected), "{name}: {refused:?}");
        options.read_only = true;
        let mut session = bench.try_mount(options).unwrap();
        let content = read(&session, "\\Windows\\System32\\kernel.dll").unwrap();
        assert_eq!(content, fs::read(bench.path("tree/Windows/System32/kernel.dll")).unwrap(), "{name}");
        let refused = session.transaction("no").unwrap_err();
        assert!(matches!(refused, Error::SessionReadOnly { .. }));
        assert!(matches!(save(&mut session).unwrap_err(), Error::SessionReadOnly { .. }));
        session.discard().unwrap();
    }
}

#[test]
fn an_image_is_chosen_by_index_or_name() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let choose = |image| bench.try_mount(MountOptions::new(bench.wim(), image));
    let refused = root(choose(ImageSelector::Index(2)).unwrap_err());
    assert!(matches!(refused, Error::IndexNotFound { index: 2, count: 1 }));
    let refused = root(choose(ImageSelector::Name("Second".into())).unwrap_err());
    assert!(matches!(refused, Error::ImageNameNotFound { .. }));
    assert_eq!(choose(ImageSelector::Name("first".into())).unwrap().image_index(), 1);
}

#[test]
fn an_image_has_one_writable_session_and_any_number_of_others() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let session = bench.mount(1);
    let options = MountOptions::new(bench.wim(), ImageSelector::Index(1));
    let refused = root(bench.try_mount(options.clone()).unwrap_err());
    assert!(matches!(refused, Error::AlreadyMounted { index: 1, .. }));
    // By another path too.
    std::os::unix::fs::symlink(bench.wim(), bench.path("link.wim")).unwrap();
    fs::hard_link(bench.wim(), bench.path("hard.wim")).unwrap();
    for name in ["link.wim", "hard.wim"] {
        let refused = bench.try_mount(MountOptions::new(bench.path(name), ImageSelector::Index(1)));
        assert!(matches!(root(refused.unwrap_err()), Error::AlreadyMounted { .. }), "{name}");
    }
    let read_only = MountOptions { read_only: true, ..options.clone() };
    let one = bench.try_mount(read_only.clone()).unwrap();
    let two = bench.try_mount(read_only.clone()).unwrap();
    assert_ne!(one.path(), two.path());
    let taken = MountOptions { session_path: Some(one.path().to_path_buf()), ..read_only };
    assert!(matches!(bench.try_mount(taken).unwrap_err(), Error::SessionExists { .. }));
    assert_eq!(Session::list_in(&bench.state()).unwrap().len(), 3);
    for session in [session, one, two] {
        session.discard().unwrap();
    }
    assert!(Session::list_in(&bench.state()).unwrap().is_empty());
    bench.mount(1);
}

#[test]
fn another_handle_sees_the_work_and_goes_on_with_it() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut first = bench.mount(1);
    let mut second = bench.reopen(first.path().to_str().unwrap());
    put(&mut first, "\\one", b"one").unwrap();
    second.refresh().unwrap();
    assert_eq!(read(&second, "\\one").unwrap(), b"one");
    put(&mut second, "\\two", b"two").unwrap();
    put(&mut first, "\\three", b"three").unwrap();
    assert_eq!(read(&first, "\\two").unwrap(), b"two");
    let transaction = first.transaction("open").unwrap();
    assert!(matches!(second.transaction("busy").unwrap_err(), Error::Busy { .. }));
    assert!(matches!(save(&mut second).unwrap_err(), Error::Busy { .. }));
    drop(transaction);
    assert!(save(&mut second).unwrap().saved);
    assert_eq!(read(&second, "\\three").unwrap(), b"three");
    put(&mut first, "\\four", b"four").unwrap();
    save(&mut first).unwrap();
    bench.judge();
    let applied = bench.apply(1);
    for name in ["one", "two", "three", "four"] {
        assert_eq!(fs::read_to_string(applied.join(name)).unwrap(), name);
    }
}

#[test]
fn wimlib_is_kept_out_while_a_writable_session_is_open() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let session = bench.mount(1);
    let update = ["update", "image.wim", "1", "--command", "delete /Windows/empty.txt"];
    assert!(!wimlib(&bench, &update));
    drop(session);
    assert!(wimlib(&bench, &update));
}

#[test]
fn an_image_that_cannot_be_written_whole_again_opens_read_only() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let damaged = root.join("../shared/testdata/wim/wimlib/dotdot.wim");
    if !damaged.exists() {
        println!("SKIPPED: an image with a file named '..' is needed: {}", damaged.display());
        return;
    }
    let bench = Bench::new();
    fs::write(bench.wim(), fs::read(&damaged).unwrap()).unwrap();
    let mut options = MountOptions::new(bench.wim(), ImageSelector::Index(1));
    let refused = bench.try_mount(options.clone()).unwrap_err();
    assert!(matches!(refused.root(), Error::Unsupported { .. }), "{refused}");
    options.read_only = true;
    bench.try_mount(options).unwrap().view().unwrap();
}

#[test]
fn a_changed_image_is_refused_and_not_overwritten() {
    let changes: [&[&str]; 2] = [
        &["update", "image.wim", "1", "--command", "delete /Windows/empty.txt"],
        // Not one byte of the image itself changes here.
        &["info", "image.wim", "1", "Renamed by another program"],
    ];
    let bench = Bench::captured(&["--compress=lzx"]);
    for change in changes {
        let mut session = bench.mount(1);
        put(&mut session, "\\mine", b"mine").unwrap();
        let name = session.path().to_str().unwrap().to_owned();
        drop(session);
        assert!(wimlib(&bench, change));
        let changed = fs::read(bench.wim()).unwrap();
        let mut session = bench.reopen(&name);
        assert!(matches!(root(save(&mut session).unwrap_err()), Error::ImageChanged { .. }));
        assert!(matches!(root(session.transaction("x").unwrap_err()), Error::ImageChanged { .. }));
        assert!(matches!(root(session.view().unwrap_err()), Error::ImageChanged { .. }));
        let info = session.info().unwrap();
        assert_eq!(info.mount_status, MountStatus::Invalid);
        assert_eq!(info.pending_operations, 1);
        session.discard().unwrap();
        assert!(changed == fs::read(bench.wim()).unwrap());
    }

    let session = bench.mount(1);
    let name = session.path().to_str().unwrap().to_owned();
    drop(session);
    fs::remove_file(bench.wim()).unwrap();
    let session = bench.reopen(&name);
    assert!(matches!(root(session.view().unwrap_err()), Error::ImageChanged { .. }));
    session.discard().unwrap();
}

#[test]
fn sessions_on_several_images_of_one_file_can_all_be_saved() {
    let bench = Bench::captured(&["--compress=lzx", "--check"]);
    assert!(wimlib(&bench, &["append", "tree", "image.wim", "Second", "--check"]));
    let mut first = bench.mount(1);
    let mut second = bench.mount(2);
    put(&mut first, "\\Windows\\System32\\kernel.dll", b"first").unwrap();
    put(&mut second, "\\Windows\\System32\\kernel.dll", b"second").unwrap();
    put(&mut second, "\\same", b"first").unwrap();
    save(&mut first).unwrap();
    bench.judge();
    assert_eq!(second.info().unwrap().mount_status, MountStatus::Ok);
    save(&mut second).unwrap();
    bench.judge();
    put(&mut first, "\\more", b"more").unwrap();
    first.save(SaveOptions { compact: true, ..SaveOptions::default() }, &mut unobserved).unwrap();
    put(&mut second, "\\more", b"more of the second").unwrap();
    save(&mut second).unwrap();
    bench.judge();
    assert_eq!(fs::read(bench.apply(1).join("Windows/System32/kernel.dll")).unwrap(), b"first");
    let applied = bench.apply(2);
    assert_eq!(fs::read(applied.join("Windows/System32/kernel.dll")).unwrap(), b"second");
    assert_eq!(fs::read(applied.join("more")).unwrap(), b"more of the second");
    // The content that both images replaced is in neither any more.
    let kernel = "kernel code ".repeat(5000);
    use sha1::Digest;
    let hash: String =
        sha1::Sha1::digest(kernel.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let blobs = bench.blobs();
    assert!(!blobs.contains_key(&hash));
    assert!(blobs.values().all(|count| *count > 0));
}

#[test]
fn a_damaged_journal_is_an_error_and_the_session_can_be_discarded() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let mut session = bench.mount(1);
    put(&mut session, "\\one", b"one").unwrap();
    put(&mut session, "\\two", b"two").unwrap();
    let info = session.info().unwrap();
    let name = session.path().to_str().unwrap().to_owned();
    drop(session);
    let journal = bench.path(&format!("state/sessions/{}/journal.1", info.id));
    let good = fs::read(&journal).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        fs::write(&journal, &bytes).unwrap();
        let session = bench.reopen(&name);
        match session.view() {
            Err(Error::StateDamaged { .. }) => {}
            Err(error) => panic!("byte {at}: {error}"),
            // A damaged last record is taken for a torn one; never the first alone.
            Ok(view) => {
                assert!(view.exists(&path("\\one")).unwrap(), "byte {at}");
                assert!(!view.exists(&path("\\two")).unwrap(), "byte {at}");
            }
        }
    }
    for length in 0..good.len() {
        fs::write(&journal, &good[..length]).unwrap();
        let session = bench.reopen(&name);
        assert!(!session.view().unwrap().exists(&path("\\two")).unwrap());
    }
    fs::write(&journal, &good).unwrap();
    let mut session = bench.reopen(&name);
    save(&mut session).unwrap();
    bench.judge();
    session.discard().unwrap();
}

#[test]
fn a_session_with_a_damaged_record_is_listed_and_can_be_discarded() {
    let bench = Bench::captured(&["--compress=none"]);
    let session = bench.mount(1);
    let id = session.info().unwrap().id;
    drop(session);
    fs::write(bench.path(&format!("state/sessions/{id}/session.json")), b"{\"format\": 1, ").unwrap();
    let listed = Session::list_in(&bench.state()).unwrap();
    assert_eq!(listed[0].mount_status, MountStatus::Invalid);
    assert_eq!(listed[0].id, id);
    let mut session = bench.reopen(&id);
    assert!(matches!(session.view().unwrap_err(), Error::StateDamaged { .. }));
    assert!(matches!(save(&mut session).unwrap_err(), Error::StateDamaged { .. }));
    session.discard().unwrap();
    bench.mount(1).discard().unwrap();
}

#[test]
fn a_new_image_file_can_be_filled_and_wimlib_can_go_on_with_it() {
    let bench = Bench::new();
    use imgsvc::formats::wim::Compression;
    for compression in [Compression::None, Compression::Xpress, Compression::Lzx, Compression::Lzms] {
        let _ = fs::remove_file(bench.wim());
        let options = CreateOptions { compression, chunk_size: 0, name: "Sample & <test>".into() };
        image::create(&bench.wim(), &options).unwrap();
        bench.judge();
        assert!(image::create(&bench.wim(), &options).is_err(), "an existing file is not touched");
        let mut session = bench.mount(1);
        put(&mut session, "\\Windows\\file.txt", "text ".repeat(50_000).as_bytes()).unwrap();
        save(&mut session).unwrap();
        session.discard().unwrap();
        bench.judge();
        assert!(bench.info().contains("Sample & <test>"));
        let mounted = bench.mount(1);
        let item = mounted.view().unwrap().item(&path("\\Windows\\file.txt")).unwrap().unwrap();
        let descriptor = item.security_descriptor.unwrap();
        assert!(descriptor.contains(";BU)") && !descriptor.contains(";WD)"), "{descriptor}");
        mounted.discard().unwrap();
        fs::write(bench.path("added"), b"added").unwrap();
        assert!(wimlib(&bench, &["update", "image.wim", "1", "--command", "add added /added"]));
        bench.judge();
        assert_eq!(fs::read(bench.apply(1).join("added")).unwrap(), b"added");
    }
}
