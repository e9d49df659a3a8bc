//! The committed header is the one cbindgen makes of the code.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::process::Command;

/// cbindgen's output differs between versions, so the check holds for one only.
const PINNED: &str = "cbindgen 0.24.3";

#[test]
fn the_committed_header_follows_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let version = Command::new("cbindgen").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if version.as_deref().ok() != Some(PINNED) {
        println!("SKIPPED: {PINNED} is needed to check include/imgsvc.h, found {version:?}");
        assert!(std::env::var_os("CI").is_none(), "CI must have {PINNED}");
        return;
    }
    let status = Command::new(root.join("build/header")).arg("--verify").status().unwrap();
    assert!(status.success(), "include/imgsvc.h is out of date: run build/header");
}
