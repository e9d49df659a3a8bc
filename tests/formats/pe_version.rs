//! Version resources: what 7-Zip reads in real drivers, and nothing worse than nothing in damaged ones.

use crate::support::hives;
use imgsvc::formats::pe::{machine_of, version_string};
use std::path::{Path, PathBuf};
use std::process::Command;

fn drivers() -> Vec<PathBuf> {
    let Some(folder) = hives::testdata("drivers") else { return Vec::new() };
    let mut found = Vec::new();
    for package in std::fs::read_dir(folder).unwrap().flatten() {
        let files = std::fs::read_dir(package.path()).into_iter().flatten().flatten();
        found.extend(
            files.map(|file| file.path()).filter(|file| {
                file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sys"))
            }),
        );
    }
    found.sort();
    found
}

/// The first name of a product in 7-Zip's text of the version resource.
fn product_by_7z(file: &Path) -> Option<String> {
    let output = Command::new("7z").args(["x", "-so"]).arg(file).arg(".rsrc/version.txt").output().ok()?;
    let units: Vec<u16> =
        output.stdout.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let text = String::from_utf16_lossy(&units);
    let line = text.lines().find_map(|line| line.trim().strip_prefix("VALUE \"ProductName\","))?;
    Some(line.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[test]
fn real_drivers_name_the_product_that_7_zip_reads() {
    let mut compared = 0;
    for file in drivers() {
        let Some(theirs) = product_by_7z(&file).filter(|name| !name.is_empty()) else { continue };
        let ours = version_string(&std::fs::read(&file).unwrap(), "ProductName");
        let ours = ours.unwrap_or_else(|| panic!("nothing in {}", file.display()));
        // 7-Zip escapes what is not plain.
        if theirs.chars().all(|c| c.is_ascii_alphanumeric() || " .,-()/".contains(c)) {
            assert_eq!(ours, theirs, "{}", file.display());
            compared += 1;
        }
    }
    if compared == 0 {
        eprintln!("SKIPPED: no drivers, or no 7-Zip");
    }
}

#[test]
fn a_damaged_image_says_something_or_nothing() {
    for file in drivers().into_iter().take(5) {
        let image = std::fs::read(&file).unwrap();
        assert!(machine_of(&image).is_some(), "{}", file.display());
        for length in (0..image.len()).step_by(image.len() / 500 + 1) {
            let _ = version_string(&image[..length], "ProductName");
        }
        let mut state = 1_u32;
        for _ in 0..500 {
            let mut damaged = image.clone();
            for _ in 0..20 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let start = if state & 1 == 0 { 0 } else { damaged.len() - damaged.len().min(20_000) };
                let at = start + usize::try_from(state >> 8).unwrap() % (damaged.len() - start).min(20_000);
                damaged[at] ^= u8::try_from(state >> 24).unwrap();
            }
            let _ = version_string(&damaged, "ProductName");
        }
    }
}
