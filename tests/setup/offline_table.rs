//! Every row of `data/unattend/offline.tsv`: applied, saved, and read in the image by wimlib and hivexregedit. What a
//! value is to be in the registry is worked out here, from the words in the head of the table.

use crate::support::images::read;
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::formats::regf::{sz, REG_BINARY, REG_SZ};
use imgsvc::formats::unattend::{AnswerFile, SetOptions};
use imgsvc::image::SaveOptions;
use imgsvc::progress::unobserved;
use imgsvc::servicing::unattend::{apply, ApplyOptions, SettingOutcome};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const TABLE: &str = include_str!("../../data/unattend/offline.tsv");
const ZONE: &str = "W. Europe Standard Time";

struct Row {
    component: &'static str,
    setting: &'static str,
    key: &'static str,
    value: &'static str,
    form: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Row { component: cells[0], setting: cells[1], key: cells[2], value: cells[3], form: cells[4] }
        })
        .collect()
}

/// `hex(1)` of a text, as registration files have it.
fn text(value: &str) -> String {
    let units = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
    let digits: Vec<String> = units.map(|byte| format!("{byte:02x}")).collect();
    format!("hex(1):{}", digits.join(","))
}

fn binary(bytes: &[u8]) -> String {
    format!("hex(3):{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(","))
}

const STANDARD: [u8; 16] = [0, 0, 10, 0, 0, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0];
const DAYLIGHT: [u8; 16] = [0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0];

/// What the answer file says, and what hivexregedit is to say of each value.
fn sample(row: &Row, second: bool) -> (String, Vec<(String, String)>) {
    let one = |data: String| vec![(row.value.to_owned(), data)];
    let pick = |first: &str, other: &str| if second { other } else { first }.to_owned();
    match row.form {
        "bool" => (pick("true", "0"), one(pick("dword:00000001", "dword:00000000"))),
        "number" => (pick("7", "4294967295"), one(pick("dword:00000007", "dword:ffffffff"))),
        "digit" => (pick("1", "false"), one(text(&pick("1", "0")))),
        "text" => (pick("Ann & Söhne", "C:\\a <b>"), one(text(&pick("Ann & Söhne", "C:\\a <b>")))),
        // `secretPassword` in UTF-16LE as Base64, by iconv and base64.
        "password" => (pick("secret", "cwBlAGMAcgBlAHQAUABhAHMAcwB3AG8AcgBkAA=="), one(text("secret"))),
        "encoding" => (pick("true", "false"), Vec::new()),
        "timezone" => {
            let values = [
                ("Bias", "dword:ffffffc4".to_owned()),
                ("ActiveTimeBias", "dword:ffffffc4".to_owned()),
                ("StandardBias", "dword:00000000".to_owned()),
                ("DaylightBias", "dword:ffffffc4".to_owned()),
                ("StandardStart", binary(&STANDARD)),
                ("DaylightStart", binary(&DAYLIGHT)),
                ("StandardName", text("@tzres.dll,-322")),
                ("DaylightName", text("@tzres.dll,-321")),
                ("TimeZoneKeyName", text(ZONE)),
                ("DynamicDaylightTimeDisabled", "dword:00000000".to_owned()),
            ];
            (ZONE.to_owned(), values.map(|(name, data)| (name.to_owned(), data)).to_vec())
        }
        other => panic!("teach this test the form '{other}' of {}/{}", row.component, row.setting),
    }
}

/// A hive as hivexregedit exports it: lower-case key and value names, and the data.
fn exported(hive: &Path) -> Option<BTreeMap<(String, String), String>> {
    let output = Command::new("hivexregedit").arg("--export").arg(hive).arg("\\").output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut found, mut key) = (BTreeMap::new(), String::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            key = name.trim_start_matches('\\').to_lowercase();
        } else if let Some((name, data)) = line.strip_prefix('"').and_then(|line| line.split_once("\"=")) {
            found.insert((key.clone(), name.to_lowercase()), data.to_owned());
        }
    }
    Some(found)
}

/// The hive of a key, and the key's name in it.
fn place(key: &str) -> (&'static str, String) {
    let rest = key.strip_prefix(r"HKLM\").unwrap_or_else(|| panic!("{key}"));
    let (hive, rest) = rest.split_once('\\').unwrap();
    match hive {
        "SOFTWARE" => ("SOFTWARE", rest.to_lowercase()),
        "SYSTEM" => ("SYSTEM", rest.to_lowercase().replacen("currentcontrolset", "controlset001", 1)),
        other => panic!("teach this test the hive {other}"),
    }
}

#[test]
fn every_row_of_the_table_is_in_the_hives_of_the_saved_image_as_hivex_reads_them() {
    let bench = WindowsBench::with(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = format!(r"Microsoft\Windows NT\CurrentVersion\Time Zones\{ZONE}");
            let key = hive.create_key(hive.root(), &key).unwrap();
            let biases = [-60_i32, 0, -60].map(i32::to_le_bytes).concat();
            let tzi = [&biases[..], &STANDARD, &DAYLIGHT].concat();
            hive.set_value(key, "TZI", REG_BINARY, &tzi).unwrap();
            hive.set_value(key, "MUI_Std", REG_SZ, &sz("@tzres.dll,-322")).unwrap();
            hive.set_value(key, "MUI_Dlt", REG_SZ, &sz("@tzres.dll,-321")).unwrap();
        });
    });
    let mut session = bench.mount();
    let rows = rows();
    assert!(rows.len() > 20);
    // A zone has values that other rows have, too.
    let zones = |row: &&Row| row.form == "timezone";
    let batches: [(Vec<&Row>, bool); 3] = [
        (rows.iter().filter(|row| !zones(row)).collect(), false),
        (rows.iter().filter(|row| !zones(row)).collect(), true),
        (rows.iter().filter(zones).collect(), false),
    ];
    for (batch, second) in batches {
        let mut answers = AnswerFile::new().unwrap();
        let mut expected = Vec::new();
        let options = SetOptions { architecture: Some("amd64".to_owned()) };
        for row in &batch {
            let (value, values) = sample(row, second);
            let path = format!("offlineServicing/{}/{}", row.component, row.setting);
            answers.set(&path, &value, &options).unwrap();
            let (hive, key) = place(row.key);
            expected.extend(values.into_iter().map(|(name, data)| (hive, key.clone(), name, data)));
        }
        let file = bench.images.path("u.xml");
        std::fs::write(&file, answers.to_bytes()).unwrap();
        let report = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
        assert_eq!(report.settings.len(), batch.len());
        for setting in &report.settings {
            assert_eq!(setting.result, SettingOutcome::Applied, "{setting:?}");
        }
        session.save(SaveOptions::default(), &mut unobserved).unwrap();
        let applied = bench.images.apply(1).join("Windows/System32/config");
        for hive in ["SYSTEM", "SOFTWARE"] {
            let file = applied.join(hive);
            assert_eq!(
                std::fs::read(&file).unwrap(),
                read(&session, &format!(r"\Windows\System32\config\{hive}")).unwrap(),
                "wimlib and we read the same {hive}"
            );
            let Some(found) = exported(&file) else {
                eprintln!("SKIPPED: hivexregedit is not installed");
                return;
            };
            for (_, key, name, data) in expected.iter().filter(|(of, ..)| *of == hive) {
                let said = found.get(&(key.clone(), name.to_lowercase()));
                assert_eq!(said, Some(data), "{hive}\\{key} {name}");
            }
        }
    }
    bench.images.judge();
}
