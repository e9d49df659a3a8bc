//! Tagged items: what a dentry has behind its names (object ids, extended attributes…).
//!
//! They are kept byte-exact in [`super::Inode::extra`]; this reads them.
//!
//! Reference: `ebiggers/wimlib` `include/wimlib/tagged_items.h`.

use crate::formats::bytes::u32_at;

/// An NTFS object id: 16 bytes, or 64 with the birth ids.
pub const OBJECT_ID: u32 = 0x0000_0001;
/// wimlib's POSIX owner, group, mode and device.
pub const UNIX_DATA: u32 = 0x337D_D873;
/// wimlib's Linux extended attributes.
pub const LINUX_XATTRS: u32 = 0x337D_D874;

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaggedItem<'a> {
    /// What it is.
    pub tag: u32,
    /// Its data, without padding.
    pub data: &'a [u8],
}

/// The first item with that tag. Items behind one that does not fit are not seen.
pub fn tagged_item(extra: &[u8], tag: u32) -> Option<TaggedItem<'_>> {
    let mut rest = extra;
    while let (Some(found), Some(length)) = (u32_at(rest, 0), u32_at(rest, 4)) {
        let length = usize::try_from(length).ok()?;
        let data = rest.get(8..8usize.checked_add(length)?)?;
        if found == tag {
            return Some(TaggedItem { tag, data });
        }
        rest = rest.get(8usize.checked_add(length.checked_next_multiple_of(8)?)?..)?;
    }
    None
}
