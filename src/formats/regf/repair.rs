//! Repair: a new hive of what can be reached in a damaged one, and a list of what cannot.
//!
//! The walk starts at the root and takes every key, class name, descriptor and value that can be read.
//! Where a list of subkeys is damaged, keys that name its owner as their parent are taken too; elsewhere
//! such keys are not, because they may be deleted ones. A key that names another parent than the key whose
//! list it is in belongs to the one it names, if that has it in its list too. Nothing is taken twice.
//!
//! Reference: `msuhanov/regf`.

use super::cells::{damaged, index, Cells, PAGE};
use super::check::{readable, walk, CellSet, Findings};
use super::edit::check_key_name;
use super::key::{self, KeyNode};
use super::list::{self, Leaf};
use super::meter::Meter;
use super::security;
use super::value::ValueNode;
use super::{Hive, KeyId};
use crate::error::{Error, Result};
use crate::formats::upcase::upcase;
use crate::progress::{Observer, Phase};
use std::collections::{BTreeMap, HashSet};

/// Losses kept in words; more are only counted.
pub const MAX_LOSSES: usize = 10_000;

/// What a repair did.
#[derive(Debug, Clone, Default)]
pub struct Salvage {
    /// Keys in the new hive, the root included.
    pub keys: u64,
    /// Values in the new hive.
    pub values: u64,
    /// What is not in it; the first [`MAX_LOSSES`].
    pub lost: Vec<Loss>,
    /// How many things are not in it. What was below a lost key is not counted.
    pub lost_count: u64,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The key it belonged to, from the root.
    pub path: String,
    /// What it was: a key, a value, a class name… with its name if that is known.
    pub what: String,
    /// Offset in the file of the damaged record, or of what pointed to it.
    pub offset: u64,
    /// Why it was lost.
    pub reason: String,
}

/// Salvages what is reachable in a primary file into a new hive. Logs are not looked at: apply them
/// before, with [`recover`](super::logs::recover). Progress is told in bytes of the bins
/// ([`Phase::Verifying`]).
///
/// # Errors
/// [`Error::Malformed`] for a file in which no root key is found; [`Error::Cancelled`].
pub fn repair(file: &[u8], observer: Observer<'_>) -> Result<(Hive, Salvage)> {
    let no_root = || Error::malformed(super::FORMAT, "offset 0x24", "a hive with a root key", "none");
    let (cells, block) = readable(file, &mut Findings::default()).ok_or_else(no_root)?;
    let mut meter = Meter::new(observer, Phase::Verifying, u64::from(cells.bins_size()));
    let allocated = walk(&cells, &mut meter)?.allocated;
    let root = find_root(&cells, block.root, &allocated, &mut meter)?.ok_or_else(no_root)?;
    let node = KeyNode::read(&cells, root)?;
    let name = node.name().map(|name| String::from_utf16_lossy(&name.to_units())).unwrap_or_default();
    let name = if check_key_name(&name.encode_utf16().collect::<Vec<u16>>()).is_ok() {
        name.as_str()
    } else {
        "ROOT"
    };
    let mut target = Hive::new(name, block.minor.max(OLDEST_NEW_MINOR), None)?;
    // File name, identifiers and whatever else there is besides the known fields.
    let kept = KEPT_OF_BASE_BLOCK;
    target.cells.write_file(kept.start, file.get(kept).unwrap_or_default())?;
    let mut salvager = Salvager {
        source: &cells,
        minor: block.minor,
        taken: CellSet::new(block.bins_size),
        orphans: orphans(&cells, &allocated, &mut meter)?,
        at_home: at_home(&cells, &allocated, &mut meter)?,
        budget: index(cells.bins_size()),
        target,
        meter,
        times: Vec::new(),
        salvage: Salvage::default(),
    };
    salvager.run(root)?;
    salvager.meter.finish()?;
    Ok((salvager.target, salvager.salvage))
}

/// Versions before this one are written as this one.
const OLDEST_NEW_MINOR: u32 = 3;
const KEPT_OF_BASE_BLOCK: std::ops::Range<usize> = 48..508;

