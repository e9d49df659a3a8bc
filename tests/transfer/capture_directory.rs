//! A directory becomes an image: what wimlib-imagex and 7-Zip find in it, and what stays out.

use crate::support::capture::{
    append, append_options, capture, captured_by_wimlib, details, names, options, picture, same, set_time,
};
use crate::support::images;
use crate::support::images::{pseudo_random, Bench};
use imgsvc::error::Error;
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::CaptureOptions;
use imgsvc::image::{ImageFile, ImageSelector, MountOptions, PutOptions};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, FileExt};
use std::os::unix::net::UnixListener;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write_tree();
    bench
}

/// The bench's tree with everything else that a directory can have.
fn rich_bench() -> Bench {
    let bench = bench();
    let tree = bench.path("tree");
    fs::hard_link(tree.join("Windows/INF/machine.inf"), tree.join("Users/second name")).unwrap();
    fs::hard_link(tree.join("Windows/INF/machine.inf"), tree.join("Windows/third.inf")).unwrap();
    symlink("INF/machine.inf", tree.join("Windows/relative")).unwrap();
    symlink("../Windows", tree.join("Users/to-directory")).unwrap();
    symlink(tree.join("Windows/INF"), tree.join("absolute")).unwrap();
    symlink(&tree, tree.join("to the root")).unwrap();
    symlink(format!("{}//Users/Public/", tree.display()), tree.join("slashes")).unwrap();
    symlink("/etc/hostname", tree.join("elsewhere")).unwrap();
    symlink("nowhere\\at all", tree.join("dangling")).unwrap();
    fs::write(tree.join("caf\u{e9} \u{1f600}"), "names are Unicode").unwrap();
    fs::write(tree.join("Name"), "one").unwrap();
    fs::write(tree.join("NAME"), "other").unwrap();
    fs::write(tree.join("what: Windows? never."), "odd").unwrap();
    let sparse = fs::File::create(tree.join("sparse")).unwrap();
    sparse.set_len(9 << 20).unwrap();
    sparse.write_at(b"end", (9 << 20) - 3).unwrap();
    set_time(&tree.join("Windows/empty.txt"), 1_234_567_890, 123_456_789);
    bench
}

#[test]
fn every_compression_holds_the_tree() {
    let bench = rich_bench();
    let expected = picture(&bench.path("tree"));
    for compression in
        [CompressionType::None, CompressionType::Fast, CompressionType::Max, CompressionType::Recovery]
    {
        let chunk_size = if compression == CompressionType::Recovery { 1 << 20 } else { 0 };
        let told = capture(
            &bench,
            &CaptureOptions { compression, chunk_size, overwrite: true, verify: true, ..options() },
        )
        .unwrap();
        assert_eq!((told.index, told.name.as_str()), (1, "First"));
        bench.judge();
        let applied = bench.apply(1);
        same(&picture(&applied), &expected);
    }
}

#[test]
fn wimlib_captures_the_same() {
    let bench = rich_bench();
    let told = capture(&bench, &options()).unwrap();
    let other = captured_by_wimlib(&bench, &["--compress=XPRESS"]);
    same(&details(&bench, 1), &details(&other, 1));
    let (mut ours, theirs) = (bench.blobs(), other.blobs());
    // The metadata have times and descriptors that differ.
    ours.retain(|hash, _| theirs.contains_key(hash));
    assert_eq!(ours.len() + 1, theirs.len());
    let header = |bench: &Bench| {
        let file = ImageFile::open(&bench.wim()).unwrap();
        let details = file.image_details(1).unwrap();
        let counts =
            (details.directory_count, details.file_count, details.total_bytes, details.hard_link_bytes);
        (file.archive().header().flags, counts)
    };
    assert_eq!(header(&bench), header(&other));
    let (_, (directories, files, bytes, _)) = header(&other);
    assert_eq!((told.directories, told.files, told.bytes), (directories, files, bytes));
}

#[test]
fn links_stay_as_they_are_when_that_is_asked_for() {
    let bench = rich_bench();
    capture(&bench, &CaptureOptions { no_link_fix: true, ..options() }).unwrap();
    let other = captured_by_wimlib(&bench, &["--compress=XPRESS", "--norpfix"]);
    same(&details(&bench, 1), &details(&other, 1));
}

