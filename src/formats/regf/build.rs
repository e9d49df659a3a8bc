//! New hives, and hives rebuilt without free space.
//!
//! Reference: `msuhanov/regf` "Base block", "Key node".

use super::base_block as base;
use super::cells::{index, Cells, NOWHERE, PAGE};
use super::edit::key_record;
use super::free::FreeCells;
use super::key::{self, KeyNode};
use super::list;
use super::local::Local;
use super::meter::Meter;
use super::security;
use super::value::{self, ValueNode, INLINE};
use super::{Hive, MAX_KEY_NAME};
use crate::error::{Error, Result};
use crate::progress::{Observer, Phase};
use std::collections::{HashMap, HashSet};

impl Hive {
    /// A new hive of version 1.`minor` (3 to 6) with only a root key.
    ///
    /// `security` is the root's self-relative descriptor; without one,
    /// [`default_descriptor`](super::default_descriptor).
    pub fn new(root_name: &str, minor: u32, security: Option<&[u8]>) -> Result<Self> {
        let name: Vec<u16> = root_name.encode_utf16().collect();
        if name.is_empty() || name.len() > MAX_KEY_NAME {
            let name = root_name.to_owned();
            return Err(Error::InvalidName {
                what: "key name",
                name,
                reason: "it has no or over 255 characters",
            });
        }
        if !(3..=6).contains(&minor) {
            let reason = format!("versions 1.3 to 1.6 can be made, not 1.{minor}");
            return Err(Error::InvalidArgument { parameter: "minor version", reason });
        }
        let descriptor = security.unwrap_or(security::default_descriptor());
        security::check_descriptor(descriptor)?;
        let mut block = vec![0; index(PAGE)];
        let fields: [(usize, &[u8]); 5] = [
            (0, b"regf"),
            (base::MAJOR, &1_u32.to_le_bytes()),
            (base::MINOR, &minor.to_le_bytes()),
            (base::FILE_FORMAT, &1_u32.to_le_bytes()),
            (base::CLUSTERING, &1_u32.to_le_bytes()),
        ];
        for (at, bytes) in fields {
            if let Some(field) = block.get_mut(at..at.saturating_add(bytes.len())) {
                field.copy_from_slice(bytes);
            }
        }
        let mut hive = Self::empty(block, minor);
        let security = hive.allocate_with(&security::record(0, 0, descriptor)?)?;
        hive.link_security(&[security])?;
        hive.descriptors.insert(descriptor.to_vec(), security);
        let flags = key::FLAG_ROOT | key::FLAG_NO_DELETE;
        hive.root = hive.allocate_with(&key_record(NOWHERE, security, &name, flags)?)?;
        hive.written_keys.insert(hive.root);
        Ok(hive)
    }

    /// A hive of this base block and no bins yet, with no root.
    fn empty(block: Vec<u8>, minor: u32) -> Self {
        Self {
            cells: Cells::new(block, 0),
            minor,
            root: 0,
            free: FreeCells::default(),
            descriptors: HashMap::new(),
            unsorted: HashSet::new(),
            written_keys: HashSet::new(),
            prepared: true,
            half_edited: false,
            dirty: None,
            local: Local::default(),
            edits: None,
        }
    }

    /// Links security records to a circle.
    fn link_security(&mut self, records: &[u32]) -> Result<()> {
        let next = records.iter().cycle().skip(1);
        for (&record, &next) in records.iter().zip(next) {
            self.cells.write_u32(record, security::FLINK, next)?;
            self.cells.write_u32(next, security::BLINK, record)?;
        }
        Ok(())
    }

    /// Rebuilds the hive without free space, and without what nothing points to. What it says stays the
    /// same; bytes behind the bins go. All [`KeyId`](super::KeyId)s become invalid. Progress is told twice:
    /// of the check ([`Phase::Verifying`]) and of the copying ([`Phase::WritingContent`]), in bytes of the
    /// bins.
    ///
    /// # Errors
    /// What editing is refused for; damage; [`Error::Cancelled`]. The hive is then as it was.
    pub fn compact(&mut self, observer: Observer<'_>) -> Result<()> {
        self.check_editable()?;
        self.survey_whole(observer)?;
        let mut meter = Meter::new(observer, Phase::WritingContent, u64::from(self.cells.bins_size()));
        let block = self.cells.file().get(..index(PAGE)).unwrap_or_default().to_vec();
        let mut target = Self::empty(block, self.minor);
        let records = self.copy_security(&mut target)?;
        target.root = self.copy_key(&mut target, self.root, NOWHERE, &records)?;
        let mut stack = vec![(self.root, target.root)];
        while let Some((old, new)) = stack.pop() {
            if self.written_keys.contains(&old) {
                target.written_keys.insert(new);
            }
            self.copy_values(&mut target, old, new, &mut meter)?;
            let mut keys = list::collect(&self.cells, old, self.root)?;
            if self.unsorted.contains(&old) {
                self.sort_by_name(&mut keys)?;
            }
            let mut copies = Vec::with_capacity(keys.len());
            for &key in &keys {
                copies.push(self.copy_key(&mut target, key, new, &records)?);
                meter.advance(u64::from(self.cells.cell_size(key)?))?;
            }
            if !copies.is_empty() {
                let list = target.build_list(&copies)?;
                target.cells.write_u32(new, key::SUBKEYS_LIST, list)?;
            }
            stack.extend(keys.into_iter().zip(copies).rev());
        }
        meter.finish()?;
        *self = target;
        Ok(())
    }

