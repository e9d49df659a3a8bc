//! What `tests/inf/wine.rs` compares: INFs, wine's answers, the answers it gave once, and ours put
//! the way wine puts them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use imgsvc::formats::inf::Inf;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a dump of ours may differ from SetupAPI's as wine has it. docs/formats/inf.md says more of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Explained {
    /// SetupAPI replaces `%12%` by the machine's path; here the id stays for the reader of the path.
    DirectoryId,
    /// The only field of a line is its key as well; here it is a field.
    LoneField,
    /// A file without `[Version]` is not opened; here it is read and has no version.
    NoVersion,
    /// Wine ends a `%token%` that holds `;` there.
    SemicolonInToken,
}

/// An INF to compare.
pub struct TestInf {
    pub name: String,
    pub path: PathBuf,
    /// One of ours, in the repository.
    pub is_own: bool,
    /// Its path to wine.
    windows_path: String,
}

fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/inf")
}

fn test_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata")
}

/// Our INFs, and those of the test data if they are there.
pub fn test_infs() -> Vec<TestInf> {
    let mut infs = Vec::new();
    add(&own_folder(), &own_folder(), "O:", &mut infs);
    for folder in ["inf-corpus", "drivers", "driverstore-names"] {
        let path = test_data().join(folder);
        if path.is_dir() {
            add(&test_data(), &path, "T:", &mut infs);
        } else {
            eprintln!(
                "SKIPPED: {} is not there (third-party INFs are not in the repository)",
                path.display()
            );
        }
    }
    infs
}

fn add(root: &Path, folder: &Path, drive: &str, infs: &mut Vec<TestInf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if path.is_dir() {
            add(root, &path, drive, infs);
        } else if extension == "inf" || extension == "inx" {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let windows_path = format!(r"{drive}\{}", name.replace('/', "\\"));
            infs.push(TestInf { name, path, is_own: drive == "O:", windows_path });
        }
    }
}

/// Wine with the program that dumps INFs.
pub struct Oracle {
    prefix: PathBuf,
    program: PathBuf,
}

impl Oracle {
    /// `None`, loudly, if this machine has no wine or no mingw-w64.
    pub fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inf-oracle");
        std::fs::create_dir_all(&folder).unwrap();
        let oracle = Self { prefix: folder.join("wine"), program: folder.join("inf_dump.exe") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/inf_dump.c");
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        compiler.args(["-O1", "-Wall", "-Werror", "-o"]).arg(&oracle.program).arg(source).arg("-lsetupapi");
        let built = compiler.status().is_ok_and(|status| status.success());
        if !built || oracle.wine("wine").arg("--version").output().is_err() {
            eprintln!(
                "SKIPPED: wine or gcc-mingw-w64-x86-64 is missing; comparing with what wine once answered"
            );
            return None;
        }
        if !oracle.prefix.join("system.reg").is_file() {
            assert!(oracle.wine("wineboot").arg("-i").output().unwrap().status.success(), "wineboot");
        }
        for (drive, folder) in [("o:", own_folder()), ("t:", test_data())] {
            let link = oracle.prefix.join("dosdevices").join(drive);
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(folder, link).unwrap();
        }
        Some(oracle)
    }

    fn wine(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("WINEPREFIX", &self.prefix).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
        command.env("LC_ALL", "C").env_remove("DISPLAY");
        command
    }

    /// SetupAPI's answers by name.
    pub fn dump(&self, infs: &[TestInf]) -> BTreeMap<String, String> {
        let (list, output) = (self.program.with_extension("list"), self.program.with_extension("out"));
        let lines: String = infs.iter().fold(String::new(), |lines, inf| lines + &inf.windows_path + "\n");
        std::fs::write(&list, lines).unwrap();
        let to_windows = |path: &Path| format!("Z:{}", path.display());
        let run =
            self.wine("wine").arg(&self.program).arg(to_windows(&list)).arg(to_windows(&output)).output();
        assert!(run.unwrap().status.success(), "inf_dump.exe");
        let text = std::fs::read_to_string(output).unwrap();
        let mut answers = BTreeMap::new();
        for (part, inf) in text.strip_prefix("F ").unwrap().split("\nF ").zip(infs) {
            let (path, dump) = part.split_once('\n').unwrap();
            assert_eq!(path.replace("\\\\", "\\"), inf.windows_path);
            answers.insert(inf.name.clone(), format!("{}\n", dump.trim_end_matches('\n')));
        }
        answers
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.wine("wineserver").arg("-k").output();
    }
}

/// What wine answered when the files were made.
#[derive(Default)]
pub struct Golden {
    dumps: BTreeMap<String, String>,
    hashes: BTreeMap<String, String>,
}

