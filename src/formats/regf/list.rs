//! Lists of subkeys: leaves (`lf`, `lh`, `li`) and the index root (`ri`) over several of them.
//!
//! Lists are sorted by upper-cased name, over all leaves of a root; Windows finds keys by binary
//! search. A list that is not sorted is still read in full here, one element after the other.
//!
//! Reference: `msuhanov/regf` "Index leaf", "Fast leaf", "Hash leaf", "Index root".

use super::cells::{damaged, index, Cells};
use super::key::{KeyNode, PARENT};
use super::name;
use super::record::Record;
use crate::error::Result;
use std::cmp::Ordering;

/// Bytes before the elements.
pub(super) const HEADER: usize = 4;
/// A key node without a name in its cell.
const SMALLEST_KEY: u32 = 80;

/// One list of keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub record: Record<'a>,
    pub count: u16,
}

impl<'a> Leaf<'a> {
    /// The leaf at `offset`.
    pub fn read(cells: &'a Cells, offset: u32) -> Result<Self> {
        let record = cells.record(offset)?;
        let leaf = Self { record, count: record.u16(2)? };
        if !matches!(&record.signature(), b"lf" | b"lh" | b"li") {
            return Err(record.error(0, "a list of subkeys", format!("{:02x?}", record.signature())));
        }
        record.bytes(HEADER, usize::from(leaf.count).saturating_mul(leaf.width()))?;
        Ok(leaf)
    }

    /// Bytes of one element: an offset, and a hash or hint in all but `li`.
    pub fn width(&self) -> usize {
        width(self.record.signature())
    }

    /// The key of element `number`.
    pub fn key(&self, number: u16) -> Result<u32> {
        self.record.u32(HEADER.saturating_add(usize::from(number).saturating_mul(self.width())))
    }

    /// Hash or hint of element `number`; nothing in an `li`.
    pub fn tag(&self, number: u16) -> Option<u32> {
        let at = HEADER.saturating_add(usize::from(number).saturating_mul(8)).saturating_add(4);
        if self.width() == 8 {
            self.record.u32(at).ok()
        } else {
            None
        }
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = u32> + 'a {
        let size = usize::from(self.count).saturating_mul(self.width());
        let elements = self.record.bytes(HEADER, size).unwrap_or_default();
        elements
            .chunks_exact(self.width())
            .map(|element| element.first_chunk().map_or(0, |&offset| u32::from_le_bytes(offset)))
    }
}

/// Bytes of an element of the leaf kind `signature`.
pub(super) fn width(signature: [u8; 2]) -> usize {
    if &signature == b"li" {
        4
    } else {
        8
    }
}

/// What an element of the leaf kind `signature` has beside the key.
pub(super) fn tag(signature: [u8; 2], units: impl Iterator<Item = u16>) -> Option<u32> {
    match &signature {
        b"lh" => Some(name::hash(units)),
        b"lf" => Some(name::hint(units)),
        _ => None,
    }
}

/// The leaves of the list at `list`, and whether an index root is over them.
pub(super) fn leaves(cells: &Cells, list: u32) -> Result<(Vec<u32>, bool)> {
    let record = cells.record(list)?;
    if &record.signature() != b"ri" {
        return Ok((vec![list], false));
    }
    let count = usize::from(record.u16(2)?);
    let elements = record.bytes(HEADER, count.saturating_mul(4))?;
    let offsets = elements.chunks_exact(4).map(|bytes| bytes.try_into().map_or(0, u32::from_le_bytes));
    Ok((offsets.collect(), true))
}

/// A place in a list: where a name is, or where it would be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the leaf in the root.
    pub leaf_number: usize,
    /// Number of the element in the leaf.
    pub element: u16,
    /// The key of that name.
    pub key: Option<u32>,
}

