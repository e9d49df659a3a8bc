//! Metadata resource to tree.
//!
//! Layout: the security table; the root dentry; lists of dentries, one per directory, each ended by
//! a zero length. A directory has the offset of its list. Everything is at multiples of 8.
//!
//! What wimlib leaves out is left out here too, with a note; what it refuses is refused.

use super::{attributes, Dentry, DentryId, Inode, InodeId, Reparse, SecurityTable, Tree, NOWHERE};
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use crate::formats::upcase;
use std::cmp::Ordering;

const FORMAT: &str = "WIM metadata";
/// Bytes of a dentry up to its name.
pub(super) const DENTRY_SIZE: usize = 102;
/// Bytes of an extra stream entry up to its name.
pub(super) const STREAM_SIZE: usize = 38;
/// Directories inside each other; wimlib has the same limit.
const MAX_DEPTH: u32 = 16_384;
/// Notes kept; the rest is counted in the last one.
const MAX_NOTES: usize = 100;
/// Where the security id of a dentry says that it has none.
pub(super) const NO_SECURITY: u32 = u32::MAX;

/// A dentry as read, with its preliminary inode.
struct Raw {
    name: Box<[u16]>,
    short_name: Box<[u16]>,
    inode: Inode,
    reserved: [u64; 2],
    children_at: u64,
}

impl Tree {
    /// Reads a decompressed metadata resource.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::LimitExceeded`] where wimlib says the metadata is invalid:
    /// offsets out of range, a root that is no directory, directories that contain themselves.
    pub fn parse(metadata: &[u8]) -> Result<Self> {
        let (security, root_at) = SecurityTable::parse(metadata)?;
        let mut tree = Self::without_root();
        tree.security = security;
        let mut offset = root_at;
        let Some(root) = read_dentry(metadata, &mut offset)? else {
            tree.note("the image has no root directory; it counts as empty");
            tree.push_root(Inode::directory());
            return Ok(tree);
        };
        if !root.inode.is_directory() {
            let found = format!("attributes {:#x}", root.inode.attributes);
            let place = format!("offset {root_at:#x}");
            return Err(Error::malformed(FORMAT, place, "a root that is a directory", found));
        }
        if !root.name.is_empty() || !root.short_name.is_empty() {
            tree.note("the root directory has a name; it was removed");
        }
        let children_at = root.children_at;
        tree.push_root(root.inode);
        if root.reserved != [0, 0] {
            tree.reserved.insert(tree.root(), root.reserved);
        }
        tree.read_children(metadata, children_at)?;
        tree.join_hard_links();
        tree.check_security_ids();
        Ok(tree)
    }

    fn read_children(&mut self, metadata: &[u8], root_children_at: u64) -> Result<()> {
        // In a file that does not share lists between directories, no more fit.
        let limit = metadata.len() / DENTRY_SIZE;
        let mut open = vec![(self.root(), root_children_at, 0u32)];
        while let Some((directory, children_at, depth)) = open.pop() {
            if children_at == 0 {
                continue;
            }
            if depth >= MAX_DEPTH {
                let what = "the depth of the directories";
                return Err(Error::LimitExceeded {
                    what,
                    limit: u64::from(MAX_DEPTH),
                    found: u64::from(depth) + 1,
                });
            }
            let mut offset = usize::try_from(children_at).unwrap_or(usize::MAX);
            let mut below = Vec::new();
            while let Some(raw) = read_dentry(metadata, &mut offset)? {
                if let Some(problem) = name_problem(&raw.name) {
                    self.leave_out(|tree| {
                        format!("{problem} in '{}' was left out", tree.display_path(directory))
                    });
                    continue;
                }
                if self.dentries.len() > limit {
                    let place = format!("offset {offset:#x}");
                    let found = "more: directories contain themselves or share their entries";
                    return Err(Error::malformed(FORMAT, place, format!("up to {limit} entries"), found));
                }
                let is_directory = raw.inode.is_directory();
                if raw.children_at != 0 && !is_directory {
                    self.leave_out(|tree| {
                        let name = String::from_utf16_lossy(&raw.name);
                        let path = tree.display_path(directory);
                        format!("what is in '{name}' in '{path}', no directory, was left out")
                    });
                }
                let children_at = if is_directory { raw.children_at } else { 0 };
                below.push((self.push(raw, directory), children_at));
            }
            self.sort_children(directory, &mut below);
            for (id, children_at) in below.iter().rev().filter(|(_, children_at)| *children_at != 0) {
                open.push((*id, *children_at, depth.saturating_add(1)));
            }
        }
        Ok(())
    }

