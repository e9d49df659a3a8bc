//! Every real driver package there is: read, chosen, checked against its catalogue, without a crash.
#![allow(clippy::as_conversions, clippy::indexing_slicing, clippy::print_stderr, clippy::unwrap_used)]

use imgsvc::error::Result;
use imgsvc::formats::inf::{Applicability, Architecture, Inf, Target};
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use imgsvc::servicing::drivers::trust::Trust;
use imgsvc::servicing::drivers::{find, DriverSignature};
use std::collections::BTreeMap;
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
    let found = find(&[folder], true).unwrap();
    assert_eq!(found.packages.len(), 190);
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
            *counts.entry(outcome).or_default() += 1;
        }
        eprintln!("{architecture}: {counts:?}");
        assert_eq!(counts.values().sum::<usize>(), found.packages.len());
        if architecture != Architecture::X86 {
            // Most packages for arm64 are signed by hobbyists, whose roots are not here.
            assert!(counts["signed"] + counts["unknown"] > 20, "{architecture}: {counts:?}");
        }
    }
}
