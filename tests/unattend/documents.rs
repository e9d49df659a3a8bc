//! The answer files that the tests read, and what they ask of them.

use crate::support::hives;
use imgsvc::formats::unattend::{AnswerFile, SetOptions, SettingPath};

/// An answer file with a bit of everything.
pub const SMALL: &str = r#"<?xml version="1.0" encoding="utf-8"?>
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

/// The component that most settings are of.
pub const SHELL: &str = "Microsoft-Windows-Shell-Setup";

pub fn read(text: &str) -> AnswerFile {
    AnswerFile::parse(text.as_bytes()).unwrap()
}

pub fn set(file: &mut AnswerFile, path: &str, value: &str) -> String {
    file.set(path, value, &SetOptions::default()).unwrap().path
}

pub fn paths(file: &AnswerFile, pattern: &str) -> Vec<String> {
    let path = SettingPath::parse(pattern).unwrap();
    file.settings(&path).into_iter().map(|setting| setting.path).collect()
}

/// The lines that are in one text only: those of the first, those of the second.
pub fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
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
pub fn corpus() -> Vec<(String, Vec<u8>)> {
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
