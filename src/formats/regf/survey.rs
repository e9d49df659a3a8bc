//! The check of a whole hive: every bin, every cell, every reference, once.
//!
//! Two bits for each possible cell say whether it is allocated and whether something points to it, so
//! time and memory are linear in the size of the file whatever its bytes are. Damage that would let an
//! edit write over something else is an error; what readers tolerate is a finding.
//!
//! Reference: `msuhanov/regf`; the limit of 512 levels: Win32 "Registry Element Size Limits".

use super::cells::{damaged, index, Cells, BIN_HEADER, CELL_ALIGNMENT, NOWHERE, PAGE};
use super::key::{self, KeyNode};
use super::list::{self, Leaf};
use super::name::NameRef;
use super::security;
use super::value::{Place, ValueNode};
use super::{Findings, MAX_DEPTH};
use crate::error::Result;
use std::collections::{BTreeMap, HashSet};

/// Findings kept in words; more are only counted.
const MAX_DEFECTS: usize = 100;

/// What one pass over a hive learns.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Offset and size of the unallocated cells.
    pub free: Vec<(u32, u32)>,
    /// For each security record the number of keys that point to it.
    pub references: BTreeMap<u32, u32>,
    /// Keys whose list of subkeys is not strictly ascending.
    pub unsorted: HashSet<u32>,
    /// What is wrong without being dangerous.
    pub findings: Findings,
}

/// One bit for each cell that could be.
struct CellSet(Vec<u64>);

impl CellSet {
    fn new(bins_size: u32) -> Self {
        Self(vec![0; index(bins_size / CELL_ALIGNMENT / 64).saturating_add(1)])
    }

    fn place(offset: u32) -> (usize, u64) {
        let number = offset / CELL_ALIGNMENT;
        (index(number / 64), 1 << (number % 64))
    }

    fn contains(&self, offset: u32) -> bool {
        let (word, bit) = Self::place(offset);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds a cell; false if it was in the set.
    fn insert(&mut self, offset: u32) -> bool {
        let (word, bit) = Self::place(offset);
        match self.0.get_mut(word) {
            Some(bits) if *bits & bit == 0 => {
                *bits |= bit;
                true
            }
            _ => false,
        }
    }

    fn remove(&mut self, offset: u32) {
        let (word, bit) = Self::place(offset);
        if let Some(bits) = self.0.get_mut(word) {
            *bits &= !bit;
        }
    }
}

struct Surveyor<'a> {
    cells: &'a Cells,
    root: u32,
    minor: u32,
    /// Allocated cells nothing was found to point to yet.
    unclaimed: CellSet,
    allocated: CellSet,
    survey: Survey,
}

/// Surveys a hive.
pub(super) fn survey(cells: &Cells, root: u32, minor: u32) -> Result<Survey> {
    let size = cells.bins_size();
    let mut surveyor = Surveyor {
        cells,
        root,
        minor,
        unclaimed: CellSet::new(size),
        allocated: CellSet::new(size),
        survey: Survey::default(),
    };
    surveyor.bins()?;
    surveyor.keys()?;
    surveyor.security()?;
    surveyor.leaks()?;
    Ok(surveyor.survey)
}

