//! Answer files compared, merged, as JSON, with passwords; and as files of the host.

use crate::documents::{corpus, paths, read, SHELL, SMALL};
use imgsvc::error::Error;
use imgsvc::formats::unattend::{
    compare, decode_password, encode_password, merge, AnswerFile, Difference, Prefer, SetOptions,
    SettingPath, Side,
};
use imgsvc::formats::xml::Element;
use std::collections::HashMap;

#[test]
fn comparing_and_merging_go_by_keys_not_by_order_or_layout() {
    let before = read(SMALL);
    assert!(compare(&before, &read(&SMALL.replace('\n', "\r\n").replace("<!-- first -->", ""))).is_empty());
    let swapped = SMALL.replace("Admin<", "X<").replace("O'Brien<", "Admin<").replace("X<", "O'Brien<");
    let row = |found: &Difference| {
        let value = |side: &Option<Side>| side.as_ref().map(|side| side.value.clone());
        (
            found.name.rsplit_once('/').map_or(found.name.clone(), |(_, last)| last.to_owned()),
            value(&found.before),
            value(&found.after),
        )
    };
    let after = read(
        &swapped.replace("PC-1", "PC-2").replace("      <TimeZone>W. Europe Standard Time</TimeZone>\n", ""),
    );
    let rows: Vec<_> = compare(&before, &after).iter().map(row).collect();
    let some = |text: &str| Some(text.to_owned());
    // What belonged to one account belongs to the other now.
    let expected = [
        ("ComputerName".to_owned(), some("PC-1"), some("PC-2")),
        ("TimeZone".to_owned(), some("W. Europe Standard Time"), None),
        ("Group".to_owned(), some("Administrators"), None),
        ("Value".to_owned(), some("x&y"), None),
        ("PlainText".to_owned(), some("true"), None),
        ("Group".to_owned(), None, some("Administrators")),
        ("Value".to_owned(), None, some("x&y")),
        ("PlainText".to_owned(), None, some("true")),
    ];
    assert_eq!(rows, expected);

    let other = read(&SMALL.replace("PC-1", "PC-2").replace("Admin<", "Third<").replace(
        "<LocalAccount wcm:action=\"add\">\n            <Name>O",
        "<LocalAccount wcm:action=\"remove\">\n            <Name>P",
    ));
    let open = merge(&before, std::slice::from_ref(&other), None).unwrap();
    assert_eq!((open.conflicts.len(), open.changed), (1, 0));
    assert_eq!((open.conflicts[0].base.as_str(), open.conflicts[0].other.as_str()), ("PC-1", "PC-2"));
    assert_eq!(open.file.get("specialize/*/ComputerName").unwrap().as_deref(), Some("PC-1"));
    assert_eq!(paths(&open.file, "**/LocalAccount/Name").len(), 4);
    assert_eq!(
        open.file.get("**/LocalAccount[Name='P''Brien']/@wcm:action").unwrap().as_deref(),
        Some("remove")
    );
    let decided = merge(&before, std::slice::from_ref(&other), Some(Prefer::Other)).unwrap();
    assert_eq!((decided.changed, decided.conflicts[0].chosen), (1, Some(Prefer::Other)));
    assert_eq!(decided.file.get("specialize/*/ComputerName").unwrap().as_deref(), Some("PC-2"));
    // Nothing that the other file has is missing, and nothing is different.
    assert!(compare(&decided.file, &other).iter().all(|found| found.after.is_none()));
    let again = merge(&decided.file, &[other], None).unwrap();
    assert_eq!((again.added, again.conflicts.len()), (0, 0));
}

#[test]
fn merging_finds_elements_however_the_base_has_them() {
    let file = |settings: &str| {
        let component = |content: &str| {
            format!("<component name=\"c\" processorArchitecture=\"x86\">{content}</component>")
        };
        read(&format!(
            "<unattend><settings pass=\"specialize\">\n {}</settings></unattend>",
            component(settings)
        ))
    };
    let merged = |base: &AnswerFile, other: &AnswerFile| merge(base, std::slice::from_ref(other), None);
    // Nothing is declared that is not needed; elements of one parent go in together.
    let base = file("\n  <A><x>1</x></A>  ");
    let done = merged(&base, &file("<B>1</B><A><y>2</y></A><C>3</C>")).unwrap();
    assert_eq!((done.added, done.file.text().contains("wcm")), (3, false));
    assert_eq!(paths(&done.file, "*").len(), 4);
    // One command that stands alone is the one of that number in a list.
    let list = "xmlns:w=\"http://schemas.microsoft.com/WMIConfig/2002/State\" w:action=\"add\"";
    let alone = file("<R><K><Order>1</Order><Path>a</Path></K></R>");
    let several = file(&format!(
        "<R><K {list}><Order>2</Order><Path>c</Path></K><K {list}><Order>1</Order><Path>b</Path></K></R>"
    ));
    let done = merged(&alone, &several).unwrap();
    assert_eq!((done.added, done.conflicts.len(), done.conflicts[0].base.as_str()), (2, 1, "a"));
    assert!(done.file.text().contains("xmlns:wcm"));
    // A pass that is there twice is one, as long as nothing has to be added to it.
    let twice = read(&SMALL.replace("\"oobeSystem\"", "\"specialize\""));
    let other = SMALL.replace("PC-1", "PC-2").replace("\"oobeSystem\"", "\"specialize\"");
    assert_eq!(merged(&twice, &read(&other)).unwrap().conflicts.len(), 1);
    assert!(merged(&twice, &read(&SMALL.replace("TimeZone", "Other"))).is_err());
}

