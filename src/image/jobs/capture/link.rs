//! Symbolic links of the host as reparse points.
//!
//! As wimlib stores them: `/` becomes `\` and the reverse, so that a name with a backslash comes back
//! on hosts that have those; an absolute target gets a volume in front, because Windows moves such
//! links with the image, while it would leave a target that starts with `\`.
//!
//! Reference: `ebiggers/wimlib` `src/reparse.c`, `src/unix_capture.c`.

use crate::error::{Error, Result};
use crate::image::host::listing::is_file;
use crate::image::host::{host_name, host_name_to_utf16, FileId};
use std::path::Path;

const SLASH: u16 = 0x2F;
const BACKSLASH: u16 = 0x5C;
/// `\??\C:`, the volume of absolute targets; the name that is shown leaves the first four out.
const VOLUME: [u16; 6] = [BACKSLASH, 0x3F, 0x3F, BACKSLASH, 0x43, 0x3A];
const NAMESPACE: usize = 4;
/// SYMLINK_FLAG_RELATIVE.
const RELATIVE: u32 = 1;
/// Bytes of reparse data that Windows takes, without the header.
const DATA_LIMIT: usize = 16_376;

/// A symbolic link as it is stored.
pub(super) struct StoredLink {
    /// The reparse data, without the header.
    pub data: Vec<u8>,
    /// The target was absolute, inside the captured tree, and is now relative to its root.
    pub fixed: bool,
}

/// The stored form of a link; `None` if Windows cannot hold one that long. `root` is the captured
/// directory, if links into it are to be fixed.
///
/// # Errors
/// [`Error::InvalidName`] for a target that is no Unicode.
pub(super) fn store(target: &Path, root: Option<FileId>) -> Result<Option<StoredLink>> {
    let Some(mut units) = host_name_to_utf16(target.as_os_str()) else {
        let name = target.display().to_string();
        return Err(Error::InvalidName { what: "target of a link", name, reason: "it is not Unicode" });
    };
    let relative = !target.is_absolute();
    let inside = root.filter(|_| !relative).and_then(|root| below(&units, root));
    units.drain(..inside.unwrap_or(0));
    if !cfg!(windows) {
        for unit in &mut units {
            *unit = match *unit {
                SLASH => BACKSLASH,
                BACKSLASH => SLASH,
                other => other,
            };
        }
    }
    let volume = match relative {
        true => &[],
        // There the target has its volume.
        false if cfg!(windows) => VOLUME.get(..NAMESPACE).unwrap_or_default(),
        false => VOLUME.as_slice(),
    };
    let name = [volume, units.as_slice()].concat();
    let shown = if relative { &name } else { name.get(NAMESPACE..).unwrap_or_default() };
    let data = reparse_data(&name, shown, if relative { RELATIVE } else { 0 });
    Ok(data.map(|data| StoredLink { data, fixed: inside.is_some() }))
}

/// Where, in an absolute target that leads into the captured directory, what follows that begins;
/// the directory may be reached by any path.
fn below(target: &[u16], root: FileId) -> Option<usize> {
    let mut at = 0usize;
    loop {
        let rest = target.get(at..)?;
        let separators = rest.iter().take_while(|unit| **unit == SLASH).count();
        let name = rest.iter().skip(separators).take_while(|unit| **unit != SLASH).count();
        if name == 0 {
            return None;
        }
        at = at.saturating_add(separators).saturating_add(name);
        if is_file(Path::new(&host_name(target.get(..at)?)), root) {
            return Some(at);
        }
    }
}

/// [MS-FSCC] 2.1.2.4: both names with a NUL, the one that counts first.
fn reparse_data(name: &[u16], shown: &[u16], flags: u32) -> Option<Vec<u8>> {
    let size = |units: &[u16]| u16::try_from(units.len().checked_mul(2)?).ok();
    let (name_size, shown_size) = (size(name)?, size(shown)?);
    let mut data = Vec::new();
    for field in [0, name_size, name_size.checked_add(2)?, shown_size] {
        data.extend_from_slice(&field.to_le_bytes());
    }
    data.extend_from_slice(&flags.to_le_bytes());
    for units in [name, &[0], shown, &[0]] {
        units.iter().for_each(|unit| data.extend_from_slice(&unit.to_le_bytes()));
    }
    (data.len() <= DATA_LIMIT).then_some(data)
}
