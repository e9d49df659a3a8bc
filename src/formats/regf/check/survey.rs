//! What is wrong with a hive, and what editing must know of it: one pass over every bin, cell and
//! reference.
//!
//! Two bits for each possible cell say whether it is allocated and whether something points to it.
//! Damage that would let an edit write over something else is told from what readers tolerate. After
//! damage the pass goes on with the rest.
//!
//! Reference: `msuhanov/regf`; the limit of 512 levels: Win32 "Registry Element Size Limits".

use super::super::cells::{damaged, index, Cells, CELL_ALIGNMENT, PAGE};
use super::super::key::{self, KeyNode};
use super::super::list::{self, Leaf};
use super::super::meter::Meter;
use super::super::name::NameRef;
use super::super::security;
use super::super::value::{Place, ValueNode};
use super::super::MAX_DEPTH;
use super::bins::{walk, CellSet};
use super::{Findings, Severity};
use crate::error::{Error, Result};
use crate::progress::{Observer, Phase};
use std::collections::{BTreeMap, HashSet};

/// What one pass over a hive learns.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Offset and size of the unallocated cells.
    pub free: Vec<(u32, u32)>,
    /// For each security record the number of keys that point to it.
    pub references: BTreeMap<u32, u32>,
    /// Keys whose list of subkeys is not strictly ascending.
    pub unsorted: HashSet<u32>,
    /// All that is wrong.
    pub findings: Findings,
    /// The first damage.
    damage: Option<Error>,
}

impl Survey {
    /// The survey of a hive whose structure is sound.
    ///
    /// # Errors
    /// The first damage.
    pub fn sound(self) -> Result<Self> {
        match self.damage {
            Some(damage) => Err(damage),
            None => Ok(self),
        }
    }
}

struct Surveyor<'a, 'o> {
    cells: &'a Cells,
    meter: Meter<'o>,
    root: u32,
    minor: u32,
    /// Allocated cells nothing was found to point to yet.
    unclaimed: CellSet,
    allocated: CellSet,
    survey: Survey,
    cancelled: bool,
}

/// Surveys a hive. Progress is told in bytes of cells.
///
/// # Errors
/// [`Error::Cancelled`] only; damage is in the survey.
pub(crate) fn survey(cells: &Cells, root: u32, minor: u32, observer: Observer<'_>) -> Result<Survey> {
    let mut meter = Meter::new(observer, Phase::Verifying, u64::from(cells.bins_size()));
    let bins = walk(cells, &mut meter)?;
    let mut surveyor = Surveyor {
        cells,
        meter,
        root,
        minor,
        unclaimed: bins.allocated.clone(),
        allocated: bins.allocated,
        survey: Survey { free: bins.free, ..Survey::default() },
        cancelled: false,
    };
    for (offset, expected, found) in bins.damage {
        surveyor.damage(damaged(offset, expected, found), offset);
    }
    surveyor.keys();
    surveyor.security();
    if surveyor.cancelled {
        return Err(Error::Cancelled);
    }
    surveyor.leaks();
    surveyor.meter.finish()?;
    Ok(surveyor.survey)
}

