//! Catalogues that Microsoft signed, from public driver packages, read and compared with openssl, and
//! the packages' files compared with them.

use imgsvc::formats::cat::{Catalog, FileDigests, MemberKind};
use imgsvc::formats::inf::{Architecture, Inf};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The third-party files that are not part of the repository.
fn test_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: {} is not there (third-party catalogues are not in the repository)",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

fn files_under(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_under(&path, extension, found);
        } else if path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension)) {
            found.push(path);
        }
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files_under(folder, extension, &mut found);
    found
}

#[test]
fn every_catalogue_is_read() {
    let Some(data) = test_data() else { return };
    let mut members = 0;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut signers: BTreeMap<String, usize> = BTreeMap::new();
    let paths = files(&data, "cat");
    let mut refused = Vec::new();
    for path in &paths {
        match Catalog::parse(&std::fs::read(path).unwrap()) {
            Ok(catalog) => {
                members += catalog.members().len();
                for member in catalog.members() {
                    *kinds.entry(format!("{:?}", member.kind)).or_default() += 1;
                }
                *signers.entry(catalog.signer_name().unwrap_or("(none)").to_owned()).or_default() += 1;
            }
            Err(error) => refused.push(format!("{}: {error}", path.display())),
        }
    }
    eprintln!("{} catalogues, {members} members, kinds {kinds:?}, signers {signers:#?}", paths.len());
    eprintln!("refused: {refused:#?}");
    // One is 25 bytes of a catalogue, one is empty.
    assert_eq!(refused.len(), 2, "{refused:#?}");
    assert!(refused.iter().all(|refused| refused.contains("offset")));
    assert!(members >= 600, "{members} members of {} catalogues", paths.len());
}

#[test]
fn packages_agree_with_their_catalogues() {
    let Some(data) = test_data() else { return };
    let (mut infs, mut inf_covered, mut images, mut images_covered, mut whole) = (0, 0, 0, 0, 0);
    let mut padded = Vec::new();
    for path in files(&data.join("drivers"), "inf") {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(inf) = Inf::parse(&bytes) else { continue };
        let Ok(version) = inf.version() else { continue };
        for architecture in [Architecture::Amd64, Architecture::Arm64, Architecture::X86] {
            let Some(name) = version.catalog_file(architecture) else { continue };
            let folder = path.parent().unwrap();
            let Some(found) = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .find(|path| path.file_name().unwrap().to_str().unwrap().eq_ignore_ascii_case(name))
            else {
                continue;
            };
            let Ok(catalog) = Catalog::parse(&std::fs::read(found).unwrap()) else { continue };
            infs += 1;
            let mut all = catalog.covers(&FileDigests::of(&bytes)).is_some();
            if all {
                inf_covered += 1;
            }
            for file in inf.package_files(architecture).unwrap() {
                let Ok(bytes) = std::fs::read(folder.join(file.path.replace('\\', "/"))) else {
                    all = false;
                    continue;
                };
                let digests = FileDigests::of(&bytes);
                let covered = catalog.covers(&digests);
                if digests.image.is_some() {
                    images += 1;
                    if covered.is_some_and(|member| member.kind == MemberKind::Image) {
                        images_covered += 1;
                    }
                    if bytes.len() % 8 != 0 {
                        let image = covered.is_some_and(|member| member.kind == MemberKind::Image);
                        padded.push((file.path.clone(), bytes.len(), image));
                    }
                }
                all &= covered.is_some();
            }
            if all {
                whole += 1;
            }
            break;
        }
    }
    assert!(
        padded.iter().all(|(_, _, covered)| *covered),
        "images of odd size are hashed as padded: {padded:?}"
    );
    // What the census of these packages found with other tools; the rest are re-edited INFs.
    assert!(inf_covered >= 150 && images_covered >= 103, "{inf_covered} INFs, {images_covered} images");
    eprintln!("{infs} INFs with their catalogue, {inf_covered} covered by it; {images} images, {images_covered} covered; {whole} packages agree in whole; odd sizes {padded:?}");
}

#[test]
fn openssl_names_the_same_certificates() {
    let Some(data) = test_data() else { return };
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: openssl is not installed");
        return;
    }
    let mut compared = 0;
    for path in files(&data.join("drivers"), "cat") {
        let output = Command::new("openssl")
            .args(["pkcs7", "-inform", "der", "-print_certs", "-noout", "-in"])
            .arg(&path)
            .output()
            .unwrap();
        if !output.status.success() {
            assert!(Catalog::parse(&std::fs::read(&path).unwrap()).is_err(), "{}", path.display());
            continue;
        }
        let catalog = Catalog::parse(&std::fs::read(&path).unwrap()).unwrap();
        let listing = String::from_utf8_lossy(&output.stdout);
        let names: Vec<_> = listing
            .lines()
            .filter(|line| line.starts_with("subject="))
            .map(|line| {
                line.rsplit("CN = ").next().unwrap().split(", ").next().unwrap().trim_matches('"').to_owned()
            })
            .collect();
        let ours: Vec<_> =
            catalog.certificates().iter().map(|found| found.subject.clone().unwrap_or_default()).collect();
        assert_eq!(ours.len(), names.len(), "{}", path.display());
        for (ours, theirs) in ours.iter().zip(&names) {
            // A name without a common name is called by its unit, and `theirs` is then the whole line.
            let is_unnamed = theirs.starts_with("subject=");
            assert!(ours.starts_with(theirs.as_str()) || is_unnamed, "{ours} / {theirs}: {}", path.display());
        }
        compared += 1;
    }
    eprintln!("{compared} catalogues compared with openssl");
}
