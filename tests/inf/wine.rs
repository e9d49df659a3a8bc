//! INFs as SetupAPI reads them. `tests/oracle/inf_dump.c` runs on wine's SetupAPI and prints every section,
//! line, key and field with `%token%` and directory ids replaced; ours must be the same, in all INFs of the
//! test data and in those of `tests/oracle/inf`. Every difference is of an explained kind
//! ([`Explained`], docs/formats/inf.md, "Compared with SetupAPI").
//!
//! Where wine or mingw-w64 is missing, the same is compared with what wine printed when the files in
//! `tests/oracle/inf` were made: whole dumps of our own INFs, SHA-256 of the dumps of the others.
//! `IMGSVC_WRITE_GOLDEN=1` writes them anew from wine's answers.

use crate::support::inf_oracle::{as_wine, directories, test_infs, Explained, Golden, Oracle};
use imgsvc::formats::inf::{directory, Architecture, Dirid};
use std::collections::BTreeMap;

#[test]
fn every_field_of_every_inf_is_what_setupapi_reads() {
    let infs = test_infs();
    let golden = Golden::read();
    let answers = Oracle::start().map(|oracle| oracle.dump(&infs));
    let mut current = Golden::default();
    for inf in infs.iter().filter(|_| answers.is_some()) {
        let answer = answers.as_ref().and_then(|answers| answers.get(&inf.name));
        current.add(&inf.name, inf.is_own, answer.unwrap_or_else(|| panic!("no answer for {}", inf.name)));
    }
    let directories = directories(if answers.is_some() { &current } else { &golden });
    let mut kinds: BTreeMap<Explained, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for inf in &infs {
        let ours = as_wine(inf, &std::fs::read(&inf.path).unwrap(), &directories);
        for kind in ours.kinds {
            *kinds.entry(kind).or_default() += 1;
        }
        match answers.as_ref().and_then(|answers| answers.get(&inf.name).cloned()).or(golden.dump(&inf.name))
        {
            Some(theirs) if theirs == ours.dump => {}
            Some(theirs) => unexplained.push(first_difference(&inf.name, &ours.dump, &theirs)),
            None if golden.is_hash_of(&inf.name, &ours.dump) => {}
            None => unexplained.push(format!("{}: not what the hash in testdata.sha256 is of", inf.name)),
        }
    }
    eprintln!("{} INFs; explained differences: {kinds:?}", infs.len());
    if answers.is_some() && std::env::var_os("IMGSVC_WRITE_GOLDEN").is_some() {
        current.write();
    } else {
        assert_eq!(golden.stale(&current), Vec::<String>::new(), "wine now answers otherwise for these");
    }
    assert!(unexplained.is_empty(), "{} unexplained:\n{}", unexplained.len(), unexplained.join("\n"));
}

fn first_difference(name: &str, ours: &str, theirs: &str) -> String {
    let (ours, theirs): (Vec<_>, Vec<_>) = (ours.lines().collect(), theirs.lines().collect());
    let at = (0..).find(|&at| ours.get(at) != theirs.get(at)).unwrap_or_default();
    format!("{name}\n  ours     {:?}\n  SetupAPI {:?}", ours.get(at), theirs.get(at))
}

#[test]
fn one_changed_field_is_a_difference() {
    let infs = test_infs();
    let inf = infs.iter().find(|inf| inf.name == "syntax.inf").unwrap();
    let text = std::fs::read_to_string(&inf.path).unwrap();
    let golden = Golden::read();
    let (theirs, directories) = (golden.dump(&inf.name).unwrap(), directories(&golden));
    let dump = |text: &str| as_wine(inf, text.as_bytes(), &directories).dump;
    assert_eq!(dump(&text), theirs);
    let changed = dump(&text.replace("key = value", "key = valve"));
    assert!(first_difference("x", &changed, &theirs).contains("valve"));
}

/// Ids whose path is not wine's: of printers, whose drivers have a version in Windows' own path and whose
/// web pages wine does not know.
const OTHER_DIRECTORIES: [u32; 2] = [66000, 66004];

#[test]
fn directory_ids_have_the_paths_that_wine_gives_them() {
    let directories = directories(&Golden::read());
    assert!(directories.len() > 30, "{directories:?}");
    for (id, path) in directories.iter().filter(|(id, _)| !OTHER_DIRECTORIES.contains(id)) {
        let ours = directory(Dirid(*id), Architecture::Amd64).unwrap_or_else(|| panic!("{id} {path}"));
        assert_eq!(format!(r"C:\{ours}").to_lowercase(), path.to_lowercase(), "{id}");
    }
}
