//! Paths inside an image.
//!
//! Both separators are accepted; a path always starts at the image's root. A path is a list of
//! names and nothing else: no drive, no stream, no `..`, so that it cannot leave the image.
//! Reference: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.

use crate::error::{Error, Result};
use crate::formats::wim::tree::{DentryId, Tree};
use crate::image::host;
use std::ffi::OsString;
use std::fmt;
use widestring::U16String;

/// The longest name NTFS has, in UTF-16 code units.
pub const NAME_LIMIT: usize = 255;
/// The longest path Windows has (`UNICODE_STRING` holds 65,535 bytes), in UTF-16 code units.
const PATH_LIMIT: usize = 32767;

/// A place inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ImagePath {
    components: Vec<U16String>,
}

impl ImagePath {
    /// The image's root directory.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses text such as `\Windows\System32` or `/Windows/System32`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_utf16(&text.encode_utf16().collect::<Vec<_>>())
    }

    /// Parses UTF-16 text; unpaired surrogates are allowed, as they are in NTFS.
    pub fn from_utf16(text: &[u16]) -> Result<Self> {
        let refuse =
            |reason| Error::InvalidName { what: "path", name: String::from_utf16_lossy(text), reason };
        if text.len() > PATH_LIMIT {
            return Err(refuse("it is longer than 32,767 characters"));
        }
        let is_separator = |unit: &u16| *unit == u16::from(b'\\') || *unit == u16::from(b'/');
        let mut components = Vec::new();
        for name in text.split(is_separator) {
            if name.is_empty() || name == [u16::from(b'.')] {
                continue;
            }
            if name == [u16::from(b'.'), u16::from(b'.')] {
                return Err(refuse("'..' is not allowed inside an image"));
            }
            if name.contains(&0) {
                return Err(refuse("it contains a NUL character"));
            }
            if name.contains(&u16::from(b':')) {
                return Err(refuse("a path inside an image has no drive and no ':'"));
            }
            if name.len() > NAME_LIMIT {
                return Err(refuse("one of its names is longer than 255 characters"));
            }
            components.push(U16String::from_vec(name));
        }
        Ok(Self { components })
    }

    /// The names from the root down.
    pub fn components(&self) -> &[U16String] {
        &self.components
    }

    /// The names from the root down, as code units.
    pub fn names(&self) -> Vec<&[u16]> {
        self.components.iter().map(|name| name.as_slice()).collect()
    }

    /// It is the root directory.
    pub fn is_root(&self) -> bool {
        self.components.is_empty()
    }

    /// The directory that holds it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.components.split_last()?;
        Some(Self { components: parents.to_vec() })
    }

    /// The last name; `None` for the root.
    pub fn file_name(&self) -> Option<&[u16]> {
        self.components.last().map(|name| name.as_slice())
    }

    /// The path of `name` inside this directory.
    pub fn join(&self, name: &str) -> Result<Self> {
        self.join_utf16(&name.encode_utf16().collect::<Vec<_>>())
    }

    /// The path of `name`, which may itself have several parts, inside this directory.
    pub fn join_utf16(&self, name: &[u16]) -> Result<Self> {
        let mut path = self.clone();
        path.components.extend(Self::from_utf16(name)?.components);
        Ok(path)
    }

    /// `\`-separated UTF-16 with a leading `\`.
    pub fn to_utf16(&self) -> Vec<u16> {
        if self.is_root() {
            return vec![u16::from(b'\\')];
        }
        let mut text = Vec::new();
        for name in &self.components {
            text.push(u16::from(b'\\'));
            text.extend_from_slice(name.as_slice());
        }
        text
    }
}

/// For messages and documents: unpaired surrogates become U+FFFD.
impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf16_lossy(&self.to_utf16()))
    }
}

/// Refuses a name that Windows would refuse for a new file.
pub fn check_new_name(name: &[u16]) -> Result<()> {
    let refuse =
        |reason| Err(Error::InvalidName { what: "file name", name: String::from_utf16_lossy(name), reason });
    let is = |unit: u16, character: u8| unit == u16::from(character);
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.len() > NAME_LIMIT {
        return refuse("it is longer than 255 characters");
    }
    if name.iter().any(|unit| *unit < 0x20) {
        return refuse("it contains a control character");
    }
    if name.iter().any(|unit| b"\\/:*?\"<>|".iter().any(|character| is(*unit, *character))) {
        return refuse("it contains one of \\ / : * ? \" < > |");
    }
    if name.last().is_some_and(|unit| is(*unit, b'.') || is(*unit, b' ')) {
        return refuse("it ends with a dot or a space");
    }
    Ok(())
}

/// A name that means a device to Windows (`CON`, `LPT1.txt`…): no file made from it can be used
/// there by normal means.
/// Reference: "Naming Conventions" in the article above.
pub fn is_device_name(name: &[u16]) -> bool {
    let stem: Vec<u16> = name.iter().copied().take_while(|unit| *unit != u16::from(b'.')).collect();
    let stem = String::from_utf16_lossy(&stem).trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut characters = rest.chars();
            matches!(characters.next(), Some('1'..='9' | '¹' | '²' | '³')) && characters.next().is_none()
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// The name of an item on the host, if it is one name there.
///
/// # Errors
/// [`Error::InvalidName`] for a name that would lead somewhere else.
pub(crate) fn name_on_host(tree: &Tree, item: DentryId) -> Result<OsString> {
    let name = &tree.dentry(item).name;
    let refuse = |reason| {
        let name = tree.display_path(item);
        Err(Error::InvalidName { what: "file name on this host", name, reason })
    };
    let is = |unit: u16, character: u8| unit == u16::from(character);
    let escapes = name.iter().any(|unit| b"/\0".iter().any(|character| is(*unit, *character)));
    let dots = name.len() <= 2 && name.iter().all(|unit| is(*unit, b'.'));
    if escapes || dots {
        return refuse("it would lead somewhere else");
    }
    if cfg!(windows) {
        check_new_name(name)?;
        if is_device_name(name) {
            return refuse("it names a device");
        }
    }
    Ok(host::host_name(name))
}
