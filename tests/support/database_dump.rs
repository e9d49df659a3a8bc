//! Text dumps of driver databases: what Windows wrote (`testdata/driverdb-oracle`), and the same form of a hive.

use imgsvc::formats::inf::{Architecture, Target};
use imgsvc::formats::regf::{read_multi_sz, read_sz, Hive, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ};

/// A value, or with an empty name and value the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's path from the hive's root.
    pub path: String,
    /// The value's name; `(Default)` for the default value, empty for the key itself.
    pub name: String,
    /// Type and data as text.
    pub value: String,
}

/// Keys and values of a hive.
#[derive(Debug, Clone, Default)]
pub struct Dump {
    /// In the order of the text.
    pub entries: Vec<Entry>,
    /// Values of the database's root key, as the text's comments have them.
    pub root: Vec<(String, String)>,
}

impl Dump {
    /// Reads lines of the forms `[key]`, `  name = type data` and `; DriverDatabase\name = type data`.
    pub fn parse(text: &str) -> Self {
        let mut dump = Self::default();
        let mut path = String::new();
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix(r"; DriverDatabase\") {
                dump.root.extend(comment.split_once(" = ").map(|(name, value)| (name.into(), value.into())));
            } else if let Some(key) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                path = key.to_owned();
                dump.push(&path, "", String::new());
            } else if let Some((name, value)) =
                line.strip_prefix("  ").and_then(|line| line.split_once(" = "))
            {
                dump.push(&path, name, value.to_owned());
            }
        }
        dump
    }

    fn push(&mut self, path: &str, name: &str, value: String) {
        self.entries.push(Entry { path: path.to_owned(), name: name.to_owned(), value });
    }

    /// The packages: label and published name.
    pub fn packages(&self) -> Vec<(String, String)> {
        let name_of = |entry: &Entry| {
            let label = entry.path.strip_prefix(r"DriverDatabase\DriverPackages\")?;
            let published = entry.value.strip_prefix("SZ ")?;
            let is_name = entry.name == "(Default)" && !label.contains('\\');
            is_name.then(|| (label.to_owned(), published.to_owned()))
        };
        self.entries.iter().filter_map(name_of).collect()
    }

    /// Whether the key is there.
    pub fn has_key(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.is_empty() && entry.path.eq_ignore_ascii_case(path))
    }

    /// Forgets the names of other packages than these, so that [`packages`](Self::packages) yields these.
    pub fn keep_packages(&mut self, labels: &std::collections::BTreeSet<String>) {
        self.entries.retain(|entry| {
            let below = entry.path.strip_prefix(r"DriverDatabase\DriverPackages\");
            below.is_none_or(|rest| labels.contains(rest.split('\\').next().unwrap_or_default()))
        });
        let root =
            self.entries.iter().filter(|entry| entry.path == "DriverDatabase" && !entry.name.is_empty());
        self.root = root.map(|entry| (entry.name.clone(), entry.value.clone())).collect();
    }

    /// The system the dump is of: amd64 of the version of the database. Of builds nothing is known.
    pub fn target(&self) -> Target {
        let version = self.root.iter().find(|(name, _)| name == "Version").map(|(_, value)| value.as_str());
        match version {
            Some("DWORD 0x06030000") => Target::new(Architecture::Amd64, 6, 3, 9600),
            _ => Target::new(Architecture::Amd64, 10, 0, 18362),
        }
    }

    /// The map of published names.
    pub fn oem_map(&self) -> Option<Vec<u8>> {
        let (_, value) = self.root.iter().find(|(name, _)| name == "OemInfMap")?;
        let digits = value.strip_prefix("type0x3 ")?.as_bytes();
        Some(
            digits
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect(),
        )
    }
}

/// The dump of a hive from a key on.
pub fn dump_of(hive: &Hive, base: &str) -> Dump {
    let mut dump = Dump::default();
    let mut waiting = vec![(hive.require(hive.root(), base).unwrap(), base.to_owned())];
    while let Some((key, path)) = waiting.pop() {
        dump.push(&path, "", String::new());
        for value in hive.values(key).unwrap() {
            let value = value.unwrap();
            let name = value.name_text();
            let name = if name.is_empty() { "(Default)".to_owned() } else { name };
            dump.push(&path, &name, text(value.kind, &value.data));
        }
        for subkey in hive.subkeys(key).unwrap() {
            let name = hive.name_text(subkey).unwrap();
            waiting.push((subkey, if path.is_empty() { name } else { format!(r"{path}\{name}") }));
        }
    }
    dump
}

fn text(kind: u32, data: &[u8]) -> String {
    match (kind, data) {
        (REG_SZ, _) => format!("SZ {}", read_sz(data)),
        (REG_EXPAND_SZ, _) => format!("EXPAND_SZ {}", read_sz(data)),
        (REG_MULTI_SZ, _) => format!("MULTI_SZ {}", read_multi_sz(data).join("|")),
        (REG_DWORD, &[a, b, c, d]) => format!("DWORD 0x{:08x}", u32::from_le_bytes([a, b, c, d])),
        _ => {
            let digits: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("type0x{kind:x} {digits}")
        }
    }
}
