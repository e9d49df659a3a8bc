//! What a capture configuration file leaves out, against the samples of wimlib and against what
//! wimlib-imagex leaves out of real trees.

use crate::support::wim::{run, tool_is_there, units};
use imgsvc::error::Error;
use imgsvc::formats::wimscript::WimScript;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which of these paths (`dir/` for directories) a capture keeps: nothing below what is left out.
fn kept(script: &WimScript, paths: &BTreeSet<String>) -> BTreeSet<String> {
    let excluded = |path: &str| {
        let names: Vec<Vec<u16>> = path.split('/').map(units).collect();
        (1..=names.len()).any(|depth| script.excludes(&names[..depth]))
    };
    paths
        .iter()
        .map(|path| path.trim_end_matches('/'))
        .filter(|path| !excluded(path))
        .map(str::to_owned)
        .collect()
}

fn make(tree: &Path, paths: &BTreeSet<String>) {
    for path in paths {
        let place = tree.join(path);
        match path.ends_with('/') {
            true => fs::create_dir_all(place).unwrap(),
            false => {
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                fs::write(place, "x").unwrap();
            }
        }
    }
}

/// What wimlib-imagex captures of a tree with that configuration.
fn kept_by_wimlib(directory: &Path, script: &[u8]) -> BTreeSet<String> {
    let (config, image) = (directory.join("config.ini"), directory.join("image.wim"));
    fs::write(&config, script).unwrap();
    let mut capture = Command::new("wimlib-imagex");
    capture.env("WIMLIB_IMAGEX_IGNORE_CASE", "1");
    capture.arg("capture").arg(directory.join("tree")).arg(&image).arg("--compress=none");
    run(capture.arg("--config").arg(&config));
    let listing = run(Command::new("wimlib-imagex").arg("dir").arg(&image).arg("1"));
    listing
        .lines()
        .map(|line| line.trim_start_matches('/').to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

fn samples() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/wim/wimlib-aux");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no samples in {}", folder.display());
        return None;
    };
    let is_list = |path: &PathBuf| !path.to_string_lossy().contains("security_descriptor");
    let mut samples: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(is_list).collect();
    samples.sort();
    assert!(samples.len() > 10);
    Some(samples)
}

#[test]
fn the_samples_of_wimlib_are_understood_as_they_say() {
    for sample in samples().unwrap_or_default() {
        // Names in Windows images differ by more than case.
        if sample.ends_with("case_sensitive") {
            continue;
        }
        let text = fs::read_to_string(&sample).unwrap();
        let (list, tree) = text.split_once("@@@").unwrap();
        let script = WimScript::parse(list.as_bytes()).unwrap();
        let lines = tree.lines().filter(|line| line.len() > 2);
        let (mut paths, mut expected) = (BTreeSet::new(), BTreeSet::new());
        for line in lines {
            let (mark, path) = line.split_at(2);
            paths.insert(path.to_owned());
            if mark == "  " {
                expected.insert(path.trim_end_matches('/').to_owned());
            }
        }
        assert_eq!(kept(&script, &paths), expected, "{}", sample.display());
        if tool_is_there("wimlib-imagex") {
            let directory = tempfile::tempdir().unwrap();
            make(&directory.path().join("tree"), &paths);
            assert_eq!(kept_by_wimlib(directory.path(), list.as_bytes()), expected, "{}", sample.display());
        }
    }
}

#[test]
fn without_a_list_what_dism_leaves_out_is_left_out() {
    let script = WimScript::default();
    for path in [
        r"\$ntfs.log",
        r"\HIBERFIL.SYS",
        r"\pagefile.sys",
        r"\swapfile.sys",
        r"\System Volume Information",
        r"\recycler",
        r"\$RECYCLE.BIN",
        r"\Windows\CSC",
    ] {
        let names: Vec<Vec<u16>> = path[1..].split('\\').map(units).collect();
        assert!(script.excludes(&names), "{path}");
        let below: Vec<Vec<u16>> = std::iter::once(units("Other")).chain(names).collect();
        assert!(!script.excludes(&below), "{path} elsewhere");
    }
    assert!(!WimScript::nothing().excludes(&[units("pagefile.sys")]));
}

#[test]
fn exceptions_alone_are_exceptions_from_what_dism_leaves_out() {
    let script = WimScript::parse(b"[ExclusionException]\n\\pagefile.sys\n").unwrap();
    assert!(!script.excludes(&[units("pagefile.sys")]));
    assert!(script.excludes(&[units("hiberfil.sys")]));
    let none = WimScript::parse(b"[ExclusionList]\n").unwrap();
    assert!(!none.excludes(&[units("hiberfil.sys")]));
}

