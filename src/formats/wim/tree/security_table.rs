//! The security descriptors of an image: a table that inodes index.

use super::dentry::Metadata;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use std::collections::HashMap;
use std::ops::Range;

const FORMAT: &str = "WIM security data";
/// Ids are signed on disk, and -1 means none.
const MAX_DESCRIPTORS: u32 = 0x7FFF_FFFF;

/// Where the descriptors are in a metadata resource. The root dentry follows them.
#[derive(Debug, Clone, Default)]
pub(super) struct SecurityExtents {
    descriptors: Vec<Range<usize>>,
}

impl SecurityExtents {
    /// Where the table at the start of a metadata resource ends, and how many descriptors it has.
    pub fn read_length(metadata: &mut impl Metadata) -> Result<(usize, u32)> {
        let size = metadata.size();
        let mut reader = Reader::new(FORMAT, metadata.get(0..size.min(8))?.unwrap_or_default());
        let declared = reader.u32()?;
        let count = reader.u32()?;
        // A length of 0 stands for 8: just these two fields.
        let length = u64::from(declared).next_multiple_of(8).max(8);
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= size) else {
            let expected = format!("a table inside the {size} byte(s) of metadata");
            return Err(reader.error_at(0, expected, declared.to_string()));
        };
        let fit = u64::try_from(length.saturating_sub(8) / 8).unwrap_or(0);
        if count > MAX_DESCRIPTORS || u64::from(count) > fit {
            let expected = format!("descriptors that fit {declared} byte(s)");
            return Err(reader.error_at(4, expected, count.to_string()));
        }
        Ok((length, count))
    }

    /// Where each descriptor is.
    pub fn read(metadata: &mut impl Metadata) -> Result<Self> {
        let (length, count) = Self::read_length(metadata)?;
        let sizes_end = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(8).saturating_add(8);
        let mut reader = Reader::new(FORMAT, metadata.get(8..sizes_end)?.unwrap_or_default()).with_base(8);
        let mut descriptors = Vec::new();
        let mut start = sizes_end;
        for _ in 0..count {
            let size = reader.u64()?;
            let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
            let Some(end) = end.filter(|end| *end <= length) else {
                let found = format!("{size} at offset {start:#x}");
                return Err(reader.error(format!("a size inside the table of {length} bytes"), found));
            };
            descriptors.push(start..end);
            start = end;
        }
        Ok(Self { descriptors })
    }

    /// The place of the descriptor with that id.
    pub fn get(&self, id: u32) -> Option<Range<usize>> {
        self.descriptors.get(usize::try_from(id).ok()?).cloned()
    }
}

/// Self-relative security descriptors, each once.
#[derive(Debug, Clone, Default)]
pub struct SecurityTable {
    descriptors: Vec<Box<[u8]>>,
    index: HashMap<Box<[u8]>, u32>,
}

impl SecurityTable {
    /// Reads the table at the start of a metadata resource.
    pub(super) fn parse(metadata: &mut impl Metadata) -> Result<Self> {
        let mut table = Self::default();
        for place in SecurityExtents::read(metadata)?.descriptors {
            table.push(metadata.get(place)?.unwrap_or_default().into());
        }
        Ok(table)
    }

    fn push(&mut self, descriptor: Box<[u8]>) -> u32 {
        let id = u32::try_from(self.descriptors.len()).unwrap_or(u32::MAX);
        self.index.entry(descriptor.clone()).or_insert(id);
        self.descriptors.push(descriptor);
        id
    }

    /// The descriptor with that id. Some writers leave empty ones.
    pub fn get(&self, id: u32) -> Option<&[u8]> {
        self.descriptors.get(usize::try_from(id).ok()?).map(|descriptor| &**descriptor)
    }

    /// How many descriptors there are.
    pub fn len(&self) -> usize {
        self.descriptors.len()
    }

    /// Whether there is no descriptor.
    pub fn is_empty(&self) -> bool {
        self.descriptors.is_empty()
    }

    /// The id of a descriptor, added if it is new.
    pub(super) fn id_of(&mut self, descriptor: &[u8]) -> Result<u32> {
        if let Some(id) = self.index.get(descriptor) {
            return Ok(*id);
        }
        let count = u64::try_from(self.descriptors.len()).unwrap_or(u64::MAX);
        let limit = u64::from(MAX_DESCRIPTORS);
        if count >= limit {
            return Err(Error::LimitExceeded {
                what: "the number of security descriptors",
                limit,
                found: count,
            });
        }
        Ok(self.push(descriptor.into()))
    }

    /// The table as it is stored, padded to 8 bytes.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let content: usize = self.descriptors.iter().map(|descriptor| descriptor.len()).sum();
        let sizes = self.descriptors.len().saturating_mul(8);
        let length = content.saturating_add(sizes).saturating_add(8).next_multiple_of(8);
        let stored = u32::try_from(length).map_err(|_| Error::LimitExceeded {
            what: "the size of the security descriptors in bytes",
            limit: u64::from(u32::MAX),
            found: u64::try_from(length).unwrap_or(u64::MAX),
        })?;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&stored.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(self.descriptors.len()).unwrap_or(u32::MAX).to_le_bytes());
        for descriptor in &self.descriptors {
            let size = u64::try_from(descriptor.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&size.to_le_bytes());
        }
        self.descriptors.iter().for_each(|descriptor| bytes.extend_from_slice(descriptor));
        bytes.resize(length, 0);
        Ok(bytes)
    }
}