/// The root that the base block names, or the first key that is marked as one.
fn find_root(cells: &Cells, named: u32, allocated: &CellSet, meter: &mut Meter<'_>) -> Result<Option<u32>> {
    if KeyNode::read(cells, named).is_ok() {
        return Ok(Some(named));
    }
    for offset in allocated.iter() {
        meter.look(LOOK)?;
        let flags = KeyNode::read(cells, offset).and_then(|node| node.flags());
        if flags.is_ok_and(|flags| flags & key::FLAG_ROOT != 0) {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}

/// What looking at a cell counts, in bytes.
const LOOK: u64 = 64;

/// All keys by the key that they name as their parent.
fn orphans(cells: &Cells, allocated: &CellSet, meter: &mut Meter<'_>) -> Result<BTreeMap<u32, Vec<u32>>> {
    let mut orphans: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for offset in allocated.iter() {
        meter.look(LOOK)?;
        if let Ok(parent) = KeyNode::read(cells, offset).and_then(|node| node.field(key::PARENT)) {
            orphans.entry(parent).or_default().push(offset);
        }
    }
    Ok(orphans)
}

/// Keys that are in the list of the parent they name.
fn at_home(cells: &Cells, allocated: &CellSet, meter: &mut Meter<'_>) -> Result<CellSet> {
    let mut found = CellSet::new(cells.bins_size());
    // No more elements than the hive has room for, whoever shares a list.
    let mut left = index(cells.bins_size()) / 4;
    for offset in allocated.iter() {
        meter.look(LOOK)?;
        let leaves = KeyNode::read(cells, offset).and_then(|node| match node.subkeys()? {
            (0, _) => Ok(Vec::new()),
            (_, list) => Ok(list::leaves(cells, list)?.0),
        });
        for leaf in leaves.unwrap_or_default().into_iter().take(left) {
            left = left.saturating_sub(1);
            meter.look(LOOK)?;
            let Ok(leaf) = Leaf::read(cells, leaf) else { continue };
            for subkey in leaf.keys().take(left) {
                left = left.saturating_sub(1);
                meter.look(LOOK)?;
                let named = KeyNode::read(cells, subkey).and_then(|node| node.field(key::PARENT));
                if named.is_ok_and(|named| named == offset) {
                    found.insert(subkey);
                }
            }
        }
    }
    Ok(found)
}

/// An error about a list that was read already.
fn shared(list: u32) -> Error {
    damaged(list, "a list in one place", "a second one that it is in")
}

struct Salvager<'a, 'o> {
    source: &'a Cells,
    minor: u32,
    /// Keys and values that are in the new hive, and lists that were read. Nothing is taken twice, which
    /// also bounds the time.
    taken: CellSet,
    orphans: BTreeMap<u32, Vec<u32>>,
    /// Keys that are in the list of the parent they name.
    at_home: CellSet,
    /// Bytes of data that may still be taken: no more than the damaged hive has.
    budget: usize,
    target: Hive,
    meter: Meter<'o>,
    times: Vec<(KeyId, u64)>,
    salvage: Salvage,
}

/// A key that was taken: where it was, what it is now, its path.
struct Taken {
    old: u32,
    new: KeyId,
    path: String,
}

impl Salvager<'_, '_> {
    /// Notes that the cell at `offset` is done with.
    fn step(&mut self, offset: u32) -> Result<()> {
        let size = self.source.size_field(offset).map_or(0, i32::unsigned_abs);
        self.meter.advance(u64::from(size).max(LOOK))
    }

    fn lose(&mut self, path: &str, what: impl Into<String>, offset: u32, reason: impl ToString) {
        self.salvage.lost_count = self.salvage.lost_count.saturating_add(1);
        if self.salvage.lost.len() < MAX_LOSSES {
            self.salvage.lost.push(Loss {
                path: path.to_owned(),
                what: what.into(),
                offset: u64::from(offset) + u64::from(PAGE),
                reason: reason.to_string(),
            });
        }
    }

    fn run(&mut self, root: u32) -> Result<()> {
        self.taken.insert(root);
        let top = Taken { old: root, new: self.target.root(), path: String::new() };
        let mut stack = vec![top];
        while let Some(key) = stack.pop() {
            self.salvage.keys = self.salvage.keys.saturating_add(1);
            self.fields(&key)?;
            self.values(&key)?;
            for subkey in self.subkeys(&key) {
                self.step(subkey)?;
                match self.create(&key, subkey) {
                    Ok(taken) => stack.push(taken),
                    Err((name, reason)) => self.lose(&key.path, name, subkey, reason),
                }
            }
        }
        // Last, because a new subkey counts as an edit of the key above it.
        for (key, time) in std::mem::take(&mut self.times) {
            self.meter.look(LOOK)?;
            self.target.set_last_written(key, time)?;
        }
        Ok(())
    }

    /// Makes a subkey; or says what it was and why it cannot be.
    fn create(&mut self, parent: &Taken, old: u32) -> Result<Taken, (String, String)> {
        let unnamed = |error: Error| ("a key".to_owned(), error.to_string());
        let node = KeyNode::read(self.source, old).map_err(unnamed)?;
        let units = node.name().map_err(unnamed)?.to_units();
        let name = String::from_utf16_lossy(&units);
        let refuse = |reason: String| (format!("the key '{name}'"), reason);
        let named = node.field(key::PARENT).map_err(unnamed)?;
        if named != parent.old && self.at_home.contains(old) {
            return Err(refuse(format!(
                "it is in the list of its own parent too, at {:#x}",
                u64::from(named) + u64::from(PAGE)
            )));
        }
        if self.taken.contains(old) {
            return Err(refuse("it is in two lists".to_owned()));
        }
        check_key_name(&units).map_err(|error| refuse(error.to_string()))?;
        if self.target.find_subkey(parent.new, &units).is_ok_and(|found| found.is_some()) {
            return Err(refuse("another key has its name".to_owned()));
        }
        let new = self.target.create_subkey(parent.new, &units).map_err(|error| refuse(error.to_string()))?;
        self.taken.insert(old);
        let path = if parent.path.is_empty() { name } else { format!("{}\\{name}", parent.path) };
        Ok(Taken { old, new, path })
    }

    /// Descriptor, class name, flags and time.
    fn fields(&mut self, key: &Taken) -> Result<()> {
        let node = KeyNode::read(self.source, key.old)?;
        let own = node.field(key::SECURITY)?;
        let descriptor = security::descriptor(self.source, own)
            .and_then(|descriptor| security::check_descriptor(descriptor).map(|()| descriptor));
        match descriptor {
            Ok(descriptor) => self.target.set_security(key.new, descriptor)?,
            Err(error) => self.lose(&key.path, "the security descriptor", own, error),
        }
        let class = node.class().and_then(|class| match class {
            None => Ok(None),
            Some((offset, length)) => self.source.record(offset)?.bytes(0, usize::from(length)).map(Some),
        });
        match class {
            Ok(class) => self.target.set_class(key.new, class)?,
            Err(error) => self.lose(&key.path, "the class name", key.old, error),
        }
        let (new, cells) = (key.new.0, &mut self.target.cells);
        let structural = key::FLAG_COMPRESSED_NAME | key::FLAG_ROOT | key::FLAG_PREDEFINED_HANDLE;
        let now = KeyNode::read(cells, new)?;
        let flags = now.flags()? & structural | node.flags()? & !structural;
        let largest = now.field(key::MAX_NAME)? & 0xFFFF | node.field(key::MAX_NAME)? & !0xFFFF;
        cells.write(new, key::FLAGS, &flags.to_le_bytes())?;
        cells.write_u32(new, key::MAX_NAME, largest)?;
        self.times.push((key.new, node.record().u64(key::LAST_WRITTEN)?));
        Ok(())
    }

    fn values(&mut self, key: &Taken) -> Result<()> {
        let list = KeyNode::read(self.source, key.old)?.values().and_then(|(count, list)| match count {
            0 => Ok((0, &[][..])),
            _ if !self.taken.insert(list) => Err(shared(list)),
            count => self.source.record(list).map(|record| (index(count), record.data)),
        });
        let (count, elements) = match list {
            Ok(list) => list,
            Err(error) => {
                self.lose(&key.path, "all values", key.old, error);
                return Ok(());
            }
        };
        if elements.len() / 4 < count {
            let missing = count.saturating_sub(elements.len() / 4);
            self.lose(&key.path, format!("{missing} value(s)"), key.old, "the list of values is too short");
        }
        let mut names = HashSet::new();
        for element in elements.chunks_exact(4).take(count) {
            let offset = element.try_into().map_or(0, u32::from_le_bytes);
            self.step(offset)?;
            if let Err((what, reason)) = self.value(key, offset, &mut names) {
                self.lose(&key.path, what, offset, reason);
            }
        }
        Ok(())
    }

    /// Copies a value; or says what it was and why it cannot be.
    fn value(
        &mut self,
        key: &Taken,
        offset: u32,
        names: &mut HashSet<Vec<u16>>,
    ) -> Result<(), (String, String)> {
        let unnamed = |error: Error| ("a value".to_owned(), error.to_string());
        let node = ValueNode::read(self.source, offset).map_err(unnamed)?;
        let name = node.name().map_err(unnamed)?.to_units();
        let refuse = |reason: String| (format!("the value '{}'", String::from_utf16_lossy(&name)), reason);
        if self.taken.contains(offset) {
            return Err(refuse("it is in two lists".to_owned()));
        }
        let value = node.value(self.source, self.minor).map_err(|error| refuse(error.to_string()))?;
        let Some(budget) = self.budget.checked_sub(value.data.len()) else {
            return Err(refuse("its data are shared with other values".to_owned()));
        };
        if !names.insert(name.iter().map(|&unit| upcase(unit)).collect()) {
            return Err(refuse("another value has its name".to_owned()));
        }
        let added = self.target.append_value(key.new, &name, value.kind, &value.data);
        added.map_err(|error| refuse(error.to_string()))?;
        self.taken.insert(offset);
        self.budget = budget;
        // The next step tells of a cancellation.
        let _ = self.meter.advance(u64::try_from(value.data.len()).unwrap_or(u64::MAX));
        self.salvage.values = self.salvage.values.saturating_add(1);
        Ok(())
    }

    /// The subkeys that the list of a key leads to, and those that name it if the list is damaged.
    fn subkeys(&mut self, key: &Taken) -> Vec<u32> {
        let mut keys = Vec::new();
        let found = KeyNode::read(self.source, key.old).and_then(|node| {
            let (count, list) = node.subkeys()?;
            if count == 0 {
                return Ok((0, Vec::new()));
            }
            let (leaves, has_root) = list::leaves(self.source, list)?;
            if has_root && !self.taken.insert(list) {
                return Err(shared(list));
            }
            Ok((index(count), leaves))
        });
        let whole = match found {
            Ok((count, leaves)) => {
                for offset in leaves {
                    let leaf = if self.taken.insert(offset) {
                        Leaf::read(self.source, offset)
                    } else {
                        Err(shared(offset))
                    };
                    match leaf {
                        Ok(leaf) => keys.extend(leaf.keys()),
                        Err(error) => self.lose(&key.path, "a list of subkeys", offset, error),
                    }
                }
                let is_own = |&&subkey: &&u32| {
                    let named = KeyNode::read(self.source, subkey).and_then(|node| node.field(key::PARENT));
                    named.is_ok_and(|named| named == key.old || !self.at_home.contains(subkey))
                };
                keys.len() == count && keys.iter().filter(is_own).count() == count
            }
            Err(error) => {
                self.lose(&key.path, "the list of subkeys", key.old, error);
                false
            }
        };
        if !whole {
            let listed: HashSet<u32> = keys.iter().copied().collect();
            let named = self.orphans.get(&key.old).into_iter().flatten();
            keys.extend(named.filter(|key| !listed.contains(key) && !self.taken.contains(**key)));
        }
        keys
    }
}