#[test]
fn nothing_in_the_image_is_open_to_everyone() {
    let bench = bench();
    capture(&bench, &options()).unwrap();
    let session = bench.mount(1);
    for (path, descriptor) in [
        (r"\", "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"),
        (r"\Windows", "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)"),
        (r"\Windows\empty.txt", "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)"),
    ] {
        let item = session.view().unwrap().item(&images::path(path)).unwrap().unwrap();
        assert_eq!(item.security_descriptor.as_deref(), Some(descriptor), "{path}");
    }
}

#[test]
fn what_an_image_cannot_hold_is_skipped_and_said() {
    let bench = bench();
    let tree = bench.path("tree");
    let _socket = UnixListener::bind(tree.join("socket")).unwrap();
    nix::unistd::mkfifo(&tree.join("Users/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(tree.join(r"..\..\evil"), "x").unwrap();
    fs::write(tree.join("aux.txt"), "x").unwrap();
    let told = capture(&bench, &options()).unwrap();
    let mut skipped: Vec<&str> = told.skipped.iter().map(|skipped| skipped.path.as_str()).collect();
    skipped.sort_unstable();
    assert_eq!(skipped, [r"\..\..\evil", r"\Users\pipe", r"\socket"]);
    assert_eq!(told.skipped_count, 3);
    assert!(told.skipped.iter().any(|skipped| skipped.reason == "an image cannot hold a pipe"));
    assert!(told.notes.iter().any(|note| note.contains(r"'\aux.txt'")), "{:?}", told.notes);
    assert!(!bench.detailed(1).keys().any(|path| path.contains("evil") || path.contains("pipe")));
}

#[test]
fn the_exclusion_list_is_followed_and_told() {
    let bench = bench();
    let tree = bench.path("tree");
    for name in ["pagefile.sys", "hiberfil.sys"] {
        fs::write(tree.join(name), "x").unwrap();
    }
    let told = capture(&bench, &options()).unwrap();
    assert_eq!(told.excluded, [r"\hiberfil.sys", r"\pagefile.sys"]);
    let list = bench.path("list.ini");
    fs::write(&list, "[ExclusionList]\r\n\\Windows\\INF\r\n*.bin\r\n[Other]\r\n").unwrap();
    let exclude = Some(list.clone());
    let told = capture(&bench, &CaptureOptions { exclude, overwrite: true, ..options() }).unwrap();
    assert_eq!(told.excluded, [r"\Users\Public\large.bin", r"\Windows\INF"]);
    assert_eq!(told.excluded_count, 2);
    assert!(told.notes.iter().any(|note| note.contains("Other")));
    assert!(bench.detailed(1).contains_key("/pagefile.sys"));
    fs::write(&list, "[ExclusionList]\nc:x\n").unwrap();
    let refused = capture(&bench, &CaptureOptions { exclude: Some(list), overwrite: true, ..options() });
    assert!(matches!(refused, Err(Error::InFile { file, .. }) if file.ends_with("list.ini")));
    let told =
        capture(&bench, &CaptureOptions { no_exclusions: true, overwrite: true, ..options() }).unwrap();
    assert_eq!(told.excluded, Vec::<String>::new());
}

#[test]
fn names_that_are_not_unicode_are_refused_with_their_place() {
    let bench = bench();
    fs::write(bench.path("tree").join(OsStr::from_bytes(b"latin \xe9")), "x").unwrap();
    let refused = capture(&bench, &options());
    assert!(matches!(images::root(refused.unwrap_err()), Error::InvalidName { .. }));
    assert_eq!(names(bench.directory.path()), ["tree"]);
}

#[test]
fn unpaired_surrogates_come_back_as_they_were() {
    let bench = bench();
    // As wimlib writes a name that is no Unicode.
    let name = OsStr::from_bytes(b"lone \xed\xa0\xbd surrogate");
    fs::write(bench.path("tree").join(name), "x").unwrap();
    capture(&bench, &options()).unwrap();
    assert_eq!(fs::read(bench.apply(1).join(name)).unwrap(), b"x");
    // A pair has a spelling of its own.
    fs::write(bench.path("tree").join(OsStr::from_bytes(b"\xed\xa0\xbd\xed\xb8\x80")), "x").unwrap();
    let refused = capture(&bench, &CaptureOptions { overwrite: true, ..options() });
    assert!(matches!(images::root(refused.unwrap_err()), Error::InvalidName { .. }));
}

#[test]
fn the_image_file_does_not_capture_itself() {
    let bench = bench();
    let inside = bench.path("tree").join("image.wim");
    let run = |overwrite| {
        let options = CaptureOptions { overwrite, ..options() };
        imgsvc::image::jobs::capture(
            &bench.path("tree"),
            &inside,
            &options,
            &mut imgsvc::progress::unobserved,
        )
    };
    let told = run(false).unwrap();
    assert_eq!(told.skipped, []);
    let again = run(true).unwrap();
    assert_eq!(again.skipped[0].path, r"\image.wim");
    assert_eq!(again.files, told.files);
    assert_eq!(names(&bench.path("tree")), ["Users", "Windows", "empty", "image.wim"]);
}

#[test]
fn directories_deeper_than_a_path_may_be_long_are_captured() {
    let bench = bench();
    let name = "d".repeat(200);
    let mut directory = bench.path("tree");
    // One call cannot make the whole path, moving one directory into another can.
    fs::create_dir(directory.join("deep")).unwrap();
    fs::write(directory.join("deep/leaf"), "at the end").unwrap();
    for number in 0..40 {
        let above = bench.path(&format!("above{number}"));
        fs::create_dir(&above).unwrap();
        fs::rename(directory.join("deep"), above.join(&name)).unwrap();
        directory = bench.path("tree");
        fs::rename(&above, directory.join("deep")).unwrap();
    }
    let told = capture(&bench, &options()).unwrap();
    assert_eq!(told.files, 68);
    let leaf = format!("/deep/{}/leaf", vec![name; 40].join("/"));
    let session = bench.mount(1);
    assert_eq!(images::read(&session, &leaf.replace('/', "\\")).unwrap(), b"at the end");
}

#[test]
fn a_source_that_is_no_directory_and_no_volume_is_refused() {
    let bench = bench();
    let file = bench.path("tree/Windows/empty.txt");
    let refused =
        imgsvc::image::jobs::capture(&file, &bench.wim(), &options(), &mut imgsvc::progress::unobserved);
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{refused:?}");
    let missing = bench.path("missing");
    let refused =
        imgsvc::image::jobs::capture(&missing, &bench.wim(), &options(), &mut imgsvc::progress::unobserved);
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    assert_eq!(names(bench.directory.path()), ["tree"]);
}

#[test]
fn an_existing_file_is_replaced_only_when_that_is_asked_for() {
    let bench = bench();
    fs::write(bench.wim(), "precious").unwrap();
    let refused = capture(&bench, &options());
    assert!(
        matches!(&refused, Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists)
    );
    assert_eq!(fs::read(bench.wim()).unwrap(), b"precious");
    capture(&bench, &CaptureOptions { overwrite: true, ..options() }).unwrap();
    bench.judge();
}

#[test]
fn what_the_xml_says_is_what_was_asked_for() {
    let bench = bench();
    let asked = CaptureOptions {
        description: "A <tree>".into(),
        display_name: "Shown".into(),
        display_description: "Shown too".into(),
        flags: Some("Professional".into()),
        bootable: true,
        integrity_table: true,
        ..options()
    };
    capture(&bench, &asked).unwrap();
    let file = ImageFile::open(&bench.wim()).unwrap();
    let details = file.image_details(1).unwrap();
    assert_eq!(details.description.as_deref(), Some("A <tree>"));
    assert_eq!(details.display_name.as_deref(), Some("Shown"));
    assert_eq!(details.display_description.as_deref(), Some("Shown too"));
    assert_eq!(details.flags.as_deref(), Some("Professional"));
    assert!(details.bootable && file.archive().has_integrity_table());
    assert!(details.creation_time.is_some() && details.last_modification_time.is_some());
    let nameless = capture(&bench, &CaptureOptions { overwrite: true, ..CaptureOptions::default() }).unwrap();
    assert_eq!(nameless.name, "tree");
    bench.judge();
}

#[test]
fn equal_contents_are_stored_once() {
    let bench = bench();
    let tree = bench.path("tree");
    let large = pseudo_random(1, 5 << 20);
    for name in ["one", "two", "three"] {
        fs::write(tree.join(name), &large).unwrap();
    }
    let mut other = large.clone();
    other[0] ^= 1;
    fs::write(tree.join("other"), &other).unwrap();
    let told = capture(&bench, &CaptureOptions { compression: CompressionType::None, ..options() }).unwrap();
    assert!(told.bytes - told.unique_bytes >= 2 * (5 << 20));
    assert!(told.file_size < told.unique_bytes + (1 << 20), "{told:?}");
    bench.judge();
    same(&picture(&bench.apply(1)), &picture(&tree));
}

#[test]
fn a_delta_holds_only_what_its_base_lacks() {
    let bench = bench();
    let base = bench.path("base.wim");
    let run = |image: &std::path::Path, options: &CaptureOptions| {
        imgsvc::image::jobs::capture(&bench.path("tree"), image, options, &mut imgsvc::progress::unobserved)
    };
    run(&base, &options()).unwrap();
    fs::write(bench.path("tree/new"), "only this is new").unwrap();
    let delta_from = vec![base.clone()];
    let told = run(&bench.wim(), &CaptureOptions { delta_from, verify: true, ..options() }).unwrap();
    assert!(told.bytes_written < 100_000, "{told:?}");
    let blobs = ImageFile::open(&bench.wim()).unwrap().archive().blobs().iter().count();
    assert_eq!(blobs, 1);
    let mut apply = std::process::Command::new("wimlib-imagex");
    apply.arg("apply").arg(bench.wim()).arg("1").arg(bench.path("out"));
    images::succeed({
        apply.arg("--ref").arg(&base);
        apply
    });
    same(&picture(&bench.path("out")), &picture(&bench.path("tree")));
}

#[test]
fn an_image_is_appended_to_a_file_with_sessions_and_shares_its_contents() {
    let bench = bench();
    capture(&bench, &options()).unwrap();
    let session = bench.mount(1);
    fs::write(bench.path("tree/new"), "new").unwrap();
    let told = append(&bench, &append_options()).unwrap();
    assert_eq!((told.index, told.name.as_str()), (2, "Second"));
    assert!(told.bytes_written < 100_000, "{told:?}");
    drop(session);
    bench.judge();
    same(&picture(&bench.apply(2)), &picture(&bench.path("tree")));
    let before = fs::read(bench.wim()).unwrap();
    let refused = append(&bench, &append_options());
    assert!(matches!(refused, Err(Error::ImageNameExists { index: 2, .. })), "{refused:?}");
    assert!(fs::read(bench.wim()).unwrap() == before);
    let mut unnamed = append_options();
    unnamed.name.clear();
    assert_eq!(append(&bench, &unnamed).unwrap().name, "tree");
    assert_eq!(append(&bench, &unnamed).unwrap().name, "tree (2)");
}

#[test]
fn an_update_reads_only_what_changed_and_keeps_what_the_host_cannot_tell() {
    let bench = bench();
    capture(&bench, &options()).unwrap();
    // A descriptor, an attribute and a creation time that a directory does not have.
    let mut session = bench.try_mount(MountOptions::new(bench.wim(), ImageSelector::Index(1))).unwrap();
    let file = images::path(r"\Windows\INF\machine.inf");
    let mut transaction = session.transaction("test").unwrap();
    let content = b"[Version]\r\n".as_slice();
    let put = PutOptions {
        attributes: Some(0x22),
        security: Some(hidden_descriptor()),
        creation_time: Some(130_000_000_000_000_000),
        last_write_time: Some(imgsvc::image::from_system_time(
            fs::metadata(bench.path("tree/Windows/INF/machine.inf")).unwrap().modified().unwrap(),
        )),
        ..PutOptions::overwrite()
    };
    let content = imgsvc::image::Content::from(content);
    transaction.put_file(&file, content, &put, &mut imgsvc::progress::unobserved).unwrap();
    transaction.commit().unwrap();
    images::save(&mut session).unwrap();
    session.discard().unwrap();

    // Same size and time, other content: an update does not notice. Another size is noticed.
    let tree = bench.path("tree");
    let sly = tree.join("Windows/System32/kernel.dll");
    let time = fs::metadata(&sly).unwrap().modified().unwrap();
    let changed = fs::read(&sly).unwrap().to_ascii_uppercase();
    let old = fs::read(&sly).unwrap();
    fs::write(&sly, changed).unwrap();
    fs::File::open(&sly).unwrap().set_modified(time).unwrap();
    fs::write(tree.join("Windows/INF/file07.txt"), "longer").unwrap();
    fs::write(tree.join("added"), "added").unwrap();
    let mut update = append_options();
    update.update_of = Some(1);
    append(&bench, &update).unwrap();
    bench.judge();
    let applied = bench.apply(2);
    assert_eq!(fs::read(applied.join("Windows/System32/kernel.dll")).unwrap(), old);
    assert_eq!(fs::read(applied.join("Windows/INF/file07.txt")).unwrap(), b"longer");
    assert_eq!(fs::read(applied.join("added")).unwrap(), b"added");
    let session = bench.mount(2);
    let item = session.view().unwrap().item(&file).unwrap().unwrap();
    assert_eq!(item.security_descriptor.as_deref(), Some("O:SYG:SYD:P(A;;FA;;;SY)"));
    assert_eq!(item.attributes, 0x22);
    assert_eq!(item.creation_time, 130_000_000_000_000_000);
    drop(session);

    let mut wrong = append_options();
    wrong.name = "Third".into();
    wrong.update_of = Some(9);
    assert!(matches!(append(&bench, &wrong), Err(Error::IndexNotFound { index: 9, .. })));
}

fn hidden_descriptor() -> Vec<u8> {
    use imgsvc::formats::security::{control, Ace, Acl, AclField, SecurityDescriptor, Sid};
    let only_system = Acl::new(vec![Ace::allow(0x001f_01ff, &Sid::system(), 0)]);
    let descriptor = SecurityDescriptor {
        control: control::DACL_PROTECTED,
        owner: Some(Sid::system()),
        group: Some(Sid::system()),
        dacl: AclField::List(only_system),
        ..SecurityDescriptor::default()
    };
    descriptor.to_bytes().unwrap()
}
