//! INFs that Windows takes, from public driver packages: all of them are read, and every store
//! folder that Windows named is named the same.

use imgsvc::formats::inf::{label, Architecture, Environment, Inf, Strictness, Target};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The third-party files that are not part of the repository.
fn test_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there (third-party INFs are not in the repository)", folder.display());
        return None;
    }
    Some(folder)
}

fn infs_under(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            infs_under(&path, found);
        } else if path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("inf") || extension.eq_ignore_ascii_case("inx")
        }) {
            found.push(path);
        }
    }
}

fn infs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    infs_under(folder, &mut found);
    assert!(!found.is_empty(), "no INF under {}", folder.display());
    found
}

#[test]
fn every_inf_of_the_corpus_is_evaluated_without_a_mistake() {
    let Some(data) = test_data() else { return };
    let targets = [Architecture::Amd64, Architecture::Arm64, Architecture::X86]
        .map(|architecture| Target::new(architecture, 10, 0, 26100));
    let mut with_models = BTreeMap::new();
    let mut findings = BTreeMap::new();
    let mut mistakes = Vec::new();
    let (mut count, mut no_drivers, mut slowest) = (0, 0, Duration::ZERO);
    for path in infs(&data) {
        let bytes = std::fs::read(&path).unwrap();
        let inf = Inf::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
        if inf.section("Version").is_none() {
            // Migration and setup files share the extension; they are no driver packages.
            no_drivers += 1;
            continue;
        }
        for target in &targets {
            let report = Environment { strictness: Strictness::Report, ..Environment::new(*target) };
            let start = Instant::now();
            let reported = inf.evaluate(&report, &mut |_: &str| Ok(None)).unwrap();
            slowest = slowest.max(start.elapsed());
            if reported.devices().next().is_some() {
                *with_models.entry(target.architecture.name()).or_insert(0) += 1;
            }
            for finding in &reported.findings {
                *findings.entry((finding.severity, finding.code.name())).or_insert(0) += 1;
            }
            let place = path.strip_prefix(&data).unwrap().display();
            mistakes.extend(reported.errors().map(|finding| format!("{place}: {finding:?}")));
            let strict = inf.evaluate(&Environment::new(*target), &mut |_: &str| Ok(None));
            match strict {
                Ok(strict) => assert_eq!(strict.configurations, reported.configurations, "{place}"),
                Err(error) => mistakes.push(format!("{place}: {error}")),
            }
        }
    }
    eprintln!("{count} INFs; with models: {with_models:?}; slowest evaluation {slowest:?}; {findings:#?}");
    eprintln!("{no_drivers} of them are no driver INFs (no [Version])");
    mistakes.dedup();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    assert!(count >= 500, "the corpus has at least 500 INFs, {count} found");
}

#[test]
fn every_store_folder_is_named_as_windows_named_it() {
    let Some(data) = test_data() else { return };
    let (mut exact, mut restored) = (0, 0);
    for path in infs(&data.join("driverstore-names")) {
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        if label(name, Architecture::Arm64, &bytes) == folder {
            exact += 1;
            continue;
        }
        // The repository they are from had its line ends normalised: CR LF makes them whole again.
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\n', "\r\n");
        assert_eq!(label(name, Architecture::Arm64, text.as_bytes()), folder, "{}", path.display());
        restored += 1;
    }
    eprintln!("{exact} folders exactly, {restored} after restoring CR LF");
}

/// Folder names that Intel's `.spkg` packages, made with Microsoft's tools, have for their INFs.
#[test]
fn folders_of_amd64_packages_are_named_as_microsofts_tools_named_them() {
    let Some(data) = test_data() else { return };
    let names = [
        ("150_imac-2017-windows-_LynxPointLPSensor/LynxPointLPSystem.inf", "2001891c15668f1d"),
        ("150_imac-2017-windows-_LynxPointLPSensor/LynxPointLPSensor.inf", "16f5676b5037b8c8"),
        ("070_imac-2017-windows-_Baytrail-ISystem/Baytrail-ISystem.inf", "5e6cad7d18d9f723"),
    ];
    for (path, hash) in names {
        let path = data.join("drivers").join(path);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let expected = format!("{}_amd64_{hash}", name.to_lowercase());
        // A public copy may have lost its CR; the folder is that of the original.
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\n', "\r\n");
        let ours =
            [label(&name, Architecture::Amd64, &bytes), label(&name, Architecture::Amd64, text.as_bytes())];
        assert!(ours.contains(&expected), "{expected}: {ours:?}");
    }
}

#[test]
fn damaged_infs_of_the_corpus_give_answers_or_errors() {
    let Some(data) = test_data() else { return };
    let mut state = 1_u32;
    let mut random = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap() % limit.max(1)
    };
    for path in infs(&data.join("inf-corpus")) {
        let whole = std::fs::read(&path).unwrap();
        for _ in 0..3 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(30) {
                let position = random(bytes.len());
                if let Some(byte) = bytes.get_mut(position) {
                    *byte = *b"[]=,;%\"\\\r\n0\0\xFF".get(random(13)).unwrap();
                }
            }
            bytes.truncate(bytes.len() - random(bytes.len() / 4));
            let Ok(inf) = Inf::parse(&bytes) else { continue };
            let target = Target::new(Architecture::Amd64, 10, 0, 26100);
            let report = Environment { strictness: Strictness::Report, ..Environment::new(target) };
            let start = Instant::now();
            let _answer = inf.evaluate(&report, &mut |_: &str| Ok(None));
            let _answer = inf.evaluate(&Environment::new(target), &mut |_: &str| Ok(None));
            assert!(start.elapsed() < Duration::from_secs(20), "{}", path.display());
        }
    }
}
