//! Changing image files in place or afresh: remove, optimize, describe, and a session's state as a
//! further image.

use crate::support::images::{judge, own_state, pseudo_random, put, read, root, save, succeed, Bench};
use imgsvc::error::Error;
use imgsvc::image::container::CompressionType;
use imgsvc::image::host::faults;
use imgsvc::image::jobs::{
    describe, optimize, remove, AppendSessionOptions, DescribeOptions, OptimizeOptions, RemoveOptions,
};
use imgsvc::image::{ImageFile, ImageSelector, MountOptions, Session};
use imgsvc::progress::unobserved;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// A file with the images First, Second and Third.
fn three_images(options: &[&str]) -> Bench {
    own_state();
    let bench = Bench::captured(options);
    for name in ["Second", "Third"] {
        fs::write(bench.path("tree").join(name), pseudo_random(name.len() as u64, 200_000)).unwrap();
        let mut append = Command::new("wimlib-imagex");
        append.arg("append").arg(bench.path("tree")).arg(bench.wim()).arg(name);
        succeed(append);
    }
    bench
}

fn mount(bench: &Bench, index: u32) -> Session {
    let options = MountOptions::new(bench.wim(), ImageSelector::Index(index));
    Session::mount(&options, &mut unobserved).unwrap()
}

fn names(bench: &Bench) -> Vec<String> {
    let file = ImageFile::open(&bench.wim()).unwrap();
    file.archive().images().iter().map(|image| image.name.clone().unwrap_or_default()).collect()
}

