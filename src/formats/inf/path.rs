//! File names of packages: only such as stay inside the package and are files to Windows.
//!
//! Reference: Microsoft "Naming Files, Paths, and Namespaces".

use crate::error::{Error, Result};

/// UTF-16 units of one component, as NTFS has it.
const COMPONENT_LIMIT: usize = 255;
/// UTF-16 units of the whole path; Windows' classic limit, which SetupAPI has too.
const PATH_LIMIT: usize = 259;
/// Names that are devices in every directory, with any extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Checks a relative path of a package and normalises it: `\` between components, no `.` component.
///
/// # Errors
/// [`Error::InvalidName`] for an empty or absolute path, a drive, `..`, an alternate stream, a device
/// name, characters that NTFS names cannot have, a trailing dot or space, and too long ones.
pub fn safe_relative_path(path: &str) -> Result<String> {
    let refuse = |reason: &'static str| {
        Err(Error::InvalidName { what: "path in a driver package", name: path.to_owned(), reason })
    };
    if path.starts_with(['\\', '/']) {
        return refuse("it is absolute");
    }
    let mut normal = String::with_capacity(path.len());
    for component in path.split(['\\', '/']) {
        match component {
            "" | "." => continue,
            ".." => return refuse("it leaves the package"),
            _ => {}
        }
        if component.contains(':') {
            return refuse("it names a drive or a stream");
        }
        let forbidden = |character: char| character < ' ' || "<>\"|?*\u{7F}".contains(character);
        if component.contains(forbidden) {
            return refuse("a character is not allowed in file names");
        }
        if component.ends_with(['.', ' ']) || component.starts_with(' ') {
            return refuse("a component begins or ends with a space, or ends with a dot");
        }
        if is_device(component) {
            return refuse("it is the name of a device");
        }
        if component.encode_utf16().count() > COMPONENT_LIMIT {
            return refuse("a component has more than 255 characters");
        }
        if !normal.is_empty() {
            normal.push('\\');
        }
        normal.push_str(component);
    }
    if normal.is_empty() {
        return refuse("it is empty");
    }
    if normal.encode_utf16().count() > PATH_LIMIT {
        return refuse("it has more than 259 characters");
    }
    Ok(normal)
}

/// Whether Windows opens a device for that name: `CON`, `nul.txt`, `COM1`, `LPT².sys`.
fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    if DEVICES.contains(&stem.as_str()) {
        return true;
    }
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|port| {
        let mut digits = port.chars();
        let digit = digits.next().is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit));
        digit && digits.next().is_none()
    })
}
