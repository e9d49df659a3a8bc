//! Whether a disk file or a block device is in use as a file system.
//!
//! Locks do not tell: ntfs-3g loses its lock when it goes into the background, and the kernel's file
//! systems take none. Reference: proc(5) `mountinfo`; `/sys/block/loop*/loop/backing_file`.

use std::path::{Path, PathBuf};

/// What uses a disk file or block device: a mount point, or a loop device; `None` when nothing is
/// known to.
#[cfg(target_os = "linux")]
pub fn user_of_volume(path: &Path) -> Option<PathBuf> {
    use nix::sys::stat::{major, minor};
    use std::os::unix::fs::MetadataExt;
    let path = std::fs::canonicalize(path).ok()?;
    let metadata = std::fs::metadata(&path).ok()?;
    let device = super::is_block_device(&metadata)
        .then(|| format!("{}:{}", major(metadata.rdev()), minor(metadata.rdev())));
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mount_of(&table, &path, device.as_deref()).or_else(|| loop_of(&path))
}

/// Elsewhere nothing is known.
#[cfg(not(target_os = "linux"))]
pub fn user_of_volume(_: &Path) -> Option<PathBuf> {
    None
}

/// The mount point in a `mountinfo` table whose source is `path`, or whose device number is `device`.
#[cfg(target_os = "linux")]
fn mount_of(table: &str, path: &Path, device: Option<&str>) -> Option<PathBuf> {
    for line in table.lines() {
        // 36 35 98:0 /root /mount/point options optional… - type source options
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(2);
        let (number, point) = (mount.next(), mount.nth(1));
        let source = file_system.split(' ').nth(1).map(unescape);
        if source.is_some_and(|source| source == path) || (device.is_some() && number == device) {
            return point.map(unescape);
        }
    }
    None
}

/// A loop device that has the file as its content.
#[cfg(target_os = "linux")]
fn loop_of(path: &Path) -> Option<PathBuf> {
    for entry in std::fs::read_dir("/sys/block").ok()?.flatten() {
        let backing = std::fs::read_to_string(entry.path().join("loop/backing_file"));
        if backing.is_ok_and(|backing| Path::new(backing.trim_end_matches('\n')) == path) {
            return Some(Path::new("/dev").join(entry.file_name()));
        }
    }
    None
}

/// Blanks, tabs, line ends and backslashes stand in the table as octal numbers.
#[cfg(target_os = "linux")]
fn unescape(field: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|_| *first == b'\\') {
            Some(code) => {
                bytes.push(code);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_source_and_by_its_device_number() {
        let table = "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n\
                     40 22 0:50 / /mnt/a\\040b rw shared:5 - fuseblk /disks/the\\040image.ntfs rw\n";
        let found = mount_of(table, Path::new("/disks/the image.ntfs"), None);
        assert_eq!(found, Some(PathBuf::from("/mnt/a b")));
        assert_eq!(mount_of(table, Path::new("/dev/other"), Some("8:2")), Some(PathBuf::from("/")));
        assert_eq!(mount_of(table, Path::new("/disks/the"), Some("8:1")), None);
    }
}
