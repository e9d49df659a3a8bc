//! NTFS volumes in files for tests: made by mkntfs, filled through ntfs-3g where FUSE is to be had,
//! and looked at by wimlib-imagex and the ntfs-3g tools.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use imgsvc::error::Result;
use imgsvc::image::jobs::{self, ApplyOptions, ApplyReport};
use imgsvc::progress::unobserved;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether all of these programs are there; says so loudly when not.
pub fn are_there(tools: &[&str]) -> bool {
    let missing: Vec<&&str> =
        tools.iter().filter(|tool| Command::new(tool).arg("--version").output().is_err()).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED: {missing:?} not installed");
    }
    missing.is_empty()
}

/// Runs a tool that must succeed, and gives its output.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A new, empty volume of that many MiB.
pub fn format(path: &Path, mebibytes: u64) {
    format_with(path, mebibytes, &[]);
}

/// As [`format`], with further options of mkntfs.
pub fn format_with(path: &Path, mebibytes: u64, options: &[&str]) {
    let file = std::fs::File::create(path).unwrap();
    file.set_len(mebibytes << 20).unwrap();
    mkntfs(path, options);
}

/// Makes all of a file a new, empty volume.
pub fn mkntfs(path: &Path, options: &[&str]) {
    let usual = ["-q", "-F", "-f", "-p", "0", "-H", "255", "-S", "63"];
    run(Command::new("mkntfs").args(usual).args(options).arg(path));
}

/// A volume that is mounted for as long as this lives.
pub struct Mounted {
    pub root: PathBuf,
}

impl Mounted {
    /// Mounts a volume; `None`, loudly, where FUSE is not to be had.
    pub fn new(volume: &Path) -> Option<Self> {
        Self::at(volume, &volume.with_extension("mnt"))
    }

    /// As [`Mounted::new`], at that directory.
    pub fn at(volume: &Path, root: &Path) -> Option<Self> {
        let root = root.to_path_buf();
        std::fs::create_dir_all(&root).unwrap();
        let options = ["-o", "streams_interface=windows,acl"];
        let answer = Command::new("ntfs-3g").args(options).arg(volume).arg(&root).output().unwrap();
        if !answer.status.success() {
            eprintln!("SKIPPED: ntfs-3g cannot mount: {}", String::from_utf8_lossy(&answer.stderr).trim());
            return None;
        }
        Some(Self { root })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let answer = Command::new("umount").arg(&self.root).status();
        if !std::thread::panicking() {
            assert!(answer.unwrap().success(), "umount");
        }
    }
}

/// A file as a block device, for as long as this lives.
pub struct LoopDevice(pub PathBuf);

impl LoopDevice {
    /// `None`, loudly, where loop devices are not to be had.
    pub fn new(file: &Path) -> Option<Self> {
        let answer = Command::new("losetup").args(["--find", "--show"]).arg(file).output().ok();
        match answer.filter(|answer| answer.status.success()) {
            Some(answer) => Some(Self(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()))),
            None => {
                eprintln!("SKIPPED: losetup gives no block device");
                None
            }
        }
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.0).status();
    }
}

/// Everything that a volume has and a directory of the host has not.
const FILL: &str = r#"
import os, struct, sys
m = sys.argv[1]
def sid(*a): return struct.pack('<BB', 1, len(a)-1) + struct.pack('>Q', a[0])[2:] + b''.join(struct.pack('<I', x) for x in a[1:])
SYSTEM, ADMINS, USERS = sid(5, 18), sid(5, 32, 544), sid(5, 32, 545)
INSTALLER = sid(5, 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464)
def ace(flags, mask, s): return struct.pack('<BBHI', 0, flags, 8+len(s), mask) + s
def sd(owner, aces, control):
    acl = struct.pack('<BBHHH', 2, 0, 8+sum(map(len, aces)), len(aces), 0) + b''.join(aces)
    return struct.pack('<BBHIIII', 1, 0, control, 20+len(acl), 20+len(acl)+len(owner), 0, 20) + acl + owner + owner
