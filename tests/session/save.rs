//! Saving sessions into image files, judged by wimlib-imagex and 7-Zip.

use crate::support::images::{path, pseudo_random, put, read, save, Bench};
use imgsvc::image::{Content, PutOptions, SaveOptions};
use imgsvc::progress::unobserved;
use std::fs;

const STORAGES: [&[&str]; 6] = [
    &["--compress=none"],
    &["--compress=xpress"],
    &["--compress=lzx"],
    &["--compress=lzx", "--check"],
    &["--compress=lzx", "--chunk-size=65536"],
    &["--compress=lzms", "--chunk-size=131072"],
];

#[test]
fn new_and_replaced_files_are_in_the_saved_image_whatever_its_compression() {
    for options in STORAGES {
        let bench = Bench::captured(options);
        let before = bench.detailed(1);
        let mut session = bench.mount(1);
        let random = pseudo_random(1, 3_000_000);
        put(&mut session, "\\Windows\\System32\\kernel.dll", b"another kernel").unwrap();
        put(&mut session, "\\Windows\\new\\random.bin", &random).unwrap();
        put(&mut session, "\\Windows\\new\\text.txt", "some text ".repeat(400_000).as_bytes()).unwrap();
        put(&mut session, "\\Windows\\new\\empty", b"").unwrap();
        put(&mut session, "\\Windows\\new\\known.sys", "disk ".repeat(900).as_bytes()).unwrap();
        let report = save(&mut session).unwrap();
        assert!(report.saved && !report.compacted, "{options:?}");
        assert_eq!(report.blobs_added, 3, "{options:?}: known and empty content adds none");
        assert_eq!(report.file_size_after, fs::metadata(bench.wim()).unwrap().len());
        assert_eq!(report.integrity_table, options.contains(&"--check"));
        bench.judge();

        let applied = bench.apply(1);
        assert_eq!(fs::read(applied.join("Windows/System32/kernel.dll")).unwrap(), b"another kernel");
        assert_eq!(fs::read(applied.join("Windows/new/random.bin")).unwrap(), random);
        assert_eq!(fs::read(applied.join("Windows/new/text.txt")).unwrap().len(), 4_000_000);
        assert_eq!(fs::read(applied.join("Windows/new/empty")).unwrap(), b"");
        assert_eq!(fs::read(applied.join("Users/Public/large.bin")).unwrap().len(), 3_200_000);

        let after = bench.detailed(1);
        let touched = ["/Windows/System32/kernel.dll"];
        for (path, entry) in &before {
            if !touched.contains(&path.as_str()) {
                let counted = |entry: &str| -> String {
                    // How often the content is referred to has changed where it is shared.
                    entry
                        .lines()
                        .filter(|line| !line.contains("Reference Count"))
                        .collect::<Vec<_>>()
                        .join("\n")
                };
                assert_eq!(Some(counted(entry)), after.get(path).map(|entry| counted(entry)), "{path}");
            }
        }
        assert_eq!(read(&session, "\\windows\\NEW\\random.bin").unwrap(), random);
        session.discard().unwrap();
    }
}

#[test]
fn compacting_leaves_out_what_was_replaced() {
    let bench = Bench::captured(&["--compress=lzx", "--check"]);
    let mut session = bench.mount(1);
    put(&mut session, "\\Windows\\System32\\Hive", b"small now").unwrap();
    save(&mut session).unwrap();
    let appended = fs::metadata(bench.wim()).unwrap().len();
    let options = SaveOptions { compact: true, ..SaveOptions::default() };
    let report = session.save(options, &mut unobserved).unwrap();
    assert!(report.saved && report.compacted && report.integrity_table);
    assert!(report.file_size_after + 290_000 < appended, "{report:?}");
    assert_eq!(report.file_size_after, fs::metadata(bench.wim()).unwrap().len());
    bench.judge();
    put(&mut session, "\\after.txt", b"after").unwrap();
    save(&mut session).unwrap();
    bench.judge();
    assert_eq!(fs::read(bench.apply(1).join("after.txt")).unwrap(), b"after");
    assert_eq!(fs::read(bench.apply(1).join("Windows/System32/Hive")).unwrap(), b"small now");
}

#[test]
fn a_session_without_work_writes_nothing() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let before = fs::read(bench.wim()).unwrap();
    let mut session = bench.mount(1);
    let report = save(&mut session).unwrap();
    assert!(!report.saved);
    let mut transaction = session.transaction("dropped").unwrap();
    transaction
        .put_file(&path("\\x"), Content::from(&b"dropped"[..]), &PutOptions::default(), &mut unobserved)
        .unwrap();
    drop(transaction);
    assert!(!save(&mut session).unwrap().saved);
    session.discard().unwrap();
    assert!(before == fs::read(bench.wim()).unwrap());
}
