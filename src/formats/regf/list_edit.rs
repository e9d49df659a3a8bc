//! Lists of subkeys: putting in, taking out, building.
//!
//! An existing leaf keeps its kind. New lists are `lh` from version 1.5 on, `lf` before, and `li` in
//! version 1.2, which has no other.
//!
//! Reference: `msuhanov/regf` "Hash leaf", "Index root"; sizes measured, see `docs/formats/regf.md`.

use super::cells::NOWHERE;
use super::key::{self, KeyNode};
use super::list::{self, Leaf, HEADER};
use super::Hive;
use crate::error::{Error, Result};

/// A full leaf is split; Windows lets leaves of live hives grow to about this number.
const MAX_LEAF: u16 = 1012;
/// Elements of the leaves of a list made at once: as many as a bin of 4096 bytes holds, like in the
/// hives of installation images.
const NEW_LEAF: usize = 507;
/// The first version with hash leaves.
const FIRST_MINOR_WITH_HASHES: u32 = 5;
/// The first version with hints in leaves.
const FIRST_MINOR_WITH_HINTS: u32 = 3;

/// A count as the 16-bit field of a list.
fn count_field(count: usize) -> Result<[u8; 2]> {
    u16::try_from(count).map(u16::to_le_bytes).map_err(|_| Error::LimitExceeded {
        what: "the number of lists of subkeys",
        limit: u64::from(u16::MAX),
        found: u64::try_from(count).unwrap_or(u64::MAX),
    })
}

/// One element of a leaf of the kind `signature`.
fn element(signature: [u8; 2], key: u32, name: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut element = key.to_le_bytes().to_vec();
    if let Some(tag) = list::tag(signature, name) {
        element.extend_from_slice(&tag.to_le_bytes());
    }
    element
}

impl Hive {
    /// Puts `key` into the list of `parent`; the count and the "largest" fields are the caller's.
    pub(super) fn insert_subkey(&mut self, parent: u32, key: u32, name: &[u16]) -> Result<()> {
        let (count, list) = KeyNode::read(&self.cells, parent)?.subkeys()?;
        if count == 0 {
            let list = self.build_list(&[key])?;
            return self.cells.write_u32(parent, key::SUBKEYS_LIST, list);
        }
        if self.unsorted.contains(&parent) {
            return self.rebuild_list(parent, key);
        }
        let (leaves, has_root) = list::leaves(&self.cells, list)?;
        let place = list::locate(&self.cells, &leaves, name)?;
        let old = leaves.get(place.leaf_number).copied().unwrap_or(list);
        let leaf = Leaf::read(&self.cells, old)?;
        let new = element(leaf.record.signature(), key, name.iter().copied());
        let (count, at) = (usize::from(leaf.count), usize::from(place.element));
        if leaf.count < MAX_LEAF {
            let leaf = self.insert_element(old, HEADER, count, at, &new)?;
            self.cells.write(leaf, 2, &count_field(count.saturating_add(1))?)?;
            return self.replace_leaf(parent, list, has_root, place.leaf_number, old, leaf);
        }
        let (first, second) = self.split_leaf(old, at, &new)?;
        if has_root {
            let leaves_now = count_field(leaves.len().saturating_add(1))?;
            self.replace_leaf(parent, list, true, place.leaf_number, old, first)?;
            let next = place.leaf_number.saturating_add(1);
            let root = self.insert_element(list, HEADER, leaves.len(), next, &second.to_le_bytes())?;
            self.cells.write(root, 2, &leaves_now)?;
            return self.cells.write_u32(parent, key::SUBKEYS_LIST, root);
        }
        let root = self.write_root(&[first, second])?;
        self.cells.write_u32(parent, key::SUBKEYS_LIST, root)
    }

    /// Replaces a full leaf by two, with one more element. A list that grows at its end gets a new leaf
    /// there, so that keys added in order leave full leaves behind them.
    fn split_leaf(&mut self, old: u32, at: usize, new: &[u8]) -> Result<(u32, u32)> {
        let leaf = Leaf::read(&self.cells, old)?;
        let (count, signature) = (usize::from(leaf.count), leaf.record.signature());
        if at == count {
            return Ok((old, self.write_leaf(signature, new)?));
        }
        let width = leaf.width();
        let mut elements = leaf.record.bytes(HEADER, count.saturating_mul(width))?.to_vec();
        let place = at.saturating_mul(width).min(elements.len());
        elements.splice(place..place, new.iter().copied());
        let (first, second) = elements.split_at(count.div_ceil(2).saturating_mul(width).min(elements.len()));
        let halves = (self.write_leaf(signature, first)?, self.write_leaf(signature, second)?);
        self.release(old)?;
        Ok(halves)
    }

    /// Lets what pointed to the leaf `old` point to `new`.
    fn replace_leaf(
        &mut self,
        parent: u32,
        list: u32,
        has_root: bool,
        number: usize,
        old: u32,
        new: u32,
    ) -> Result<()> {
        if old == new {
            Ok(())
        } else if has_root {
            self.cells.write_u32(list, HEADER.saturating_add(number.saturating_mul(4)), new)
        } else {
            self.cells.write_u32(parent, key::SUBKEYS_LIST, new)
        }
    }

