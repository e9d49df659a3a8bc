//! INFs that Windows takes, from public driver packages: all of them are read, and every store
//! folder that Windows named is named the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use imgsvc::formats::inf::{label, Applicability, Architecture, Inf, Target};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
fn every_inf_of_the_corpus_is_read() {
    let Some(data) = test_data() else { return };
    let targets = [Architecture::Amd64, Architecture::Arm64, Architecture::X86]
        .map(|architecture| Target::new(architecture, 10, 0, 26100));
    let mut with_models = BTreeMap::new();
    let mut complaints = Vec::new();
    let mut count = 0;
    for path in infs(&data) {
        let bytes = std::fs::read(&path).unwrap();
        let inf = Inf::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
        let mut complain = |what: &str, error: String| {
            complaints.push(format!("{}: {what}: {error}", path.strip_prefix(&data).unwrap().display()));
        };
        if let Err(error) = inf.version() {
            complain("version", error.to_string());
        }
        for target in &targets {
            let models = match inf.models(target) {
                Ok(Applicability::Models(models)) => models,
                Ok(_) => Vec::new(),
                Err(error) => {
                    complain("models", error.to_string());
                    continue;
                }
            };
            if !models.is_empty() {
                *with_models.entry(target.architecture.name()).or_insert(0) += 1;
            }
            let mut sections: Vec<_> =
                models.iter().map(|model| model.install_section.to_lowercase()).collect();
            sections.sort();
            sections.dedup();
            for section in sections {
                if let Err(error) = inf.install(&section, target.architecture, &[]) {
                    complain("install", error.to_string());
                }
            }
            if let Err(error) = inf.package_files(target.architecture) {
                complain("files", error.to_string());
            }
        }
    }
    complaints.dedup();
    eprintln!("{count} INFs; with models: {with_models:?}");
    // Migration and setup files share the extension; they are no driver packages.
    let (other_kinds, refused): (Vec<_>, Vec<_>) =
        complaints.iter().partition(|complaint| complaint.contains("expected a [Version] section"));
    eprintln!("{} of them are no driver INFs (no [Version])", other_kinds.len());
    assert!(refused.is_empty(), "{refused:#?}");
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
            let _ = inf.version();
            let _ = inf.package_files(target.architecture);
            if let Ok(Applicability::Models(models)) = inf.models(&target) {
                for model in models.iter().take(50) {
                    let _ = inf.install(&model.install_section, target.architecture, &[]);
                }
            }
        }
    }
}