/// Binary search for `name` in the sorted leaves of `parent`.
pub(super) fn locate(cells: &Cells, leaves: &[u32], name: &[u16]) -> Result<Place> {
    // First the leaf: the first one whose last name is not before the wanted one.
    let (mut low, mut high) = (0, leaves.len().saturating_sub(1));
    while low < high {
        let middle = low.midpoint(high);
        let Some(&offset) = leaves.get(middle) else { break };
        let leaf = Leaf::read(cells, offset)?;
        let Some(last) = leaf.count.checked_sub(1) else {
            return Err(leaf.record.error(2, "a leaf with elements", "an empty one in an index root"));
        };
        let key = KeyNode::read(cells, leaf.key(last)?)?;
        if key.name()?.compare(name.iter().copied()) == Ordering::Less {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    let Some(&offset) = leaves.get(low) else {
        return Ok(Place { leaf_number: 0, element: 0, key: None });
    };
    let leaf = Leaf::read(cells, offset)?;
    let (mut first, mut end) = (0_u16, leaf.count);
    while first < end {
        let middle = first.midpoint(end);
        let key = leaf.key(middle)?;
        match KeyNode::read(cells, key)?.name()?.compare(name.iter().copied()) {
            Ordering::Equal => return Ok(Place { leaf_number: low, element: middle, key: Some(key) }),
            Ordering::Less => first = middle.saturating_add(1),
            Ordering::Greater => end = middle,
        }
    }
    Ok(Place { leaf_number: low, element: first, key: None })
}

/// Refuses a number of subkeys that the hive has no room for, so that an index root that names one leaf
/// many times costs no more time or memory than the hive is large.
fn check_count(cells: &Cells, parent: u32, count: u32) -> Result<()> {
    let limit = cells.readable_size() / SMALLEST_KEY;
    if count > limit {
        return Err(damaged(
            parent,
            format!("at most {limit} subkeys in a hive of its size"),
            format!("{count}"),
        ));
    }
    Ok(())
}

/// Searches every element: for lists that may be unsorted.
pub(super) fn scan(
    cells: &Cells,
    parent: u32,
    leaves: &[u32],
    count: u32,
    name: &[u16],
) -> Result<Option<u32>> {
    check_count(cells, parent, count)?;
    let mut left = count;
    let hash = name::hash(name.iter().copied()).to_le_bytes();
    for &offset in leaves {
        let leaf = Leaf::read(cells, offset)?;
        left = left
            .checked_sub(u32::from(leaf.count))
            .ok_or_else(|| damaged(offset, format!("{count} subkeys in the list"), "more"))?;
        let hashed = &leaf.record.signature() == b"lh";
        let elements = leaf.record.bytes(HEADER, usize::from(leaf.count).saturating_mul(leaf.width()))?;
        for element in elements.chunks_exact(leaf.width()) {
            if hashed && element.get(4..) != Some(hash.as_slice()) {
                continue;
            }
            let key = element.first_chunk().map_or(0, |&offset| u32::from_le_bytes(offset));
            if KeyNode::read(cells, key)?.name()?.matches(name) {
                return Ok(Some(key));
            }
        }
    }
    Ok(None)
}

/// All subkeys of `parent`, in the order of the list.
///
/// Refuses a subkey that names another parent, the root, and the same subkey twice. So every key has
/// one way to it, and a walk down from the root ends whatever the bytes say.
pub(super) fn collect(cells: &Cells, parent: u32, root: u32) -> Result<Vec<u32>> {
    let (count, list) = KeyNode::read(cells, parent)?.subkeys()?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let wrong_count =
        |found: usize| damaged(parent, format!("{count} subkeys in its list"), format!("{found}"));
    let mut keys = Vec::new();
    for offset in leaves(cells, list)?.0 {
        let leaf = Leaf::read(cells, offset)?;
        if keys.len().saturating_add(usize::from(leaf.count)) > index(count) {
            return Err(wrong_count(keys.len().saturating_add(usize::from(leaf.count))));
        }
        for key in leaf.keys() {
            check_parent(cells, key, parent, root)?;
            keys.push(key);
        }
    }
    if keys.len() != index(count) {
        return Err(wrong_count(keys.len()));
    }
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(damaged(list, "each subkey once", format!("the key at {pair:#x?} twice")));
    }
    Ok(keys)
}

/// Refuses a subkey that does not name `parent` as its own.
pub(super) fn check_parent(cells: &Cells, key: u32, parent: u32, root: u32) -> Result<()> {
    let node = KeyNode::read(cells, key)?;
    let named = node.field(PARENT)?;
    if named != parent || key == root {
        return Err(node.record().error(PARENT, format!("the parent {parent:#x}"), format!("{named:#x}")));
    }
    Ok(())
}
