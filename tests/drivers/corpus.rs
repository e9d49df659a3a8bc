//! Every real driver package there is: read, chosen, checked against its catalogue, without a crash.

use imgsvc::error::Result;
use imgsvc::formats::inf::{Applicability, Architecture, Inf, Target};
use imgsvc::servicing::drivers::package::trust::Trust;
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use imgsvc::servicing::drivers::{find, DriverSignature};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// 2025-08-18.
const NOW: u64 = 134_000_000_000_000_000;

fn outcome(inf: &Path, target: &Target) -> Result<&'static str> {
    let source = match PackageInf::read(inf)? {
        Ok(source) => source,
        Err(_) => return Ok("no driver INF"),
    };
    let applicability = source.applicability(target)?;
    if let Applicability::NotApplicable(_) = applicability {
        return Ok("not applicable");
    }
    let included = &mut |_: &str| -> Result<Option<Inf>> { Ok(None) };
    let package = Package::read(&source, applicability, target, &Trust::new(NOW), included)?;
    Ok(match package.signature.signature {
        DriverSignature::Signed => "signed",
        DriverSignature::Unsigned => "unsigned",
        DriverSignature::Tampered => "tampered",
        DriverSignature::Unknown => "unknown",
    })
}

#[test]
fn every_real_package_gets_an_answer_on_each_architecture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/drivers");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let found = find(std::slice::from_ref(&folder), true).unwrap();
    assert_eq!(found.packages.len(), 190);
    let mut outcomes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for architecture in [Architecture::Amd64, Architecture::Arm64, Architecture::X86] {
        let target = Target::new(architecture, 10, 0, 26100);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for package in &found.packages {
            let outcome = match outcome(&package.path, &target) {
                Ok(outcome) => outcome.to_owned(),
                Err(error) => {
                    assert!(error.to_string().contains(&package.path.display().to_string()), "{error}");
                    if std::env::var_os("SHOW").is_some() {
                        eprintln!("{architecture}: {error}");
                    }
                    "failed".to_owned()
                }
            };
            if std::env::var_os("SHOW").is_some() && outcome != "not applicable" {
                eprintln!("{architecture} {outcome}: {}", package.path.display());
            }
            let name = package.path.file_name().unwrap().to_string_lossy().to_lowercase();
            outcomes.entry(name).or_default().insert(outcome.clone());
            *counts.entry(outcome).or_default() += 1;
        }
        eprintln!("{architecture}: {counts:?}");
        assert_eq!(counts.values().sum::<usize>(), found.packages.len());
        if architecture != Architecture::X86 {
            // Most packages for arm64 are signed by hobbyists, whose roots are not here.
            assert!(counts["signed"] + counts["unknown"] > 20, "{architecture}: {counts:?}");
        }
    }
    // The census of the packages, by other tools, has these INFs as not in their catalogues; two of those
    // catalogues are empty or a few bytes.
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.md")).unwrap();
    let differing = manifest.lines().filter(|line| line.contains("flat hash NOT in catalog"));
    let mut tampered = 0;
    for line in differing {
        let name = line.split('|').nth(1).unwrap().trim().to_lowercase();
        let found = &outcomes[&name];
        eprintln!("{name}: {found:?}");
        assert!(!found.contains("signed") && !found.contains("unknown"), "{name}: {found:?}");
        tampered += usize::from(found.contains("tampered"));
    }
    assert!(tampered >= 6, "{tampered}");
}
