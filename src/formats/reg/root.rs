//! The root keys that names in registration files start with, long and short.
//!
//! Reference: Win32 "Predefined Keys"; the short names are those of reg.exe.

use crate::formats::upcase;

/// A predefined key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// `HKEY_LOCAL_MACHINE`
    LocalMachine,
    /// `HKEY_USERS`
    Users,
    /// `HKEY_CURRENT_USER`
    CurrentUser,
    /// `HKEY_CLASSES_ROOT`
    ClassesRoot,
    /// `HKEY_CURRENT_CONFIG`
    CurrentConfig,
}

const NAMES: [(Root, &str, &str); 5] = [
    (Root::LocalMachine, "HKEY_LOCAL_MACHINE", "HKLM"),
    (Root::Users, "HKEY_USERS", "HKU"),
    (Root::CurrentUser, "HKEY_CURRENT_USER", "HKCU"),
    (Root::ClassesRoot, "HKEY_CLASSES_ROOT", "HKCR"),
    (Root::CurrentConfig, "HKEY_CURRENT_CONFIG", "HKCC"),
];

impl Root {
    /// The root of that long or short name, in any case; a `:` behind it is what PowerShell's drives have.
    pub fn from_name(name: &[u16]) -> Option<Self> {
        let name = name.strip_suffix(&[u16::from(b':')]).unwrap_or(name);
        let is = |known: &str| upcase::equal(name, &known.encode_utf16().collect::<Vec<u16>>());
        NAMES.iter().find(|(_, long, short)| is(long) || is(short)).map(|(root, ..)| *root)
    }

    /// The long name, which regedit needs.
    pub fn long_name(self) -> &'static str {
        NAMES.iter().find(|(root, ..)| *root == self).map_or("", |(_, long, _)| long)
    }

    /// The short name.
    pub fn short_name(self) -> &'static str {
        NAMES.iter().find(|(root, ..)| *root == self).map_or("", |(.., short)| short)
    }
}

/// The root that a key's name starts with, and the path below it without a leading `\`.
pub fn split_root(key: &[u16]) -> Option<(Root, &[u16])> {
    let is_separator = |unit: &u16| *unit == u16::from(b'\\');
    let end = key.iter().position(is_separator).unwrap_or(key.len());
    let (name, path) = key.split_at_checked(end)?;
    Some((Root::from_name(name)?, path.split_first().map_or(&[], |(_, path)| path)))
}