    /// Copies the security records that keys use; returns the new place of each.
    fn copy_security(&self, target: &mut Self) -> Result<HashMap<u32, u32>> {
        let first = KeyNode::read(&self.cells, self.root)?.field(key::SECURITY)?;
        let (mut places, mut copies, mut offset) = (HashMap::new(), Vec::new(), first);
        loop {
            let record = self.cells.record_of(offset, b"sk")?;
            if record.u32(security::REFERENCES)? > 0 {
                let descriptor = security::descriptor(&self.cells, offset)?;
                let size = security::DESCRIPTOR.saturating_add(descriptor.len());
                let copy = target.allocate_with(record.bytes(0, size)?)?;
                target.descriptors.entry(descriptor.to_vec()).or_insert(copy);
                places.insert(offset, copy);
                copies.push(copy);
            }
            offset = record.u32(security::FLINK)?;
            if offset == first {
                break;
            }
        }
        target.link_security(&copies)?;
        Ok(places)
    }

    /// Copies a key and its class name; lists are the caller's.
    fn copy_key(
        &self,
        target: &mut Self,
        old: u32,
        parent: u32,
        security: &HashMap<u32, u32>,
    ) -> Result<u32> {
        let node = KeyNode::read(&self.cells, old)?;
        let length = usize::from(node.record().u16(key::NAME_LENGTH)?);
        let copy = target.allocate_with(node.record().bytes(0, key::NAME.saturating_add(length))?)?;
        let own = security.get(&node.field(key::SECURITY)?).copied().unwrap_or(NOWHERE);
        let class = match node.class()? {
            None => NOWHERE,
            Some((class, length)) => {
                target.allocate_with(self.cells.record(class)?.bytes(0, usize::from(length))?)?
            }
        };
        for (field, value) in [
            (key::SECURITY, own),
            (key::CLASS, class),
            (key::SUBKEYS_LIST, NOWHERE),
            (key::VOLATILE_SUBKEYS, 0),
            (key::VOLATILE_SUBKEYS_LIST, NOWHERE),
            (key::VALUES_LIST, NOWHERE),
        ] {
            target.cells.write_u32(copy, field, value)?;
        }
        if old != self.root {
            target.cells.write_u32(copy, key::PARENT, parent)?;
        }
        Ok(copy)
    }

    fn copy_values(&self, target: &mut Self, old: u32, new: u32, meter: &mut Meter<'_>) -> Result<()> {
        let mut list = Vec::new();
        for element in self.values_list(old)?.chunks_exact(4) {
            let offset = element.try_into().map_or(0, u32::from_le_bytes);
            let node = ValueNode::read(&self.cells, offset)?;
            meter
                .advance(u64::from(self.cells.cell_size(offset)?).saturating_add(u64::from(node.size()?)))?;
            let record = self.cells.record(offset)?;
            let length = value::NAME.saturating_add(usize::from(record.u16(value::NAME_LENGTH)?));
            let fields = if node.place(&self.cells, self.minor)? == value::Place::Inline {
                // Kept as it is: an empty value is not always marked as one in the record.
                let size = record.u32(value::DATA_SIZE)?;
                (size, if size & INLINE != 0 { record.u32(value::DATA)? } else { NOWHERE })
            } else {
                target.store_data(&node.data(&self.cells, self.minor)?)?
            };
            let copy = target.allocate_with(record.bytes(0, length)?)?;
            target.cells.write_u32(copy, value::DATA_SIZE, fields.0)?;
            target.cells.write_u32(copy, value::DATA, fields.1)?;
            list.extend_from_slice(&copy.to_le_bytes());
        }
        if list.is_empty() {
            return Ok(());
        }
        let list = target.allocate_with(&list)?;
        target.cells.write_u32(new, key::VALUES_LIST, list)
    }
}