impl<'a> Surveyor<'a, '_> {
    fn finding(&mut self, offset: u32, text: impl FnOnce() -> String) {
        let offset = u64::from(offset) + u64::from(PAGE);
        self.survey.findings.add(offset, Severity::Tolerated, text);
    }

    /// Notes damage found in the record at `offset`; the error may name a place in it.
    fn damage(&mut self, error: Error, offset: u32) {
        let (offset, text) = match &error {
            // Every step from now on ends like this one.
            Error::Cancelled => {
                self.cancelled = true;
                return;
            }
            Error::Malformed { place, expected, found, .. } => {
                let named = place.strip_prefix("offset 0x").and_then(|at| u64::from_str_radix(at, 16).ok());
                let offset = named.unwrap_or_else(|| u64::from(offset) + u64::from(PAGE));
                (offset, format!("expected {expected}, found {found}"))
            }
            other => (u64::from(offset) + u64::from(PAGE), other.to_string()),
        };
        self.survey.findings.add(offset, Severity::Damage, || text);
        self.survey.damage.get_or_insert(error);
    }

    /// Notes that a cell was read; a part of what is read for one key.
    fn step(&mut self, offset: u32) -> Result<()> {
        let size = self.cells.size_field(offset).map_or(0, i32::unsigned_abs);
        self.meter.advance(u64::from(size))
    }

    /// The result of reading the record at `offset`; damage is noted.
    fn read<T>(&mut self, result: Result<T>, offset: u32) -> Option<T> {
        result.map_err(|error| self.damage(error, offset)).ok()
    }

    /// Notes that something points to the cell at `offset`; nothing else may. Whether the cell can be
    /// read, and was not read before.
    fn claim(&mut self, offset: u32, what: &'static str, from: u32) -> bool {
        if !self.allocated.contains(offset) {
            let found = format!("the offset {:#x}", u64::from(offset) + u64::from(PAGE));
            self.damage(damaged(from, format!("the offset of an allocated cell for {what}"), found), from);
            return false;
        }
        if !self.unclaimed.contains(offset) {
            let found = format!("a second one, for {what}");
            self.damage(damaged(offset, "one reference to each cell", found), offset);
            return false;
        }
        self.unclaimed.remove(offset);
        true
    }

    fn keys(&mut self) {
        if !self.claim(self.root, "the root key", 0) {
            return;
        }
        let mut stack = vec![(self.root, 0_usize)];
        while let Some((key, depth)) = stack.pop() {
            if depth > MAX_DEPTH {
                self.damage(damaged(key, "keys nested at most 512 deep", "a deeper one"), key);
                continue;
            }
            self.survey.findings.keys = self.survey.findings.keys.saturating_add(1);
            let done = self.step(key).and_then(|()| self.key(key, depth, &mut stack));
            self.read(done, key);
            if self.cancelled {
                return;
            }
        }
    }

    fn key(&mut self, key: u32, depth: usize, stack: &mut Vec<(u32, usize)>) -> Result<()> {
        let cells = self.cells;
        let node = KeyNode::read(cells, key)?;
        let name = node.name();
        self.read(name, key);
        if let Some((class, length)) = node.class()? {
            if self.claim(class, "a class name", key) {
                let class_bytes = cells.record(class)?.bytes(0, usize::from(length));
                self.read(class_bytes, class);
            }
        }
        let security = node.field(key::SECURITY)?;
        let references = self.survey.references.entry(security).or_default();
        *references = references.saturating_add(1);
        let values = self.values(key, node);
        self.read(values, key);
        self.subkeys(key, node, depth, stack)
    }

    fn values(&mut self, key: u32, node: KeyNode<'_>) -> Result<()> {
        let (count, list) = node.values()?;
        if count == 0 || !self.claim(list, "a list of values", key) {
            return Ok(());
        }
        let (mut name_size, mut data_size) = (0, 0);
        for element in super::super::value::list(self.cells, list, count)?.chunks_exact(4) {
            let offset = element.try_into().map_or(0, u32::from_le_bytes);
            self.step(offset)?;
            if !self.claim(offset, "a value", list) {
                continue;
            }
            let value = self.value(offset);
            if let Some((name, data)) = self.read(value, offset) {
                name_size = name_size.max(name);
                data_size = data_size.max(data);
                self.survey.findings.values = self.survey.findings.values.saturating_add(1);
            }
        }
        self.largest(key, "value name", index(node.field(key::MAX_VALUE_NAME)?), name_size);
        self.largest(key, "value data", index(node.field(key::MAX_VALUE_DATA)?), index(data_size));
        Ok(())
    }

    /// The sizes of a value's name and data.
    fn value(&mut self, offset: u32) -> Result<(usize, u32)> {
        let value = ValueNode::read(self.cells, offset)?;
        let sizes = (value.name()?.utf16_size(), value.size()?);
        match value.place(self.cells, self.minor)? {
            Place::Inline => {}
            Place::Cell(data) => {
                self.step(data)?;
                self.claim(data, "the data of a value", offset);
            }
            Place::Segments { record, list, segments } => {
                self.claim(record, "big data", offset);
                self.claim(list, "a list of segments", record);
                for segment in segments {
                    self.step(segment)?;
                    self.claim(segment, "a data segment", list);
                }
            }
        }
        Ok(sizes)
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
        if count == 0 || !self.claim(list, "a list of subkeys", key) {
            return Ok(());
        }
        let (leaves, has_root) = list::leaves(self.cells, list)?;
        let mut seen = Seen::default();
        for offset in leaves {
            if !has_root || self.claim(offset, "a list of subkeys", list) {
                let leaf = self.leaf(key, offset, &mut seen);
                self.read(leaf, offset);
            }
        }
        if seen.count != count {
            let expected = format!("{} subkeys, as its list", seen.count);
            self.damage(node.record().error(key::SUBKEYS, expected, format!("{count}")), key);
        }
        self.largest(key, "subkey name", index(node.field(key::MAX_NAME)? & 0xFFFF), seen.name_size);
        let class_field = index(node.field(key::MAX_CLASS)?);
        self.largest(key, "class name of a subkey", class_field, seen.class_size);
        stack.extend(seen.keys.into_iter().map(|subkey| (subkey, depth.saturating_add(1))));
        Ok(())
    }

    fn leaf(&mut self, key: u32, offset: u32, seen: &mut Seen<'a>) -> Result<()> {
        let cells = self.cells;
        let leaf = Leaf::read(cells, offset)?;
        if leaf.count == 0 {
            return Err(leaf.record.error(2, "a list with elements", "an empty one"));
        }
        let signature = leaf.record.signature();
        for (number, subkey) in (0..leaf.count).zip(leaf.keys()) {
            // The subkey itself is done with when it is its turn.
            self.meter.look(u64::from(CELL_ALIGNMENT))?;
            seen.count = seen.count.saturating_add(1);
            if !self.claim(subkey, "a key", offset) {
                continue;
            }
            let parent = list::check_parent(cells, subkey, key, self.root);
            let name = parent.and_then(|()| {
                let child = KeyNode::read(cells, subkey)?;
                seen.class_size =
                    seen.class_size.max(child.class()?.map_or(0, |(_, length)| usize::from(length)));
                child.name()
            });
            let Some(name) = self.read(name, subkey) else { continue };
            seen.keys.push(subkey);
            seen.name_size = seen.name_size.max(name.utf16_size());
            if seen.before.is_some_and(|before| before.compare(name.units()).is_ge())
                && self.survey.unsorted.insert(key)
            {
                self.finding(offset, || "the subkeys are not sorted".to_owned());
            }
            seen.before = Some(name);
            // A zero in a hint says nothing; Windows reads hints of the first four units only.
            let tag = leaf.tag(number).filter(|&tag| tag & 0xFF != 0 || &signature == b"lh");
            if tag.is_some() && tag != list::tag(signature, name.units()) {
                self.finding(offset, || format!("the hash or hint of element {number} is wrong"));
            }
        }
        Ok(())
    }

    /// Walks the circle of security records from the root's.
    fn security(&mut self) {
        let Ok(first) = KeyNode::read(self.cells, self.root).and_then(|root| root.field(key::SECURITY))
        else {
            return;
        };
        let mut stored = BTreeMap::new();
        let mut offset = first;
        while self.claim(offset, "a security record", first) {
            let next = self.step(offset).and_then(|()| self.security_record(offset, &mut stored));
            match self.read(next, offset) {
                Some(next) if next != first => offset = next,
                _ => break,
            }
        }
        let strays: Vec<u32> =
            self.survey.references.keys().filter(|offset| !stored.contains_key(offset)).copied().collect();
        for stray in strays {
            let error = damaged(stray, "the security record of a key in the list of all", "none there");
            self.damage(error, stray);
        }
        for (offset, stored) in stored {
            let real = *self.survey.references.entry(offset).or_default();
            if stored != real {
                self.finding(offset, || format!("{real} key(s) use the security record, it counts {stored}"));
            }
        }
    }

    /// Notes the count of a security record; returns the next one.
    fn security_record(&mut self, offset: u32, stored: &mut BTreeMap<u32, u32>) -> Result<u32> {
        let record = self.cells.record_of(offset, b"sk")?;
        stored.insert(offset, record.u32(security::REFERENCES)?);
        security::descriptor(self.cells, offset)?;
        let next = record.u32(security::FLINK)?;
        // A `next` that is not a record fails here; one that is not new ends the circle or is a second claim.
        let back = self.cells.record_of(next, b"sk")?.u32(security::BLINK)?;
        if back != offset {
            return Err(damaged(next, format!("the previous record {offset:#x}"), format!("{back:#x}")));
        }
        Ok(next)
    }

    /// Counts what nothing points to.
    fn leaks(&mut self) {
        let unclaimed = std::mem::take(&mut self.unclaimed);
        for offset in unclaimed.iter() {
            let findings = &mut self.survey.findings;
            findings.leaked_cells = findings.leaked_cells.saturating_add(1);
            let size = u64::from(self.cells.cell_size(offset).unwrap_or(0));
            findings.leaked_bytes = findings.leaked_bytes.saturating_add(size);
        }
    }
}

/// What was seen in the leaves of one key.
#[derive(Default)]
struct Seen<'a> {
    /// Elements, sound or not.
    count: u32,
    keys: Vec<u32>,
    name_size: usize,
    class_size: usize,
    before: Option<NameRef<'a>>,
}