/// `dir --detailed` without where content is in the file.
fn detailed(bench: &Bench, index: u32) -> BTreeMap<String, String> {
    let of_file = ["Compressed size", "Offset in WIM", "Reference Count", "Raw ", "Solid", "Flags"];
    let entries = bench.detailed(index).into_iter();
    entries
        .map(|(path, text)| {
            let lines =
                text.lines().filter(|line| !of_file.iter().any(|start| line.trim_start().starts_with(start)));
            (path, lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

fn size(bench: &Bench) -> u64 {
    fs::metadata(bench.wim()).unwrap().len()
}

#[test]
fn removed_images_are_gone_and_the_others_as_before() {
    for compact in [false, true] {
        for options in [&["--compress=fast", "--check"][..], &["--compress=max"], &["--solid"]] {
            let bench = three_images(options);
            let kept = detailed(&bench, 2);
            let peer = Bench::new();
            fs::copy(bench.wim(), peer.wim()).unwrap();
            let before = size(&bench);
            let report =
                remove(&bench.wim(), &RemoveOptions { indexes: vec![3, 1], compact }, &mut unobserved)
                    .unwrap();
            assert_eq!(
                report.removed.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(),
                ["First", "Third"]
            );
            assert_eq!((report.file_size_before, report.file_size_after), (before, size(&bench)));
            assert_eq!(report.file_size_after < before, compact);
            bench.judge();
            assert_eq!(names(&bench), ["Second"]);
            assert!(detailed(&bench, 1) == kept);
            for index in ["3", "1"] {
                let mut delete = Command::new("wimlib-imagex");
                delete.arg("delete").arg(peer.wim()).arg(index);
                succeed(delete);
            }
            assert_eq!(bench.blobs(), peer.blobs());
            // wimlib goes on with it.
            let mut append = Command::new("wimlib-imagex");
            append.arg("append").arg(bench.path("tree")).arg(bench.wim()).arg("Fourth");
            succeed(append);
            bench.judge();
        }
    }
}

#[test]
fn images_with_sessions_and_the_last_image_stay() {
    let bench = three_images(&["--compress=fast"]);
    let mut session = mount(&bench, 2);
    let old = fs::read(bench.wim()).unwrap();
    let run = |indexes: &[u32], compact| {
        remove(&bench.wim(), &RemoveOptions { indexes: indexes.to_vec(), compact }, &mut unobserved)
            .map_err(root)
    };
    assert!(matches!(run(&[1], false), Err(Error::AlreadyMounted { index: 2, .. })));
    assert!(matches!(run(&[3], true), Err(Error::AlreadyMounted { index: 2, .. })));
    assert!(matches!(run(&[1, 2, 3], false), Err(Error::InvalidArgument { .. })));
    assert!(matches!(run(&[], false), Err(Error::InvalidArgument { .. })));
    assert!(matches!(run(&[4], false), Err(Error::IndexNotFound { index: 4, count: 3 })));
    let optimized = optimize(&bench.wim(), &OptimizeOptions::default(), &mut unobserved).map_err(root);
    assert!(matches!(optimized, Err(Error::AlreadyMounted { .. })));
    assert!(fs::read(bench.wim()).unwrap() == old);
    // A later image does not matter to the session, which goes on.
    put(&mut session, "\\Before.txt", b"before").unwrap();
    run(&[3], false).unwrap();
    put(&mut session, "\\After.txt", b"after").unwrap();
    save(&mut session).unwrap();
    bench.judge();
    assert_eq!(names(&bench), ["First", "Second"]);
    let applied = bench.apply(2);
    assert_eq!(fs::read(applied.join("Before.txt")).unwrap(), b"before");
    assert_eq!(fs::read(applied.join("After.txt")).unwrap(), b"after");
    session.discard().unwrap();
}

#[test]
fn a_removal_that_fails_at_any_step_leaves_the_old_file() {
    let original = three_images(&["--compress=fast", "--check"]);
    let old = fs::read(original.wim()).unwrap();
    for compact in [false, true] {
        let bench = Bench::new();
        let run = || remove(&bench.wim(), &RemoveOptions { indexes: vec![2], compact }, &mut unobserved);
        fs::write(bench.wim(), &old).unwrap();
        let (done, steps) = faults::count(run);
        done.unwrap();
        for step in 0..steps {
            fs::write(bench.wim(), &old).unwrap();
            if faults::full_at(step, run).is_err() {
                assert!(fs::read(bench.wim()).unwrap() == old, "step {step}");
                assert_eq!(fs::read_dir(bench.directory.path()).unwrap().count(), 1);
            }
            fs::write(bench.wim(), &old).unwrap();
            let _ = faults::crash_at(step, run);
            bench.judge_container();
            for leftover in fs::read_dir(bench.directory.path()).unwrap() {
                let path = leftover.unwrap().path();
                if path != bench.wim() {
                    fs::remove_file(path).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_dry_run_tells_the_size_of_the_rebuild_to_the_byte() {
    for options in
        [&["--compress=fast", "--check"][..], &["--compress=max"], &["--compress=none"], &["--solid"]]
    {
        let bench = three_images(options);
        remove(&bench.wim(), &RemoveOptions { indexes: vec![3], compact: false }, &mut unobserved).unwrap();
        if options != ["--solid"] {
            let mut session = mount(&bench, 1);
            put(&mut session, "\\large.bin", &pseudo_random(5, 700_000)).unwrap();
            save(&mut session).unwrap();
            put(&mut session, "\\large.bin", b"small now").unwrap();
            save(&mut session).unwrap();
            session.discard().unwrap();
        }
        let before: Vec<_> = (1..=2).map(|index| detailed(&bench, index)).collect();
        let told = optimize(
            &bench.wim(),
            &OptimizeOptions { dry_run: true, ..OptimizeOptions::default() },
            &mut unobserved,
        )
        .unwrap();
        let old = size(&bench);
        assert_eq!(told.file_size_before, old);
        let done = optimize(&bench.wim(), &OptimizeOptions::default(), &mut unobserved).unwrap();
        assert_eq!(size(&bench), done.file_size_after);
        assert_eq!(told.file_size_after, done.file_size_after, "{options:?}");
        assert_eq!(told.reclaimed, old - size(&bench));
        assert!(told.reclaimed > 0 && !done.recompressed);
        bench.judge();
        let after: Vec<_> = (1..=2).map(|index| detailed(&bench, index)).collect();
        assert!(before == after);
        // There is nothing to gain a second time.
        let again = optimize(&bench.wim(), &OptimizeOptions::default(), &mut unobserved).unwrap();
        assert_eq!(again.reclaimed, 0);
    }
}

#[test]
fn a_file_is_recompressed_in_place_or_beside_it() {
    let bench = three_images(&["--compress=fast", "--check"]);
    let before = detailed(&bench, 3);
    let beside = bench.path("beside.wim");
    let options = OptimizeOptions {
        compression: Some(CompressionType::Max),
        destination: Some(beside.clone()),
        integrity_table: Some(false),
        ..OptimizeOptions::default()
    };
    let report = optimize(&bench.wim(), &options, &mut unobserved).unwrap();
    assert!(report.recompressed);
    judge(&beside);
    assert!(!ImageFile::open(&beside).unwrap().archive().has_integrity_table());
    assert!(matches!(
        optimize(&bench.wim(), &options, &mut unobserved),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists
    ));
    for compression in [CompressionType::Recovery, CompressionType::None, CompressionType::Max] {
        let options = OptimizeOptions { compression: Some(compression), ..OptimizeOptions::default() };
        assert!(optimize(&bench.wim(), &options, &mut unobserved).unwrap().recompressed);
        bench.judge();
        assert!(detailed(&bench, 3) == before);
        assert!(ImageFile::open(&bench.wim()).unwrap().archive().has_integrity_table());
    }
    let large = size(&bench);
    let options = OptimizeOptions { recompress: true, level: 100, ..OptimizeOptions::default() };
    let report = optimize(&bench.wim(), &options, &mut unobserved).unwrap();
    assert!(report.recompressed && report.file_size_after <= large);
    bench.judge();
    assert!(detailed(&bench, 3) == before);
}

#[test]
fn describing_an_image_writes_the_document_and_nothing_else() {
    for options in [&["--compress=fast"][..], &["--compress=max", "--check"], &["--solid"]] {
        let bench = three_images(options);
        let before: Vec<_> = (1..=3).map(|index| detailed(&bench, index)).collect();
        let old = ImageFile::open(&bench.wim()).unwrap();
        let old_size = size(&bench);
        let change = DescribeOptions {
            name: Some("New name".into()),
            description: Some("A & B".into()),
            display_name: Some("Shown".into()),
            flags: Some("Professional".into()),
            properties: BTreeMap::from([
                ("WINDOWS/EDITIONID".to_owned(), "Professional".to_owned()),
                ("WINDOWS/VERSION/BUILD".to_owned(), "26100".to_owned()),
            ]),
            bootable: Some(true),
            ..DescribeOptions::default()
        };
        let details = describe(&bench.wim(), 2, &change).unwrap();
        assert_eq!(details.name.as_deref(), Some("New name"));
        assert_eq!(details.edition_id.as_deref(), Some("Professional"));
        assert_eq!(details.build, Some(26100));
        assert!(details.bootable);
        let file = ImageFile::open(&bench.wim()).unwrap();
        let header = file.archive().header();
        assert_eq!(header.blob_table, old.archive().header().blob_table);
        assert_eq!(file.archive().has_integrity_table(), options.contains(&"--check"));
        let written = size(&bench) - old_size;
        assert_eq!(written, header.xml.size_in_file + header.integrity.size_in_file);
        bench.judge();
        let after: Vec<_> = (1..=3).map(|index| detailed(&bench, index)).collect();
        assert!(before == after);
        let info = bench.info();
        for text in ["New name", "A & B", "Boot Index:     2"] {
            assert!(info.contains(text), "{info}");
        }
        // Empty texts remove, and the boot index goes when its image no longer boots.
        let change = DescribeOptions {
            description: Some(String::new()),
            bootable: Some(false),
            integrity_table: Some(true),
            ..DescribeOptions::default()
        };
        let details = describe(&bench.wim(), 2, &change).unwrap();
        assert!(details.description.is_none() && !details.bootable);
        bench.judge();
        assert!(ImageFile::open(&bench.wim()).unwrap().archive().has_integrity_table());
        // wimlib goes on with it.
        let mut append = Command::new("wimlib-imagex");
        append.arg("append").arg(bench.path("tree")).arg(bench.wim()).arg("Fourth");
        succeed(append);
        bench.judge();
        let doubled = DescribeOptions { name: Some("First".into()), ..DescribeOptions::default() };
        let refused = describe(&bench.wim(), 2, &doubled).map_err(root);
        assert!(matches!(refused, Err(Error::ImageNameExists { index: 1, .. })));
        let same = DescribeOptions { name: Some("New name".into()), ..DescribeOptions::default() };
        describe(&bench.wim(), 2, &same).unwrap();
        for path in ["TOTALBYTES", "A<B", ""] {
            let properties = BTreeMap::from([(path.to_owned(), "1".to_owned())]);
            let odd = DescribeOptions { properties, ..DescribeOptions::default() };
            let refused = describe(&bench.wim(), 2, &odd).map_err(root);
            assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{path}");
        }
        assert!(matches!(
            describe(&bench.wim(), 9, &DescribeOptions::default()).map_err(root),
            Err(Error::IndexNotFound { index: 9, .. })
        ));
    }
}

#[test]
fn a_session_goes_on_after_its_file_was_described_and_added_to() {
    let bench = three_images(&["--compress=fast"]);
    let mut session = mount(&bench, 2);
    put(&mut session, "\\one.txt", b"one").unwrap();
    let change = DescribeOptions { name: Some("Other".into()), ..DescribeOptions::default() };
    describe(&bench.wim(), 2, &change).unwrap();
    let mut again = Session::open(session.path()).unwrap();
    assert_eq!(read(&again, "\\one.txt").unwrap(), b"one");
    put(&mut again, "\\two.txt", b"two").unwrap();
    describe(&bench.wim(), 1, &DescribeOptions { flags: Some("X".into()), ..DescribeOptions::default() })
        .unwrap();
    save(&mut session).unwrap();
    bench.judge();
    assert_eq!(names(&bench), ["First", "Other", "Third"]);
    let applied = bench.apply(2);
    assert_eq!(fs::read(applied.join("two.txt")).unwrap(), b"two");
    session.discard().unwrap();
}

#[test]
fn a_sessions_state_becomes_a_further_image_and_the_session_goes_on() {
    let bench = three_images(&["--compress=max", "--check"]);
    let before = detailed(&bench, 1);
    let mut session = mount(&bench, 1);
    put(&mut session, "\\Windows\\new.bin", &pseudo_random(9, 400_000)).unwrap();
    let options = AppendSessionOptions {
        name: "Fourth".into(),
        description: Some("With a new file".into()),
        bootable: true,
        ..AppendSessionOptions::default()
    };
    let report = session.append(&options, &mut unobserved).unwrap();
    assert_eq!((report.image_index, report.blobs_added), (4, 1));
    assert_eq!(report.file_size, size(&bench));
    bench.judge();
    assert_eq!(names(&bench), ["First", "Second", "Third", "Fourth"]);
    assert!(detailed(&bench, 1) == before);
    let applied = bench.apply(4);
    assert!(fs::read(applied.join("Windows/new.bin")).unwrap() == pseudo_random(9, 400_000));
    let file = ImageFile::open(&bench.wim()).unwrap();
    assert_eq!(file.archive().boot_index(), Some(4));
    let details = file.image_details(4).unwrap();
    assert_eq!(details.description.as_deref(), Some("With a new file"));
    let first = file.image_details(1).unwrap();
    assert_eq!(details.file_count, first.file_count + 1);
    assert_eq!(details.total_bytes, first.total_bytes + 400_000);
    drop(file);
    let doubled = session.append(&options, &mut unobserved).map_err(root);
    assert!(matches!(doubled, Err(Error::ImageNameExists { index: 4, .. })));
    // The session is where it was: its work is pending, and is saved into its own image.
    put(&mut session, "\\Windows\\later.txt", b"later").unwrap();
    let saved = save(&mut session).unwrap();
    assert!(saved.saved);
    bench.judge();
    let applied = bench.apply(1);
    assert_eq!(fs::read(applied.join("Windows/later.txt")).unwrap(), b"later");
    assert!(fs::read(applied.join("Windows/new.bin")).unwrap() == pseudo_random(9, 400_000));
    assert!(!bench.apply(4).join("Windows/later.txt").exists());
    session.discard().unwrap();
}
