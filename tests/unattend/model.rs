//! Answer files: addressed by paths, edited, in each encoding.

use crate::documents::{difference, paths, read, set, SHELL, SMALL};
use imgsvc::error::Error;
use imgsvc::formats::unattend::{AnswerFile, PassName, SetOptions, SettingPath, NAMESPACE, STATE_NAMESPACE};

#[test]
fn settings_are_found_by_path_and_wildcards() {
    let file = read(SMALL);
    assert_eq!(file.get(&format!("specialize/{SHELL}/ComputerName")).unwrap().as_deref(), Some("PC-1"));
    assert_eq!(file.get("SPECIALIZE/*shell*/computername").unwrap().as_deref(), Some("PC-1"));
    assert_eq!(paths(&file, "specialize").len(), 2);
    assert_eq!(paths(&file, "*").len(), 7);
    assert_eq!(paths(&file, "**/Name").len(), 2);
    assert_eq!(paths(&file, "**/LocalAccount/Name").len(), 2);
    assert_eq!(paths(&file, "**/LocalAccount[2]").len(), 3);
    let account =
        |selector: &str| format!("oobeSystem/{SHELL}/UserAccounts/LocalAccounts/LocalAccount{selector}");
    assert_eq!(paths(&file, &account("[Name=admin]/Group")), [format!("{}/Group", account("[1]"))]);
    assert_eq!(paths(&file, &account("[Name='O''Brien']/Password/Value")).len(), 1);
    assert_eq!(file.get(&account("[2]/@wcm:action")).unwrap().as_deref(), Some("add"));
    assert_eq!(paths(&file, &account("[@wcm:action=add]")).len(), 5);
    assert_eq!(paths(&file, &format!("*/{SHELL}[x86]")).len(), 0);
    assert_eq!(paths(&file, &format!("*/{SHELL}[amd64]")).len(), 7);
    let all = file.settings(&SettingPath::parse("**/Value").unwrap());
    let secret = all.first().unwrap();
    assert_eq!((secret.value.as_str(), secret.secret, secret.position.line), ("x&y", true, 20));
    assert_eq!(secret.action.as_deref(), Some("add"));
    for wrong in ["", "a[", "a[]", "a[0]", "a[Name='x]", "a/@", "a/@b/c", "a[1]x", "[1]"] {
        assert!(matches!(SettingPath::parse(wrong), Err(Error::InvalidArgument { .. })), "{wrong}");
    }
    for path in ["a/b[amd64][2]/c[Name='x''/]y']/@d", "servicing/package[1]/@action"] {
        assert_eq!(SettingPath::parse(path).unwrap().to_string(), path);
    }
}

#[test]
fn what_is_missing_is_made_as_setup_wants_it_in_the_files_own_layout() {
    let mut file = read(SMALL);
    let path = set(&mut file, &format!("specialize/{SHELL}/RegisteredOwner"), "A & B");
    assert_eq!(path, format!("specialize/{SHELL}/RegisteredOwner"));
    assert_eq!(difference(SMALL, file.text()).1, ["<RegisteredOwner>A &amp; B</RegisteredOwner>"]);
    assert!(file.text().contains("</TimeZone>\n      <RegisteredOwner>"));

    let mut file = read(SMALL);
    let accounts = format!("oobeSystem/{SHELL}/UserAccounts/LocalAccounts");
    set(&mut file, &format!("{accounts}/LocalAccount[+]/Name"), "Third");
    let added = "          <LocalAccount wcm:action=\"add\">\n            <Name>Third</Name>\n          </LocalAccount>\n";
    assert!(file.text().contains(added));
    set(&mut file, &format!("{accounts}/LocalAccount[Name=Fourth]/Group"), "Users");
    let fourth = format!("{accounts}/LocalAccount[4]");
    assert_eq!(paths(&file, &fourth), [format!("{fourth}/Name"), format!("{fourth}/Group")]);
    assert!(file.set(&format!("{accounts}/LocalAccount[6]/Name"), "x", &SetOptions::default()).is_err());

    // A pass goes where it runs, a component has its whole identity.
    let mut file = read(SMALL);
    set(&mut file, "generalize/Microsoft-Windows-PnpSysprep/PersistAllDeviceInstalls", "true");
    let passes: Vec<_> = file.passes().map(|pass| pass.known().unwrap()).collect();
    assert_eq!(passes, [PassName::Generalize, PassName::Specialize, PassName::OobeSystem]);
    let identity = file.components().next().unwrap().identity();
    assert_eq!(
        (identity.processor_architecture.as_str(), identity.public_key_token.as_str()),
        ("amd64", "31bf3856ad364e35")
    );
    assert!(file.text().contains("\n  <settings pass=\"generalize\">\n    <component name="));

    // wcm is declared where it is needed and missing.
    let mut file = read(
        &SMALL.replace(&format!(" xmlns:wcm=\"{STATE_NAMESPACE}\""), "").replace(" wcm:action=\"add\"", ""),
    );
    set(&mut file, &format!("{accounts}/LocalAccount[3]/Name"), "x");
    let element =
        file.settings(&SettingPath::parse("**/LocalAccount[3]").unwrap())[0].element.parent().unwrap();
    assert_eq!(element.attribute(STATE_NAMESPACE, "action").as_deref(), Some("add"));

    // Another prefix for the namespace is used as it is.
    let mut file = read(&SMALL.replace("wcm:", "w:").replace(":wcm", ":w"));
    set(&mut file, &format!("{accounts}/LocalAccount[3]/Name"), "x");
    assert!(file.text().contains("<LocalAccount w:action=\"add\">\n            <Name>x"));
}

