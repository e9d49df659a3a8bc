//! One dentry, and the list of a directory's dentries, as they are in a metadata resource.
//!
//! Everything that reads dentries reads them here: [`Tree::parse`](super::Tree::parse), which has
//! the whole resource, and [`MetadataWalker`](super::MetadataWalker), which has parts of it.
//!
//! What wimlib leaves out is left out here too; what it refuses is refused.
//!
//! Reference: `docs/formats/wim.md` "Metadata"; `ebiggers/wimlib` `src/dentry.c`.

use super::super::Hash;
use super::{attributes, Inode, Reparse};
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use crate::formats::upcase;
use std::cmp::Ordering;
use std::ops::Range;

pub(super) const FORMAT: &str = "WIM metadata";
/// Bytes of a dentry up to its name.
pub(super) const DENTRY_SIZE: usize = 102;
/// Bytes of an extra stream entry up to its name.
pub(super) const STREAM_SIZE: usize = 38;
/// Directories inside each other; wimlib has the same limit.
pub(super) const MAX_DEPTH: u32 = 16_384;

/// The bytes of a decompressed metadata resource, all there or fetched when they are asked for.
pub(super) trait Metadata {
    /// Bytes in all.
    fn size(&self) -> usize;
    /// The bytes of a range; `None` when it is not inside the resource.
    fn get(&mut self, range: Range<usize>) -> Result<Option<&[u8]>>;
}

impl Metadata for &[u8] {
    fn size(&self) -> usize {
        self.len()
    }

    fn get(&mut self, range: Range<usize>) -> Result<Option<&[u8]>> {
        Ok((**self).get(range))
    }
}

/// A name in a directory and what it names, as stored: names of one file are not joined, and the
/// security id may name nothing.
#[derive(Debug, Clone, Default)]
pub struct StoredDentry {
    /// The name; empty only for the root.
    pub name: Box<[u16]>,
    /// The 8.3 name; empty when there is none.
    pub short_name: Box<[u16]>,
    /// The file or directory, with `links` 1.
    pub inode: Inode,
    pub(super) reserved: [u64; 2],
    /// Where the list of its children is; 0 for none.
    pub(super) children_at: u64,
}

/// Why an entry of a list was left out.
pub(super) enum LeftOut {
    /// Its name cannot be.
    Name(&'static str),
    /// An entry with exactly that name came before.
    Duplicate(Box<[u16]>),
}

/// Reads the root dentry; `None` for an image that has none, which counts as empty.
pub(super) fn read_root(metadata: &mut impl Metadata, root_at: usize) -> Result<Option<StoredDentry>> {
    let mut offset = root_at;
    let Some(root) = read_dentry(metadata, &mut offset)? else { return Ok(None) };
    if !root.inode.is_directory() {
        let found = format!("attributes {:#x}", root.inode.attributes);
        let place = format!("offset {root_at:#x}");
        return Err(Error::malformed(FORMAT, place, "a root that is a directory", found));
    }
    Ok(Some(root))
}

/// Reads the list of dentries at `children_at`, in the order of their names; of several with
/// exactly the same name, the first stays.
pub(super) fn read_list(
    metadata: &mut impl Metadata,
    children_at: u64,
    left_out: &mut dyn FnMut(LeftOut),
) -> Result<Vec<StoredDentry>> {
    let mut list = Vec::new();
    if children_at == 0 {
        return Ok(list);
    }
    let mut offset = usize::try_from(children_at).unwrap_or(usize::MAX);
    while let Some(dentry) = read_dentry(metadata, &mut offset)? {
        match name_problem(&dentry.name) {
            Some(problem) => left_out(LeftOut::Name(problem)),
            None => list.push(dentry),
        }
    }
    let order = |left: &StoredDentry, right: &StoredDentry| compare_names(&left.name, &right.name);
    if !list.is_sorted_by(|left, right| order(left, right) == Ordering::Less) {
        list.sort_by(order);
        list.dedup_by(|later, earlier| {
            let same = later.name == earlier.name;
            if same {
                left_out(LeftOut::Duplicate(std::mem::take(&mut later.name)));
            }
            same
        });
    }
    Ok(list)
}

/// The order of names in a directory: without case, then by unit, as wimlib writes it.
pub fn compare_names(left: &[u16], right: &[u16]) -> Ordering {
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

/// The entry at `start`, which begins with its length; `None` at the end of a list. Returns the
/// bytes and the offset behind them.
fn read_entry<'a>(
    metadata: &'a mut impl Metadata,
    start: usize,
    minimum: usize,
    what: &str,
) -> Result<Option<(&'a [u8], usize)>> {
    let size = metadata.size();
    let error = |expected: String, found: String| {
        Err(Error::malformed(FORMAT, format!("offset {start:#x}"), expected, found))
    };
    let Some(bytes) = metadata.get(start..start.saturating_add(8))? else {
        return error(format!("{what} inside the metadata"), format!("{size} byte(s) of it"));
    };
    let declared = Reader::new(FORMAT, bytes).u64()?;
    let length = declared.checked_next_multiple_of(8).unwrap_or(u64::MAX);
    if length <= 8 {
        return Ok(None);
    }
    let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
    let long_enough = end.is_some_and(|end| end.saturating_sub(start) >= minimum);
    let bytes = match end.filter(|_| long_enough) {
        Some(end) => metadata.get(start..end)?.map(|bytes| (bytes, end)),
        None => None,
    };
    match bytes {
        Some(entry) => Ok(Some(entry)),
        None => error(format!("{what} of {minimum} bytes or more inside the metadata"), declared.to_string()),
    }
}

/// Reads the dentry at `offset` and its extra stream entries, and moves behind them; `None` at the
/// end of a list.
fn read_dentry(metadata: &mut impl Metadata, offset: &mut usize) -> Result<Option<StoredDentry>> {
    let start = *offset;
    let Some((bytes, mut behind)) = read_entry(metadata, start, DENTRY_SIZE, "an entry")? else {
        return Ok(None);
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
    let items_at = start.saturating_add(reader.position()).next_multiple_of(8);
    let items = bytes.get(items_at.saturating_sub(start)..).unwrap_or_default();
    inode.extra = items.into();

    let mut streams = Vec::new();
    for _ in 0..stream_count {
        streams.push(read_stream(metadata, &mut behind)?);
    }
    inode.assign_streams(main_hash, streams);
    *offset = behind;
    Ok(Some(StoredDentry { name, short_name, inode, reserved, children_at }))
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

fn read_stream(metadata: &mut impl Metadata, offset: &mut usize) -> Result<(Box<[u16]>, Hash)> {
    let start = *offset;
    let entry = read_entry(metadata, start, STREAM_SIZE, "a stream entry")?;
    let Some((bytes, end)) = entry else {
        let place = format!("offset {start:#x}");
        return Err(Error::malformed(FORMAT, place, "a stream entry", "the end of a list"));
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
