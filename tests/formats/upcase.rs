//! The table by which names are compared, beside the one that mkntfs writes into every volume.

use imgsvc::formats::upcase::upcase;
use std::process::Command;

#[test]
fn every_unit_has_the_upper_case_that_ntfs_gives_it() {
    let volume = tempfile::NamedTempFile::new().unwrap();
    volume.as_file().set_len(8 << 20).unwrap();
    let made = Command::new("mkntfs")
        .args(["-F", "-q", "-s", "512", "-p", "0", "-H", "0", "-S", "0"])
        .arg(volume.path())
        .output();
    let shown = Command::new("ntfscat").args(["-f", "-i", "10"]).arg(volume.path()).output();
    let (Ok(made), Ok(shown)) = (made, shown) else {
        eprintln!("SKIPPED: mkntfs or ntfscat is not installed");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(shown.stdout.len(), 131_072, "{}", String::from_utf8_lossy(&shown.stderr));
    for (unit, upper) in (0..=u16::MAX).zip(shown.stdout.chunks(2)) {
        let upper = u16::from_le_bytes(upper.try_into().unwrap());
        assert_eq!(upcase(unit), upper, "{unit:#06x}");
    }
}