    /// Adds a dentry and its preliminary inode; the parent does not know it yet.
    fn push(&mut self, raw: Raw, parent: DentryId) -> DentryId {
        // Bounded by the size of the metadata over 102, so both numbers fit.
        let id = DentryId(u32::try_from(self.dentries.len()).unwrap_or(NOWHERE));
        let inode = InodeId(u32::try_from(self.inodes.len()).unwrap_or(NOWHERE));
        if raw.reserved != [0, 0] {
            self.reserved.insert(id, raw.reserved);
        }
        self.inodes.push(raw.inode);
        self.dentries.push(Dentry {
            name: raw.name,
            short_name: raw.short_name,
            parent,
            inode,
            children: Vec::new(),
        });
        id
    }

    /// Gives `directory` its children in order; of several with exactly the same name, the first
    /// stays.
    fn sort_children(&mut self, directory: DentryId, below: &mut Vec<(DentryId, u64)>) {
        let order = |left: &(DentryId, u64), right: &(DentryId, u64)| {
            compare_names(&self.dentry(left.0).name, &self.dentry(right.0).name)
        };
        if !below.is_sorted_by(|left, right| order(left, right) == Ordering::Less) {
            below.sort_by(order);
            let mut duplicates = Vec::new();
            below.dedup_by(|later, earlier| {
                let same = self.dentry(later.0).name == self.dentry(earlier.0).name;
                if same {
                    duplicates.push(later.0);
                }
                same
            });
            for duplicate in duplicates {
                self.leave_out(|tree| format!("a second '{}' was left out", tree.display_path(duplicate)));
                self.forget(duplicate);
            }
        }
        let children = below.iter().map(|(id, _)| *id).collect();
        if let Some(directory) = self.dentries.get_mut(directory.index()) {
            directory.children = children;
        }
    }

    fn check_security_ids(&mut self) {
        let count = u32::try_from(self.security.len()).unwrap_or(u32::MAX);
        let mut invalid = 0usize;
        for inode in &mut self.inodes {
            if inode.security_id.is_some_and(|id| id >= count) {
                inode.security_id = None;
                invalid = invalid.saturating_add(1);
            }
        }
        if invalid > 0 {
            self.note(format!("{invalid} security id(s) name no descriptor and count as none"));
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.note_with(|_| text);
    }

    /// Notes something that is in the metadata and not in the tree.
    fn leave_out(&mut self, text: impl FnOnce(&Self) -> String) {
        self.is_complete = false;
        self.note_with(text);
    }

    /// Notes without making the text when there are too many already.
    fn note_with(&mut self, text: impl FnOnce(&Self) -> String) {
        match self.notes.len().cmp(&MAX_NOTES) {
            Ordering::Less => {
                let text = text(self);
                self.notes.push(text);
            }
            Ordering::Equal => self.notes.push("there is more, which is not listed".into()),
            Ordering::Greater => {}
        }
    }
}

/// The order of names in a directory: without case, then by unit, as wimlib writes it.
pub(super) fn compare_names(left: &[u16], right: &[u16]) -> Ordering {
    upcase::compare(left, right).then_with(|| left.cmp(right))
}

/// Why a name read from a file cannot stay.
pub(super) fn name_problem(name: &[u16]) -> Option<&'static str> {
    const DOT: u16 = 0x2E;
    match name {
        [] => Some("an entry without name"),
        [DOT] | [DOT, DOT] => Some("an entry named '.' or '..'"),
        name if name.contains(&0) => Some("an entry with a NUL in its name"),
        _ => None,
    }
}

