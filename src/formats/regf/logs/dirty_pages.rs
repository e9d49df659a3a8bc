//! Logs of the old format: a bitmap of pages and the pages.
//!
//! Reference: `msuhanov/regf` "Dirty vector", "Dirty pages".

use super::block::{LogBlock, SECTOR};
use super::{write_page, Applied};

/// The pages of a log: offset in the bins data and content.
pub(super) struct DirtyPages<'a> {
    pages: Vec<(u32, &'a [u8])>,
}

impl<'a> DirtyPages<'a> {
    /// Reads a whole log, so that none is applied in part.
    ///
    /// # Errors
    /// What makes the log unusable, as words.
    pub fn parse(log: &'a [u8], block: &LogBlock) -> Result<Self, String> {
        let rest = log.get(block.sector..).unwrap_or_default();
        if !rest.starts_with(b"DIRT") {
            return Err(format!("there is no 'DIRT' at offset {:#x}", block.sector));
        }
        let bits = super::super::cells::index(block.bins_size) / SECTOR;
        let bitmap = rest.get(4..bits.div_ceil(8).saturating_add(4)).ok_or("its bitmap is cut off")?;
        let mut at =
            block.sector.saturating_add(bitmap.len()).saturating_add(4).next_multiple_of(block.sector);
        let mut pages = Vec::new();
        let mut offset = 0_u32;
        for number in 0..bits {
            let byte = bitmap.get(number / 8).copied().unwrap_or(0);
            if byte >> (number % 8) & 1 != 0 {
                let end = at.saturating_add(SECTOR);
                pages.push((offset, log.get(at..end).ok_or("its pages are cut off")?));
                at = end;
            }
            // The size of the bins is below 2 GiB.
            offset = offset.saturating_add(512);
        }
        Ok(Self { pages })
    }

    /// Writes the pages to the hive.
    pub fn apply(&self, primary: &mut Vec<u8>, block: &LogBlock) -> Result<Applied, String> {
        let bytes = self.pages.len().saturating_mul(SECTOR);
        super::resize(primary, block.bins_size, bytes)?;
        for &(offset, page) in &self.pages {
            write_page(primary, offset, page);
        }
        Ok(Applied {
            entries: 1,
            first: block.sequence,
            last: block.sequence,
            pages: u64::try_from(self.pages.len()).unwrap_or(u64::MAX),
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            stopped: "the end of the log".to_owned(),
        })
    }
}
