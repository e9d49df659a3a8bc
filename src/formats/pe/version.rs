//! The version resource of a PE image: its texts, such as the name of the product.
//!
//! Whatever is not as it should be counts as not there. Nothing is searched deeper than the format
//! goes, so that every image comes to an end.
//!
//! Reference: Microsoft "PE Format" ("The .rsrc Section"), `VS_VERSIONINFO`, `StringFileInfo`.

use super::{signature, DIRECTORIES_PE32, DIRECTORIES_PE32_PLUS, FILE_HEADER};
use crate::formats::bytes::{u16_at, u32_at, utf16_units};

/// Index of the resource table among the data directories.
const RESOURCE_TABLE: usize = 2;
/// Bytes of a section's header.
const SECTION_HEADER: usize = 40;
/// The resource type of version information.
const RT_VERSION: u32 = 16;
/// In the offset of a resource entry: it is another directory.
const SUBDIRECTORY: u32 = 0x8000_0000;
/// Blocks inside each other: version, string file info, string table, string.
const LEVELS: usize = 4;

/// The text `name` of the first version resource, in the first language that has it.
pub fn version_string(image: &[u8], name: &str) -> Option<String> {
    let name: Vec<u16> = name.encode_utf16().collect();
    find_string(version_resource(image)?, &name, LEVELS)
}

/// The data of the first version resource.
fn version_resource(image: &[u8]) -> Option<&[u8]> {
    let start = signature(image)?;
    let optional = start.checked_add(FILE_HEADER)?;
    let directories = match u16_at(image, optional)? {
        0x010B => DIRECTORIES_PE32,
        0x020B => DIRECTORIES_PE32_PLUS,
        _ => return None,
    };
    let count = u32_at(image, optional.checked_add(directories)?.checked_sub(4)?)?;
    if usize::try_from(count).ok()? <= RESOURCE_TABLE {
        return None;
    }
    let entry = optional.checked_add(directories)?.checked_add(RESOURCE_TABLE.checked_mul(8)?)?;
    let sections = Sections {
        image,
        headers: optional.checked_add(usize::from(u16_at(image, start.checked_add(20)?)?))?,
        count: usize::from(u16_at(image, start.checked_add(6)?)?),
    };
    let table = image.get(sections.offset(u32_at(image, entry)?)?..)?;
    let names = subdirectory(table, 0, |id| id == RT_VERSION)?;
    let languages = subdirectory(table, names, |_| true)?;
    let leaf =
        entries(table, languages)?.map(|(_, offset)| offset).find(|offset| offset & SUBDIRECTORY == 0)?;
    let leaf = usize::try_from(leaf).ok()?;
    let data = sections.offset(u32_at(table, leaf)?)?;
    let size = usize::try_from(u32_at(table, leaf.checked_add(4)?)?).ok()?;
    image.get(data..data.checked_add(size)?)
}

/// The sections of an image.
struct Sections<'a> {
    image: &'a [u8],
    headers: usize,
    count: usize,
}

impl Sections<'_> {
    /// Where in the file the byte at a relative virtual address is.
    fn offset(&self, address: u32) -> Option<usize> {
        let headers = self.image.get(self.headers..)?.chunks_exact(SECTION_HEADER).take(self.count);
        headers.into_iter().find_map(|header| {
            let inside = address.checked_sub(u32_at(header, 12)?)?;
            let held = u32_at(header, 16)?;
            let start = u32_at(header, 20)?;
            usize::try_from(start.checked_add(inside).filter(|_| inside < held)?).ok()
        })
    }
}

/// The entries of the resource directory at `at`: their ids and offsets.
fn entries(table: &[u8], at: usize) -> Option<impl Iterator<Item = (u32, u32)> + '_> {
    let named = usize::from(u16_at(table, at.checked_add(12)?)?);
    let numbered = usize::from(u16_at(table, at.checked_add(14)?)?);
    let entries = table.get(at.checked_add(16)?..)?.chunks_exact(8).take(named.saturating_add(numbered));
    Some(entries.filter_map(|entry| Some((u32_at(entry, 0)?, u32_at(entry, 4)?))))
}

/// The first directory below the one at `at` whose id is wanted.
fn subdirectory(table: &[u8], at: usize, wanted: impl Fn(u32) -> bool) -> Option<usize> {
    let found = entries(table, at)?.find(|(id, offset)| wanted(*id) && offset & SUBDIRECTORY != 0);
    usize::try_from(found?.1 & !SUBDIRECTORY).ok()
}

/// The text `name` in a block of version information, `levels` deep.
fn find_string(block: &[u8], name: &[u16], levels: usize) -> Option<String> {
    let value_units = usize::from(u16_at(block, 2)?);
    let is_text = u16_at(block, 4)? == 1;
    let rest = block.get(6..)?;
    let key = utf16_units(rest).into_iter().take_while(|&unit| unit != 0).collect::<Vec<u16>>();
    let value = aligned(6_usize.checked_add(key.len().checked_add(1)?.checked_mul(2)?)?);
    if levels == 1 {
        // Some linkers count a text's bytes instead of its units: it ends at its NUL anyway.
        let units = utf16_units(block.get(value..)?);
        let text: Vec<u16> = units.into_iter().take_while(|&unit| unit != 0).take(value_units).collect();
        return (key == name && is_text && !text.is_empty()).then(|| String::from_utf16_lossy(&text));
    }
    let mut at =
        aligned(value.checked_add(if is_text { value_units.checked_mul(2)? } else { value_units })?);
    loop {
        let length = usize::from(u16_at(block, at)?);
        let end = at.checked_add(length).filter(|_| length >= 6)?;
        // The last block may claim its padding.
        let child = block.get(at..end.min(block.len()))?;
        if let Some(found) = find_string(child, name, levels.checked_sub(1)?) {
            return Some(found);
        }
        at = aligned(end);
    }
}

fn aligned(offset: usize) -> usize {
    offset.saturating_add(3) & !3
}
