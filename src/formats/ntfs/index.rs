//! The entries of a directory's index.
//!
//! Reference: `docs/formats/ntfs.md` "Directories".

use super::FORMAT;
use crate::error::Result;
use crate::formats::bytes::Reader;

const HAS_SUBNODE: u16 = 1;
const IS_LAST: u16 = 2;
/// The namespace of names that are only short names.
const DOS: u8 = 2;

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number of its MFT record.
    pub record: u64,
    /// The name, UTF-16.
    pub name: Vec<u16>,
}

/// What one node of the index has.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its names, without the short ones.
    pub entries: Vec<Entry>,
    /// Numbers of the blocks below it.
    pub below: Vec<u64>,
}

/// Reads a node; `header` is the offset of its node header.
pub(super) fn node(bytes: &[u8], header: usize) -> Result<Node> {
    let mut reader = Reader::new(FORMAT, bytes);
    reader.seek(header)?;
    let mut position = header.saturating_add(usize::try_from(reader.u32()?).unwrap_or(usize::MAX));
    let mut node = Node::default();
    loop {
        reader.seek(position)?;
        let record = reader.u64()? & 0xFFFF_FFFF_FFFF;
        let (length, key_length, flags) = (usize::from(reader.u16()?), reader.u16()?, reader.u16()?);
        reader.seek(position)?;
        let entry = reader.take(length)?;
        if flags & HAS_SUBNODE != 0 {
            let mut tail = Reader::new(FORMAT, entry);
            tail.seek(length.saturating_sub(8))?;
            node.below.push(tail.u64()?);
        }
        if flags & IS_LAST != 0 {
            return Ok(node);
        }
        let mut key = Reader::new(FORMAT, entry);
        key.seek(0x10)?;
        let mut key = Reader::new(FORMAT, key.take(usize::from(key_length))?);
        key.seek(0x40)?;
        let (units, namespace) = (usize::from(key.u8()?), key.u8()?);
        let mut name = Vec::with_capacity(units);
        for _ in 0..units {
            name.push(key.u16()?);
        }
        if namespace != DOS {
            node.entries.push(Entry { record, name });
        }
        // An entry with a key is longer than 16 bytes, so this ends.
        position = position.saturating_add(length);
    }
}