directory_sd = sd(INSTALLER, [ace(2, 0x1301bf, SYSTEM), ace(0xb, 0x10000000, SYSTEM), ace(0, 0x1200a9, USERS)], 0x9404)
file_sd = sd(INSTALLER, [ace(0, 0x1f01ff, INSTALLER), ace(0, 0x1200a9, ADMINS)], 0x9004)
other_sd = sd(ADMINS, [ace(0, 0x1f01ff, ADMINS)], 0x8004)
def put(path, data):
    path = os.path.join(m, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f: f.write(data)
    return path
big = bytes((i * i >> 7) & 0xff for i in range(1 << 20)) * 3
put('Windows/System32/big.dll', big)
put('Windows/System32/copy of big.dll', big)
put('Windows/System32/config/SYSTEM', big[:70000])
put('Windows/empty.txt', b'')
put('Windows/small.txt', b'resident')
put('Windows/notepad.txt', b'plain')
put('Windows/notepad.txt:extra', b'stream data')
put('Windows/notepad.txt:Zone.Identifier', b'[ZoneTransfer]\r\nZoneId=3\r\n')
os.link(m + '/Windows/notepad.txt', m + '/Windows/System32/notepad-link.txt')
put('Windows/A Long File Name.document', b'a long name')
put('Users/\u00e9mile/\u65e5\u672c \U0001F600.txt', b'unicode')
put('Users/Public/desktop.ini', b'[x]')
with open(m + '/Users/Public:stream of a directory', 'wb') as f: f.write(b'directories have streams too')
put('pagefile.sys', b'left out')
put('Windows/CSC/v2.0/x', b'left out')
os.mkdir(m + '/Users/All Users')
for i in range(300): put('Windows/many/file%03d.txt' % i, b'%d' % (i % 7) * (i * 10))
for d, ds, fs in os.walk(m):
    os.setxattr(d, 'system.ntfs_acl', directory_sd)
    for f in fs: os.setxattr(os.path.join(d, f), 'system.ntfs_acl', file_sd)
os.setxattr(m + '/Windows/small.txt', 'system.ntfs_acl', other_sd)
os.setxattr(m + '/Windows/A Long File Name.document', 'system.ntfs_dos_name', b'ALONGF~1.DOC')
os.setxattr(m + '/Windows/System32', 'system.ntfs_dos_name', b'SYSTEM~7')
os.setxattr(m + '/Windows/small.txt', 'system.ntfs_attrib', struct.pack('<I', 0x23))
os.setxattr(m + '/Windows/small.txt', 'system.ntfs_object_id', bytes(range(16)))
target = '\\??\\C:\\Users\\Public'.encode('utf-16-le'); shown = 'C:\\Users\\Public'.encode('utf-16-le')
data = struct.pack('<HHHH', 0, len(target), len(target)+2, len(shown)) + target + b'\0\0' + shown + b'\0\0'
os.setxattr(m + '/Users/All Users', 'system.ntfs_reparse_data', struct.pack('<IHH', 0xA0000003, len(data), 0) + data)
for name, time in (('Windows/small.txt', 131000000000000001), ('Windows', 132000000000000007)):
    os.setxattr(os.path.join(m, name), 'system.ntfs_times', struct.pack('<QQQQ', time, time + 10, time + 20, time + 30))
"#;

/// Fills a volume with something of everything; false, loudly, where that cannot be done.
pub fn fill(volume: &Path) -> bool {
    let Some(mounted) = Mounted::new(volume) else { return false };
    run(Command::new("python3").args(["-c", FILL]).arg(&mounted.root));
    true
}

/// A filled volume and wimlib's capture of it; `None`, loudly, where that cannot be made.
pub fn example(directory: &Path) -> Option<(PathBuf, PathBuf)> {
    if !are_there(&["mkntfs", "ntfs-3g", "python3", "wimlib-imagex"]) {
        return None;
    }
    let (volume, wim) = (directory.join("example.ntfs"), directory.join("example.wim"));
    format(&volume, 48);
    if !fill(&volume) {
        return None;
    }
    wimlib_capture(&volume, &wim);
    Some((volume, wim))
}

/// Captures a volume with wimlib-imagex.
pub fn wimlib_capture(volume: &Path, wim: &Path) {
    let name = ["the name", "--compress=XPRESS:20"];
    run(Command::new("wimlib-imagex").arg("capture").arg(volume).arg(wim).args(name));
}

/// All that wimlib-imagex says about every file of image 1, but for where its content is stored.
pub fn listing(wim: &Path, references: &[&Path]) -> String {
    let mut command = Command::new("wimlib-imagex");
    command.arg("dir").arg(wim).args(["1", "--detailed"]);
    for reference in references {
        command.arg("--ref").arg(reference);
    }
    let storage = ["Compressed size", "Offset in WIM", "Part Number", "Reference Count", "Flags", "Solid"];
    let text = run(&mut command);
    // Link groups have any numbers: here they count from the first.
    let mut groups = vec!["0x0000000000000000"];
    let mut listing = String::new();
    for line in text.lines().filter(|line| !storage.iter().any(|field| line.starts_with(field))) {
        match line.strip_prefix("Link Group ID       = ") {
            None => listing.push_str(line),
            Some(group) => {
                let known = groups.iter().position(|known| *known == group).unwrap_or(groups.len());
                if known == groups.len() {
                    groups.push(group);
                }
                listing.push_str(&format!("Link Group ID = {known}"));
            }
        }
        listing.push('\n');
    }
    listing
}

/// Two listings say the same; tells the first difference, and what it is of.
pub fn assert_same(found: &str, expected: &str) {
    let mut path = "";
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "{path}");
        path = if found.starts_with("Full Path") { found } else { path };
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// ntfs-3g's own checks of a volume.
pub fn check(volume: &Path) {
    run(Command::new("ntfsfix").arg("-n").arg(volume));
    run(Command::new("ntfsinfo").arg("-f").arg("-m").arg(volume));
}

/// Applies image 1, unobserved.
pub fn apply(wim: &Path, references: &[PathBuf], volume: &Path) -> Result<ApplyReport> {
    let options = ApplyOptions { reference_paths: references.to_vec(), ..ApplyOptions::default() };
    jobs::apply(wim, 1, volume, &options, &mut unobserved)
}