#[test]
fn json_keeps_every_setting_of_every_real_file() {
    let values = |file: &AnswerFile| -> Vec<(String, String)> {
        file.keyed_settings().into_iter().map(|setting| (setting.path, setting.value)).collect()
    };
    let small = read(SMALL);
    for (name, bytes) in corpus().into_iter().chain([("small".to_owned(), SMALL.as_bytes().to_vec())]) {
        let Ok(file) = AnswerFile::parse(&bytes) else { continue };
        let json = file.to_json().unwrap();
        let again = AnswerFile::from_json(&json).unwrap();
        assert_eq!(again.to_json().unwrap(), json, "{name}");
        let (mut left, mut right) = (values(&file), values(&again));
        // Elements of one name stand together in JSON.
        left.sort();
        right.sort();
        assert_eq!(left, right, "{name}");
        assert_eq!(compare(&file, &again), [], "{name}");
    }
    let json = small.to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["passes"][0]["components"][0]["settings"]["ComputerName"], "PC-1");
    let accounts =
        &value["passes"][1]["components"][0]["settings"]["UserAccounts"]["LocalAccounts"]["LocalAccount"];
    assert_eq!((&accounts[0]["@wcm:action"], &accounts[1]["Name"]), (&"add".into(), &"O'Brien".into()));
    // People write numbers and truth values.
    let typed = json.replace("\"PC-1\"", "true").replace("\"Admin\"", "12");
    let typed = AnswerFile::from_json(&typed).unwrap();
    assert_eq!(typed.get("specialize/*/ComputerName").unwrap().as_deref(), Some("true"));
    for (wrong, place) in [
        ("{", "line 1"),
        ("[]", "the top"),
        ("{\"passes\": [{}]}", "a pass"),
        ("{\"a\": 1}", "the top"),
        ("{\"passes\": null}", "line 1"),
        ("{\"passes\": [{\"pass\": \"specialize\", \"components\": [{\"settings\": {\"a\": 1, \"a\": 2}}]}]}", "line 1"),
        ("{\"passes\": [{\"pass\": \"specialize\", \"components\": [{\"settings\": {}}]}]}", "a component"),
    ] {
        match AnswerFile::from_json(wrong) {
            Err(Error::Malformed { place: found, .. }) => assert!(found.contains(place), "{wrong}: {found}"),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    let deep = format!("{{\"passes\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(AnswerFile::from_json(&deep), Err(Error::Malformed { .. })));
}

#[test]
fn passwords_are_encoded_as_setup_does_it() {
    let encoded = encode_password("password", "AdministratorPassword").unwrap();
    // The text is `passwordAdministratorPassword`.
    assert_eq!(encoded, "cABhAHMAcwB3AG8AcgBkAEEAZABtAGkAbgBpAHMAdAByAGEAdABvAHIAUABhAHMAcwB3AG8AcgBkAA==");
    assert_eq!(decode_password(&encoded, "AdministratorPassword").unwrap(), "password");
    assert!(decode_password(&encoded, "Password").is_ok_and(|found| found == "passwordAdministrator"));
    for wrong in ["%%%", "AAA=", "", "eA=="] {
        assert!(matches!(decode_password(wrong, "Password"), Err(Error::Malformed { .. })), "{wrong}");
    }
    // Real ones: every value beside PlainText=false ends with its element's name.
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (name, bytes) in corpus() {
        let Ok(file) = AnswerFile::parse(&bytes) else { continue };
        for setting in file.settings(&SettingPath::parse("**/Value").unwrap()) {
            let around = setting.element.parent().unwrap();
            let plain = around.child("PlainText").map(Element::text);
            if !setting.secret || plain.as_deref() != Some("false") || setting.value.is_empty() {
                continue;
            }
            match decode_password(&setting.value, around.name()) {
                Ok(password) => {
                    assert_eq!(encode_password(&password, around.name()).unwrap(), setting.value, "{name}");
                    *seen.entry(around.name().to_owned()).or_default() += 1;
                }
                Err(_) => *seen.entry("not encoded".to_owned()).or_default() += 1,
            }
        }
    }
    eprintln!("encoded passwords of the real files: {seen:?}");
}

#[test]
fn files_of_the_host_are_replaced_whole_and_keep_links_and_secrets() {
    use imgsvc::servicing::unattend;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.xml");
    std::fs::write(&path, SMALL).unwrap();
    let rows = unattend::list(&path, None, false).unwrap();
    assert_eq!(rows.len(), 7);
    let hidden = rows.iter().find(|row| row.secret).unwrap();
    assert_eq!((hidden.value.as_deref(), hidden.line), (None, 20));
    assert!(unattend::list(&path, Some("**/Value"), true).unwrap()[0].value.as_deref() == Some("x&y"));
    let name = format!("specialize/{SHELL}/ComputerName");
    assert!(!unattend::set(&path, &name, "PC-1", &SetOptions::default(), false).unwrap().changed);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link.xml");
        std::os::unix::fs::symlink("u.xml", &link).unwrap();
        let report = unattend::set(&link, &name, "PC-2", &SetOptions::default(), false).unwrap();
        assert_eq!(
            (report.changed, report.created, report.setting.unwrap().value.as_deref()),
            (true, false, Some("PC-2"))
        );
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(link).unwrap();
    }
    let before = std::fs::read(&path).unwrap();
    assert!(unattend::set(&path, "nopass/x/y", "z", &SetOptions::default(), false).is_err());
    assert!(matches!(unattend::remove(&path, "specialize/a/b", true), Err(Error::InFile { .. })));
    assert!(!unattend::remove(&path, "specialize/a/*", true).unwrap().changed);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(unattend::remove(&path, "oobeSystem", true).unwrap().removed.len(), 5);
    let other = folder.path().join("other.xml");
    std::fs::write(&other, SMALL.replace("PC-1", "PC-9")).unwrap();
    let target = folder.path().join("new.xml");
    let mut options = unattend::MergeOptions::default();
    let report = unattend::merge(&path, std::slice::from_ref(&other), &target, &options).unwrap();
    assert!(!report.written && !target.exists() && report.conflicts.len() == 1 && report.added == 5);
    options.prefer = Some(Prefer::Other);
    assert!(unattend::merge(&path, std::slice::from_ref(&other), &target, &options).unwrap().written);
    assert!(unattend::merge(&path, std::slice::from_ref(&other), &target, &options).is_err(), "it is there");
    let differences = unattend::compare(&target, &other, false).unwrap();
    assert!(differences.is_empty(), "{differences:?}");
    let json = unattend::to_json(&target).unwrap();
    std::fs::remove_file(&other).unwrap();
    unattend::from_json(&json, Some(&other), false).unwrap();
    assert!(unattend::compare(&target, &other, false).unwrap().is_empty());
    std::fs::write(&other, "<unattend>").unwrap();
    let error = unattend::list(&other, None, false).unwrap_err().to_string();
    assert!(error.contains("other.xml") && error.contains("line 1"), "{error}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn the_first_element_of_a_list_is_marked_as_one() {
    use imgsvc::servicing::unattend;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.xml");
    let options = SetOptions { architecture: Some("amd64".to_owned()) };
    let set = |setting: &str, value: &str| unattend::set(&path, setting, value, &options, false);
    let cases: [(&str, &str, &[&str]); 4] = [
        ("oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Name", "Ann", &["<LocalAccount wcm:action=\"add\">"]),
        (
            "windowsPE/Microsoft-Windows-Setup/DiskConfiguration/Disk/CreatePartitions/CreatePartition/Order",
            "1",
            &["<Disk wcm:action=\"add\">", "<CreatePartition wcm:action=\"add\">"],
        ),
        (
            "offlineServicing/Microsoft-Windows-PnpCustomizationsNonWinPE/DriverPaths/PathAndCredentials/Path",
            "D",
            &["<PathAndCredentials wcm:action=\"add\" wcm:keyValue=\"1\">"],
        ),
        (
            "specialize/Microsoft-Windows-DNS-Client/DNSSuffixSearchOrder/DomainName",
            "a.example",
            &["<DomainName wcm:action=\"add\" wcm:keyValue=\"1\">a.example</DomainName>"],
        ),
    ];
    for (setting, value, marks) in cases {
        std::fs::write(&path, AnswerFile::new().unwrap().to_bytes()).unwrap();
        let report = set(setting, value).unwrap();
        assert!(report.created && report.setting.is_some(), "{setting}");
        let text = std::fs::read_to_string(&path).unwrap();
        for mark in marks {
            assert!(text.contains(mark), "{mark}: {text}");
        }
        assert_eq!(text.matches("wcm:action").count(), marks.len(), "{text}");
        // The one that is there is meant from then on.
        assert!(!set(setting, value).unwrap().changed);
        assert!(!set(setting, "other").unwrap().created);
    }
    // What is no list's is not marked.
    std::fs::write(&path, AnswerFile::new().unwrap().to_bytes()).unwrap();
    set("oobeSystem/Microsoft-Windows-Shell-Setup/AutoLogon/Enabled", "true").unwrap();
    assert!(!std::fs::read_to_string(&path).unwrap().contains("wcm:action"));
}