impl Golden {
    pub fn read() -> Self {
        let mut golden = Self::default();
        let hashes = std::fs::read_to_string(own_folder().join("testdata.sha256")).unwrap_or_default();
        for line in hashes.lines() {
            let (hash, name) = line.split_once("  ").unwrap();
            golden.hashes.insert(name.to_owned(), hash.to_owned());
        }
        for inf in test_infs().iter().filter(|inf| inf.is_own) {
            if let Ok(dump) = std::fs::read_to_string(inf.path.with_extension("dump")) {
                golden.dumps.insert(inf.name.clone(), dump);
            }
        }
        golden
    }

    pub fn dump(&self, name: &str) -> Option<String> {
        self.dumps.get(name).cloned()
    }

    pub fn is_hash_of(&self, name: &str, dump: &str) -> bool {
        self.hashes.get(name) == Some(&hash(dump))
    }

    pub fn add(&mut self, name: &str, is_own: bool, dump: &str) {
        if is_own {
            self.dumps.insert(name.to_owned(), dump.to_owned());
        } else {
            self.hashes.insert(name.to_owned(), hash(dump));
        }
    }

    pub fn write(&self) {
        for (name, dump) in &self.dumps {
            std::fs::write(own_folder().join(name).with_extension("dump"), dump).unwrap();
        }
        let mut lines = String::new();
        for (name, hash) in &self.hashes {
            writeln!(lines, "{hash}  {name}").unwrap();
        }
        std::fs::write(own_folder().join("testdata.sha256"), lines).unwrap();
    }

    /// The names for which `new` has another answer.
    pub fn stale(&self, new: &Self) -> Vec<String> {
        let dumps = new.dumps.iter().filter(|(name, dump)| self.dumps.get(*name) != Some(dump));
        let hashes = new.hashes.iter().filter(|(name, hash)| self.hashes.get(*name) != Some(hash));
        dumps.map(|(name, _)| name.clone()).chain(hashes.map(|(name, _)| name.clone())).collect()
    }
}

fn hash(dump: &str) -> String {
    Sha256::digest(dump).iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

/// The paths wine gives directory ids, from its answer to `dirids.inf`.
pub fn directories(golden: &Golden) -> BTreeMap<u32, String> {
    let dump = golden.dump("dirids.inf").unwrap_or_default();
    let entries = dump.lines().filter_map(|line| line.strip_prefix("L\t+")?.split_once("\t+"));
    entries.filter_map(|(id, path)| Some((id.parse().ok()?, path.replace("\\\\", "\\")))).collect()
}

/// Our dump put the way wine puts it, and which differences that took.
pub struct AsWine {
    pub dump: String,
    pub kinds: BTreeSet<Explained>,
}

/// Our dump of an INF as wine would print it.
pub fn as_wine(inf: &TestInf, bytes: &[u8], directories: &BTreeMap<u32, String>) -> AsWine {
    let parsed = Inf::parse(bytes).unwrap_or_else(|error| panic!("{}: {error}", inf.name));
    let mut kinds = BTreeSet::new();
    if parsed.section("Version").is_none() {
        kinds.insert(Explained::NoVersion);
        return AsWine { dump: "E e0000100 line 0\n".to_owned(), kinds };
    }
    let folder = inf.windows_path.rsplit_once('\\').map(|(folder, _)| format!("{folder}\\")).unwrap();
    let ids = Cell::new(false);
    let path = |id: u32| {
        ids.set(true);
        let unknown = || r"C:\windows\system32\unknown".to_owned();
        Some(if id == 1 { folder.clone() } else { directories.get(&id).cloned().unwrap_or_else(unknown) })
    };
    let mut dump = String::new();
    for section in parsed.sections() {
        writeln!(dump, "S {}", escape(&section.name)).unwrap();
        for line in &section.lines {
            dump.push('L');
            let mut parts: Vec<_> = std::iter::once(line.key()).chain(line.fields().map(Some)).collect();
            if line.key().is_none() && parts.len() == 2 {
                kinds.insert(Explained::LoneField);
                parts.swap_remove(0);
                parts.push(parts.first().copied().unwrap());
            }
            for part in parts {
                let Some(raw) = part else {
                    dump.push_str("\t-");
                    continue;
                };
                let cut = semicolon_in_token(raw);
                let text = parsed.expand_directories(cut.unwrap_or(raw), &path);
                write!(dump, "\t+{}", escape(&text)).unwrap();
                if cut.is_some() {
                    kinds.insert(Explained::SemicolonInToken);
                    break;
                }
            }
            dump.push('\n');
        }
    }
    if ids.get() {
        kinds.insert(Explained::DirectoryId);
    }
    AsWine { dump, kinds }
}

/// What is before the `;` of the first token that holds one.
fn semicolon_in_token(raw: &str) -> Option<&str> {
    let (before, rest) = raw.split_once('%')?;
    let (token, _) = rest.split_once('%')?;
    let (start, _) = token.split_once(';')?;
    raw.get(..before.len() + 1 + start.len())
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\r', "\\r").replace('\n', "\\n")
}