/// Reads the dentry at `offset` and its extra stream entries, and moves behind them; `None` at the
/// end of a list.
fn read_dentry(metadata: &[u8], offset: &mut usize) -> Result<Option<Raw>> {
    let start = *offset;
    let mut reader = Reader::new(FORMAT, metadata);
    reader.seek(start)?;
    let declared = reader.u64()?;
    let length = declared.checked_next_multiple_of(8).unwrap_or(u64::MAX);
    if length <= 8 {
        return Ok(None);
    }
    let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
    let bytes = end.and_then(|end| metadata.get(start..end));
    let (Some(end), Some(bytes)) = (end, bytes.filter(|bytes| bytes.len() >= DENTRY_SIZE)) else {
        let expected = format!("a length of {DENTRY_SIZE} or more inside the metadata");
        return Err(reader.error_at(start, expected, declared.to_string()));
    };
    let base = u64::try_from(start).unwrap_or(u64::MAX);
    let mut reader = Reader::new(FORMAT, bytes).with_base(base);
    reader.skip(8)?;
    let mut inode = Inode { attributes: reader.u32()?, links: 1, ..Inode::default() };
    // Ids that are negative when signed count as none, as in wimlib.
    inode.security_id = Some(reader.u32()?).filter(|id| i32::try_from(*id).is_ok());
    let children_at = reader.u64()?;
    let reserved = [reader.u64()?, reader.u64()?];
    inode.creation_time = reader.u64()?;
    inode.last_access_time = reader.u64()?;
    inode.last_write_time = reader.u64()?;
    let main_hash = reader.array()?;
    inode.unknown = reader.u32()?;
    if inode.attributes & attributes::REPARSE_POINT != 0 {
        inode.reparse = Reparse { tag: reader.u32()?, reserved: reader.u16()?, flags: reader.u16()? };
    } else {
        inode.link_group = reader.u64()?;
    }
    let stream_count = reader.u16()?;
    let short_name_size = reader.u16()?;
    let name_size = reader.u16()?;
    let name = read_name(&mut reader, name_size)?;
    let short_name = read_name(&mut reader, short_name_size)?;
    // Tagged items begin at the next multiple of 8 of the metadata.
    let items_at = start.checked_add(reader.position()).map(|position| position.next_multiple_of(8));
    let items = items_at.and_then(|at| metadata.get(at..end)).unwrap_or_default();
    inode.extra = items.into();

    let mut behind = end;
    let mut streams = Vec::new();
    for _ in 0..stream_count {
        streams.push(read_stream(metadata, &mut behind)?);
    }
    inode.assign_streams(main_hash, streams);
    *offset = behind;
    Ok(Some(Raw { name, short_name, inode, reserved, children_at }))
}

/// Reads a name of `size` bytes and the NUL behind it; without name there is no NUL.
fn read_name(reader: &mut Reader<'_>, size: u16) -> Result<Box<[u16]>> {
    if size == 0 {
        return Ok(Box::default());
    }
    if !size.is_multiple_of(2) {
        return Err(reader.error("a name of whole UTF-16 units", format!("{size} bytes")));
    }
    let name = reader.utf16(usize::from(size / 2))?;
    reader.skip(2)?;
    Ok(name.into())
}

fn read_stream(metadata: &[u8], offset: &mut usize) -> Result<(Box<[u16]>, super::super::Hash)> {
    let start = *offset;
    let mut reader = Reader::new(FORMAT, metadata);
    reader.seek(start)?;
    let declared = reader.u64()?;
    let length = declared.checked_next_multiple_of(8).and_then(|length| usize::try_from(length).ok());
    let end = length.and_then(|length| start.checked_add(length));
    let bytes = end.and_then(|end| metadata.get(start..end));
    let (Some(end), Some(bytes)) = (end, bytes.filter(|bytes| bytes.len() >= STREAM_SIZE)) else {
        let expected = format!("a stream entry of {STREAM_SIZE} bytes or more inside the metadata");
        return Err(reader.error_at(start, expected, declared.to_string()));
    };
    let mut reader = Reader::new(FORMAT, bytes).with_base(u64::try_from(start).unwrap_or(u64::MAX));
    reader.skip(16)?;
    let hash = reader.array()?;
    let name_size = reader.u16()?;
    if !name_size.is_multiple_of(2) {
        return Err(reader.error("a name of whole UTF-16 units", format!("{name_size} bytes")));
    }
    let name = reader.utf16(usize::from(name_size / 2))?;
    *offset = end;
    Ok((name.into(), hash))
}
