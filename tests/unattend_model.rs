//! Answer files: read and written back, addressed, edited; hostile ones; and what expat reads in them.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

#[path = "support/hives.rs"]
mod hives;

use imgsvc::error::Error;
use imgsvc::formats::unattend::{
    compare, decode_password, encode_password, merge, AnswerFile, Difference, PassName, Prefer, SetOptions,
    SettingPath, Side, NAMESPACE, STATE_NAMESPACE,
};
use imgsvc::formats::xml::{Element, MAX_DEPTH, MAX_NODES, MAX_SIZE};
use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};

const SMALL: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- first -->
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State">
      <ComputerName>PC-1</ComputerName> <!-- the name -->
      <TimeZone>W. Europe Standard Time</TimeZone>
    </component>
  </settings>
  <settings pass="oobeSystem">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State">
      <UserAccounts>
        <LocalAccounts>
          <LocalAccount wcm:action="add">
            <Name>Admin</Name>
            <Group>Administrators</Group>
          </LocalAccount>
          <LocalAccount wcm:action="add">
            <Name>O'Brien</Name>
            <Password><Value>x&amp;y</Value><PlainText>true</PlainText></Password>
          </LocalAccount>
        </LocalAccounts>
      </UserAccounts>
    </component>
  </settings>
</unattend>
"#;
const SHELL: &str = "Microsoft-Windows-Shell-Setup";

fn read(text: &str) -> AnswerFile {
    AnswerFile::parse(text.as_bytes()).unwrap()
}

fn set(file: &mut AnswerFile, path: &str, value: &str) -> String {
    file.set(path, value, &SetOptions::default()).unwrap().path
}

fn paths(file: &AnswerFile, pattern: &str) -> Vec<String> {
    let path = SettingPath::parse(pattern).unwrap();
    file.settings(&path).into_iter().map(|setting| setting.path).collect()
}

/// The lines that are in one text only: those of the first, those of the second.
fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let front = before.iter().zip(&after).take_while(|(left, right)| left == right).count();
    let room = before.len().min(after.len()) - front;
    let back = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(l, r)| l == r).count();
    let own = |lines: &[&str]| -> Vec<String> {
        lines[front..lines.len() - back].iter().map(|line| line.trim().to_owned()).collect()
    };
    (own(&before), own(&after))
}

/// The real answer files: name and content.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = hives::testdata("unattend") else {
        eprintln!("SKIPPED: there is no testdata/unattend; nothing real was read");
        return Vec::new();
    };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap() != "MANIFEST.md");
    files.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// What expat reads in documents: a line for each element, in order: line, name, attributes, its text; or
/// the line of the error. `None` without Python.
fn expat(documents: &[Vec<u8>]) -> Option<Vec<Result<Vec<String>, u64>>> {
    const SCRIPT: &str = r#"
import sys, json, struct, xml.parsers.expat
out = []
while True:
    head = sys.stdin.buffer.read(8)
    if not head: break
    data = sys.stdin.buffer.read(struct.unpack('<Q', head)[0])
    rows, stack = [], []
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = True
    def start(name, attributes):
        row = [parser.CurrentLineNumber, name, attributes, '']
        rows.append(row); stack.append(row)
    def end(name): stack.pop()
    def text(data):
        if stack: stack[-1][3] += data
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(data, True)
        out.append({'rows': [json.dumps(row) for row in rows]})
    except xml.parsers.expat.ExpatError as error:
        out.append({'error': error.lineno})
print(json.dumps(out))
"#;
    let mut command = Command::new("python3");
    let command = command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("SKIPPED: there is no python3; expat was not asked");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let data: Vec<u8> =
        documents.iter().flat_map(|data| [&(data.len() as u64).to_le_bytes()[..], data].concat()).collect();
    let writer = std::thread::spawn(move || input.write_all(&data).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the script of the test failed");
    let answers: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let rows = |answer: &serde_json::Value| match &answer["rows"] {
        serde_json::Value::Array(rows) => {
            Ok(rows.iter().map(|row| row.as_str().unwrap().to_owned()).collect())
        }
        _ => Err(answer["error"].as_u64().unwrap()),
    };
    Some(answers.iter().map(rows).collect())
}

/// The same rows from the model.
fn rows(file: &AnswerFile) -> Vec<serde_json::Value> {
    fn visit(element: Element<'_>, rows: &mut Vec<serde_json::Value>) {
        let attributes: Vec<String> = element
            .attributes()
            .flat_map(|found| [found.qualified_name().to_owned(), found.value()])
            .collect();
        let text = element.text();
        rows.push(serde_json::json!([element.position().line, element.qualified_name(), attributes, text]));
        element.elements().for_each(|child| visit(child, rows));
    }
    let mut found = Vec::new();
    visit(file.root(), &mut found);
    found
}

fn same_tree(name: &str, ours: &[serde_json::Value], theirs: &[String]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        let mut theirs: serde_json::Value = serde_json::from_str(theirs).unwrap();
        let text = theirs[3].as_str().unwrap();
        if text.contains('\n') && text.trim().is_empty() {
            theirs[3] = "".into();
        }
        assert_eq!(ours, &theirs, "{name}");
    }
}

