//! Real answer files: read, written back, edited; what expat reads in them.

use crate::documents::{corpus, difference, paths, set, SHELL};
use crate::expat::{expat, rows, same_tree};
use imgsvc::error::Error;
use imgsvc::formats::unattend::{compare, merge, AnswerFile, SetOptions, SettingPath};

#[test]
fn every_real_file_comes_out_as_it_went_in_and_expat_reads_the_same_tree() {
    let corpus = corpus();
    let documents: Vec<Vec<u8>> = corpus.iter().map(|(_, bytes)| bytes.clone()).collect();
    let expat = expat(&documents);
    let mut refused = Vec::new();
    for (number, (name, bytes)) in corpus.iter().enumerate() {
        let theirs = expat.as_ref().map(|answers| &answers[number]);
        match AnswerFile::parse(bytes) {
            Ok(file) => {
                assert_eq!(&file.to_bytes(), bytes, "{name}");
                assert!(file.passes().all(|pass| pass.known().is_some()), "{name}");
                assert!(file.components().all(|found| !found.identity().name.is_empty()), "{name}");
                if let Some(theirs) = theirs {
                    same_tree(name, &rows(&file), theirs.as_ref().expect(name));
                }
            }
            Err(Error::Malformed { place, .. }) => {
                if let Some(theirs) = theirs {
                    let line = theirs.as_ref().expect_err(name);
                    assert!(
                        place.starts_with(&format!("line {line},")),
                        "{name}: {place}, expat: line {line}"
                    );
                }
                refused.push(name.get(..3).unwrap().to_owned());
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    if !corpus.is_empty() {
        assert_eq!(refused, ["079", "118"], "the two that are no XML");
    }
}

#[test]
fn one_setting_of_a_real_file_changed_changes_nothing_else() {
    let mut after = Vec::new();
    let mut expected = Vec::new();
    // One in three: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(3) {
        let Ok(original) = AnswerFile::parse(&bytes) else { continue };
        let all = paths(&original, "*");
        for path in [0, all.len() / 2, all.len() - 1].map(|at| all[at].clone()) {
            let mut file = original.clone();
            let before = file.set(&path, "a <b> & c", &SetOptions::default()).unwrap();
            assert_eq!(before.path, path, "{name}");
            assert_eq!(file.get(&path).unwrap().as_deref(), Some("a <b> & c"), "{name} {path}");
            let (gone, new) = difference(original.text(), file.text());
            assert_eq!(new.len(), 1, "{name} {path}: {gone:?} {new:?}");
            let mut tree = rows(&original);
            let position = original.settings(&SettingPath::parse(&path).unwrap())[0].position;
            // What comes behind a value of several lines has moved up.
            let moved = gone.len() - 1;
            for row in &mut tree {
                let line = row[0].as_u64().unwrap();
                row[0] = (if line > position.line { line - moved as u64 } else { line }).into();
                if line == position.line
                    && row[3] == before.previous.clone().unwrap()
                    && original_is(&path, row)
                {
                    row[3] = "a <b> & c".into();
                }
            }
            after.push(file.to_bytes());
            expected.push((format!("{name} {path}"), tree));
            file.set(&path, &before.previous.unwrap(), &SetOptions::default()).unwrap();
            let again = file.settings(&SettingPath::parse("*").unwrap()).len();
            assert_eq!(again, all.len(), "{name}");
        }
    }
    let Some(expat) = expat(&after) else { return };
    for ((name, tree), theirs) in expected.iter().zip(&expat) {
        same_tree(name, tree, theirs.as_ref().expect(name));
    }
}

fn original_is(path: &str, row: &serde_json::Value) -> bool {
    let last = path.rsplit('/').next().unwrap();
    row[1].as_str().unwrap() == last.split('[').next().unwrap()
}

#[test]
fn a_setting_added_to_a_real_file_only_adds_lines_and_its_removal_takes_them_away() {
    // One in three: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(3) {
        let Ok(original) = AnswerFile::parse(&bytes) else { continue };
        for path in [
            format!("auditUser/{SHELL}[amd64]/AutoLogon/Username"),
            "oobeSystem/Microsoft-Windows-New-Thing[amd64]/A/B[1]/C".to_owned(),
        ] {
            let mut file = original.clone();
            set(&mut file, &path, "x");
            let (gone, new) = difference(original.text(), file.text());
            assert!(new.len() >= 3, "{name}: {gone:?} {new:?}");
            if !gone.is_empty() {
                // The pass was there with nothing in it, on one line.
                assert!(gone.len() == 1 && gone[0].starts_with("<settings "), "{name}: {gone:?}");
                continue;
            }
            assert_eq!(file.text().matches("\r\n").count() > 0, original.text().contains("\r\n"), "{name}");
            let removed = file.remove(&SettingPath::parse(&path).unwrap(), true).unwrap();
            assert_eq!(removed.len(), 1, "{name}");
            assert_eq!(file.text(), original.text(), "{name} {path}");
        }
    }
}

#[test]
fn real_files_can_be_rebuilt_by_merging_them_into_nothing() {
    // One in six: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(6) {
        let Ok(file) = AnswerFile::parse(&bytes) else { continue };
        let keys: Vec<String> = file.keyed_settings().into_iter().map(|setting| setting.path).collect();
        let different: std::collections::HashSet<_> = keys.iter().collect();
        if different.len() != keys.len() {
            eprintln!("{name}: has passes, components or settings twice");
            continue;
        }
        let merged = merge(&AnswerFile::new().unwrap(), std::slice::from_ref(&file), None).unwrap();
        assert_eq!(compare(&file, &merged.file), [], "{name}");
        assert_eq!(merged.added, keys.len(), "{name}");
    }
}
