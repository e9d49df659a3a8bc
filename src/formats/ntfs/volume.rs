//! A volume, read through its MFT.
//!
//! Reference: `docs/formats/ntfs.md`.

use super::boot_sector::{BootSector, BOOT_SECTOR_SIZE};
use super::index;
use super::record::{attributes, types, undo_fixups, Attribute, Value};
use super::runs::Run;
use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use crate::formats::ReadAt;
use std::collections::HashSet;

/// MFT records of the volume itself; files begin behind them.
const SYSTEM_RECORDS: u64 = 16;
const ROOT_DIRECTORY: u64 = 5;
const BITMAP: u64 = 6;
/// The name of a directory's index.
const I30: [u16; 4] = [0x24, 0x49, 0x33, 0x30];
/// Bytes of the bitmap that are counted at once.
const SLICE: u64 = 1 << 20;
/// Blocks of the root directory's index that are looked at; one has dozens of names.
const MAX_INDEX_BLOCKS: usize = 4096;

/// An NTFS volume to look at.
pub struct Volume<'a> {
    source: &'a dyn ReadAt,
    boot: BootSector,
    mft: Vec<Run>,
}

impl<'a> Volume<'a> {
    /// Reads the boot sector and the first record of the MFT.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything but an NTFS volume.
    pub fn open(source: &'a dyn ReadAt) -> Result<Self> {
        let mut sector = [0; BOOT_SECTOR_SIZE];
        source.read_exact_at(&mut sector, 0).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                Error::malformed(FORMAT, "offset 0", "an NTFS boot sector", "the end of the file")
            }
            _ => Error::Stream(error),
        })?;
        let boot = BootSector::parse(&sector)?;
        let start = boot.record_size.div_ceil(boot.cluster_size);
        let mut this = Self { source, boot, mft: vec![Run { start: Some(boot.mft_start), length: start }] };
        let mft = this.record(0)?;
        match mft.iter().find(|attribute| attribute.kind == types::DATA && attribute.name.is_empty()) {
            Some(Attribute { value: Value::Runs { runs, .. }, .. }) => this.mft = runs.clone(),
            _ => return Err(Error::malformed(FORMAT, "MFT record 0", "the place of the MFT", "none")),
        }
        Ok(this)
    }

    /// The volume's geometry.
    pub fn boot_sector(&self) -> &BootSector {
        &self.boot
    }

    /// Bytes of the master file table, records that are free among them.
    pub fn mft_size(&self) -> u64 {
        let clusters = self.mft.iter().map(|run| run.length).fold(0, u64::saturating_add);
        clusters.saturating_mul(self.boot.cluster_size)
    }

    /// How many bytes of clusters are free; `None` when that is not said in the usual place.
    /// `advance` is called now and then, and may stop the count with an error.
    pub fn free_space(&self, advance: &mut dyn FnMut() -> Result<()>) -> Result<Option<u64>> {
        let record = self.record(BITMAP)?;
        let is_bitmap = |attribute: &&Attribute| attribute.kind == types::DATA && attribute.name.is_empty();
        let Some(bitmap) = record.iter().find(is_bitmap) else { return Ok(None) };
        let clusters = self.boot.clusters();
        let size = clusters.div_ceil(8);
        let mut used = 0u64;
        let mut offset = 0u64;
        let mut buffer = vec![0; usize::try_from(SLICE.min(size)).unwrap_or_default()];
        while offset < size {
            let count = usize::try_from(size.saturating_sub(offset).min(SLICE)).unwrap_or_default();
            let slice = buffer.get_mut(..count).unwrap_or_default();
            self.read(&bitmap.value, offset, slice)?;
            // Bits behind the last cluster are set: they must not count.
            let beyond = u32::try_from(size.saturating_mul(8).saturating_sub(clusters)).unwrap_or(0);
            if offset.saturating_add(u64::try_from(count).unwrap_or(0)) == size {
                if let Some(last) = slice.last_mut() {
                    *last &= 0xFFu8.checked_shr(beyond).unwrap_or(0);
                }
            }
            let ones = slice.iter().map(|byte| u64::from(byte.count_ones()));
            used = used.saturating_add(ones.fold(0, u64::saturating_add));
            offset = offset.saturating_add(SLICE);
            advance()?;
        }
        Ok(Some(clusters.saturating_sub(used).saturating_mul(self.boot.cluster_size)))
    }

    /// The names in the root directory, without those of the volume's own files (`$MFT`…).
    pub fn root_names(&self) -> Result<Vec<Vec<u16>>> {
        let record = self.record(ROOT_DIRECTORY)?;
        let part = |kind| record.iter().find(|it: &&Attribute| it.kind == kind && it.name == I30);
        if record.iter().any(|attribute| attribute.kind == types::ATTRIBUTE_LIST) {
            let what = "a root directory spread over several MFT records".to_owned();
            return Err(Error::Unsupported { what, reason: "it has too many names".to_owned() });
        }
        let Some(Attribute { value: Value::Resident(root), .. }) = part(types::INDEX_ROOT) else {
            return Err(Error::malformed(FORMAT, "root directory", "an index", "none"));
        };
        let mut reader = Reader::new(FORMAT, root);
        reader.seek(8)?;
        let block_size = u64::from(reader.u32()?);
        if !(512..=65536).contains(&block_size) || !block_size.is_power_of_two() {
            let expected = "512 to 65536 bytes per index block";
            return Err(Error::malformed(FORMAT, "root directory", expected, block_size.to_string()));
        }
        let unit = if block_size >= self.boot.cluster_size { self.boot.cluster_size } else { 512 };
        let first = index::node(root, 0x10)?;
        let (mut entries, mut open, mut seen) = (first.entries, first.below, HashSet::new());
        while let Some(number) = open.pop() {
            let Some(allocation) = part(types::INDEX_ALLOCATION) else { break };
            if !seen.insert(number) || seen.len() > MAX_INDEX_BLOCKS {
                return Err(Error::malformed(FORMAT, "root directory", "an index that is a tree", "a loop"));
            }
            let mut block = vec![0; usize::try_from(block_size).unwrap_or_default()];
            self.read(&allocation.value, number.saturating_mul(unit), &mut block)?;
            undo_fixups(&mut block, *b"INDX", "root directory")?;
            let node = index::node(&block, 0x18)?;
            entries.extend(node.entries);
            open.extend(node.below);
        }
        let files = entries.into_iter().filter(|entry| entry.record >= SYSTEM_RECORDS);
        Ok(files.map(|entry| entry.name).collect())
    }

    fn record(&self, number: u64) -> Result<Vec<Attribute>> {
        let place = format!("MFT record {number}");
        let mut bytes = vec![0; usize::try_from(self.boot.record_size).unwrap_or_default()];
        let offset = number.saturating_mul(self.boot.record_size);
        self.read_runs(&self.mft, offset, &mut bytes)?;
        undo_fixups(&mut bytes, *b"FILE", &place)?;
        attributes(&bytes, self.boot.clusters())
    }

    fn read(&self, value: &Value, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let short = || Error::malformed(FORMAT, "an attribute", "more bytes than it has", "fewer");
        match value {
            Value::Runs { runs, size } => {
                let end = offset.checked_add(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
                match end.is_some_and(|end| end <= *size) {
                    true => self.read_runs(runs, offset, buffer),
                    false => Err(short()),
                }
            }
            Value::Resident(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(buffer.len());
                buffer.copy_from_slice(bytes.get(start..end).ok_or_else(short)?);
                Ok(())
            }
        }
    }

    /// Fills `buffer` from `offset` of what the runs hold together.
    fn read_runs(&self, runs: &[Run], offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut rest = buffer;
        let mut skip = offset;
        for run in runs {
            let size = run.length.saturating_mul(self.boot.cluster_size);
            if skip >= size {
                skip = skip.saturating_sub(size);
                continue;
            }
            let here = usize::try_from(size.saturating_sub(skip)).unwrap_or(usize::MAX).min(rest.len());
            let (part, after) = std::mem::take(&mut rest).split_at_mut_checked(here).unwrap_or_default();
            match run.start {
                Some(start) => {
                    let place = start.saturating_mul(self.boot.cluster_size).saturating_add(skip);
                    self.source.read_exact_at(part, place).map_err(|error| match error.kind() {
                        std::io::ErrorKind::UnexpectedEof => {
                            let expected = format!("{} bytes", self.boot.size());
                            Error::malformed(
                                FORMAT,
                                format!("offset {place}"),
                                expected,
                                "the end of the file",
                            )
                        }
                        _ => Error::Stream(error),
                    })?;
                }
                None => part.fill(0),
            }
            rest = after;
            skip = 0;
            if rest.is_empty() {
                return Ok(());
            }
        }
        Err(Error::malformed(FORMAT, "an attribute", "runs for all its bytes", "fewer"))
    }
}