#[test]
fn every_real_file_comes_out_as_it_went_in_and_expat_reads_the_same_tree() {
    let corpus = corpus();
    let documents: Vec<Vec<u8>> = corpus.iter().map(|(_, bytes)| bytes.clone()).collect();
    let expat = expat(&documents);
    let mut refused = Vec::new();
    for (number, (name, bytes)) in corpus.iter().enumerate() {
        let theirs = expat.as_ref().map(|answers| &answers[number]);
        match AnswerFile::parse(bytes) {
            Ok(file) => {
                assert_eq!(&file.to_bytes(), bytes, "{name}");
                assert!(file.passes().all(|pass| pass.known().is_some()), "{name}");
                assert!(file.components().all(|found| !found.identity().name.is_empty()), "{name}");
                if let Some(theirs) = theirs {
                    same_tree(name, &rows(&file), theirs.as_ref().expect(name));
                }
            }
            Err(Error::Malformed { place, .. }) => {
                if let Some(theirs) = theirs {
                    let line = theirs.as_ref().expect_err(name);
                    assert!(
                        place.starts_with(&format!("line {line},")),
                        "{name}: {place}, expat: line {line}"
                    );
                }
                refused.push(name.get(..3).unwrap().to_owned());
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    if !corpus.is_empty() {
        assert_eq!(refused, ["079", "118"], "the two that are no XML");
    }
}

#[test]
fn one_setting_of_a_real_file_changed_changes_nothing_else() {
    let mut after = Vec::new();
    let mut expected = Vec::new();
    // One in three: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(3) {
        let Ok(original) = AnswerFile::parse(&bytes) else { continue };
        let all = paths(&original, "*");
        for path in [0, all.len() / 2, all.len() - 1].map(|at| all[at].clone()) {
            let mut file = original.clone();
            let before = file.set(&path, "a <b> & c", &SetOptions::default()).unwrap();
            assert_eq!(before.path, path, "{name}");
            assert_eq!(file.get(&path).unwrap().as_deref(), Some("a <b> & c"), "{name} {path}");
            let (gone, new) = difference(original.text(), file.text());
            assert_eq!(new.len(), 1, "{name} {path}: {gone:?} {new:?}");
            let mut tree = rows(&original);
            let position = original.settings(&SettingPath::parse(&path).unwrap())[0].position;
            // What comes behind a value of several lines has moved up.
            let moved = gone.len() - 1;
            for row in &mut tree {
                let line = row[0].as_u64().unwrap();
                row[0] = (if line > position.line { line - moved as u64 } else { line }).into();
                if line == position.line
                    && row[3] == before.previous.clone().unwrap()
                    && original_is(&path, row)
                {
                    row[3] = "a <b> & c".into();
                }
            }
            after.push(file.to_bytes());
            expected.push((format!("{name} {path}"), tree));
            file.set(&path, &before.previous.unwrap(), &SetOptions::default()).unwrap();
            let again = file.settings(&SettingPath::parse("*").unwrap()).len();
            assert_eq!(again, all.len(), "{name}");
        }
    }
    let Some(expat) = expat(&after) else { return };
    for ((name, tree), theirs) in expected.iter().zip(&expat) {
        same_tree(name, tree, theirs.as_ref().expect(name));
    }
}

fn original_is(path: &str, row: &serde_json::Value) -> bool {
    let last = path.rsplit('/').next().unwrap();
    row[1].as_str().unwrap() == last.split('[').next().unwrap()
}

#[test]
fn a_setting_added_to_a_real_file_only_adds_lines_and_its_removal_takes_them_away() {
    // One in three: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(3) {
        let Ok(original) = AnswerFile::parse(&bytes) else { continue };
        for path in [
            format!("auditUser/{SHELL}[amd64]/AutoLogon/Username"),
            "oobeSystem/Microsoft-Windows-New-Thing[amd64]/A/B[1]/C".to_owned(),
        ] {
            let mut file = original.clone();
            set(&mut file, &path, "x");
            let (gone, new) = difference(original.text(), file.text());
            assert!(new.len() >= 3, "{name}: {gone:?} {new:?}");
            if !gone.is_empty() {
                // The pass was there with nothing in it, on one line.
                assert!(gone.len() == 1 && gone[0].starts_with("<settings "), "{name}: {gone:?}");
                continue;
            }
            assert_eq!(file.text().matches("\r\n").count() > 0, original.text().contains("\r\n"), "{name}");
            let removed = file.remove(&SettingPath::parse(&path).unwrap(), true).unwrap();
            assert_eq!(removed.len(), 1, "{name}");
            assert_eq!(file.text(), original.text(), "{name} {path}");
        }
    }
}

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

#[test]
fn hostile_documents_are_refused_with_their_line() {
    let inside = |content: &str| {
        format!("<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n{content}\n</unattend>")
    };
    let malformed = [
        ("a bomb", format!("<!DOCTYPE a [\n<!ENTITY b \"bb\">\n]>{}", inside("&b;")), "line 1,"),
        ("an entity", inside("<settings>&b;</settings>"), "line 2, column 11"),
        ("an external entity", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_owned(), "line 1,"),
        ("a NUL", inside("a\0b"), "line 2, column 2"),
        ("a reference to NUL", inside("&#0;"), "line 2, column 1"),
        ("a reference beyond Unicode", inside("&#x110000;"), "line 2, column 1"),
        ("a reference with a sign", inside("&#+65;"), "line 2, column 1"),
        ("a lone ampersand", inside("a & b"), "line 2, column 3"),
        ("a tag that is not closed", inside("<a>"), "line 3,"),
        ("a tag that is not opened", inside("</a>"), "line 2,"),
        ("tags that cross", inside("<a><b></a></b>"), "line 2, column 7"),
        ("an attribute twice", inside("<a b='1' b='2'/>"), "line 2, column 10"),
        ("attributes that touch", inside("<a b='1'c='2'/>"), "line 2, column 9"),
        ("two roots", "<unattend/>\n<unattend/>".to_owned(), "line 2,"),
        ("text behind the root", "<unattend/>\nx".to_owned(), "line 2,"),
        ("no root", "\n".to_owned(), "the end"),
        ("nothing", String::new(), "the end"),
        ("an open start tag", "<unattend a='1'".to_owned(), "the end"),
        ("a late declaration", "<!-- -->\n<?xml version=\"1.0\"?><unattend/>".to_owned(), "line 2,"),
        ("another root", "<a/>".to_owned(), "line 1, column 1"),
    ];
    for (what, text, place) in malformed {
        match AnswerFile::parse(text.as_bytes()) {
            Err(Error::Malformed { place: found, .. }) => {
                assert!(found.starts_with(place), "{what}: {found}")
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    let bytes = [inside("a").as_bytes(), b"<!-- \n\xFF -->"].concat();
    assert!(matches!(AnswerFile::parse(&bytes), Err(Error::Malformed { place, .. }) if place == "line 4"));
    let surrogate: Vec<u8> = "<a>\n".encode_utf16().chain([0xD800]).flat_map(u16::to_le_bytes).collect();
    assert!(
        matches!(AnswerFile::parse(&surrogate), Err(Error::Malformed { place, .. }) if place == "line 2")
    );

    let limits = [
        vec![b' '; MAX_SIZE + 1],
        ["<unattend>".to_owned(), "<a>".repeat(MAX_DEPTH)].concat().into_bytes(),
        inside(&"<a/>".repeat(MAX_NODES)).into_bytes(),
        inside(&format!("<a {}/>", (0..300).map(|n| format!("a{n}='' ")).collect::<String>())).into_bytes(),
    ];
    for bytes in limits {
        assert!(matches!(AnswerFile::parse(&bytes), Err(Error::LimitExceeded { .. })));
    }
}

#[test]
fn many_and_deep_elements_are_read_in_time() {
    let start = std::time::Instant::now();
    let component = |content: &str| {
        format!("<unattend xmlns='u'><settings pass='specialize'><component name='c'>{content}</component></settings></unattend>")
    };
    let many = read(&component(&"<a>1</a>".repeat(60_000)));
    assert_eq!(paths(&many, "**/a").len(), 60_000);
    let depth = MAX_DEPTH - 3;
    let deep = read(&component(&format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth))));
    assert_eq!(paths(&deep, "**/a/**/a/**/a").len(), 1);
    let wide: String = (0..200).map(|n| format!(" xmlns:p{n}='{n}'")).collect();
    let prefixes = read(&component(&format!("{}{}", format!("<a{wide}>").repeat(200), "</a>".repeat(200))));
    assert_eq!(prefixes.components().count(), 1);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
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
fn real_files_can_be_rebuilt_by_merging_them_into_nothing() {
    // One in six: the families of files are large.
    for (name, bytes) in corpus().into_iter().step_by(6) {
        let Ok(file) = AnswerFile::parse(&bytes) else { continue };
        let keys: Vec<String> = file.keyed_settings().into_iter().map(|setting| setting.path).collect();
        let different: std::collections::HashSet<_> = keys.iter().collect();
        if different.len() != keys.len() {
            eprintln!("{name}: has passes, components or settings twice");
            continue;
        }
        let merged = merge(&AnswerFile::new().unwrap(), std::slice::from_ref(&file), None).unwrap();
        assert_eq!(compare(&file, &merged.file), [], "{name}");
        assert_eq!(merged.added, keys.len(), "{name}");
    }
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
