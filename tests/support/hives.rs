//! Hives for tests: real ones, what foreign readers say of them, and dumps to compare.
#![allow(dead_code)] // Each test binary uses a part.

use imgsvc::formats::regf::{Hive, KeyId};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of third-party test data, or nothing after saying so. It is in `$IMGSVC_TESTDATA`, or beside
/// the repository.
pub fn testdata(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("IMGSVC_TESTDATA").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata"));
    let path = root.join(folder);
    if !path.is_dir() {
        eprintln!("SKIPPED: no test data in {}", path.display());
        return None;
    }
    Some(path)
}

/// All files below a folder, unpacked if they are `.xz`.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xz") {
                let output = Command::new("xz").arg("-dc").arg(&path).output().expect("xz is installed");
                found.push((path.display().to_string(), output.stdout));
            } else {
                found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Data in hexadecimal; long data as their SHA-1, to keep failures readable.
fn data_text(data: &[u8]) -> String {
    use sha1::Digest;
    match data.len() {
        0..=40 => hex(data),
        length => format!("{length} bytes, {}", hex(&sha1::Sha1::digest(data))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything a hive says but descriptors and class names, one line for each key and value, sorted.
pub fn dump(hive: &Hive) -> Vec<String> {
    try_dump(hive).unwrap()
}

/// The same of a hive that may be damaged.
pub fn try_dump(hive: &Hive) -> imgsvc::error::Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut stack = vec![(hive.root(), String::new())];
    while let Some((key, path)) = stack.pop() {
        lines.push(format!("K {path} {}", hive.last_written(key)?));
        for value in hive.values(key)? {
            let value = value?;
            let name = hex(value.name_text().as_bytes());
            lines.push(format!("V {path} {name} {} {}", value.kind, data_text(&value.data)));
        }
        for subkey in hive.subkeys(key)? {
            let name = hex(hive.name_text(subkey)?.as_bytes());
            stack.push((subkey, format!("{path}/{name}")));
        }
    }
    lines.sort();
    Ok(lines)
}

/// The same without times.
pub fn dump_without_times(hive: &Hive) -> Vec<String> {
    let cut = |line: String| match line.strip_prefix("K ") {
        Some(rest) => format!("K {}", rest.split(' ').next().unwrap()),
        None => line,
    };
    let mut lines: Vec<String> = dump(hive).into_iter().map(cut).collect();
    lines.sort();
    lines
}

/// Class names and descriptors of all keys by path.
pub fn extras(hive: &Hive) -> Vec<String> {
    let mut lines = Vec::new();
    let mut stack: Vec<KeyId> = vec![hive.root()];
    while let Some(key) = stack.pop() {
        let class = hive.class_name(key).unwrap().map(hex);
        lines.push(format!("{} {class:?} {}", hive.path(key).unwrap(), hex(hive.security(key).unwrap())));
        stack.extend(hive.subkeys(key).unwrap());
    }
    lines.sort();
    lines
}

const HIVEX_DUMP: &str = r#"
import hashlib, hivex, sys
h = hivex.Hivex(sys.argv[1])
stack = [(h.root(), '')]
out = []
def text(data):
    return data.hex() if len(data) <= 40 else '%d bytes, %s' % (len(data), hashlib.sha1(data).hexdigest())
while stack:
    node, path = stack.pop()
    out.append('K %s %d' % (path, h.node_timestamp(node)))
    for value in h.node_values(node):
        kind, data = h.value_value(value)
        out.append('V %s %s %d %s' % (path, h.value_key(value).encode('utf-8').hex(), kind & 0xffffffff, text(data)))
    for child in h.node_children(node):
        stack.append((child, path + '/' + h.node_name(child).encode('utf-8').hex()))
out.sort()
print('\n'.join(out))
"#;

const LIBREGF_DUMP: &str = r#"
import pyregf, sys
f = pyregf.file()
f.open(sys.argv[1])
out = []
stack = [(f.get_root_key(), '')]
while stack:
    key, path = stack.pop()
    out.append('K %s %d' % (path, key.get_last_written_time_as_integer()))
    for number in range(key.get_number_of_values()):
        value = key.get_value(number)
        name = (value.get_name() or '').encode('utf-8').hex()
        kind = value.get_type() & 0xffffffff
        out.append('V %s %s %d %s' % (path, name, kind, (value.get_data() or b'').hex()))
    for number in range(key.get_number_of_sub_keys()):
        child = key.get_sub_key(number)
        stack.append((child, path + '/' + (child.get_name() or '').encode('utf-8').hex()))
print('\n'.join(out))
"#;

/// A key, or a value with its data: what comes before the data, and the data.
pub type Line = (String, Vec<u8>);

/// What a hive says as libregf shows it: names end at a NUL. Sorted.
pub fn libregf_view(hive: &Hive) -> Vec<Line> {
    let name = |text: String| hex(text.split('\0').next().unwrap().as_bytes());
    let mut lines = Vec::new();
    let mut stack = vec![(hive.root(), String::new())];
    while let Some((key, path)) = stack.pop() {
        lines.push((format!("K {path} {}", hive.last_written(key).unwrap()), Vec::new()));
        for value in hive.values(key).unwrap() {
            let value = value.unwrap();
            lines.push((format!("V {path} {} {}", name(value.name_text()), value.kind), value.data));
        }
        for subkey in hive.subkeys(key).unwrap() {
            stack.push((subkey, format!("{path}/{}", name(hive.name_text(subkey).unwrap()))));
        }
    }
    lines.sort();
    lines
}

/// Asserts that libregf reads what the engine reads. It ends text where a terminator is, also behind the
/// data when they have none, and of data of one to three bytes it reads another byte of their field.
pub fn assert_libregf_agrees(what: &str, ours: &[Line], theirs: &[Line]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for ((line, data), (their_line, their_data)) in ours.iter().zip(theirs) {
        assert_eq!(line, their_line, "{what}");
        let is_text = line.starts_with('V') && (line.ends_with(" 1") || line.ends_with(" 2"));
        let end = data.chunks_exact(2).position(|unit| unit == [0, 0]).map(|units| units * 2);
        let same = match (is_text, end) {
            _ if (1..4).contains(&data.len()) => true,
            (true, Some(end)) => their_data.starts_with(&data[..end]) && their_data.len() <= end + 2,
            (true, None) => their_data.starts_with(data),
            (false, _) => data == their_data,
        };
        assert!(same, "{what}: {line}: {} is {} for libregf", hex(data), hex(their_data));
    }
}

const LIBREGF_CLASSES: &str = r#"
import pyregf, sys
f = pyregf.file()
f.open(sys.argv[1])
out = []
stack = [(f.get_root_key(), '')]
while stack:
    key, path = stack.pop()
    if key.get_class_name():
        out.append('%s %s' % (path, key.get_class_name().encode('utf-16-le').hex()))
    for number in range(key.get_number_of_sub_keys()):
        child = key.get_sub_key(number)
        stack.append((child, path + '/' + (child.get_name() or '').encode('utf-8').hex()))
out.sort()
print('\n'.join(out), end='')
"#;

/// The class names of all keys that have one, as python3-libregf gives them.
pub fn libregf_classes(bytes: &[u8]) -> Result<Vec<String>, String> {
    python_dump(LIBREGF_CLASSES, bytes)
}

/// The same as the engine reads them.
pub fn classes(hive: &Hive) -> Vec<String> {
    let mut lines = Vec::new();
    let mut stack = vec![(hive.root(), String::new())];
    while let Some((key, path)) = stack.pop() {
        if let Some(class) = hive.class_name(key).unwrap() {
            lines.push(format!("{path} {}", hex(class)));
        }
        for subkey in hive.subkeys(key).unwrap() {
            let name = hex(hive.name_text(subkey).unwrap().as_bytes());
            stack.push((subkey, format!("{path}/{name}")));
        }
    }
    lines.sort();
    lines
}

/// [`dump`] as python3-hivex gives it, or why it does not.
pub fn hivex_dump(bytes: &[u8]) -> Result<Vec<String>, String> {
    python_dump(HIVEX_DUMP, bytes)
}

/// [`libregf_view`] as python3-libregf gives it, or why it does not.
pub fn libregf_dump(bytes: &[u8]) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = python_dump(LIBREGF_DUMP, bytes)?
        .into_iter()
        .map(|line| match line.rsplit_once(' ') {
            Some((rest, data)) if line.starts_with('V') => (rest.to_owned(), unhex(data)),
            _ => (line, Vec::new()),
        })
        .collect();
    lines.sort();
    Ok(lines)
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn python_dump(program: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let file = write_temporary(bytes);
    let output = Command::new("/usr/bin/python3").args(["-c", program]).arg(file.path()).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Whether python3-hivex can be used; says so if not.
pub fn has_hivex() -> bool {
    has_module("hivex", "python3-hivex")
}

/// Whether python3-libregf can be used; says so if not.
pub fn has_libregf() -> bool {
    has_module("pyregf", "python3-libregf")
}

fn has_module(module: &str, package: &str) -> bool {
    let import = format!("import {module}");
    let found = Command::new("/usr/bin/python3").args(["-c", &import]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: {package} is not installed");
    }
    found
}

/// Asserts that hivexml accepts the hive.
pub fn assert_hivexml_reads(bytes: &[u8]) {
    let file = write_temporary(bytes);
    let Ok(output) = Command::new("hivexml").arg(file.path()).output() else {
        eprintln!("SKIPPED: hivexml is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A file with these bytes, removed when dropped.
pub fn write_temporary(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

/// Sets the checksum of a base block that was tampered with.
pub fn fix_checksum(file: &mut [u8]) {
    if file.len() >= 512 {
        let words = file[..508].chunks_exact(4);
        let sum = words.fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
        let sum = match sum {
            0 => 1,
            u32::MAX => u32::MAX - 1,
            other => other,
        };
        file[508..512].copy_from_slice(&sum.to_le_bytes());
    }
}

/// A real hive made clean by hivex (which drops what the logs hold), or nothing after saying so.
pub fn real_hive(name: &str) -> Option<Vec<u8>> {
    let folder = testdata("hives/regipy")?;
    if !has_hivex() {
        return None;
    }
    let packed = Command::new("xz").arg("-dc").arg(folder.join(format!("{name}.xz"))).output().unwrap();
    let file = write_temporary(&packed.stdout);
    let clean = "import hivex, sys; hivex.Hivex(sys.argv[1], write=True).commit(None)";
    let status = Command::new("/usr/bin/python3").args(["-c", clean]).arg(file.path()).status().unwrap();
    assert!(status.success());
    Some(std::fs::read(file.path()).unwrap())
}