    /// Takes `key` out of the list of `parent`; the count is the caller's.
    pub(super) fn remove_subkey(&mut self, parent: u32, key: u32) -> Result<()> {
        let (_, list) = KeyNode::read(&self.cells, parent)?.subkeys()?;
        let (leaves, has_root) = list::leaves(&self.cells, list)?;
        let name = KeyNode::read(&self.cells, key)?.name()?.to_units();
        let mut place = list::locate(&self.cells, &leaves, &name)?;
        if place.key != Some(key) {
            // The list is unsorted, or has the name twice.
            place = self.scan_for(&leaves, key)?;
        }
        let Some(&offset) = leaves.get(place.leaf_number) else { return Ok(()) };
        let leaf = Leaf::read(&self.cells, offset)?;
        let (count, width) = (usize::from(leaf.count), leaf.width());
        if count > 1 {
            self.remove_element(offset, HEADER, count, usize::from(place.element), width)?;
            return self.cells.write(offset, 2, &count_field(count.saturating_sub(1))?);
        }
        self.release(offset)?;
        if has_root && leaves.len() > 1 {
            self.remove_element(list, HEADER, leaves.len(), place.leaf_number, 4)?;
            return self.cells.write(list, 2, &count_field(leaves.len().saturating_sub(1))?);
        }
        if has_root {
            self.release(list)?;
        }
        self.cells.write_u32(parent, key::SUBKEYS_LIST, NOWHERE)
    }

    fn scan_for(&self, leaves: &[u32], key: u32) -> Result<list::Place> {
        for (leaf_number, &offset) in leaves.iter().enumerate() {
            let leaf = Leaf::read(&self.cells, offset)?;
            if let Some((element, _)) = (0..leaf.count).zip(leaf.keys()).find(|&(_, other)| other == key) {
                return Ok(list::Place { leaf_number, element, key: Some(key) });
            }
        }
        Err(super::cells::damaged(key, "a key that is in the list of its parent", "none"))
    }

    /// Replaces the unsorted list of `parent` by a sorted one with one more key.
    fn rebuild_list(&mut self, parent: u32, key: u32) -> Result<()> {
        let mut keys = list::collect(&self.cells, parent, self.root)?;
        keys.push(key);
        self.sort_by_name(&mut keys)?;
        let list = self.build_list(&keys)?;
        self.release_list(parent)?;
        self.cells.write_u32(parent, key::SUBKEYS_LIST, list)?;
        self.unsorted.remove(&parent);
        Ok(())
    }

    /// Sorts keys as lists want them.
    pub(super) fn sort_by_name(&self, keys: &mut [u32]) -> Result<()> {
        for &key in keys.iter() {
            KeyNode::read(&self.cells, key)?.name()?;
        }
        keys.sort_by_cached_key(|&key| {
            let name = KeyNode::read(&self.cells, key).and_then(|node| node.name());
            name.map(|name| name.units().map(crate::formats::upcase::upcase).collect::<Vec<_>>())
                .unwrap_or_default()
        });
        Ok(())
    }

    /// Frees the list of `parent`, not its keys.
    pub(super) fn release_list(&mut self, parent: u32) -> Result<()> {
        let (count, list) = KeyNode::read(&self.cells, parent)?.subkeys()?;
        if count == 0 {
            return Ok(());
        }
        let (leaves, has_root) = list::leaves(&self.cells, list)?;
        for leaf in leaves {
            self.release(leaf)?;
        }
        if has_root {
            self.release(list)?;
        }
        Ok(())
    }

    /// Makes a list of keys that are sorted by name.
    pub(super) fn build_list(&mut self, keys: &[u32]) -> Result<u32> {
        let signature = match self.minor {
            FIRST_MINOR_WITH_HASHES.. => *b"lh",
            FIRST_MINOR_WITH_HINTS.. => *b"lf",
            _ => *b"li",
        };
        let mut leaves = Vec::new();
        for part in keys.chunks(NEW_LEAF) {
            let mut elements = Vec::new();
            for &key in part {
                let name = KeyNode::read(&self.cells, key)?.name()?;
                elements.append(&mut element(signature, key, name.units()));
            }
            leaves.push(self.write_leaf(signature, &elements)?);
        }
        match *leaves.as_slice() {
            [single] => Ok(single),
            _ => self.write_root(&leaves),
        }
    }

    fn write_leaf(&mut self, signature: [u8; 2], elements: &[u8]) -> Result<u32> {
        let count = elements.len().checked_div(list::width(signature)).unwrap_or(0);
        self.write_list(signature, count, elements)
    }

    fn write_root(&mut self, leaves: &[u32]) -> Result<u32> {
        let elements: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.to_le_bytes()).collect();
        self.write_list(*b"ri", leaves.len(), &elements)
    }

    fn write_list(&mut self, signature: [u8; 2], count: usize, elements: &[u8]) -> Result<u32> {
        let mut content = signature.to_vec();
        content.extend_from_slice(&count_field(count)?);
        content.extend_from_slice(elements);
        self.allocate_with(&content)
    }
}
