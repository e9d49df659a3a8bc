//! Symbolic links and junctions as links of the host.

use super::plan::{File, Plan};
use super::target::Target;
use crate::error::{Error, Result};
use crate::formats::wim::reparse::Link;
use crate::formats::wim::tree::{attributes, Reparse};
use crate::image::host;
use std::ffi::OsString;
use std::path::Path;

const BACKSLASH: u16 = 0x5C;
const SLASH: u16 = 0x2F;
/// Directories of the NT namespace in front of a volume's name.
const NAMESPACES: &[&str] = &[r"\??\", r"\DosDevices\", r"\Device\"];

/// Makes the link that `data` describes; `Ok(false)` when the host cannot have it.
///
/// `root`: where the image's root will be on the host, for targets that were made relative to it.
pub(super) fn make(
    plan: &Plan<'_>,
    file: &File,
    data: &[u8],
    root: Option<&Path>,
    target: &Target,
) -> Result<bool> {
    let inode = plan.tree.inode(file.inode);
    let Ok(link) = Link::parse(inode.reparse.tag, data) else { return Ok(false) };
    let root = root.filter(|_| inode.reparse.flags & Reparse::NOT_FIXED == 0);
    let leads_to = on_host(&link, root);
    let path = plan.path(file.name)?;
    let is_directory = inode.attributes & attributes::DIRECTORY != 0;
    match target.symlink(&leads_to, &path, is_directory) {
        // A NUL in the target, or a target that is too long.
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::InvalidInput => Ok(false),
        made => made.map(|()| true),
    }
}

/// The target of a link as the host writes it. As in wimlib: an NT path loses its volume, and is
/// put below `root` when the capture made it relative to the image; separators are swapped, so that
/// a backslash in a link captured on Unix comes back.
/// Reference: `ebiggers/wimlib` `src/reparse.c`, `wim_inode_readlink`.
fn on_host(link: &Link, root: Option<&Path>) -> OsString {
    if cfg!(windows) {
        return host::host_name(&link.target);
    }
    let mut target = link.target.as_slice();
    if !link.relative {
        let inside = NAMESPACES.iter().find_map(|namespace| {
            let namespace: Vec<u16> = namespace.encode_utf16().collect();
            target.strip_prefix(namespace.as_slice())
        });
        if let Some(inside) = inside {
            let volume = inside.iter().skip_while(|unit| **unit == BACKSLASH);
            let length = volume.skip_while(|unit| **unit != BACKSLASH).count();
            target = target.get(target.len().saturating_sub(length)..).unwrap_or_default();
        }
    }
    let swapped: Vec<u16> = target
        .iter()
        .map(|unit| match *unit {
            BACKSLASH => SLASH,
            SLASH => BACKSLASH,
            other => other,
        })
        .collect();
    let mut leads_to = match root {
        Some(root) if !link.relative => root.as_os_str().to_os_string(),
        _ if swapped.is_empty() => OsString::from("/"),
        _ => OsString::new(),
    };
    leads_to.push(host::host_name(&swapped));
    leads_to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads_to(target: &str, relative: bool, root: Option<&str>) -> String {
        let link = Link { target: target.encode_utf16().collect(), relative };
        on_host(&link, root.map(Path::new)).to_str().unwrap().to_owned()
    }

    #[test]
    fn targets_are_written_as_the_host_writes_them() {
        assert_eq!(leads_to(r"..\a\b/c", true, Some("/root")), "../a/b\\c");
        assert_eq!(leads_to(r"\??\C:\Users\Public", false, None), "/Users/Public");
        assert_eq!(leads_to(r"\??\C:\Users\Public", false, Some("/root")), "/root/Users/Public");
        assert_eq!(leads_to(r"\Device\HarddiskVolume2\x", false, None), "/x");
        assert_eq!(leads_to(r"\??\\C:\x", false, None), "/x");
        assert_eq!(leads_to(r"\??\C:", false, None), "/");
        assert_eq!(leads_to(r"\??\C:", false, Some("/root")), "/root");
        assert_eq!(leads_to("", true, Some("/root")), "/");
    }
}
