//! The places of an image where Windows Setup looks for answer files, in the order in which it looks.
//!
//! Reference: docs/formats/setup-answer-files.md.

use crate::error::Result;
use crate::image::ImagePath;
use serde::{Deserialize, Serialize};

/// A place. The names are part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Location {
    /// Whatever `HKLM\SYSTEM\Setup\UnattendFile` names.
    Registry,
    /// `\Windows\Panther\Unattend`.
    PantherUnattend,
    /// `\Windows\Panther`, where Setup keeps the file that it works with.
    #[default]
    Panther,
    /// `\Windows\System32\Sysprep`.
    Sysprep,
    /// The root of the system drive.
    Root,
}

impl Location {
    /// All of them, in the order in which Setup looks.
    pub const ALL: [Self; 5] =
        [Self::Registry, Self::PantherUnattend, Self::Panther, Self::Sysprep, Self::Root];

    /// The number that Microsoft's list has. 4 and 5 are removable media, 8 is the drive of setup.exe: no
    /// image has them.
    pub fn order(self) -> u32 {
        match self {
            Self::Registry => 1,
            Self::PantherUnattend => 2,
            Self::Panther => 3,
            Self::Sysprep => 6,
            Self::Root => 7,
        }
    }

    /// The files that are looked for there, the first one first. The registry's is not among them.
    ///
    /// # Errors
    /// None for a Windows directory that is a valid path.
    pub fn files(self, windows: &ImagePath) -> Result<Vec<ImagePath>> {
        let (folder, names): (ImagePath, &[&str]) = match self {
            Self::Registry => return Ok(Vec::new()),
            Self::PantherUnattend => {
                (windows.join(r"Panther\Unattend")?, &["unattend.xml", "autounattend.xml"])
            }
            Self::Panther => (windows.join("Panther")?, &["unattend.xml"]),
            Self::Sysprep => (windows.join(r"System32\Sysprep")?, &["unattend.xml"]),
            Self::Root => (ImagePath::root(), &["unattend.xml", "autounattend.xml"]),
        };
        names.iter().map(|name| folder.join(name)).collect()
    }
}

/// The path in the image that a path of the running Windows means: without its drive, and with the usual
/// variables replaced. `None` for one on another computer, and with other variables.
pub fn in_image(path: &str, windows: &ImagePath) -> Option<ImagePath> {
    let path = path.trim().trim_matches('"').replace('/', r"\");
    let starts = |start: &str| {
        let head = path.get(..start.len())?;
        head.eq_ignore_ascii_case(start).then(|| path.get(start.len()..)).flatten()
    };
    let windows_relative = ["%windir%", "%systemroot%"].into_iter().find_map(starts);
    if let Some(rest) = windows_relative {
        return windows.join(rest.trim_start_matches('\\')).ok();
    }
    let mut letters = path.chars();
    let has_drive =
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(':');
    let rest = match starts("%systemdrive%") {
        Some(rest) => rest,
        None if has_drive => path.get(2..)?,
        None => path.as_str(),
    };
    if rest.starts_with(r"\\") || rest.contains('%') || rest.trim_matches('\\').is_empty() {
        return None;
    }
    ImagePath::parse(&format!(r"\{}", rest.trim_start_matches('\\'))).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_running_windows_lead_into_the_image() {
        let windows = ImagePath::parse(r"\Windows").unwrap();
        let found = |path: &str| in_image(path, &windows).map(|path| path.to_string());
        assert_eq!(found(r"C:\Answers\a.xml").as_deref(), Some(r"\Answers\a.xml"));
        assert_eq!(found(r"%SystemRoot%\Panther\a.xml").as_deref(), Some(r"\Windows\Panther\a.xml"));
        assert_eq!(found("%SYSTEMDRIVE%/a.xml").as_deref(), Some(r"\a.xml"));
        assert_eq!(found(r"\a.xml").as_deref(), Some(r"\a.xml"));
        for elsewhere in [r"\\server\share\a.xml", r"%TEMP%\a.xml", "", r"C:\", r"C:\a\..\..\b:c.xml", "é"] {
            let path = found(elsewhere);
            assert!(path.is_none() || !elsewhere.contains(['%', ':']), "{elsewhere}: {path:?}");
        }
    }
}
