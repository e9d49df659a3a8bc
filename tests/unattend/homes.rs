//! Offline homes of settings: where the table says that a value stands in hives that Windows wrote, it does.

use crate::support::hives;
use std::process::Command;

#[test]
fn homes_of_level_a_stand_in_hives_that_windows_wrote() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let unpacked = tempfile::tempdir().unwrap();
    let table = include_str!("../../data/unattend/offline.tsv");
    // Of Windows 8.1 and Windows 10.
    for name in ["SYSTEM_2", "SYSTEM_B"] {
        let hive = unpacked.path().join(name);
        let packed = std::fs::File::open(folder.join(format!("{name}.xz"))).unwrap();
        let target = std::fs::File::create(&hive).unwrap();
        assert!(Command::new("xz").arg("-dc").stdin(packed).stdout(target).status().unwrap().success());
        let mut count = 0;
        for row in table.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = row.split('\t').collect();
            if cells[5] != "A" {
                continue;
            }
            count += 1;
            assert!(cells[6].starts_with("hive:8.1,10"), "{row}");
            let key = cells[2].replace(r"HKLM\SYSTEM\CurrentControlSet", "ControlSet001");
            let output = match Command::new("hivexget").arg(&hive).args([&key, cells[3]]).output() {
                Ok(output) => output,
                Err(error) => return eprintln!("SKIPPED: hivexget: {error}"),
            };
            let value = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            assert!(output.status.success() && !value.is_empty(), "{name}: {row}: {output:?}");
            let is_number = value.parse::<i64>().is_ok();
            assert_eq!(is_number, ["bool", "number"].contains(&cells[4]), "{name}: {row}: {value}");
        }
        assert_eq!(count, 10, "all rows of level A were looked up");
    }
}
