//! The reparse data of symbolic links and junctions, as WIM stores it: without the 8-byte header.
//!
//! Reference: [MS-FSCC] 2.1.2.4 "Symbolic Link Reparse Data Buffer" and 2.1.2.5 "Mount Point
//! Reparse Data Buffer".

use super::tree::Reparse;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// SYMLINK_FLAG_RELATIVE.
const RELATIVE: u32 = 1;
const FORMAT: &str = "reparse data";

/// Where a symbolic link or junction leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The target in UTF-16: relative to the link's directory, or a path of the NT namespace such
    /// as `\??\C:\Users`.
    pub target: Vec<u16>,
    /// The target is relative to the directory the link is in. Junctions never are.
    pub relative: bool,
}

impl Link {
    /// Reads the data of a reparse point with that tag.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another tag, and for a name outside the data.
    pub fn parse(tag: u32, data: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, data);
        let offset = usize::from(reader.u16()?);
        let length = usize::from(reader.u16()?);
        reader.skip(4)?; // the name that is shown to users
        let relative = match tag {
            Reparse::SYMLINK => reader.u32()? & RELATIVE != 0,
            Reparse::MOUNT_POINT => false,
            _ => {
                let found = format!("{tag:#010x}");
                return Err(Error::malformed(FORMAT, "tag", "a symbolic link or a junction", found));
            }
        };
        if length % 2 != 0 {
            return Err(Error::malformed(FORMAT, "target", "an even number of bytes", length.to_string()));
        }
        reader.skip(offset)?;
        let target = reader.utf16(length / 2)?;
        Ok(Self { target, relative })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Reparse as Tag;

    /// Substitute name, then print name, as Windows writes them.
    fn data(tag: u32, target: &str, flags: u32) -> Vec<u8> {
        let name: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(name.len()).unwrap();
        let mut bytes = Vec::new();
        for field in [0, length, length, 0] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        if tag == Tag::SYMLINK {
            bytes.extend_from_slice(&flags.to_le_bytes());
        }
        bytes.extend_from_slice(&name);
        bytes
    }

    #[test]
    fn links_and_junctions_give_their_targets() {
        let link = Link::parse(Tag::SYMLINK, &data(Tag::SYMLINK, r"..\file", 1)).unwrap();
        assert_eq!((String::from_utf16(&link.target).unwrap().as_str(), link.relative), (r"..\file", true));
        let link = Link::parse(Tag::SYMLINK, &data(Tag::SYMLINK, r"\??\C:\file", 0)).unwrap();
        assert!(!link.relative);
        let junction = Link::parse(Tag::MOUNT_POINT, &data(Tag::MOUNT_POINT, r"\??\C:\Users", 0)).unwrap();
        assert_eq!(String::from_utf16(&junction.target).unwrap(), r"\??\C:\Users");
        assert!(!junction.relative);
    }

    #[test]
    fn data_that_ends_early_is_refused() {
        let whole = data(Tag::SYMLINK, "target", 1);
        for length in 0..whole.len() {
            assert!(Link::parse(Tag::SYMLINK, &whole[..length]).is_err(), "{length}");
        }
        assert!(Link::parse(0x8000_0017, &whole).is_err());
    }

    #[test]
    fn a_name_of_an_odd_length_is_refused() {
        let mut odd = data(Tag::SYMLINK, "target", 1);
        odd[2] = 5;
        assert!(Link::parse(Tag::SYMLINK, &odd).is_err());
    }
}