#[test]
fn a_new_file_is_written_from_nothing() {
    let mut file = AnswerFile::new().unwrap();
    let error =
        file.set(&format!("specialize/{SHELL}/ComputerName"), "x", &SetOptions::default()).unwrap_err();
    assert!(error.to_string().contains("architecture"), "{error}");
    let arm = SetOptions { architecture: Some("arm64".to_owned()) };
    file.set(&format!("specialize/{SHELL}/ComputerName"), "PC", &arm).unwrap();
    file.set("windowsPE/Microsoft-Windows-Setup/UserData/AcceptEula", "true", &SetOptions::default())
        .unwrap();
    file.set("servicing/package[1]/@action", "install", &SetOptions::default()).unwrap();
    file.set("servicing/package[1]/assemblyIdentity/@name", "P", &SetOptions::default()).unwrap();
    assert_eq!(
        file.components().filter(|found| found.identity().processor_architecture == "arm64").count(),
        2
    );
    let packages = file.packages();
    assert_eq!(
        (packages[0].action().as_str(), packages[0].identity().unwrap().name.as_str()),
        ("install", "P")
    );
    assert_eq!(
        paths(&file, "servicing"),
        ["servicing/package/@action", "servicing/package/assemblyIdentity/@name"]
    );
    let order: Vec<_> = file.root().elements().map(|element| element.name()).collect();
    assert_eq!(order, ["servicing", "settings", "settings"]);
    let again = AnswerFile::parse(&file.to_bytes()).unwrap();
    assert_eq!(again.text(), file.text());
    assert!(file.passes().all(|pass| pass.element.namespace() == Some(NAMESPACE)));
}

#[test]
fn what_cannot_be_set_is_refused_and_changes_nothing() {
    let mut file = read(&SMALL.replace("</LocalAccounts>", "</LocalAccounts><LocalAccounts/>"));
    let before = file.to_bytes();
    for path in [
        format!("specialize/{SHELL}"),
        format!("specialise/{SHELL}/ComputerName"),
        format!("*/{SHELL}/ComputerName"),
        format!("oobeSystem/{SHELL}/UserAccounts"),
        format!("oobeSystem/{SHELL}/UserAccounts/LocalAccounts/LocalAccount[1]/Name"),
        format!("specialize/{SHELL}/ComputerName/Deeper"),
        format!("specialize/{SHELL}/1x"),
        format!("specialize/{SHELL}/a b"),
    ] {
        assert!(file.set(&path, "x", &SetOptions::default()).is_err(), "{path}");
        assert_eq!(file.to_bytes(), before, "{path}");
    }
    let path = format!("specialize/{SHELL}/ComputerName");
    assert!(file.set(&path, "a\u{1}b", &SetOptions::default()).is_err());
    assert_eq!(file.to_bytes(), before);
}

