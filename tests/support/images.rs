//! Small image files for tests, and other programs' opinion of them.
#![allow(dead_code)] // each test binary uses a part of it
#![allow(clippy::unwrap_used, clippy::panic)] // a helper that fails fails the test

use imgsvc::error::{Error, Result};
use imgsvc::image::state::StateDirectory;
use imgsvc::image::{
    Content, ImagePath, ImageSelector, MountOptions, PutOptions, SaveOptions, SaveReport, Session,
};
use imgsvc::progress::unobserved;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A directory with a tree, an image file captured from it, and a state directory.
pub struct Bench {
    pub directory: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A bench with an image file captured by wimlib-imagex with these options.
    pub fn captured(options: &[&str]) -> Self {
        let bench = Self::new();
        bench.write_tree();
        bench.capture(options);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn wim(&self) -> PathBuf {
        self.path("image.wim")
    }

    pub fn state(&self) -> StateDirectory {
        StateDirectory::at(&self.path("state"))
    }

    /// A tree with nested directories, equal files, an empty file, a large and an incompressible one.
    pub fn write_tree(&self) {
        let tree = self.path("tree");
        for directory in ["Windows/System32/drivers", "Windows/INF", "Users/Public", "empty"] {
            fs::create_dir_all(tree.join(directory)).unwrap();
        }
        let text = |line: &str, lines: usize| line.repeat(lines).into_bytes();
        fs::write(tree.join("Windows/System32/kernel.dll"), text("kernel code ", 5000)).unwrap();
        fs::write(tree.join("Windows/System32/Hive"), pseudo_random(7, 300_000)).unwrap();
        fs::write(tree.join("Windows/System32/drivers/disk.sys"), text("disk ", 900)).unwrap();
        fs::write(tree.join("Windows/System32/drivers/copy.sys"), text("disk ", 900)).unwrap();
        fs::write(tree.join("Windows/INF/machine.inf"), b"[Version]\r\n").unwrap();
        fs::write(tree.join("Windows/empty.txt"), b"").unwrap();
        fs::write(tree.join("Users/Public/large.bin"), text("0123456789abcdef", 200_000)).unwrap();
        for number in 0..60 {
            let name = format!("Windows/INF/file{number:02}.txt");
            fs::write(tree.join(name), format!("content of file {number}").repeat(20)).unwrap();
        }
    }

    pub fn capture(&self, options: &[&str]) {
        let mut command = Command::new("wimlib-imagex");
        command.arg("capture").arg(self.path("tree")).arg(self.wim()).arg("First").args(options);
        succeed(command);
    }

    pub fn mount(&self, index: u32) -> Session {
        self.try_mount(MountOptions::new(self.wim(), ImageSelector::Index(index))).unwrap()
    }

    pub fn try_mount(&self, options: MountOptions) -> Result<Session> {
        Session::mount_in(self.state(), &options, &mut unobserved)
    }

    pub fn reopen(&self, session: &str) -> Session {
        Session::open_in(self.state(), Path::new(session)).unwrap()
    }

    /// Fails with its words when wimlib or 7-Zip do not like the image file.
    pub fn judge(&self) {
        judge(&self.wim());
    }

    /// wimlib-imagex accepts the file, whatever follows its end.
    pub fn judge_container(&self) {
        let mut verify = Command::new("wimlib-imagex");
        verify.arg("verify").arg(self.wim());
        succeed(verify);
    }

    /// What `wimlib-imagex apply` makes of an image.
    pub fn apply(&self, index: u32) -> PathBuf {
        let target = self.path(&format!("applied-{index}-{}", rand_suffix()));
        let mut command = Command::new("wimlib-imagex");
        command.arg("apply").arg(self.wim()).arg(index.to_string()).arg(&target);
        succeed(command);
        target
    }

    /// `wimlib-imagex dir --detailed`, one entry per path.
    pub fn detailed(&self, index: u32) -> std::collections::BTreeMap<String, String> {
        let mut command = Command::new("wimlib-imagex");
        command.arg("dir").arg(self.wim()).arg(index.to_string()).arg("--detailed");
        let text = String::from_utf8_lossy(&succeed(command).stdout).into_owned();
        let mut entries = std::collections::BTreeMap::new();
        for entry in
            text.split("----------------------------------------------------------------------------\n")
        {
            let path = entry.lines().find_map(|line| line.strip_prefix("Full Path"));
            if let Some(path) = path {
                let path = path.trim_start_matches([' ', '=']).trim_matches('"').to_owned();
                entries.insert(path, entry.to_owned());
            }
        }
        assert!(!entries.is_empty(), "no entries in: {text}");
        entries
    }

    pub fn info(&self) -> String {
        let mut command = Command::new("wimlib-imagex");
        command.arg("info").arg(self.wim());
        String::from_utf8_lossy(&succeed(command).stdout).into_owned()
    }

    /// The entries of the blob table as `wimlib-imagex info --blobs` shows them: hash to
    /// reference count.
    pub fn blobs(&self) -> std::collections::BTreeMap<String, u32> {
        let mut command = Command::new("wimlib-imagex");
        command.arg("info").arg(self.wim()).arg("--blobs");
        let text = String::from_utf8_lossy(&succeed(command).stdout).into_owned();
        let mut blobs = std::collections::BTreeMap::new();
        let mut hash = String::new();
        for line in text.lines() {
            let value = line.split_once('=').map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
            if line.starts_with("Hash") {
                hash = value.trim_start_matches("0x").to_owned();
            } else if line.to_lowercase().starts_with("reference count") {
                blobs.insert(hash.clone(), value.parse().unwrap());
            }
        }
        assert!(!blobs.is_empty(), "no blobs in: {text}");
        blobs
    }
}

fn rand_suffix() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Both programs accept the file.
pub fn judge(wim: &Path) {
    let mut verify = Command::new("wimlib-imagex");
    verify.arg("verify").arg(wim);
    succeed(verify);
    let mut test = Command::new("7z");
    test.arg("t").arg(wim);
    let output = succeed(test);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("Warning") && !text.contains("Error"), "{text}");
}

pub fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Bytes that do not compress.
pub fn pseudo_random(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

pub fn path(text: &str) -> ImagePath {
    ImagePath::parse(text).unwrap()
}

/// One transaction that puts one file.
pub fn put(session: &mut Session, at: &str, content: &[u8]) -> Result<()> {
    let mut transaction = session.transaction("test")?;
    if let Some(parent) = path(at).parent() {
        transaction.create_directories(&parent)?;
    }
    transaction.put_file(&path(at), Content::from(content), &PutOptions::overwrite(), &mut unobserved)?;
    transaction.commit()
}

pub fn save(session: &mut Session) -> Result<SaveReport> {
    session.save(SaveOptions::default(), &mut unobserved)
}

pub fn read(session: &Session, at: &str) -> Result<Vec<u8>> {
    session.view()?.read_file(&path(at), 1 << 30)
}

/// The variant of an error, without the file around it.
pub fn root(error: Error) -> Error {
    match error {
        Error::InFile { source, .. } => root(*source),
        other => other,
    }
}

/// Sessions of this program are where nobody else's are.
pub fn own_state() {
    static STATE: OnceLock<TempDir> = OnceLock::new();
    STATE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        std::env::set_var("IMGSVC_STATE_DIR", directory.path());
        directory
    });
}