#[test]
fn every_encoding_that_notepad_saves_is_read() {
    let text = "[ExclusionList]\r\n\\Gr\u{fc}n\r\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let with_mark = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
    for bytes in [
        text.as_bytes().to_vec(),
        with_mark(&[0xef, 0xbb, 0xbf], text.as_bytes()),
        with_mark(&[0xff, 0xfe], &utf16(u16::to_le_bytes)),
        with_mark(&[0xfe, 0xff], &utf16(u16::to_be_bytes)),
        utf16(u16::to_le_bytes),
        text.replace('\u{fc}', "?").bytes().map(|byte| if byte == b'?' { 0xfc } else { byte }).collect(),
    ] {
        let script = WimScript::parse(&bytes).unwrap();
        assert!(script.excludes(&[units("gr\u{dc}n")]), "{bytes:x?}");
        assert!(!script.excludes(&[units("grun")]));
    }
}

#[test]
fn quotes_comments_separators_and_drive_letters_are_understood() {
    let list = "; c\n# c\n [exclusionlist] \n\"\\System Volume Information\"\n'x y'\nc:\\drive//letter/\n\n";
    let script = WimScript::parse(list.as_bytes()).unwrap();
    assert!(script.excludes(&[units("System Volume Information")]));
    assert!(script.excludes(&[units("a"), units("X Y")]));
    assert!(script.excludes(&[units("drive"), units("letter"), units("below")]));
    assert!(!script.excludes(&[units("drive")]));
    assert_eq!(script.notes().len(), 1, "{:?}", script.notes());
}

#[test]
fn what_has_no_effect_is_said() {
    let list = "stray\n[Unknown]\nx\n[CompressionExclusionList]\n*.mp3\n[ExclusionList]\n";
    let notes = WimScript::parse(list.as_bytes()).unwrap().notes().join("\n");
    assert!(notes.contains("'stray'") && notes.contains("'Unknown'"), "{notes}");
    assert!(notes.contains("compression exclusions"), "{notes}");
}

#[test]
fn a_relative_path_of_several_names_is_the_end_of_a_path() {
    let script = WimScript::parse(b"[ExclusionList]\nmyfolder\\*.txt\n").unwrap();
    assert!(script.excludes(&[units("myfolder"), units("a.txt")]));
    assert!(script.excludes(&[units("x"), units("MyFolder"), units("a.TXT")]));
    assert!(!script.excludes(&[units("myfolder"), units("x"), units("a.txt")]));
    assert!(!script.excludes(&[units("a.txt")]));
}

#[test]
fn a_drive_without_root_and_the_root_itself_are_refused_with_their_line() {
    for (line, wrong) in [(2, "c:file"), (3, "\\"), (2, "d:\\")] {
        let list = format!("[ExclusionList]{}{wrong}", "\n".repeat(line - 1));
        match WimScript::parse(list.as_bytes()) {
            Err(Error::Malformed { place, .. }) => assert_eq!(place, format!("line {line}")),
            other => assert!(other.is_err(), "{other:?}"),
        }
    }
    assert!(WimScript::parse(&vec![b'x'; (1 << 20) + 1]).is_err());
}

#[test]
fn a_pattern_of_many_stars_takes_no_time() {
    let list = format!("[ExclusionList]\n{}b\n", "a*".repeat(60));
    let script = WimScript::parse(list.as_bytes()).unwrap();
    assert!(!script.excludes(&[units(&"a".repeat(255))]));
}

fn name() -> impl Strategy<Value = String> {
    "[abA]{1,3}(\\.t)?"
}

fn pattern() -> impl Strategy<Value = String> {
    let part = "[abA*?]{1,3}(\\.t)?";
    prop_oneof![
        part.prop_map(|part| part),
        prop::collection::vec(part, 1..4).prop_map(|parts| format!("\\{}", parts.join("\\"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn wimlib_leaves_the_same_out_of_any_tree(
        trees in prop::collection::vec(prop::collection::vec(name(), 1..4), 1..12),
        exclusions in prop::collection::vec(pattern(), 1..5),
        exceptions in prop::collection::vec(pattern(), 0..3),
    ) {
        if !tool_is_there("wimlib-imagex") {
            return Ok(());
        }
        let mut paths = BTreeSet::new();
        for names in &trees {
            // A name is a file only where no other path needs a directory.
            let is_prefix = trees.iter().any(|other| other.len() > names.len() && other.starts_with(names));
            for depth in 1..names.len() {
                paths.insert(format!("{}/", names[..depth].join("/")));
            }
            paths.insert(format!("{}{}", names.join("/"), if is_prefix { "/" } else { "" }));
        }
        let list = format!("[ExclusionList]\n{}\n[ExclusionException]\n{}\n", exclusions.join("\n"), exceptions.join("\n"));
        let directory = tempfile::tempdir().unwrap();
        make(&directory.path().join("tree"), &paths);
        let script = WimScript::parse(list.as_bytes()).unwrap();
        prop_assert_eq!(kept(&script, &paths), kept_by_wimlib(directory.path(), list.as_bytes()), "{}", list);
    }
}