#[test]
fn values_keep_their_form() {
    let cases = [
        ("<V><![CDATA[a<b]]></V>", "a<b", "x<y", "<V><![CDATA[x<y]]></V>"),
        ("<V><![CDATA[a]]></V>", "a", "x]]>y", "<V>x]]&gt;y</V>"),
        ("<V/>", "", "x", "<V>x</V>"),
        ("<V />", "", "", "<V></V>"),
        ("<V a='1' />", "", "x", "<V a='1'>x</V>"),
        ("<V>a<!-- c -->b</V>", "ab", "x", "<V>x<!-- c --></V>"),
        ("<V>\n        a\n      </V>", "\n        a\n      ", "x", "<V>x</V>"),
        ("<V>&#x41;&quot;</V>", "A\"", "\"", "<V>\"</V>"),
        ("<V >1</V >", "1", "a\rb", "<V >a&#13;b</V >"),
    ];
    for (source, value, new, expected) in cases {
        let mut file = read(&SMALL.replace("<ComputerName>PC-1</ComputerName>", source));
        let path = format!("specialize/{SHELL}/V");
        assert_eq!(file.get(&path).unwrap().as_deref(), Some(value), "{source}");
        set(&mut file, &path, new);
        assert_eq!(file.text(), SMALL.replace("<ComputerName>PC-1</ComputerName>", expected), "{source}");
        assert_eq!(file.get(&path).unwrap().as_deref(), Some(new), "{source}");
    }
    let mut file = read(&SMALL.replace("PC-1", "a&#13;b\r\nc"));
    assert_eq!(file.get("specialize/*/ComputerName").unwrap().as_deref(), Some("a\rb\nc"));
    set(
        &mut file,
        &format!("oobeSystem/{SHELL}/UserAccounts/LocalAccounts/LocalAccount[1]/@wcm:action"),
        "a\"'\n",
    );
    assert!(file.text().contains("wcm:action=\"a&quot;&apos;&#10;\""));
}

#[test]
fn removing_takes_the_line_and_what_was_asked_for() {
    let mut file = read(SMALL);
    let name = SettingPath::parse("specialize/*/TimeZone").unwrap();
    assert_eq!(file.remove(&name, false).unwrap(), [format!("specialize/{SHELL}/TimeZone")]);
    assert_eq!(
        difference(SMALL, file.text()),
        (vec!["<TimeZone>W. Europe Standard Time</TimeZone>".to_owned()], vec![])
    );
    // A comment on the same line stays, and with it what is around.
    file.remove(&SettingPath::parse("specialize/*/ComputerName").unwrap(), true).unwrap();
    assert!(file.text().contains("       <!-- the name -->\n    </component>"));
    let mut file = read(SMALL);
    assert_eq!(file.remove(&SettingPath::parse("oobeSystem").unwrap(), true).unwrap().len(), 5);
    assert_eq!(file.passes().count(), 1);
    let mut file = read(SMALL);
    assert_eq!(file.remove(&SettingPath::parse("**/LocalAccount/*").unwrap(), true).unwrap().len(), 5);
    assert_eq!(file.passes().count(), 1);
    let mut file = read(SMALL);
    file.remove(&SettingPath::parse("**/LocalAccount/@wcm:action").unwrap(), true).unwrap();
    assert_eq!(file.text(), SMALL.replace(" wcm:action=\"add\"", ""));
    assert!(file.remove(&SettingPath::parse("**/Nothing").unwrap(), true).unwrap().is_empty());
}

#[test]
fn every_encoding_comes_out_as_it_went_in() {
    let text = SMALL.replace("PC-1", "Zürich");
    let wide = |text: &str, mark: bool, big: bool| -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let wide_text = text.replace("utf-8", "utf-16");
    let latin = |label: &str| -> Vec<u8> {
        text.replace("utf-8", label).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    };
    let undeclared = text.replace("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", "");
    let documents = [
        [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
        text.replace('\n', "\r\n").into_bytes(),
        wide(&wide_text, true, false),
        wide(&wide_text, true, true),
        wide(&wide_text, false, false),
        wide(&undeclared, true, true),
        latin("iso-8859-1"),
        latin("windows-1252"),
        undeclared.clone().into_bytes(),
    ];
    for bytes in documents {
        let mut file = AnswerFile::parse(&bytes).unwrap();
        assert_eq!(file.to_bytes(), bytes);
        assert_eq!(file.get("specialize/*/ComputerName").unwrap().as_deref(), Some("Zürich"));
        set(&mut file, &format!("specialize/{SHELL}/ComputerName"), "Łódź");
        let again = AnswerFile::parse(&file.to_bytes()).unwrap();
        assert_eq!(again.get("specialize/*/ComputerName").unwrap().as_deref(), Some("Łódź"));
        assert_eq!(again.encoding(), file.encoding());
    }
    let wrong = [
        latin("utf-8"),
        text.replace("utf-8", "utf-16").into_bytes(),
        wide(&text, true, false),
        text.replace("utf-8", "klingon").into_bytes(),
        [b"\xEF\xBB\xBF".as_slice(), text.replace("utf-8", "windows-1252").as_bytes()].concat(),
    ];
    for bytes in wrong {
        assert!(matches!(AnswerFile::parse(&bytes), Err(Error::Malformed { .. })));
    }
}