impl Surveyor<'_> {
    fn finding(&mut self, offset: u32, text: impl FnOnce() -> String) {
        let findings = &mut self.survey.findings;
        findings.defect_count = findings.defect_count.saturating_add(1);
        if findings.defects.len() < MAX_DEFECTS {
            findings
                .defects
                .push(super::Defect { offset: u64::from(offset) + u64::from(PAGE), text: text() });
        }
    }

    /// Walks all bins and their cells.
    fn bins(&mut self) -> Result<()> {
        let total = self.cells.bins_size();
        let mut bin = 0;
        while bin < total {
            let header = self.cells.raw(bin, BIN_HEADER).unwrap_or_default();
            let field = |at: usize| crate::formats::bytes::u32_at(header, at).unwrap_or(0);
            if !header.starts_with(b"hbin") {
                return Err(damaged(bin, "the signature 'hbin' of a bin", "something else"));
            }
            let (own, size) = (field(4), field(8));
            if own != bin {
                return Err(damaged(
                    bin.saturating_add(4),
                    format!("the bin's own offset {bin:#x}"),
                    format!("{own:#x}"),
                ));
            }
            let end = bin.checked_add(size).filter(|&end| end <= total);
            let Some(end) = end.filter(|_| size >= PAGE && size.is_multiple_of(PAGE)) else {
                return Err(damaged(
                    bin.saturating_add(8),
                    "the size of a bin, a multiple of 4096 inside the hive",
                    format!("{size:#x}"),
                ));
            };
            self.bin_cells(bin.saturating_add(BIN_HEADER), end)?;
            bin = end;
        }
        Ok(())
    }

    fn bin_cells(&mut self, start: u32, end: u32) -> Result<()> {
        let mut cell = start;
        while cell < end {
            let field = self.cells.size_field(cell).unwrap_or(0);
            let size = field.unsigned_abs();
            let next = cell.checked_add(size).filter(|&next| next <= end);
            let Some(next) = next.filter(|_| size > 0 && size.is_multiple_of(CELL_ALIGNMENT)) else {
                return Err(damaged(cell, "a cell that ends inside its bin", format!("a size of {field}")));
            };
            if field < 0 {
                self.allocated.insert(cell);
                self.unclaimed.insert(cell);
            } else {
                self.survey.free.push((cell, size));
            }
            cell = next;
        }
        Ok(())
    }

    /// Notes that something points to the cell at `offset`; nothing else may.
    fn claim(&mut self, offset: u32, what: &'static str, from: u32) -> Result<()> {
        if !offset.is_multiple_of(CELL_ALIGNMENT) || !self.allocated.contains(offset) {
            let found = format!("the offset {:#x}", u64::from(offset) + u64::from(PAGE));
            return Err(damaged(from, format!("the offset of an allocated cell for {what}"), found));
        }
        if !self.unclaimed.contains(offset) {
            return Err(damaged(offset, "one reference to each cell", format!("a second one, for {what}")));
        }
        self.unclaimed.remove(offset);
        Ok(())
    }

    fn keys(&mut self) -> Result<()> {
        self.claim(self.root, "the root key", 0)?;
        let mut stack = vec![(self.root, 0_usize)];
        while let Some((key, depth)) = stack.pop() {
            if depth > MAX_DEPTH {
                return Err(damaged(key, "keys nested at most 512 deep", "a deeper one"));
            }
            let node = KeyNode::read(self.cells, key)?;
            node.name()?;
            if let Some((class, length)) = node.class()? {
                self.claim(class, "a class name", key)?;
                self.cells.record(class)?.bytes(0, usize::from(length))?;
            }
            let security = node.field(key::SECURITY)?;
            let references = self.survey.references.entry(security).or_default();
            *references = references.saturating_add(1);
            self.values(key, node)?;
            self.subkeys(key, node, depth, &mut stack)?;
        }
        Ok(())
    }

    fn values(&mut self, key: u32, node: KeyNode<'_>) -> Result<()> {
        let (count, list) = node.values()?;
        if count == 0 {
            return Ok(());
        }
        self.claim(list, "a list of values", key)?;
        let (mut name_size, mut data_size) = (0, 0);
        for element in super::value::list(self.cells, list, count)?.chunks_exact(4) {
            let offset = element.try_into().map_or(0, u32::from_le_bytes);
            self.claim(offset, "a value", list)?;
            let value = ValueNode::read(self.cells, offset)?;
            name_size = name_size.max(value.name()?.utf16_size());
            data_size = data_size.max(value.size()?);
            match value.place(self.cells, self.minor)? {
                Place::Inline => {}
                Place::Cell(data) => self.claim(data, "the data of a value", offset)?,
                Place::Segments { record, list, segments } => {
                    self.claim(record, "big data", offset)?;
                    self.claim(list, "a list of segments", record)?;
                    for segment in segments {
                        self.claim(segment, "a data segment", list)?;
                    }
                }
            }
        }
        self.largest(key, "value name", index(node.field(key::MAX_VALUE_NAME)?), name_size);
        self.largest(key, "value data", index(node.field(key::MAX_VALUE_DATA)?), index(data_size));
        Ok(())
    }

    /// A "largest" field may be too large, because deleting does not make it smaller.
    fn largest(&mut self, key: u32, what: &str, stored: usize, real: usize) {
        if stored < real {
            self.finding(key, || {
                format!("the largest {what} of the key is {real} bytes, its field says {stored}")
            });
        }
    }

    fn subkeys(
        &mut self,
        key: u32,
        node: KeyNode<'_>,
        depth: usize,
        stack: &mut Vec<(u32, usize)>,
    ) -> Result<()> {
        let (count, list) = node.subkeys()?;
        if count == 0 {
            return Ok(());
        }
        self.claim(list, "a list of subkeys", key)?;
        let (leaves, has_root) = list::leaves(self.cells, list)?;
        let (mut found, mut name_size, mut class_size) = (0_u32, 0, 0);
        let mut before: Option<NameRef<'_>> = None;
        let cells = self.cells;
        for offset in leaves {
            if has_root {
                self.claim(offset, "a list of subkeys", list)?;
            }
            let leaf = Leaf::read(cells, offset)?;
            if leaf.count == 0 {
                return Err(leaf.record.error(2, "a list with elements", "an empty one"));
            }
            for (number, subkey) in (0..leaf.count).zip(leaf.keys()) {
                self.claim(subkey, "a key", offset)?;
                list::check_parent(self.cells, subkey, key, self.root)?;
                let child = KeyNode::read(cells, subkey)?;
                let name = child.name()?;
                name_size = name_size.max(name.utf16_size());
                class_size = class_size.max(child.class()?.map_or(0, |(_, length)| usize::from(length)));
                if before.is_some_and(|before| before.compare(name.units()).is_ge())
                    && self.survey.unsorted.insert(key)
                {
                    self.finding(offset, || "the subkeys are not sorted".to_owned());
                }
                before = Some(name);
                // A zero in a hint says nothing; Windows reads hints of the first four units only.
                let tag =
                    leaf.tag(number).filter(|&tag| tag & 0xFF != 0 || &leaf.record.signature() == b"lh");
                if tag.is_some() && tag != list::tag(leaf.record.signature(), name.units()) {
                    self.finding(offset, || format!("the hash or hint of element {number} is wrong"));
                }
                found = found.saturating_add(1);
                stack.push((subkey, depth.saturating_add(1)));
            }
        }
        if found != count {
            return Err(node.record().error(
                key::SUBKEYS,
                format!("{found} subkeys, as its list"),
                format!("{count}"),
            ));
        }
        self.largest(key, "subkey name", index(node.field(key::MAX_NAME)? & 0xFFFF), name_size);
        self.largest(key, "class name of a subkey", index(node.field(key::MAX_CLASS)?), class_size);
        Ok(())
    }

    /// Walks the circle of security records from the root's.
    fn security(&mut self) -> Result<()> {
        let first = KeyNode::read(self.cells, self.root)?.field(key::SECURITY)?;
        let mut stored = BTreeMap::new();
        let mut offset = first;
        loop {
            self.claim(offset, "a security record", first)?;
            security::descriptor(self.cells, offset)?;
            let record = self.cells.record(offset)?;
            stored.insert(offset, record.u32(security::REFERENCES)?);
            let next = record.u32(security::FLINK)?;
            // A `next` that is not a record fails here; one that is not new ends the circle or fails above.
            let back = self.cells.record_of(next, b"sk")?.u32(security::BLINK)?;
            if back != offset {
                return Err(damaged(next, format!("the previous record {offset:#x}"), format!("{back:#x}")));
            }
            if next == first {
                break;
            }
            offset = next;
        }
        if let Some(&stray) = self.survey.references.keys().find(|&offset| !stored.contains_key(offset)) {
            return Err(damaged(stray, "the security record of a key in the list of all", "none there"));
        }
        for (offset, stored) in stored {
            let real = *self.survey.references.entry(offset).or_default();
            if stored != real {
                self.finding(offset, || format!("{real} key(s) use the security record, it counts {stored}"));
            }
        }
        Ok(())
    }

    /// Counts what nothing points to.
    fn leaks(&mut self) -> Result<()> {
        for (word, bits) in self.unclaimed.0.iter().enumerate().filter(|(_, &bits)| bits != 0) {
            for bit in (0..64_usize).filter(|bit| bits >> bit & 1 != 0) {
                let number = word.saturating_mul(64).saturating_add(bit);
                let offset = u32::try_from(number).unwrap_or(NOWHERE).saturating_mul(CELL_ALIGNMENT);
                let findings = &mut self.survey.findings;
                findings.leaked_cells = findings.leaked_cells.saturating_add(1);
                let size = u64::from(self.cells.cell_size(offset)?);
                findings.leaked_bytes = findings.leaked_bytes.saturating_add(size);
            }
        }
        Ok(())
    }
}
